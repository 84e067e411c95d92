package sqlite

import (
	"errors"
	"strings"

	"zombiezen.com/go/sqlite"
)

// insertBatches are the numbers of rows that one statement can insert. More than a
// hundred rows gain nothing. The smaller statements insert the remainder.
var insertBatches = [...]int{100, 10, 1}

// bulkInsert inserts many rows into a table with few statements.
type bulkInsert struct {
	params     int // of a row
	statements [len(insertBatches)]string
}

func newBulkInsert(into string, params int) bulkInsert {
	b := bulkInsert{params: params}
	row := "(?" + strings.Repeat(",?", params-1) + ")"
	for i, rows := range insertBatches {
		// OR FAIL spares the journal that SQLite needs to undo a single failed statement.
		// Here, a failure rolls back the whole transaction.
		b.statements[i] = `INSERT OR FAIL INTO ` + into + ` VALUES ` + row + strings.Repeat(","+row, rows-1)
	}
	return b
}

// run inserts n rows. Bind binds the parameters of row i, beginning with param.
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
		// The statement stays prepared. It must not keep personal data.
		if err := stmt.ClearBindings(); err != nil {
			return err
		}
	}
	return nil
}
