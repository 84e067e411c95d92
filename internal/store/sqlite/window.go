package sqlite

import (
	"fmt"
	"slices"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"callbook/internal/addressbook"
)

// window is a part of a sorted query.
type window struct {
	addressbook.Window
	sid     string // the column of the sid, by which rows are in the order of creation
	nameKey string // an SQL expression for the NameKey
}

// query runs a query for a page and one row more. From is the SQL text from FROM on; it
// must end in a condition.
func (w window) query(conn *sqlite.Conn, columns, from string, args []any, scan func(*sqlite.Stmt) error) error {
	text, args := w.text(columns, from, args)
	return sqlitex.Execute(conn, text+" LIMIT ? OFFSET ?",
		&sqlitex.ExecOptions{Args: append(args, w.Limit+1, w.Offset), ResultFunc: scan})
}

// text returns the query without its limits.
func (w window) text(columns, from string, args []any) (string, []any) {
	key := w.sid
	switch w.Sort {
	case addressbook.ByUpdated:
		key = "date_updated"
	case addressbook.ByName:
		key = w.nameKey
	}
	direction, beyond := "", ">"
	if w.Desc {
		direction, beyond = " DESC", "<"
	}
	args = append([]any(nil), args...)
	switch {
	case w.After == nil:
	case w.Sort == addressbook.ByCreated:
		from += fmt.Sprintf(" AND %s %s ?", w.sid, beyond)
		args = append(args, w.After.SID[:])
	default:
		// The key of a date is its decimal digits.
		value := "?"
		if w.Sort == addressbook.ByUpdated {
			value = "CAST(? AS INTEGER)"
		}
		from += fmt.Sprintf(" AND (%s, %s) %s (%s, ?)", key, w.sid, beyond, value)
		args = append(args, w.After.Key, w.After.SID[:])
	}
	order := key + direction
	if key != w.sid {
		order += ", " + w.sid + direction
	}
	return fmt.Sprintf("SELECT %s %s ORDER BY %s", columns, from, order), args
}

// count counts the rows of a query. From is the SQL text from FROM on.
func count(conn *sqlite.Conn, from string, args []any) (n int, err error) {
	err = queryOne(conn, `SELECT count(*) `+from, args, func(stmt *sqlite.Stmt) error {
		n = stmt.ColumnInt(0)
		return nil
	})
	return n, err
}

// countUpTo counts rows as count does, but no more than most; 0 counts all.
func countUpTo(conn *sqlite.Conn, from string, args []any, most int) (int, error) {
	if most == 0 {
		return count(conn, from, args)
	}
	return count(conn, `FROM (SELECT 1 `+from+` LIMIT ?)`, append(slices.Clip(args), most))
}
