package sqlite

import (
	"errors"
	"time"

	"zombiezen.com/go/sqlite"

	"callbook/internal/addressbook"
)

// columnBytes returns a copy of a column's bytes; nil for NULL.
func columnBytes(stmt *sqlite.Stmt, col int) []byte {
	_, value := column(stmt, col, nil)
	return value
}

// columnSID returns the sid in a column, or the zero sid for NULL.
func columnSID(stmt *sqlite.Stmt, col int) (sid addressbook.SID) {
	stmt.ColumnBytes(col, sid[:])
	return sid
}

// nullableSID returns a sid as a query argument; the zero sid is NULL.
func nullableSID(sid addressbook.SID) any {
	if sid == (addressbook.SID{}) {
		return nil
	}
	return sid[:]
}

// bindTime binds a time; the zero time is NULL.
func bindTime(stmt *sqlite.Stmt, param int, t time.Time) {
	if t.IsZero() {
		stmt.BindNull(param)
		return
	}
	stmt.BindInt64(param, t.UnixNano())
}

// run runs a statement that returns no rows. Binding by a function is faster than exec.
func (tx *editTx) run(query string, bind func(*sqlite.Stmt)) error {
	stmt, err := tx.Prepare(query)
	if err != nil {
		return err
	}
	bind(stmt)
	_, err = stmt.Step()
	return errors.Join(err, stmt.Reset(), stmt.ClearBindings())
}

// each runs a query and calls scan for each row.
func (tx *editTx) each(query string, bind func(*sqlite.Stmt), scan func(*sqlite.Stmt) error) error {
	return eachRow(tx.Conn, query, bind, scan)
}

// eachRow runs a query and calls scan for each row.
func eachRow(conn *sqlite.Conn, query string, bind func(*sqlite.Stmt), scan func(*sqlite.Stmt) error) error {
	stmt, err := conn.Prepare(query)
	if err != nil {
		return err
	}
	bind(stmt)
	more, err := stmt.Step()
	for ; more && err == nil; more, err = stmt.Step() {
		if err = scan(stmt); err != nil {
			break
		}
	}
	return errors.Join(err, stmt.Reset(), stmt.ClearBindings())
}
