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
	// matchRows is how many contacts match reads at once.
	matchRows = 5000
	// matchBytes is the memory that a matching contact takes until the page is read.
	matchBytes = 64
)

// match applies the filters of the query that only Go can apply: the filter by custom
// field, whose texts it folds, and the filter by the origin of a number. It reads the
// contacts that the other filters select, keeps the matching ones, and returns how many
// match. In the order of creation it keeps none beyond the page's end; if the query wants
// no total, it stops there.
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
		var sid, last sidValue // last skips the row that only tells that more follow
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

// mayHave adds a condition in SQL that excludes most contacts whose custom field cannot
// match. It searches custom fields of plain ASCII without escapes for the filter's texts.
// It lets every other custom field pass.
func (s *selection) mayHave(f addressbook.CustomFilter) {
	key, part := addressbook.SearchText(f.Key), addressbook.SearchText(f.Part)
	s.counter = ""
	if !storable(key) || !storable(part) {
		s.where += " AND false"
		return
	}
	text := "lower(contacts.custom_field)" // lowers ASCII only: the collation is "C"
	has := []string{"strpos(" + text + ", " + s.arg(key) + ") > 0"}
	if part != "" {
		has = append(has, "strpos("+text+", "+s.arg(part)+") > 0")
	}
	s.where += ` AND (contacts.custom_field ~ '[^ -~]|\\' OR ` + strings.Join(has, " AND ") + ")"
}
