package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/audit"
	"callbook/internal/budget"
	"callbook/internal/upload"
)

// usedContact tells whether a contact was changed after its creation, or is in another
// list than the parameter.
const usedContact = `(contacts.date_updated <> contacts.date_created OR EXISTS (SELECT 1 FROM list_members AS m
	WHERE m.account_id = $1 AND m.contact_sid = contacts.sid AND m.list_sid <> $3))`

// AddedContacts implements [upload.UndoStore]. The primary key has the contacts in the
// order of their sids, so it reads no more than those that were added while the upload
// ran.
func (db *DB) AddedContacts(ctx context.Context, u *upload.Upload, after addressbook.SID, limit int, used bool) ([]upload.AddedContact, error) {
	added := u.Tally.Added
	looked, condition := limit, ``
	if used {
		looked, condition = upload.UsedLooked, ` WHERE `+usedContact
	}
	return collect(ctx, db, of(u.Account.ID), "read what an upload added", func(row pgx.CollectableRow) (a upload.AddedContact, err error) {
		if err = row.Scan(append(intoContact(&a.Contact), &a.Used)...); err == nil {
			err = budget.Of(ctx).Claim(a.Weight())
		}
		return a, err
	}, `SELECT `+contactColumns+`, `+usedContact+` FROM (SELECT * FROM contacts
		WHERE account_id = $1 AND upload = $2 AND sid > $4 AND sid BETWEEN $5 AND $6 ORDER BY sid LIMIT $7) AS contacts`+condition+` ORDER BY sid LIMIT $8`,
		u.Account.ID, upload.Mark(u.SID), (*sidValue)(&u.List), (*sidValue)(&after), (*sidValue)(&added.First), (*sidValue)(&added.Last), looked, limit)
}

// DeleteUnused implements [upload.UndoStore]. Nobody can change a contact that is locked,
// or put it into a list.
func (db *DB) DeleteUnused(ctx context.Context, u *upload.Upload, deletion addressbook.SID, contacts []addressbook.SID) (kept int, err error) {
	err = db.write(ctx, u.Account.ID, "undo upload", func(t *tx) error {
		kept = 0
		t.lockTrash(deleting)
		t.lockContacts(contacts, func(*addressbook.Contact) {})
		if err := t.flush(); err != nil {
			return err
		}
		var unused []addressbook.SID
		t.queue(`SELECT sid, `+usedContact+` FROM contacts WHERE account_id = $1 AND sid = ANY($2)`,
			u.Account.ID, sids(contacts), (*sidValue)(&u.List)).Query(func(rows pgx.Rows) error {
			var sid sidValue
			var used bool
			_, err := pgx.ForEachRow(rows, []any{&sid, &used}, func() error {
				if used {
					kept++
				} else {
					unused = append(unused, addressbook.SID(sid))
				}
				return nil
			})
			return err
		})
		if err := t.flush(); err != nil {
			return err
		}
		t.deleteLocked(deletion, unused)
		return nil
	})
	return kept, err
}

// addedBy selects the contacts that an upload has added.
func (s *selection) addedBy(t *tx, sid addressbook.SID) error {
	var text string
	t.queue(`SELECT coalesce((SELECT tally FROM uploads WHERE account_id = $1 AND sid = $2), '')`, t.account, (*sidValue)(&sid)).
		QueryRow(func(row pgx.Row) error { return row.Scan(&text) })
	if err := t.flush(); err != nil {
		return err
	}
	tally, err := upload.DecodeTally(text)
	if err != nil {
		return err
	}
	s.and("contacts.upload = %s", upload.Mark(sid))
	s.and(s.sid+" >= %s", (*sidValue)(&tally.Added.First))
	s.and(s.sid+" <= %s", (*sidValue)(&tally.Added.Last))
	return nil
}

// AddedMembers implements [upload.UndoStore]. It goes over the list, which has half a
// million members at most.
func (db *DB) AddedMembers(ctx context.Context, u *upload.Upload, after addressbook.SID, limit int) ([]addressbook.SID, error) {
	return collect(ctx, db, of(u.Account.ID), "read whom an upload put into its list", func(row pgx.CollectableRow) (sid addressbook.SID, err error) {
		return sid, row.Scan((*sidValue)(&sid))
	}, `SELECT contact_sid FROM list_members WHERE account_id = $1 AND list_sid = $2 AND contact_sid > $4
		AND (upload = $3 OR upload IS NULL AND contact_sid BETWEEN $5 AND $6 AND EXISTS (SELECT 1 FROM contacts
			WHERE account_id = $1 AND sid = contact_sid AND contacts.upload = $3 AND contacts.date_created = list_members.date_created))
		ORDER BY contact_sid LIMIT $7`, u.Account.ID, (*sidValue)(&u.List), upload.Mark(u.SID), (*sidValue)(&after),
		(*sidValue)(&u.Tally.Added.First), (*sidValue)(&u.Tally.Added.Last), limit)
}

// ChangeUndo implements [upload.UndoStore].
func (db *DB) ChangeUndo(ctx context.Context, account account.ID, sid addressbook.SID, was, now upload.Undo) (changed bool, err error) {
	err = db.write(ctx, account, "undo upload", func(t *tx) error {
		changed = false
		t.queue(`UPDATE uploads SET undo = $3, undoing = $4 WHERE account_id = $1 AND sid = $2 AND undo = $5 RETURNING sid`,
			account, (*sidValue)(&sid), now.Encode(), now.Running, was.Encode()).Query(eachSID(func(addressbook.SID) {
			changed = true
			audit.NoteOf(ctx).Count(1)
		}))
		return t.flush()
	})
	return changed && err == nil, err
}

// undoingsAtOnce is how many uploads [DB.Undoing] returns.
const undoingsAtOnce = 16

// Undoing implements [upload.UndoStore].
func (db *DB) Undoing(ctx context.Context) ([]upload.Upload, error) {
	return collect(ctx, db, purpose{}, "look for undoings", scanUpload,
		`SELECT `+uploadColumns+fromUploads+` WHERE uploads.undoing ORDER BY uploads.sid LIMIT $1`, undoingsAtOnce)
}
