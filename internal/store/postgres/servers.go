package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"callbook/internal/account"
	"callbook/internal/session"
)

// AddServer implements [session.Store].
func (db *DB) AddServer(ctx context.Context, s session.Server, most int) error {
	return db.write(ctx, account.None, "add server", func(t *tx) error {
		t.queue(`INSERT INTO servers (id, url, date_started) VALUES ($1, $2, $3)`, s.ID, s.URL, s.Started.UnixNano())
		t.queue(`DELETE FROM servers WHERE id IN (SELECT id FROM servers ORDER BY date_started DESC, id OFFSET $1)`, most)
		return nil
	})
}

// RemoveServer implements [session.Store].
func (db *DB) RemoveServer(ctx context.Context, id string) error {
	return db.execute(ctx, purpose{}, "remove server", `DELETE FROM servers WHERE id = $1`, id)
}

// Servers implements [session.Store].
func (db *DB) Servers(ctx context.Context) ([]session.Server, error) {
	return collect(ctx, db, purpose{}, "list servers", func(row pgx.CollectableRow) (s session.Server, err error) {
		return s, row.Scan(&s.ID, &s.URL, (*dateValue)(&s.Started))
	}, `SELECT id, url, date_started FROM servers ORDER BY date_started DESC, id`)
}
