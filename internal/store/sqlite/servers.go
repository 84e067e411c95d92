package sqlite

import (
	"context"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"callbook/internal/session"
)

// AddServer implements [session.Store].
func (db *DB) AddServer(ctx context.Context, s session.Server, most int) error {
	return storeError("add server", db.write(ctx, func(conn *sqlite.Conn) error {
		err := sqlitex.Execute(conn, `INSERT INTO servers (id, url, date_started) VALUES (?, ?, ?)`,
			&sqlitex.ExecOptions{Args: []any{s.ID, s.URL, s.Started.UnixNano()}})
		if err != nil {
			return err
		}
		return sqlitex.Execute(conn, `DELETE FROM servers WHERE id IN (SELECT id FROM servers ORDER BY date_started DESC, id LIMIT -1 OFFSET ?)`,
			&sqlitex.ExecOptions{Args: []any{most}})
	}))
}

// RemoveServer implements [session.Store].
func (db *DB) RemoveServer(ctx context.Context, id string) error {
	return storeError("remove server", db.execute(ctx, `DELETE FROM servers WHERE id = ?`, id))
}

// Servers implements [session.Store].
func (db *DB) Servers(ctx context.Context) (all []session.Server, err error) {
	err = db.read(ctx, func(conn *sqlite.Conn) error {
		return sqlitex.Execute(conn, `SELECT id, url, date_started FROM servers ORDER BY date_started DESC, id`,
			&sqlitex.ExecOptions{ResultFunc: func(stmt *sqlite.Stmt) error {
				all = append(all, session.Server{ID: stmt.ColumnText(0), URL: stmt.ColumnText(1), Started: time.Unix(0, stmt.ColumnInt64(2))})
				return nil
			}})
	})
	return all, storeError("list servers", err)
}
