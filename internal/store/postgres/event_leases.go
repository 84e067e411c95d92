package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"callbook/internal/account"
	"callbook/internal/work"
)

// unleasedEvents finds the accounts with waiting events whose lease is free or has run
// out. It takes one step in an index for each account.
const unleasedEvents = `WITH RECURSIVE waiting (account_id) AS (
		(SELECT account_id FROM events WHERE state = 1 ORDER BY account_id LIMIT 1)
		UNION ALL SELECT (SELECT events.account_id FROM events WHERE state = 1 AND events.account_id > waiting.account_id
			ORDER BY events.account_id LIMIT 1) FROM waiting WHERE waiting.account_id IS NOT NULL)
	SELECT account_id FROM waiting LEFT JOIN event_leases USING (account_id)
	WHERE account_id IS NOT NULL AND coalesce(lease_until, 0) <= $1 LIMIT $2`

// ClaimAccounts implements [event.Store].
func (s eventStore) ClaimAccounts(ctx context.Context, l work.Lease, now time.Time, limit int) (claimed []account.ID, err error) {
	// Mostly there is none, and then nothing is written.
	free, err := collect(ctx, s.db, purpose{}, "look for events", pgx.RowTo[int64], unleasedEvents, now.UnixNano(), limit)
	if err != nil || len(free) == 0 {
		return nil, err
	}
	err = s.db.write(ctx, account.None, "claim deliveries", func(t *tx) error {
		// If several servers claim an account at once, the first one gets it.
		t.queue(`INSERT INTO event_leases (account_id, lease_server, lease_until) SELECT id, $1, $2 FROM unnest($3::bigint[]) AS free (id) ORDER BY id
			ON CONFLICT (account_id) DO UPDATE SET lease_server = excluded.lease_server, lease_until = excluded.lease_until
			WHERE event_leases.lease_until <= $4 RETURNING account_id`, l.Server, l.End(), free, now.UnixNano()).
			Query(func(rows pgx.Rows) (err error) {
				claimed, err = pgx.CollectRows(rows, pgx.RowTo[account.ID])
				return err
			})
		return t.flush()
	})
	return claimed, err
}

// RenewAccounts implements [event.Store].
func (s eventStore) RenewAccounts(ctx context.Context, l work.Lease, accounts []account.ID) (lost []account.ID, err error) {
	err = s.db.write(ctx, account.None, "renew leases of deliveries", func(t *tx) error {
		t.queue(`WITH these AS MATERIALIZED (SELECT account_id FROM event_leases
				WHERE account_id = ANY ($3::bigint[]) AND lease_server = $1 ORDER BY account_id FOR NO KEY UPDATE),
			renewed AS (UPDATE event_leases SET lease_until = $2 FROM these WHERE event_leases.account_id = these.account_id)
			SELECT id FROM unnest($3::bigint[]) AS all_of (id) WHERE id NOT IN (SELECT account_id FROM these)`,
			l.Server, l.End(), accountIDs(accounts)).
			Query(func(rows pgx.Rows) (err error) {
				lost, err = pgx.CollectRows(rows, pgx.RowTo[account.ID])
				return err
			})
		return t.flush()
	})
	return lost, err
}

// ReleaseAccounts implements [event.Store].
func (s eventStore) ReleaseAccounts(ctx context.Context, server string, accounts []account.ID) error {
	return s.db.execute(ctx, purpose{}, "release deliveries",
		`DELETE FROM event_leases WHERE lease_server = $1 AND account_id = ANY ($2::bigint[])`, server, accountIDs(accounts))
}

// accountIDs returns account ids as a parameter.
func accountIDs(accounts []account.ID) []int64 {
	ids := make([]int64, len(accounts))
	for i, id := range accounts {
		ids[i] = int64(id)
	}
	return ids
}
