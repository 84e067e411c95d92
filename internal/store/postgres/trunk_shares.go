package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"callbook/internal/account"
	"callbook/internal/trunk"
)

var _ trunk.Shares = (*DB)(nil)

// ShareTrunks implements [trunk.Shares]. Servers take their shares one after the other.
func (db *DB) ShareTrunks(ctx context.Context, server string, uses []trunk.Use) (shares []trunk.Share, err error) {
	err = db.write(ctx, account.None, "share trunks", func(t *tx) error {
		shares = make([]trunk.Share, 0, len(uses))
		var all []trunk.Held
		var now time.Time
		lockShares(t)
		t.queue(`SELECT clock_timestamp()`).QueryRow(func(row pgx.Row) error { return row.Scan(&now) })
		t.queue(`SELECT trunk, server, channels, pace, wants, lease_until FROM trunk_shares`).Query(func(rows pgx.Rows) (err error) {
			all, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (h trunk.Held, err error) {
				return h, row.Scan(&h.Trunk, &h.Server, &h.Channels, &h.Pace, &h.Wants, (*dateValue)(&h.Until))
			})
			return err
		})
		if err := t.flush(); err != nil {
			return err
		}
		t.queue(`DELETE FROM trunk_shares WHERE server = $1`, server)
		for _, h := range all {
			if h.Rest(now) && h.Server != server {
				t.queue(`DELETE FROM trunk_shares WHERE trunk = $1 AND server = $2`, h.Trunk, h.Server)
			}
		}
		for _, u := range uses {
			given, takes := trunk.Divide(all, server, u, now)
			shares = append(shares, takes)
			t.queue(`INSERT INTO trunk_shares (trunk, server, channels, pace, wants, lease_until) VALUES ($1, $2, $3, $4, $5, $6)`,
				given.Trunk, given.Server, given.Channels, given.Pace, given.Wants, (*dateValue)(&given.Until))
		}
		return nil
	})
	return shares, err
}

// lockShares queues the statements that let one server after the other change the shares. A
// server that stands still in the midst of that keeps the others waiting for a second.
func lockShares(t *tx) {
	t.queue(`SELECT set_config('idle_in_transaction_session_timeout', '1s', true)`)
	t.queue(`LOCK TABLE trunk_shares IN SHARE ROW EXCLUSIVE MODE`)
}

// LeaveTrunks implements [trunk.Shares].
func (db *DB) LeaveTrunks(ctx context.Context, server string) error {
	return db.execute(ctx, purpose{}, "leave trunks", `DELETE FROM trunk_shares WHERE server = $1`, server)
}
