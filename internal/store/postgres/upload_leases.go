package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/work"
)

// uploadLeases implements [work.LeaseStore] for uploads. Its queries contain the state as
// a number, and not as a parameter, so that PostgreSQL uses the index of running uploads.
type uploadLeases struct{ db *DB }

// UploadLeases implements [upload.Store].
func (db *DB) UploadLeases() work.LeaseStore { return uploadLeases{db} }

// Claim implements [work.LeaseStore].
func (l uploadLeases) Claim(ctx context.Context, lease work.Lease, now time.Time, limit int) (claimed []work.ID, err error) {
	err = l.db.write(ctx, account.None, "claim uploads", func(t *tx) error {
		// Skip uploads that another server is claiming.
		t.queue(`WITH free AS MATERIALIZED (SELECT account_id, sid FROM uploads WHERE state = 0 AND lease_until <= $3
				ORDER BY sid LIMIT $4 FOR NO KEY UPDATE SKIP LOCKED),
			leased AS (UPDATE uploads SET lease_server = $1, lease_until = $2 FROM free
				WHERE uploads.account_id = free.account_id AND uploads.sid = free.sid)
			SELECT account_id, sid FROM free ORDER BY sid`, lease.Server, lease.End(), now.UnixNano(), limit).
			Query(func(rows pgx.Rows) (err error) {
				claimed, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (id work.ID, err error) {
					return id, row.Scan(&id.Account, (*sidValue)(&id.SID))
				})
				return err
			})
		return t.flush()
	})
	return claimed, err
}

// Renew implements [work.LeaseStore].
func (l uploadLeases) Renew(ctx context.Context, lease work.Lease, uploads []work.ID) error {
	accounts, uploadSIDs := make([]int64, len(uploads)), make([]addressbook.SID, len(uploads))
	for i, id := range uploads {
		accounts[i], uploadSIDs[i] = int64(id.Account), id.SID
	}
	return l.db.execute(ctx, purpose{}, "renew leases", `UPDATE uploads SET lease_until = $2
		FROM unnest($3::bigint[], $4::uuid[]) AS these (account_id, sid)
		WHERE uploads.account_id = these.account_id AND uploads.sid = these.sid AND uploads.state = 0 AND uploads.lease_server = $1`,
		lease.Server, lease.End(), accounts, sids(uploadSIDs))
}

// Release implements [work.LeaseStore].
func (l uploadLeases) Release(ctx context.Context, server string) error {
	return l.db.execute(ctx, purpose{}, "release uploads",
		`UPDATE uploads SET lease_server = '', lease_until = 0 WHERE state = 0 AND lease_server = $1`, server)
}
