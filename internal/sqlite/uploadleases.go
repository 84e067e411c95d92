package sqlite

import (
	"context"
	"errors"
	"fmt"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"callbook/internal/upload"
)

// Leases matter little here, where one server has the file. It still has them,
// so that the importer is the same for every engine.

// leaseEnd is what uploads.lease_until has of a lease.
func leaseEnd(l upload.Lease) int64 {
	if l.Server == "" {
		return 0
	}
	return l.Until.UnixNano()
}

// freeUploads ends all leases: whoever had them is gone, since the lock beside
// the file is ours.
func freeUploads(conn *sqlite.Conn) (err error) {
	end, err := sqlitex.ImmediateTransaction(conn)
	if err != nil {
		return err
	}
	defer end(&err)
	err = sqlitex.Execute(conn, `UPDATE uploads SET lease_server = '', lease_until = 0 WHERE state = 0 AND lease_server <> ''`, nil)
	if err != nil || conn.Changes() == 0 {
		return err // without a change nothing is written
	}
	return stampLog(conn)
}

// ofNobody is the running uploads that can be claimed; its argument is the time.
var ofNobody = fmt.Sprintf(` WHERE uploads.state = %d AND uploads.lease_until <= ?`, upload.Running)

// ClaimUploads implements [upload.Store].
func (b *AddressBook) ClaimUploads(ctx context.Context, server string, now, until time.Time, limit int) ([]upload.Upload, error) {
	// Most of the time there is none, and then nothing is written.
	err := b.db.points.read(ctx, noAccount, func(conn *sqlite.Conn) error {
		return queryOne(conn, `SELECT 1 FROM uploads`+ofNobody+` LIMIT 1`, []any{now.UnixNano()}, func(*sqlite.Stmt) error { return nil })
	})
	if errors.Is(err, errNoRow) {
		return nil, nil
	}
	if err != nil {
		return nil, storeError("look for uploads", err)
	}
	var claimed []upload.Upload
	err = b.edit(ctx, noAccount, 1, "claim uploads", func(tx *editTx) error {
		claimed = nil
		err := sqlitex.Execute(tx.Conn, `SELECT `+uploadColumns+fromUploads+ofNobody+` ORDER BY uploads.id LIMIT ?`,
			&sqlitex.ExecOptions{Args: []any{now.UnixNano(), limit}, ResultFunc: appendUpload(&claimed)})
		for i := range claimed {
			if err != nil {
				return err
			}
			claimed[i].Lease = upload.Lease{Server: server, Until: time.Unix(0, until.UnixNano())}
			err = tx.setLease(&claimed[i])
		}
		return err
	})
	return claimed, err
}

// noAccount stands for one in an edit that concerns the contacts of none.
const noAccount = 0

func (tx *editTx) setLease(u *upload.Upload) error {
	tx.bytes += pageBytes // of which it changed a part
	return tx.exec(`UPDATE uploads SET lease_server = ?, lease_until = ? WHERE account_id = ? AND sid = ?`,
		u.Lease.Server, leaseEnd(u.Lease), u.Account.ID, u.SID[:])
}

// RenewUploads implements [upload.Store].
func (b *AddressBook) RenewUploads(ctx context.Context, l upload.Lease, uploads []upload.Upload) error {
	return b.edit(ctx, noAccount, len(uploads), "renew leases", func(tx *editTx) error {
		for i := range uploads {
			u := &uploads[i]
			tx.bytes += pageBytes // of which it changed a part
			err := tx.exec(`UPDATE uploads SET lease_until = ? WHERE account_id = ? AND sid = ? AND state = ? AND lease_server = ?`,
				leaseEnd(l), u.Account.ID, u.SID[:], int(upload.Running), l.Server)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// ReleaseUploads implements [upload.Store].
func (b *AddressBook) ReleaseUploads(ctx context.Context, server string) error {
	return b.edit(ctx, noAccount, 1, "release uploads", func(tx *editTx) error {
		tx.bytes += pageBytes // of which it changed a part
		return tx.exec(fmt.Sprintf(`UPDATE uploads SET lease_server = '', lease_until = 0 WHERE state = %d AND lease_server = ?`,
			upload.Running), server)
	})
}
