package sqlite

import (
	"context"
	"encoding/json"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"callbook/internal/account"
	"callbook/internal/work"
)

// unleasedEvents finds the accounts with waiting events whose lease is free or has run
// out. It takes one step in an index for each account.
const unleasedEvents = `WITH RECURSIVE waiting (account_id) AS (
		SELECT (SELECT min(account_id) FROM events INDEXED BY events_due WHERE state = 1)
		UNION ALL SELECT (SELECT min(account_id) FROM events INDEXED BY events_due WHERE state = 1 AND account_id > waiting.account_id)
			FROM waiting WHERE account_id IS NOT NULL)
	SELECT account_id FROM waiting LEFT JOIN event_leases USING (account_id)
	WHERE account_id IS NOT NULL AND coalesce(lease_until, 0) <= ? LIMIT ?`

// ClaimAccounts implements [event.Store].
func (s eventStore) ClaimAccounts(ctx context.Context, l work.Lease, now time.Time, limit int) (claimed []account.ID, err error) {
	find := func(conn *sqlite.Conn) error {
		claimed = nil
		return sqlitex.Execute(conn, unleasedEvents, &sqlitex.ExecOptions{
			Args: []any{now.UnixNano(), limit},
			ResultFunc: func(stmt *sqlite.Stmt) error {
				claimed = append(claimed, account.ID(stmt.ColumnInt64(0)))
				return nil
			},
		})
	}
	// Mostly there is none, and then nothing is written.
	if err := s.book.db.points.read(ctx, account.None, find); err != nil || len(claimed) == 0 {
		return nil, storeError("look for events", err)
	}
	err = s.book.edit(ctx, account.None, limit, "claim deliveries", func(tx *editTx) error {
		if err := find(tx.Conn); err != nil {
			return err
		}
		for _, id := range claimed {
			tx.bytes += pageBytes
			err := tx.exec(`INSERT INTO event_leases (account_id, lease_server, lease_until) VALUES (?, ?, ?)
				ON CONFLICT (account_id) DO UPDATE SET lease_server = excluded.lease_server, lease_until = excluded.lease_until`,
				id, l.Server, l.End())
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return claimed, nil
}

// renewEvents extends the account's lease of deliveries. It returns false if another
// server has the lease.
func (tx *editTx) renewEvents(l work.Lease, account account.ID) (bool, error) {
	tx.bytes += pageBytes
	err := tx.exec(`UPDATE event_leases SET lease_until = ? WHERE account_id = ? AND lease_server = ?`, l.End(), account, l.Server)
	return tx.Changes() > 0, err
}

// RenewAccounts implements [event.Store].
func (s eventStore) RenewAccounts(ctx context.Context, l work.Lease, accounts []account.ID) (lost []account.ID, err error) {
	err = s.book.edit(ctx, account.None, len(accounts), "renew leases of deliveries", func(tx *editTx) error {
		lost = nil
		for _, id := range accounts {
			switch ours, err := tx.renewEvents(l, id); {
			case err != nil:
				return err
			case !ours:
				lost = append(lost, id)
			}
		}
		return nil
	})
	return lost, err
}

// ReleaseAccounts implements [event.Store].
func (s eventStore) ReleaseAccounts(ctx context.Context, server string, accounts []account.ID) error {
	return s.book.edit(ctx, account.None, len(accounts), "release deliveries", func(tx *editTx) error {
		tx.bytes += pageBytes
		return tx.exec(`DELETE FROM event_leases WHERE lease_server = ? AND account_id IN (SELECT value FROM json_each(?))`,
			server, jsonIDs(accounts))
	})
}

// jsonIDs returns ids as a JSON array, so that one SQL text serves any number of them.
func jsonIDs[ID ~int64](ids []ID) string {
	text, err := json.Marshal(ids)
	if err != nil {
		panic(err) // integers can be encoded
	}
	return string(text)
}
