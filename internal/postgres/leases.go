package postgres

import (
	"context"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/upload"
)

// leaseEnd is what uploads.lease_until has of a lease.
func leaseEnd(l upload.Lease) int64 {
	if l.Server == "" {
		return 0
	}
	return l.Until.UnixNano()
}

// ClaimUploads implements [upload.Store].
func (db *DB) ClaimUploads(ctx context.Context, server string, now, until time.Time, limit int) ([]upload.Upload, error) {
	var claimed []upload.Upload
	lease := upload.Lease{Server: server, Until: time.Unix(0, until.UnixNano())}
	err := db.write(ctx, noAccount, "claim uploads", func(t *tx) error {
		claimed = nil
		// Those that another server is claiming at this moment are left to it. The
		// state is no parameter, so that the index of those that run is used.
		t.queue(`SELECT `+uploadColumns+fromUploads+` WHERE uploads.state = 0 AND uploads.lease_until <= $1
			ORDER BY uploads.sid LIMIT $2 FOR NO KEY UPDATE OF uploads SKIP LOCKED`, now.UnixNano(), limit).
			Query(eachUpload(func(u *upload.Upload) {
				u.Lease = lease
				claimed = append(claimed, *u)
			}))
		if err := t.flush(); err != nil {
			return err
		}
		if len(claimed) > 0 {
			t.lease(lease, claimed, ``)
		}
		return nil
	})
	return claimed, err
}

// lease gives these uploads a lease, when the queue is run; a condition leaves
// some out.
func (t *tx) lease(l upload.Lease, uploads []upload.Upload, condition string) {
	accounts, uploadSIDs := make([]int64, len(uploads)), make([]addressbook.SID, len(uploads))
	for i := range uploads {
		accounts[i], uploadSIDs[i] = uploads[i].Account.ID, uploads[i].SID
	}
	t.queue(`UPDATE uploads SET lease_server = $1, lease_until = $2
		FROM unnest($3::bigint[], $4::uuid[]) AS these (account_id, sid)
		WHERE uploads.account_id = these.account_id AND uploads.sid = these.sid AND uploads.state = 0 `+condition,
		l.Server, leaseEnd(l), accounts, sids(uploadSIDs))
}

// RenewUploads implements [upload.Store].
func (db *DB) RenewUploads(ctx context.Context, l upload.Lease, uploads []upload.Upload) error {
	return db.write(ctx, noAccount, "renew leases", func(t *tx) error {
		t.lease(l, uploads, `AND uploads.lease_server = $1`)
		return nil
	})
}

// ReleaseUploads implements [upload.Store].
func (db *DB) ReleaseUploads(ctx context.Context, server string) error {
	return db.execute(ctx, purpose{}, "release uploads",
		`UPDATE uploads SET lease_server = '', lease_until = 0 WHERE state = 0 AND lease_server = $1`, server)
}
