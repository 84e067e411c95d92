package sqlite

import (
	"errors"
	"strings"

	"zombiezen.com/go/sqlite"
)

// insertBatches are the numbers of rows that one statement inserts. A hundred
// is where more gain nothing; the smaller ones do the rest of a request.
var insertBatches = [...]int{100, 10, 1}

// bulkInsert inserts many rows into one table, insertBatches of them with one
// statement.
type bulkInsert struct {
	params     int // a row
	statements [len(insertBatches)]string
}

func newBulkInsert(into string, params int) bulkInsert {
	b := bulkInsert{params: params}
	row := "(?" + strings.Repeat(",?", params-1) + ")"
	for i, rows := range insertBatches {
		// OR FAIL, since a statement that fails as a whole has to keep a journal
		// of its own; here a failure rolls back the transaction anyway.
		b.statements[i] = `INSERT OR FAIL INTO ` + into + ` VALUES ` + row + strings.Repeat(","+row, rows-1)
	}
	return b
}

// run inserts n rows; bind binds the parameters of row i, of which the first is
// param.
func (b *bulkInsert) run(conn *sqlite.Conn, n int, bind func(stmt *sqlite.Stmt, param, i int)) error {
	done := 0
	for at, rows := range insertBatches {
		if n-done < rows {
			continue
		}
		stmt, err := conn.Prepare(b.statements[at])
		if err != nil {
			return err
		}
		for ; n-done >= rows; done += rows {
			for r := range rows {
				bind(stmt, 1+r*b.params, done+r)
			}
			if _, err := stmt.Step(); err != nil {
				return errors.Join(err, stmt.ClearBindings())
			}
			if err := stmt.Reset(); err != nil {
				return err
			}
		}
		// The statement is kept; the personal data bound to it is not.
		if err := stmt.ClearBindings(); err != nil {
			return err
		}
	}
	return nil
}
