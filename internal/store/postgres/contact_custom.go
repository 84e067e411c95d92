package postgres

import (
	"strings"

	"github.com/jackc/pgx/v5"

	"callbook/internal/addressbook"
	"callbook/internal/budget"
)

const (
	// customRows is how many contacts are read at once to look into their custom fields.
	customRows = 5000
	// matchBytes is what a contact that passes takes until the page is read.
	matchBytes = 64
)

// matchCustom lets only the contacts pass whose custom field the query's filter lets
// pass. It reads those that may, since only Go folds texts as the filter does. It
// returns how many they are; when the query wants no total, it stops where the page
// ends.
func (s *selection) matchCustom(t *tx, q addressbook.Query) (total int, err error) {
	candidates := *s
	candidates.args = append([]any(nil), s.args...)
	candidates.mayHave(q.Custom)
	w := addressbook.Window{Limit: customRows}
	enough := -1
	if q.NoTotal && q.Sort == addressbook.ByCreated {
		w.Desc, w.After, enough = q.Desc, q.After, q.Offset+q.Limit+1
	}
	matcher, share := q.Custom.Matcher(), budget.Of(t.ctx)
	var found []addressbook.SID
	for {
		var sid, last sidValue // last is without the row that only tells that more follow
		var custom []byte
		rows := 0
		candidates.queuePage(t, "contacts.sid, contacts.custom_field", window{w, "contacts"}).Query(func(r pgx.Rows) error {
			_, err := pgx.ForEachRow(r, []any{&sid, &custom}, func() error {
				if rows++; rows > w.Limit {
					return nil
				}
				if last = sid; !matcher.Matches(custom) {
					return nil
				}
				found = append(found, addressbook.SID(sid))
				return share.Claim(matchBytes)
			})
			return err
		})
		if err := t.flush(); err != nil {
			return 0, err
		}
		if rows <= w.Limit || enough >= 0 && len(found) >= enough {
			break
		}
		w.After = &addressbook.Position{SID: addressbook.SID(last)}
	}
	s.and("contacts.sid = ANY(%s)", sids(found))
	return len(found), nil
}

// mayHave leaves out contacts whose custom field cannot pass the filter. SQL looks for
// the filter's texts in custom fields of plain ASCII without escapes; any other field
// may pass.
func (s *selection) mayHave(f addressbook.CustomFilter) {
	key, part := addressbook.SearchText(f.Key), addressbook.SearchText(f.Part)
	s.counter = ""
	if !storable(key) || !storable(part) {
		s.where += " AND false"
		return
	}
	text := "lower(contacts.custom_field)" // of ASCII: the collation is "C"
	has := []string{"strpos(" + text + ", " + s.arg(key) + ") > 0"}
	if part != "" {
		has = append(has, "strpos("+text+", "+s.arg(part)+") > 0")
	}
	s.where += ` AND (contacts.custom_field ~ '[^ -~]|\\' OR ` + strings.Join(has, " AND ") + ")"
}
