package sqlite

import (
	"context"
	"errors"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"callbook/internal/account"
	"callbook/internal/work"
)

// uploadLeases implements [work.LeaseStore] for uploads. One server has the file, so
// leases matter little here. They exist because the importer is the same for every
// engine.
type uploadLeases struct{ book *AddressBook }

// UploadLeases implements [upload.Store].
func (b *AddressBook) UploadLeases() work.LeaseStore { return uploadLeases{b} }

// freeLeases ends all leases. Their servers are gone, since this process has the lock on
// the file.
func freeLeases(conn *sqlite.Conn) (err error) {
	end, err := sqlitex.ImmediateTransaction(conn)
	if err != nil {
		return err
	}
	defer end(&err)
	freed := 0
	for _, leases := range []string{
		`UPDATE uploads SET lease_server = '', lease_until = 0 WHERE state = 0 AND lease_server <> ''`,
		`DELETE FROM dialing`,
		`DELETE FROM event_leases`,
	} {
		if err := sqlitex.Execute(conn, leases, nil); err != nil {
			return err
		}
		freed += conn.Changes()
	}
	if freed == 0 {
		return nil // nothing to write
	}
	return stampLog(conn)
}

// claimable selects the running uploads whose lease is free or has run out by the time in
// its argument.
const claimable = ` FROM uploads WHERE state = 0 AND lease_until <= ?`

// Claim implements [work.LeaseStore].
func (l uploadLeases) Claim(ctx context.Context, lease work.Lease, now time.Time, limit int) ([]work.ID, error) {
	// Mostly there is none, and then nothing is written.
	err := l.book.db.points.read(ctx, account.None, func(conn *sqlite.Conn) error {
		return queryOne(conn, `SELECT 1`+claimable+` LIMIT 1`, []any{now.UnixNano()}, func(*sqlite.Stmt) error { return nil })
	})
	if errors.Is(err, errNoRow) {
		return nil, nil
	}
	if err != nil {
		return nil, storeError("look for uploads", err)
	}
	var claimed []work.ID
	err = l.book.edit(ctx, account.None, 1, "claim uploads", func(tx *editTx) error {
		claimed = nil
		err := sqlitex.Execute(tx.Conn, `SELECT account_id, sid`+claimable+` ORDER BY id LIMIT ?`, &sqlitex.ExecOptions{
			Args: []any{now.UnixNano(), limit},
			ResultFunc: func(stmt *sqlite.Stmt) error {
				id := work.ID{Account: account.ID(stmt.ColumnInt64(0))}
				stmt.ColumnBytes(1, id.SID[:])
				claimed = append(claimed, id)
				return nil
			},
		})
		for _, id := range claimed {
			if err != nil {
				return err
			}
			err = tx.updateLease(`SET lease_server = ?, lease_until = ? WHERE account_id = ? AND sid = ?`,
				lease.Server, lease.End(), id.Account, id.SID[:])
		}
		return err
	})
	return claimed, err
}

func (tx *editTx) updateLease(change string, args ...any) error {
	tx.bytes += pageBytes // part of a page
	return tx.exec(`UPDATE uploads `+change, args...)
}

// Renew implements [work.LeaseStore].
func (l uploadLeases) Renew(ctx context.Context, lease work.Lease, uploads []work.ID) error {
	return l.book.edit(ctx, account.None, len(uploads), "renew leases", func(tx *editTx) error {
		for _, id := range uploads {
			err := tx.updateLease(`SET lease_until = ? WHERE account_id = ? AND sid = ? AND state = 0 AND lease_server = ?`,
				lease.End(), id.Account, id.SID[:], lease.Server)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// Release implements [work.LeaseStore].
func (l uploadLeases) Release(ctx context.Context, server string) error {
	return l.book.edit(ctx, account.None, 1, "release uploads", func(tx *editTx) error {
		return tx.updateLease(`SET lease_server = '', lease_until = 0 WHERE state = 0 AND lease_server = ?`, server)
	})
}
