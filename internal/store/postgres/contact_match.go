package postgres

import (
	"math"
	"strings"

	"github.com/jackc/pgx/v5"

	"callbook/internal/addressbook"
	"callbook/internal/budget"
	"callbook/internal/phone"
)

const (
	// matchRows is how many contacts are read at once to look into them.
	matchRows = 5000
	// matchBytes is what a contact that passes takes until the page is read.
	matchBytes = 64
)

// match lets only the contacts pass that those filters of the query let pass which only
// Go can apply: it alone folds texts as the filter by custom field does, and tells the
// origin of a number. It reads the contacts that may pass, and returns how many do. In
// the order of creation it keeps no more of them than to the page's end, and when the
// query wants no total it stops there.
func (s *selection) match(t *tx, q addressbook.Query) (total int, err error) {
	candidates := *s
	candidates.args = append([]any(nil), s.args...)
	columns, matches := "contacts.sid, contacts.number, NULL::text", func([]byte) bool { return true }
	if q.Custom.Key != "" {
		candidates.mayHave(q.Custom)
		columns, matches = "contacts.sid, contacts.number, contacts.custom_field", q.Custom.Matcher().Matches
	}
	if ranges := q.Origins.Ranges(); ranges != nil {
		candidates.inRanges(ranges)
	}
	w := addressbook.Window{Limit: matchRows}
	most := math.MaxInt
	if q.Sort == addressbook.ByCreated {
		w.Desc, most = q.Desc, q.Offset+q.Limit+1
		if q.NoTotal {
			w.After = q.After
		}
	}
	share := budget.Of(t.ctx)
	var found []addressbook.SID
	for {
		var sid, last sidValue // last is without the row that only tells that more follow
		var number int64
		var custom []byte
		rows := 0
		candidates.queuePage(t, columns, window{w, "contacts"}).Query(func(r pgx.Rows) error {
			_, err := pgx.ForEachRow(r, []any{&sid, &number, &custom}, func() error {
				if rows++; rows > w.Limit {
					return nil
				}
				if last = sid; !q.Origins.Has(phone.Number(number)) || !matches(custom) {
					return nil
				}
				total++
				if len(found) == most || q.Sort == addressbook.ByCreated && !q.Follows(addressbook.SID(sid)) {
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
		if rows <= w.Limit || q.NoTotal && len(found) == most {
			break
		}
		w.After = &addressbook.Position{SID: addressbook.SID(last)}
	}
	s.and("contacts.sid = ANY(%s)", sids(found))
	return total, nil
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
