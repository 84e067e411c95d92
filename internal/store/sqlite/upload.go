package sqlite

import (
	"context"
	"errors"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/journal"
	"callbook/internal/upload"
	"callbook/internal/upload/table"
)

var _ upload.Store = (*AddressBook)(nil)

// uploadColumns are the columns that scanUpload reads, of fromUploads.
const (
	uploadColumns = accountColumns + `, uploads.id, uploads.sid, uploads.list_sid, uploads.list_name, uploads.type,
	uploads.header, uploads.state, uploads.position, uploads.line, uploads.success, uploads.duplicate, uploads.failed,
	uploads.date_created, uploads.date_updated, uploads.on_duplicate, uploads.dry_run, uploads.new_list, uploads.new_contacts,
	uploads.lease_server, uploads.lease_until, uploads.file_name, uploads.size, uploads.mapping, uploads.date_started,
	uploads.error_bytes, uploads.errors_omitted, uploads.plan, uploads.tally, uploads.undo, uploads.suppresses`
	fromUploads = ` FROM uploads JOIN accounts ON accounts.id = uploads.account_id`
)

// scanUpload reads a row of uploadColumns. Id is the upload's key in the tables.
func scanUpload(stmt *sqlite.Stmt) (id int64, u upload.Upload, err error) {
	if u.Account, err = scanAccount(stmt); err != nil {
		return 0, u, err
	}
	stmt.ColumnBytes(9, u.SID[:])
	stmt.ColumnBytes(10, u.List[:])
	u.ListName = stmt.ColumnText(11)
	u.Type = addressbook.ListType(stmt.ColumnInt(12))
	u.Header = make([]byte, stmt.ColumnLen(13))
	stmt.ColumnBytes(13, u.Header)
	u.State = upload.State(stmt.ColumnInt(14))
	u.Position = table.Position{Offset: stmt.ColumnInt64(15), Line: stmt.ColumnInt64(16)}
	u.Stats = upload.Stats{Success: stmt.ColumnInt(17), Duplicate: stmt.ColumnInt(18), Failed: stmt.ColumnInt(19)}
	u.Created = time.Unix(0, stmt.ColumnInt64(20))
	u.Updated = time.Unix(0, stmt.ColumnInt64(21))
	u.OnDuplicate = addressbook.OnDuplicate(stmt.ColumnInt(22))
	u.DryRun, u.NewList = stmt.ColumnBool(23), stmt.ColumnBool(24)
	u.New = stmt.ColumnInt(25)
	if u.Lease.Server = stmt.ColumnText(26); u.Lease.Server != "" {
		u.Lease.Until = time.Unix(0, stmt.ColumnInt64(27))
	}
	u.FileName, u.Size = stmt.ColumnText(28), stmt.ColumnInt64(29)
	if u.Mapping, err = table.DecodeMapping(stmt.ColumnText(30)); err != nil {
		return 0, u, err
	}
	u.Started = time.Unix(0, stmt.ColumnInt64(31))
	u.Errors = upload.ErrorTotal{Bytes: stmt.ColumnInt64(32), Omitted: stmt.ColumnInt(33)}
	if u.Plan, err = table.DecodePlan(stmt.ColumnText(34)); err == nil {
		u.Tally, err = upload.DecodeTally(stmt.ColumnText(35))
	}
	if err == nil {
		u.Undo, err = upload.DecodeUndo(stmt.ColumnText(36))
	}
	u.Suppresses = stmt.ColumnBool(37)
	return stmt.ColumnInt64(8), u, err
}

// readUpload reads one row, or returns errNoRow.
func readUpload(conn *sqlite.Conn, account account.ID, sid addressbook.SID) (id int64, u upload.Upload, err error) {
	err = queryOne(conn, `SELECT `+uploadColumns+fromUploads+` WHERE uploads.account_id = ? AND uploads.sid = ?`, []any{account, sid[:]},
		func(stmt *sqlite.Stmt) (err error) {
			id, u, err = scanUpload(stmt)
			return err
		})
	return id, u, err
}

// AddUpload implements [upload.Store].
func (b *AddressBook) AddUpload(ctx context.Context, u upload.Upload, list addressbook.List, ready journal.Ready[addressbook.List]) error {
	return b.addUpload(ctx, u, list, false, ready)
}

// addUpload adds an upload. If pending is set, it replaces the pending file with its sid.
func (b *AddressBook) addUpload(ctx context.Context, u upload.Upload, list addressbook.List, pending bool, ready journal.Ready[addressbook.List]) error {
	var refused error
	err := b.edit(ctx, u.Account.ID, 2, "add upload", func(tx *editTx) error {
		refused = nil
		var got addressbook.List
		var err error
		if u.Suppresses {
			if err := tx.insertUpload(&u); err != nil {
				return err
			}
			return tx.keep(ready.Receipt(list))
		}
		named := u.List == (addressbook.SID{})
		if named {
			got, err = readListByName(tx.Conn, u.Account.ID, list.Name)
		} else {
			_, got, err = readList(tx.Conn, u.Account.ID, u.List)
		}
		missing := errors.Is(err, errNoRow)
		switch {
		case missing && !named:
			refused = addressbook.ErrNoList
			return nil
		case missing:
			got, err = list, nil
		case err == nil && got.Type != list.Type:
			refused = upload.ErrOtherType(got.Type)
			return nil
		}
		if err == nil && pending {
			var was bool
			if was, err = tx.removePending(u.Account.ID, u.SID); err == nil && !was {
				refused = upload.ErrNotPending
				return nil
			}
		}
		if err == nil && missing && !u.DryRun {
			_, err = tx.insertList(u.Account.ID, &list)
		}
		if err != nil {
			return err
		}
		added := u
		added.List, added.NewList = got.SID, u.DryRun && missing
		if err := tx.insertUpload(&added); err != nil {
			return err
		}
		return tx.keep(ready.Receipt(got))
	})
	if err == nil {
		err = refused
	}
	return err
}

func (tx *editTx) insertUpload(u *upload.Upload) error {
	tx.bytes += pageBytes // part of a page
	return tx.exec(`INSERT INTO uploads (account_id, sid, list_sid, list_name, type, on_duplicate, dry_run, new_list,
			header, state, position, line, success, duplicate, failed, new_contacts, lease_server, lease_until,
			file_name, size, mapping, plan, date_started, date_created, date_updated, suppresses)
		VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)`,
		u.Account.ID, u.SID[:], u.List[:], u.ListName, int(u.Type), int(u.OnDuplicate), u.DryRun, u.NewList,
		u.Header, int(u.State), u.Position.Offset, u.Position.Line, u.Stats.Success, u.Stats.Duplicate, u.Stats.Failed, u.New,
		u.Lease.Server, u.Lease.End(), u.FileName, u.Size, u.Mapping.Encode(), u.Plan.Encode(), u.Started.UnixNano(), u.Created.UnixNano(), u.Updated.UnixNano(), u.Suppresses)
}

// EndUpload implements [upload.Store].
func (b *AddressBook) EndUpload(ctx context.Context, account account.ID, sid addressbook.SID, s upload.State, at time.Time, ready journal.Ready[upload.Upload]) error {
	var refused error
	err := b.edit(ctx, account, 1, "end upload", func(tx *editTx) error {
		refused = nil
		id, u, err := readUpload(tx.Conn, account, sid)
		if errors.Is(err, errNoRow) {
			refused = upload.ErrNoUpload
			return nil
		}
		if err == nil && u.State == upload.Running {
			u.State, u.Updated = s, time.Unix(0, at.UnixNano())
			tx.bytes += pageBytes // part of a page
			err = tx.endUpload(id, s, at)
		}
		if err != nil {
			return err
		}
		return tx.keep(ready.Receipt(u))
	})
	if err == nil {
		err = refused
	}
	return err
}

func (tx *editTx) endUpload(id int64, s upload.State, at time.Time) error {
	return tx.exec(`UPDATE uploads SET state = ?, date_updated = ? WHERE id = ?`, int(s), at.UnixNano(), id)
}

// Upload implements [upload.Store].
func (b *AddressBook) Upload(ctx context.Context, account account.ID, sid addressbook.SID) (upload.Upload, error) {
	var u upload.Upload
	err := b.db.points.read(ctx, account, func(conn *sqlite.Conn) (err error) {
		_, u, err = readUpload(conn, account, sid)
		return err
	})
	if errors.Is(err, errNoRow) {
		return upload.Upload{}, upload.ErrNoUpload
	}
	return u, storeError("read upload", err)
}

// LastUploadTo implements [upload.Store]. It searches the account's uploads, of which
// there are 10,000 at most, newest first.
func (b *AddressBook) LastUploadTo(ctx context.Context, account account.ID, list addressbook.SID) (u upload.Upload, err error) {
	err = b.db.points.read(ctx, account, func(conn *sqlite.Conn) error {
		return queryOne(conn, `SELECT `+uploadColumns+fromUploads+`
			WHERE uploads.account_id = ? AND uploads.list_sid = ? AND uploads.dry_run = 0 ORDER BY uploads.sid DESC LIMIT 1`,
			[]any{account, list[:]}, func(stmt *sqlite.Stmt) (err error) {
				_, u, err = scanUpload(stmt)
				return err
			})
	})
	if errors.Is(err, errNoRow) {
		return upload.Upload{}, upload.ErrNoUpload
	}
	return u, storeError("read the last upload of a list", err)
}

// Uploads implements [upload.Store].
func (b *AddressBook) Uploads(ctx context.Context, account account.ID, q upload.Query) (upload.Page, error) {
	var page upload.Page
	where, args := ` WHERE uploads.account_id = ?`, []any{account}
	if q.Kind != upload.AnyKind {
		where, args = where+` AND uploads.dry_run = ?`, append(args, q.Kind == upload.DryRuns)
	}
	if q.Contacts {
		where += ` AND uploads.suppresses = 0`
	}
	err := b.db.points.read(ctx, account, func(conn *sqlite.Conn) (err error) {
		// A transaction reads the total and the page from one snapshot.
		defer sqlitex.Transaction(conn)(&err)
		if page.Total, err = count(conn, `FROM uploads`+where, args); err != nil {
			return err
		}
		err = window{Window: q.Window, sid: "uploads.sid"}.query(conn, uploadColumns, fromUploads+where, args,
			func(stmt *sqlite.Stmt) error {
				_, u, err := scanUpload(stmt)
				page.Uploads = append(page.Uploads, u)
				return err
			})
		page.Uploads, page.Next = addressbook.Cut(page.Uploads, q.Limit, func(u *upload.Upload) addressbook.Position { return addressbook.Position{SID: u.SID} })
		return err
	})
	return page, storeError("list uploads", err)
}

// EachFileName implements [upload.Store].
func (b *AddressBook) EachFileName(ctx context.Context, account account.ID, each func(addressbook.SID, string) bool) error {
	err := b.db.points.read(ctx, account, func(conn *sqlite.Conn) error {
		return sqlitex.Execute(conn, `SELECT sid, file_name FROM uploads WHERE account_id = ? ORDER BY sid DESC`, &sqlitex.ExecOptions{
			Args: []any{account},
			ResultFunc: func(stmt *sqlite.Stmt) error {
				var sid addressbook.SID
				stmt.ColumnBytes(0, sid[:])
				if !each(sid, stmt.ColumnText(1)) {
					return errEnough
				}
				return nil
			},
		})
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return storeError("list files of uploads", err)
}

// FilesInUse implements [upload.Store].
func (b *AddressBook) FilesInUse(ctx context.Context) (all []addressbook.SID, err error) {
	err = b.db.points.read(ctx, account.None, func(conn *sqlite.Conn) error {
		return sqlitex.Execute(conn, `SELECT sid FROM uploads WHERE state = 0 UNION ALL SELECT sid FROM upload_drafts`, &sqlitex.ExecOptions{
			ResultFunc: func(stmt *sqlite.Stmt) error {
				var sid addressbook.SID
				stmt.ColumnBytes(0, sid[:])
				all = append(all, sid)
				return nil
			},
		})
	})
	return all, storeError("list files in use", err)
}

// ErrorRows implements [upload.Store].
func (b *AddressBook) ErrorRows(ctx context.Context, account account.ID, sid addressbook.SID, after int64, limit int) (rows []upload.ErrorRow, err error) {
	err = b.db.points.read(ctx, account, func(conn *sqlite.Conn) error {
		return sqlitex.Execute(conn, `SELECT e.line, e.kind, e.reason, e.record
			FROM uploads CROSS JOIN upload_errors AS e ON e.upload_id = uploads.id
			WHERE uploads.account_id = ? AND uploads.sid = ? AND e.line > ? ORDER BY e.line LIMIT ?`,
			&sqlitex.ExecOptions{
				Args: []any{account, sid[:], after, limit},
				ResultFunc: func(stmt *sqlite.Stmt) error {
					row := upload.ErrorRow{
						Line:   stmt.ColumnInt64(0),
						Kind:   upload.KindOf(stmt.ColumnInt(1)),
						Reason: stmt.ColumnText(2),
						Record: make([]byte, stmt.ColumnLen(3)),
					}
					stmt.ColumnBytes(3, row.Record)
					rows = append(rows, row)
					return nil
				},
			})
	})
	return rows, storeError("read error rows", err)
}
