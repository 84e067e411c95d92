package sqlite

import (
	"context"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"callbook/internal/account"
	"callbook/internal/usage"
)

var _ usage.Store = (*DB)(nil)

// AddRequests implements [usage.Store].
func (db *DB) AddRequests(ctx context.Context, counts []usage.Count) error {
	err := db.write(ctx, func(conn *sqlite.Conn) error {
		for _, c := range counts {
			err := sqlitex.Execute(conn, `INSERT INTO requests (account_id, day, outcome, requests) VALUES (?, ?, ?, ?)
				ON CONFLICT (account_id, day, outcome) DO UPDATE SET requests = requests + excluded.requests`,
				&sqlitex.ExecOptions{Args: []any{c.Account, int(c.Date), int(c.Stored()), c.Requests}})
			if err != nil {
				return err
			}
		}
		return nil
	})
	return storeError("count requests", err)
}

// Requests implements [usage.Store].
func (db *DB) Requests(ctx context.Context, account account.ID, from, to usage.Date) ([]usage.Day, error) {
	var days []usage.Day
	err := db.read(ctx, func(conn *sqlite.Conn) error {
		return sqlitex.Execute(conn, `SELECT day, outcome, requests FROM requests
			WHERE account_id = ? AND day BETWEEN ? AND ? ORDER BY day`, &sqlitex.ExecOptions{
			Args: []any{account, int(from), int(to)},
			ResultFunc: func(stmt *sqlite.Stmt) error {
				date := usage.Date(stmt.ColumnInt(0))
				if len(days) == 0 || days[len(days)-1].Date != date {
					days = append(days, usage.Day{Date: date})
				}
				c := usage.Count{Requests: stmt.ColumnInt(2)}
				c.SetStored(stmt.ColumnInt(1))
				days[len(days)-1].Add(c)
				return nil
			},
		})
	})
	return days, storeError("read counts of requests", err)
}

// ForgetRequests implements [usage.Store].
func (db *DB) ForgetRequests(ctx context.Context, before usage.Date) error {
	return storeError("forget counts of requests", db.execute(ctx, `DELETE FROM requests WHERE day < ?`, int(before)))
}
