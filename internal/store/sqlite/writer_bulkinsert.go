package sqlite

import (
	"errors"
	"strconv"
	"strings"

	"zombiezen.com/go/sqlite"
)

// insertBatches are the numbers of rows that one statement can insert. More than a
// hundred rows gain nothing. The smaller statements insert the remainder.
var insertBatches = [...]int{100, 10, 1}

// bulkInsert inserts many rows into a table with few statements.
type bulkInsert struct {
	shared     int // parameters of all rows of a statement
	params     int // of a row
	statements [len(insertBatches)]string
}

func newBulkInsert(into string, params int) bulkInsert {
	return newSharedBulkInsert(into, 0, params, func(_, param int) string {
		row := make([]string, params)
		for i := range row {
			row[i] = "?" + strconv.Itoa(param+i)
		}
		return strings.Join(row, ",")
	})
}

// newSharedBulkInsert returns a bulkInsert whose rows share some parameters, from ?1 on.
// Row returns the values of the r-th row of a statement, whose own parameters begin with
// param.
func newSharedBulkInsert(into string, shared, params int, row func(r, param int) string) bulkInsert {
	b := bulkInsert{shared: shared, params: params}
	for at, n := range insertBatches {
		rows := make([]string, n)
		for r := range rows {
			rows[r] = "(" + row(r, 1+shared+r*params) + ")"
		}
		// OR FAIL spares the journal that SQLite needs to undo a single failed statement.
		// Here, a failure rolls back the whole transaction.
		b.statements[at] = `INSERT OR FAIL INTO ` + into + ` VALUES ` + strings.Join(rows, ",")
	}
	return b
}

// run inserts n rows. Bind binds the parameters of row i, beginning with param.
func (b *bulkInsert) run(conn *sqlite.Conn, n int, bind func(stmt *sqlite.Stmt, param, i int)) error {
	return b.runShared(conn, n, func(*sqlite.Stmt, int) {}, bind)
}

// runShared is run for rows that share parameters, which share binds for the rows from i
// on.
func (b *bulkInsert) runShared(conn *sqlite.Conn, n int, share func(stmt *sqlite.Stmt, i int), bind func(stmt *sqlite.Stmt, param, i int)) error {
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
			share(stmt, done)
			for r := range rows {
				bind(stmt, 1+b.shared+r*b.params, done+r)
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
