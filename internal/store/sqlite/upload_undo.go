package sqlite

import (
	"context"
	"fmt"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/audit"
	"callbook/internal/budget"
	"callbook/internal/upload"
)

// usedContact tells whether a contact was changed after its creation, or is in another
// list than the parameter.
const usedContact = `(date_updated <> date_created OR EXISTS (SELECT 1 FROM list_members AS m
	WHERE m.contact_sid = contacts.sid AND m.list_id <> ?3))`

// AddedContacts implements [upload.UndoStore]. Contacts are in the order of their
// sids, so it reads no more than those that were added while the upload ran.
func (b *AddressBook) AddedContacts(ctx context.Context, u *upload.Upload, after addressbook.SID, limit int, used bool) (found []upload.AddedContact, err error) {
	added := u.Tally.Added
	looked, condition := limit, ``
	if used {
		looked, condition = upload.UsedLooked, ` WHERE `+usedContact
	}
	err = b.db.scans.read(ctx, u.Account.ID, func(conn *sqlite.Conn) error {
		list, err := listOf(conn, u)
		if err != nil {
			return err
		}
		return sqlitex.Execute(conn, `SELECT `+contactColumns+`, `+usedContact+` FROM (SELECT * FROM contacts
			WHERE account_id = ?1 AND upload = ?2 AND sid > ?4 AND sid BETWEEN ?5 AND ?6 ORDER BY sid LIMIT ?7) AS contacts`+condition+` ORDER BY sid LIMIT ?8`,
			&sqlitex.ExecOptions{
				Args: []any{u.Account.ID, upload.Mark(u.SID), list, after[:], added.First[:], added.Last[:], looked, limit},
				ResultFunc: func(stmt *sqlite.Stmt) error {
					found = append(found, upload.AddedContact{Contact: scanContact(stmt), Used: stmt.ColumnBool(contactParams - 1)})
					return budget.Of(ctx).Claim(found[len(found)-1].Weight())
				},
			})
	})
	return found, storeError("read what an upload added", err)
}

// listOf returns the id of an upload's list, or zero if the list does not exist.
func listOf(conn *sqlite.Conn, u *upload.Upload) (list int64, err error) {
	err = sqlitex.Execute(conn, `SELECT id FROM lists WHERE account_id = ? AND sid = ?`, &sqlitex.ExecOptions{
		Args:       []any{u.Account.ID, u.List[:]},
		ResultFunc: func(stmt *sqlite.Stmt) error { list = stmt.ColumnInt64(0); return nil },
	})
	if err != nil {
		return 0, fmt.Errorf("find the list: %w", err)
	}
	return list, nil
}

// DeleteUnused implements [upload.UndoStore].
func (b *AddressBook) DeleteUnused(ctx context.Context, u *upload.Upload, deletion addressbook.SID, sids []addressbook.SID) (kept int, err error) {
	err = b.edit(ctx, u.Account.ID, len(sids), "undo upload", func(tx *editTx) error {
		kept = 0
		list, err := listOf(tx.Conn, u)
		if err != nil {
			return err
		}
		var unused []addressbook.SID
		for _, sid := range sids {
			err := sqlitex.Execute(tx.Conn, `SELECT `+usedContact+` FROM contacts WHERE account_id = ?1 AND sid = ?2`, &sqlitex.ExecOptions{
				Args: []any{u.Account.ID, sid[:], list},
				ResultFunc: func(stmt *sqlite.Stmt) error {
					if stmt.ColumnBool(0) {
						kept++
					} else {
						unused = append(unused, sid)
					}
					return nil
				},
			})
			if err != nil {
				return err
			}
		}
		_, err = tx.deleteContacts(deletion, unused)
		return err
	})
	return kept, err
}

// readAdditions reads what an upload has added. It returns the zero value if the upload
// does not exist.
func readAdditions(conn *sqlite.Conn, account account.ID, sid addressbook.SID) (upload.Additions, error) {
	var tally upload.Tally
	err := sqlitex.Execute(conn, `SELECT tally FROM uploads WHERE account_id = ? AND sid = ?`, &sqlitex.ExecOptions{
		Args: []any{account, sid[:]},
		ResultFunc: func(stmt *sqlite.Stmt) (err error) {
			tally, err = upload.DecodeTally(stmt.ColumnText(0))
			return err
		},
	})
	return tally.Added, err
}

// AddedMembers implements [upload.UndoStore]. It reads the whole list, which has half a
// million members at most.
func (b *AddressBook) AddedMembers(ctx context.Context, u *upload.Upload, after addressbook.SID, limit int) (found []addressbook.SID, err error) {
	err = b.db.scans.read(ctx, u.Account.ID, func(conn *sqlite.Conn) error {
		return sqlitex.Execute(conn, `SELECT contact_sid FROM list_members
			WHERE list_id = (SELECT id FROM lists WHERE account_id = ?1 AND sid = ?2) AND contact_sid > ?4
				AND (upload = ?3 OR upload IS NULL AND contact_sid BETWEEN ?5 AND ?6 AND EXISTS (SELECT 1 FROM contacts
					WHERE account_id = ?1 AND sid = contact_sid AND contacts.upload = ?3 AND contacts.date_created = list_members.date_created))
			ORDER BY contact_sid LIMIT ?7`, &sqlitex.ExecOptions{
			Args: []any{u.Account.ID, u.List[:], upload.Mark(u.SID), after[:], u.Tally.Added.First[:], u.Tally.Added.Last[:], limit},
			ResultFunc: func(stmt *sqlite.Stmt) error {
				var sid addressbook.SID
				stmt.ColumnBytes(0, sid[:])
				found = append(found, sid)
				return nil
			},
		})
	})
	return found, storeError("read whom an upload put into its list", err)
}

// ChangeUndo implements [upload.UndoStore].
func (b *AddressBook) ChangeUndo(ctx context.Context, account account.ID, sid addressbook.SID, was, now upload.Undo) (changed bool, err error) {
	err = b.edit(ctx, account, 1, "undo upload", func(tx *editTx) error {
		tx.bytes += pageBytes // part of a page
		err := tx.exec(`UPDATE uploads SET undo = ?, undoing = ? WHERE account_id = ? AND sid = ? AND undo = ?`,
			now.Encode(), now.Running, account, sid[:], was.Encode())
		changed = tx.Changes() > 0
		audit.NoteOf(ctx).Count(tx.Changes())
		return err
	})
	return changed && err == nil, err
}

// undoingsAtOnce is how many uploads [AddressBook.Undoing] returns.
const undoingsAtOnce = 16

// Undoing implements [upload.UndoStore].
func (b *AddressBook) Undoing(ctx context.Context) (found []upload.Upload, err error) {
	err = b.db.points.read(ctx, account.None, func(conn *sqlite.Conn) error {
		return sqlitex.Execute(conn, `SELECT `+uploadColumns+fromUploads+` WHERE uploads.undoing = 1 ORDER BY uploads.id LIMIT ?`, &sqlitex.ExecOptions{
			Args: []any{undoingsAtOnce},
			ResultFunc: func(stmt *sqlite.Stmt) error {
				_, u, err := scanUpload(stmt)
				found = append(found, u)
				return err
			},
		})
	})
	return found, storeError("look for undoings", err)
}
