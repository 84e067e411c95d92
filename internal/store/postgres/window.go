package postgres

import (
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5"

	"callbook/internal/account"
	"callbook/internal/addressbook"
)

// selection is what the filters of a query select. It collects the text of an SQL query
// and its parameters. $1 is the account.
type selection struct {
	from, where string
	args        []any
	sid         string // the column of the sid, by which rows are in the order of creation
	// counter is a query for a stored total, or "" if the rows must be counted.
	counter string
}

func newSelection(table string, account account.ID) *selection {
	return &selection{from: table, where: table + ".account_id = $1", args: []any{account}, sid: table + ".sid"}
}

// arg adds a parameter and returns its name.
func (s *selection) arg(value any) string {
	s.args = append(s.args, value)
	return "$" + strconv.Itoa(len(s.args))
}

// and adds a condition. %s in it stands for the value.
func (s *selection) and(condition string, value any) {
	s.counter = ""
	if text, ok := value.(string); ok && !storable(text) {
		s.where += " AND false" // no stored text contains what PostgreSQL cannot store
		return
	}
	s.where += " AND " + fmt.Sprintf(condition, s.arg(value))
}

// queueCount queues the query for the total.
func (s *selection) queueCount(t *tx, total *int) {
	query := s.counter
	args := s.args
	if query == "" {
		query = "SELECT count(*) FROM " + s.from + " WHERE " + s.where
	}
	t.queue(query, args...).QueryRow(func(row pgx.Row) error { return row.Scan(total) })
}

// window is a part of a sorted selection.
type window struct {
	addressbook.Window
	table string // the table of the columns that it sorts by
}

// total returns how many rows the selection has, if that follows from a page: queuePage
// has returned this many rows, the last row is among them, and the number of rows before
// the page is known.
func (w window) total(rows int) (total int, known bool) {
	return w.Offset + rows, w.After == nil && rows <= w.Limit && (rows > 0 || w.Offset == 0)
}

// queuePage queues the query for the rows in the window, and for one more row.
func (s *selection) queuePage(t *tx, columns string, w window) *pgx.QueuedQuery {
	page := *s // the count keeps its own parameters
	page.args = append([]any(nil), s.args...)
	key := page.sid
	if w.Sort != addressbook.ByCreated {
		key = w.key()
	}
	direction, beyond := "", ">"
	if w.Desc {
		direction, beyond = " DESC", "<"
	}
	if w.After != nil {
		page.where += fmt.Sprintf(" AND (%s) %s (%s)", page.places(key), beyond, page.position(w))
	}
	order := key + direction
	if key != page.sid {
		order += ", " + page.sid + direction
	}
	limit, offset := page.arg(w.Limit+1), page.arg(w.Offset)
	return t.queue(fmt.Sprintf("SELECT %s FROM %s WHERE %s ORDER BY %s LIMIT %s OFFSET %s",
		columns, page.from, page.where, order, limit, offset), page.args...)
}

// places returns the columns that are compared with a position.
func (s *selection) places(key string) string {
	if key == s.sid {
		return s.sid
	}
	return key + ", " + s.sid
}

// position returns the window's position as parameters.
func (s *selection) position(w window) string {
	sid := func() string { return s.arg((*sidValue)(&w.After.SID)) }
	switch {
	case w.Sort == addressbook.ByCreated:
		return sid()
	case w.Sort.Dated():
		nanos, _ := strconv.ParseInt(w.After.Key, 10, 64) // a key that is no date comes before all dates
		return s.arg(nanos) + ", " + sid()
	default:
		return s.arg(w.After.Key) + ", " + sid()
	}
}
