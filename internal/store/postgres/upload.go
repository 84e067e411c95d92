package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/journal"
	"callbook/internal/upload"
	"callbook/internal/upload/table"
)

// uploadColumns is what eachUpload reads, from fromUploads.
const (
	uploadColumns = accountColumns + `, uploads.sid, uploads.list_sid, uploads.list_name, uploads.type, uploads.header,
	uploads.state, uploads.position, uploads.line, uploads.success, uploads.duplicate, uploads.failed,
	uploads.date_created, uploads.date_updated, uploads.on_duplicate, uploads.dry_run, uploads.new_list,
	uploads.new_contacts, uploads.lease_server, uploads.lease_until, uploads.file_name, uploads.size, uploads.mapping,
	uploads.date_started, uploads.error_bytes, uploads.errors_omitted, uploads.plan, uploads.tally, uploads.undo, uploads.suppresses`
	fromUploads = ` FROM uploads JOIN accounts ON accounts.id = uploads.account_id`
)

// eachUpload returns a function that reads rows of uploadColumns.
func eachUpload(do func(*upload.Upload)) func(pgx.Rows) error {
	return func(rows pgx.Rows) error {
		for rows.Next() {
			u, err := scanUpload(rows)
			if err != nil {
				return err
			}
			do(&u)
		}
		return rows.Err()
	}
}

func scanUpload(row pgx.CollectableRow) (u upload.Upload, err error) {
	var a accountRow
	var leaseUntil dateValue
	var mapping, plan, tally, undo string
	err = row.Scan(append(a.into(), (*sidValue)(&u.SID), (*sidValue)(&u.List), &u.ListName, (*uint8)(&u.Type), &u.Header,
		(*uint8)(&u.State), &u.Position.Offset, &u.Position.Line, &u.Stats.Success, &u.Stats.Duplicate, &u.Stats.Failed,
		(*dateValue)(&u.Created), (*dateValue)(&u.Updated), (*uint8)(&u.OnDuplicate), &u.DryRun, &u.NewList,
		&u.New, &u.Lease.Server, &leaseUntil, &u.FileName, &u.Size, &mapping, (*dateValue)(&u.Started),
		&u.Errors.Bytes, &u.Errors.Omitted, &plan, &tally, &undo, &u.Suppresses)...)
	if u.Lease.Server != "" {
		u.Lease.Until = time.Time(leaseUntil)
	}
	if err == nil {
		u.Mapping, err = table.DecodeMapping(mapping)
	}
	if err == nil {
		u.Plan, err = table.DecodePlan(plan)
	}
	if err == nil {
		u.Tally, err = upload.DecodeTally(tally)
	}
	if err == nil {
		u.Undo, err = upload.DecodeUndo(undo)
	}
	if err == nil {
		u.Account, err = a.account()
	}
	return u, err
}

// AddUpload implements [upload.Store].
func (db *DB) AddUpload(ctx context.Context, u upload.Upload, list addressbook.List, ready journal.Ready[addressbook.List]) error {
	return db.addUpload(ctx, u, list, false, ready)
}

// addUpload adds an upload. If pending is set, it replaces the pending file with its sid.
func (db *DB) addUpload(ctx context.Context, u upload.Upload, list addressbook.List, pending bool, ready journal.Ready[addressbook.List]) error {
	return db.writeOnce(ctx, u.Account.ID, "add upload", func(t *tx) error {
		if u.Suppresses {
			t.insertUpload(&u)
			t.keep(ready.Receipt(list))
			return nil
		}
		got, there := list, false
		name, sid := &list.Name, (*sidValue)(nil)
		if u.List != (addressbook.SID{}) {
			name, sid = nil, (*sidValue)(&u.List)
		}
		// The lock keeps the list from being deleted before the upload is committed. If
		// another transaction creates the list right now, this one is retried.
		t.queue(`SELECT `+listColumns+` FROM lists WHERE account_id = $1 AND (name = $2 OR sid = $3) FOR NO KEY UPDATE`, t.account, name, sid).
			Query(t.eachList(func(l *addressbook.List) { got, there = *l, true }))
		was := !pending
		if pending {
			t.queueRemovePending(u.SID, &was)
		}
		if err := t.flush(); err != nil {
			return err
		}
		if !there && name == nil {
			return addressbook.ErrNoList
		}
		if there && got.Type != list.Type {
			return upload.ErrOtherType(got.Type)
		}
		if !was {
			return upload.ErrNotPending
		}
		if !there && !u.DryRun {
			t.retryOnConflict = true
			t.queue(`INSERT INTO lists (account_id, sid, name, name_key, type, contact_count, date_created, date_updated)
				VALUES ($1, $2, $3, $4, $5, 0, $6, $7)`,
				t.account, (*sidValue)(&list.SID), list.Name, addressbook.NameKey(list.Name, ""), int16(list.Type),
				list.Created.UnixNano(), list.Updated.UnixNano())
		}
		added := u
		added.List, added.NewList = got.SID, u.DryRun && !there
		t.insertUpload(&added)
		t.keep(ready.Receipt(got))
		return nil
	})
}

// insertUpload queues the insertion of an upload.
func (t *tx) insertUpload(u *upload.Upload) {
	t.queue(`INSERT INTO uploads (account_id, sid, list_sid, list_name, type, on_duplicate, dry_run, new_list, header,
			state, position, line, success, duplicate, failed, new_contacts, lease_server, lease_until, date_created, date_updated,
			file_name, size, mapping, date_started, plan, suppresses)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26)`,
		t.account, (*sidValue)(&u.SID), (*sidValue)(&u.List), u.ListName, int16(u.Type), int16(u.OnDuplicate), u.DryRun, u.NewList,
		u.Header, int16(u.State), u.Position.Offset, u.Position.Line, u.Stats.Success, u.Stats.Duplicate, u.Stats.Failed, u.New,
		u.Lease.Server, u.Lease.End(), u.Created.UnixNano(), u.Updated.UnixNano(),
		u.FileName, u.Size, u.Mapping.Encode(), u.Started.UnixNano(), u.Plan.Encode(), u.Suppresses)
}

// lockUpload reads an upload and locks it.
func (t *tx) lockUpload(sid addressbook.SID) (u upload.Upload, there bool, err error) {
	t.queue(`SELECT `+uploadColumns+fromUploads+` WHERE uploads.account_id = $1 AND uploads.sid = $2 FOR NO KEY UPDATE OF uploads`,
		t.account, (*sidValue)(&sid)).Query(eachUpload(func(found *upload.Upload) { u, there = *found, true }))
	err = t.flush()
	return u, there, err
}

// EndUpload implements [upload.Store].
func (db *DB) EndUpload(ctx context.Context, account account.ID, sid addressbook.SID, s upload.State, at time.Time, ready journal.Ready[upload.Upload]) error {
	return db.writeOnce(ctx, account, "end upload", func(t *tx) error {
		u, there, err := t.lockUpload(sid)
		if err != nil {
			return err
		}
		if !there {
			return upload.ErrNoUpload
		}
		if u.State == upload.Running {
			u.State, u.Updated = s, time.Unix(0, at.UnixNano())
			t.endUpload(sid, s, at)
		}
		t.keep(ready.Receipt(u))
		return nil
	})
}

// endUpload queues a statement that sets the final state of an upload.
func (t *tx) endUpload(sid addressbook.SID, s upload.State, at time.Time) {
	t.queue(`UPDATE uploads SET state = $3, date_updated = $4 WHERE account_id = $1 AND sid = $2`,
		t.account, (*sidValue)(&sid), int16(s), at.UnixNano())
}

// Upload implements [upload.Store].
func (db *DB) Upload(ctx context.Context, account account.ID, sid addressbook.SID) (upload.Upload, error) {
	found, err := collect(ctx, db, of(account), "read upload", scanUpload,
		`SELECT `+uploadColumns+fromUploads+` WHERE uploads.account_id = $1 AND uploads.sid = $2`, account, (*sidValue)(&sid))
	if err != nil {
		return upload.Upload{}, err
	}
	if len(found) == 0 {
		return upload.Upload{}, upload.ErrNoUpload
	}
	return found[0], nil
}

// LastUploadTo implements [upload.Store]. It goes back through the account's
// uploads, of which there are 10,000 at most.
func (db *DB) LastUploadTo(ctx context.Context, account account.ID, list addressbook.SID) (upload.Upload, error) {
	found, err := collect(ctx, db, of(account), "read the last upload of a list", scanUpload,
		`SELECT `+uploadColumns+fromUploads+`
			WHERE uploads.account_id = $1 AND uploads.list_sid = $2 AND NOT uploads.dry_run ORDER BY uploads.sid DESC LIMIT 1`,
		account, (*sidValue)(&list))
	if err == nil && len(found) == 0 {
		err = upload.ErrNoUpload
	}
	if err != nil {
		return upload.Upload{}, err
	}
	return found[0], nil
}

// Uploads implements [upload.Store].
func (db *DB) Uploads(ctx context.Context, account account.ID, q upload.Query) (upload.Page, error) {
	var page upload.Page
	err := db.read(ctx, of(account), "list uploads", func(t *tx) error {
		s := newSelection("uploads", account)
		if q.Kind != upload.AnyKind {
			s.and("uploads.dry_run = %s", q.Kind == upload.DryRuns)
		}
		if q.Contacts {
			s.and("uploads.suppresses = %s", false)
		}
		s.queueCount(t, &page.Total)
		s.from = "uploads JOIN accounts ON accounts.id = uploads.account_id"
		s.queuePage(t, uploadColumns, window{q.Window, "uploads"}).Query(eachUpload(func(u *upload.Upload) {
			page.Uploads = append(page.Uploads, *u)
		}))
		return nil
	})
	if err != nil {
		return upload.Page{}, err
	}
	page.Uploads, page.Next = addressbook.Cut(page.Uploads, q.Limit, func(u *upload.Upload) addressbook.Position { return addressbook.Position{SID: u.SID} })
	return page, nil
}

// EachFileName implements [upload.Store].
func (db *DB) EachFileName(ctx context.Context, account account.ID, each func(addressbook.SID, string) bool) error {
	type named struct {
		sid  addressbook.SID
		name string
	}
	all, err := collect(ctx, db, of(account), "list files of uploads", func(row pgx.CollectableRow) (n named, err error) {
		return n, row.Scan((*sidValue)(&n.sid), &n.name)
	}, `SELECT sid, file_name FROM uploads WHERE account_id = $1 ORDER BY sid DESC`, account)
	for _, n := range all {
		if !each(n.sid, n.name) {
			break
		}
	}
	return err
}

// FilesInUse implements [upload.Store].
func (db *DB) FilesInUse(ctx context.Context) ([]addressbook.SID, error) {
	return collect(ctx, db, purpose{}, "list files in use", func(row pgx.CollectableRow) (sid addressbook.SID, err error) {
		return sid, row.Scan((*sidValue)(&sid))
	}, `SELECT sid FROM uploads WHERE state = 0 UNION ALL SELECT sid FROM upload_drafts`)
}

// ErrorRows implements [upload.Store].
func (db *DB) ErrorRows(ctx context.Context, account account.ID, sid addressbook.SID, after int64, limit int) ([]upload.ErrorRow, error) {
	return collect(ctx, db, of(account), "read error rows", func(row pgx.CollectableRow) (r upload.ErrorRow, err error) {
		var code int
		err = row.Scan(&r.Line, &code, &r.Reason, &r.Record)
		r.Kind = upload.KindOf(code)
		return r, err
	}, `SELECT line, kind, reason, record FROM upload_errors
		WHERE account_id = $1 AND upload_sid = $2 AND line > $3 ORDER BY line LIMIT $4`, account, (*sidValue)(&sid), after, limit)
}
