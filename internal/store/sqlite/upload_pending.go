package sqlite

import (
	"context"
	"errors"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/audit"
	"callbook/internal/journal"
	"callbook/internal/upload"
	"callbook/internal/upload/table"
)

const (
	pendingColumns = accountColumns + `, d.sid, d.file_name, d.size, d.list_name, d.type, d.on_duplicate, d.mapping, d.trial_sid, d.date_created`
	fromPending    = ` FROM upload_drafts AS d JOIN accounts ON accounts.id = d.account_id`
)

func scanPending(stmt *sqlite.Stmt) (f upload.PendingFile, err error) {
	if f.Account, err = scanAccount(stmt); err != nil {
		return f, err
	}
	stmt.ColumnBytes(8, f.SID[:])
	f.FileName, f.Size = stmt.ColumnText(9), stmt.ColumnInt64(10)
	f.Request.ListName = stmt.ColumnText(11)
	f.Request.Type, f.Request.TypeGiven = addressbook.ListType(stmt.ColumnInt(12)), true
	f.Request.Options.OnDuplicate = addressbook.OnDuplicate(stmt.ColumnInt(13))
	f.Request.Mapping, err = table.DecodeMapping(stmt.ColumnText(14))
	stmt.ColumnBytes(15, f.Trial[:])
	f.Created = time.Unix(0, stmt.ColumnInt64(16))
	return f, err
}

// AddPending implements [upload.PendingStore].
func (b *AddressBook) AddPending(ctx context.Context, f upload.PendingFile) error {
	r := &f.Request
	return b.edit(ctx, f.Account.ID, 1, "add pending file", func(tx *editTx) error {
		tx.bytes += pageBytes // part of a page
		return tx.exec(`INSERT INTO upload_drafts (account_id, sid, file_name, size, list_name, type, on_duplicate, mapping,
				trial_sid, date_created) VALUES (?,?,?,?,?,?,?,?,?,?)`,
			f.Account.ID, f.SID[:], f.FileName, f.Size, r.ListName, int(r.Type), int(r.Options.OnDuplicate), r.Mapping.Encode(),
			f.Trial[:], f.Created.UnixNano())
	})
}

// PendingFiles implements [upload.PendingStore].
func (b *AddressBook) PendingFiles(ctx context.Context) (all []upload.PendingFile, err error) {
	err = b.db.points.read(ctx, account.None, func(conn *sqlite.Conn) error {
		return sqlitex.Execute(conn, `SELECT `+pendingColumns+fromPending+` ORDER BY d.sid`, &sqlitex.ExecOptions{
			ResultFunc: func(stmt *sqlite.Stmt) error {
				f, err := scanPending(stmt)
				all = append(all, f)
				return err
			},
		})
	})
	return all, storeError("list pending files", err)
}

// PendingFile implements [upload.PendingStore].
func (b *AddressBook) PendingFile(ctx context.Context, account account.ID, sid addressbook.SID) (f upload.PendingFile, err error) {
	err = b.db.points.read(ctx, account, func(conn *sqlite.Conn) error {
		return queryOne(conn, `SELECT `+pendingColumns+fromPending+` WHERE d.account_id = ? AND d.sid = ?`, []any{account, sid[:]},
			func(stmt *sqlite.Stmt) (err error) {
				f, err = scanPending(stmt)
				return err
			})
	})
	if errors.Is(err, errNoRow) {
		return upload.PendingFile{}, upload.ErrNotPending
	}
	return f, storeError("read pending file", err)
}

// ChangePending implements [upload.PendingStore].
func (b *AddressBook) ChangePending(ctx context.Context, f upload.PendingFile) error {
	r := &f.Request
	return b.edit(ctx, f.Account.ID, 1, "change pending file", func(tx *editTx) error {
		tx.bytes += pageBytes // part of a page
		err := tx.exec(`UPDATE upload_drafts SET list_name = ?, type = ?, on_duplicate = ?, mapping = ?, trial_sid = ?
				WHERE account_id = ? AND sid = ?`,
			r.ListName, int(r.Type), int(r.Options.OnDuplicate), r.Mapping.Encode(), f.Trial[:], f.Account.ID, f.SID[:])
		if err == nil && tx.Changes() == 0 {
			return tx.refuse(upload.ErrNotPending)
		}
		return err
	})
}

// RemovePending implements [upload.PendingStore].
func (b *AddressBook) RemovePending(ctx context.Context, account account.ID, sid addressbook.SID) (was bool, err error) {
	err = b.edit(ctx, account, 1, "remove pending file", func(tx *editTx) (err error) {
		if was, err = tx.removePending(account, sid); was {
			audit.NoteOf(ctx).Count(1)
		}
		return err
	})
	return was && err == nil, err
}

func (tx *editTx) removePending(account account.ID, sid addressbook.SID) (was bool, err error) {
	tx.bytes += pageBytes // part of a page
	err = tx.exec(`DELETE FROM upload_drafts WHERE account_id = ? AND sid = ?`, account, sid[:])
	return tx.Changes() > 0, err
}

// StartPending implements [upload.PendingStore].
func (b *AddressBook) StartPending(ctx context.Context, u upload.Upload, list addressbook.List, ready journal.Ready[addressbook.List]) error {
	return b.addUpload(ctx, u, list, true, ready)
}
