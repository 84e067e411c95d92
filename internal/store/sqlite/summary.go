package sqlite

import (
	"context"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/phone"
	"callbook/internal/summary"
)

var _ summary.Store = (*DB)(nil)

// AppendFacts implements [summary.Store].
func (db *DB) AppendFacts(ctx context.Context, facts []summary.Fact, account account.ID, after addressbook.SID, limit int) ([]summary.Fact, error) {
	err := db.scans.read(ctx, account, func(conn *sqlite.Conn) error {
		return sqlitex.Execute(conn, `SELECT sid, number, tag, date_created FROM contacts
			WHERE account_id = ? AND sid > ? ORDER BY sid LIMIT ?`, &sqlitex.ExecOptions{
			Args: []any{account, after[:], limit},
			ResultFunc: func(stmt *sqlite.Stmt) error {
				f := summary.Fact{
					Number:  phone.Number(stmt.ColumnInt64(1)),
					Tag:     stmt.ColumnText(2),
					Created: time.Unix(0, stmt.ColumnInt64(3)),
				}
				stmt.ColumnBytes(0, f.SID[:])
				facts = append(facts, f)
				return nil
			},
		})
	})
	return facts, storeError("read facts of contacts", err)
}
