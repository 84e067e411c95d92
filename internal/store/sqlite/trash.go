package sqlite

import (
	"context"
	"errors"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/audit"
	"callbook/internal/budget"
	"callbook/internal/trash"
)

var _ trash.Store = (*AddressBook)(nil)

// trashedListColumns are listColumns for the trash, where lists have no id.
const trashedListColumns = `0, sid, name, tag, type, contact_count, date_created, date_updated`

// aliveList excludes deleted lists whose remaining memberships are being purged.
const aliveList = ` AND deletion <> zeroblob(16)`

// TrashedContacts implements [trash.Store].
func (b *AddressBook) TrashedContacts(ctx context.Context, account account.ID, q trash.Query) (trash.Page[trash.Contact], error) {
	var page trash.Page[trash.Contact]
	share := budget.Of(ctx)
	err := b.db.scans.read(ctx, account, func(conn *sqlite.Conn) (err error) {
		defer sqlitex.Transaction(conn)(&err) // reads the total and the page from one snapshot
		places, err := trashPlaces(conn, account, q, &page.Total)
		for _, at := range places {
			var c addressbook.Contact
			if err == nil {
				c, _, _, err = readTrashed(conn, account, at.SID)
			}
			if err == nil {
				err = share.Claim(c.Weight())
			}
			if err != nil {
				return err
			}
			page.Items = append(page.Items, trash.Contact{Contact: c, Deletion: at.Deletion})
		}
		return err
	})
	page.Cut(q.Limit, func(c *trash.Contact) trash.Position { return trash.Position{Deletion: c.Deletion, SID: c.SID} })
	return page, storeError("read contacts in the trash", err)
}

// selectTrash returns the SQL query for the trash, from its FROM on.
func selectTrash(table string, account account.ID, q trash.Query) (from string, args []any) {
	from, args = ` FROM `+table+` AS contacts WHERE account_id = ?`+aliveList, []any{account}
	if q.Deletion != addressbook.ForGood {
		from, args = from+` AND deletion = ?`, append(args, q.Deletion[:])
	}
	return from, args
}

// after adds the condition that rows come after a position.
func after(from string, args []any, p *trash.Position) (string, []any) {
	if p == nil {
		return from, args
	}
	// The comparison of two columns would not use the index on the first.
	return from + ` AND deletion <= ? AND (deletion, sid) < (?, ?)`, append(args[:len(args):len(args)], p.Deletion[:], p.Deletion[:], p.SID[:])
}

const newestFirst = ` ORDER BY deletion DESC, sid DESC`

// trashPlaces finds the contacts of a page, and one more. It sets total to the number of
// all.
func trashPlaces(conn *sqlite.Conn, account account.ID, q trash.Query, total *int) (places []trash.Position, err error) {
	filter := newSearch(q.Terms())
	from, args := selectTrash("trashed_contacts", account, q)
	if !filter.any() {
		if *total, err = count(conn, from, args); err != nil {
			return nil, err
		}
		from, args = after(from, args, q.After)
		err = sqlitex.Execute(conn, `SELECT deletion, sid`+from+newestFirst+` LIMIT ?`, &sqlitex.ExecOptions{
			Args: append(args, q.Limit+1),
			ResultFunc: func(row *sqlite.Stmt) error {
				places = append(places, scanPlace(row, 0, 1))
				return nil
			},
		})
		return places, err
	}
	err = sqlitex.Execute(conn, `SELECT `+filter.columns(addressbook.ByCreated)+`, deletion`+from+newestFirst, &sqlitex.ExecOptions{
		Args: args,
		ResultFunc: func(row *sqlite.Stmt) error {
			if !filter.matches(row) {
				return nil
			}
			*total++
			if at := scanPlace(row, scanColumns, scanSID); len(places) <= q.Limit && (q.After == nil || at.Behind(*q.After)) {
				places = append(places, at)
			}
			return nil
		},
	})
	return places, err
}

func scanPlace(row *sqlite.Stmt, deletion, sid int) (p trash.Position) {
	row.ColumnBytes(deletion, p.Deletion[:])
	row.ColumnBytes(sid, p.SID[:])
	return p
}

// readTrashed reads a contact from the trash, or returns errNoRow.
func readTrashed(conn *sqlite.Conn, account account.ID, sid addressbook.SID) (c addressbook.Contact, deletion addressbook.SID, mark int64, err error) {
	err = queryOne(conn, `SELECT `+contactColumns+`, deletion, upload FROM trashed_contacts WHERE account_id = ? AND sid = ?`, []any{account, sid[:]},
		func(stmt *sqlite.Stmt) error {
			c = scanContact(stmt)
			stmt.ColumnBytes(contactParams-1, deletion[:])
			mark = stmt.ColumnInt64(contactParams)
			return nil
		})
	return c, deletion, mark, err
}

// TrashedLists implements [trash.Store].
func (b *AddressBook) TrashedLists(ctx context.Context, account account.ID, q trash.Query) (trash.Page[trash.List], error) {
	var page trash.Page[trash.List]
	share := budget.Of(ctx)
	from, args := selectTrash("trashed_lists", account, q)
	if q.Search != "" {
		from += ` AND instr(` + nameKeyFunction + `(name, ''), ?) > 0`
		args = append(args, addressbook.Fold(q.Search))
	}
	err := b.db.scans.read(ctx, account, func(conn *sqlite.Conn) (err error) {
		defer sqlitex.Transaction(conn)(&err)
		if page.Total, err = count(conn, from, args); err != nil {
			return err
		}
		from, args = after(from, args, q.After)
		return sqlitex.Execute(conn, `SELECT `+trashedListColumns+`, deletion`+from+newestFirst+` LIMIT ?`, &sqlitex.ExecOptions{
			Args: append(args, q.Limit+1),
			ResultFunc: func(row *sqlite.Stmt) error {
				_, l := scanList(row)
				item := trash.List{List: l}
				row.ColumnBytes(8, item.Deletion[:])
				page.Items = append(page.Items, item)
				return share.Claim(l.Weight())
			},
		})
	})
	page.Cut(q.Limit, func(l *trash.List) trash.Position { return trash.Position{Deletion: l.Deletion, SID: l.SID} })
	return page, storeError("read lists in the trash", err)
}

// readTrashedList reads a list from the trash, or returns errNoRow.
func readTrashedList(conn *sqlite.Conn, account account.ID, sid addressbook.SID) (l addressbook.List, err error) {
	err = queryOne(conn, `SELECT `+trashedListColumns+` FROM trashed_lists WHERE account_id = ? AND sid = ?`+aliveList, []any{account, sid[:]},
		func(stmt *sqlite.Stmt) error {
			_, l = scanList(stmt)
			return nil
		})
	return l, err
}

// Expired implements [trash.Store].
func (b *AddressBook) Expired(ctx context.Context, before addressbook.SID) (accounts []account.ID, err error) {
	err = b.db.read(ctx, func(conn *sqlite.Conn) error {
		return sqlitex.Execute(conn, `SELECT id FROM accounts
			WHERE EXISTS (SELECT 1 FROM trashed_contacts WHERE account_id = accounts.id AND deletion < ?)
			OR EXISTS (SELECT 1 FROM trashed_lists WHERE account_id = accounts.id AND deletion < ?)`, &sqlitex.ExecOptions{
			Args: []any{before[:], before[:]},
			ResultFunc: func(row *sqlite.Stmt) error {
				accounts = append(accounts, account.ID(row.ColumnInt64(0)))
				return nil
			},
		})
	})
	return accounts, storeError("look for what is too old", err)
}

// Purge implements [trash.Store].
func (b *AddressBook) Purge(ctx context.Context, account account.ID, before addressbook.SID, rows int) (trash.Purged, error) {
	var p trash.Purged
	err := b.edit(ctx, account, rows, "delete from the trash", func(tx *editTx) error {
		p = trash.Purged{}
		left, err := tx.purgeContacts(before, rows, &p)
		if err == nil {
			left, err = tx.purgeLists(before, left, &p)
		}
		p.More = left <= 0
		audit.NoteOf(ctx).Count(p.Contacts + p.Lists)
		return err
	})
	return p, err
}

// purgeContacts deletes the oldest contacts in the trash and their memberships. It
// returns how many more rows may be deleted.
func (tx *editTx) purgeContacts(before addressbook.SID, rows int, p *trash.Purged) (left int, err error) {
	const oldest = `(SELECT sid FROM trashed_contacts WHERE account_id = ?1 AND deletion < ?2 ORDER BY deletion, sid LIMIT ?3)`
	args := []any{tx.edit.account, before[:], rows}
	err = tx.exec(`DELETE FROM trashed_members WHERE account_id = ?1 AND contact_sid IN `+oldest, args...)
	members := tx.Changes()
	if err == nil {
		err = tx.exec(`DELETE FROM trashed_contacts WHERE account_id = ?1 AND sid IN `+oldest, args...)
		p.Contacts = tx.Changes()
	}
	tx.bytes += members*memberBytes + pageBytes*(1+p.Contacts/rowsOfPage)
	return rows - p.Contacts - members, err
}

// purgeLists deletes the oldest lists in the trash and their memberships. If a list has
// too many memberships for one step, it is hidden from then on.
func (tx *editTx) purgeLists(before addressbook.SID, left int, p *trash.Purged) (int, error) {
	for left > 0 {
		var sid, deletion addressbook.SID
		err := queryOne(tx.Conn, `SELECT sid, deletion FROM trashed_lists WHERE account_id = ? AND deletion < ? ORDER BY deletion, sid LIMIT 1`,
			[]any{tx.edit.account, before[:]}, func(stmt *sqlite.Stmt) error {
				stmt.ColumnBytes(0, sid[:])
				stmt.ColumnBytes(1, deletion[:])
				return nil
			})
		if errors.Is(err, errNoRow) {
			return left, nil
		}
		if err == nil {
			err = tx.exec(`DELETE FROM trashed_members WHERE account_id = ?1 AND list_sid = ?2 AND contact_sid IN
				(SELECT contact_sid FROM trashed_members WHERE account_id = ?1 AND list_sid = ?2 LIMIT ?3)`, tx.edit.account, sid[:], left)
		}
		if err != nil {
			return 0, err
		}
		members := tx.Changes()
		tx.bytes += members * memberBytes
		if deletion != addressbook.ForGood {
			p.Lists++ // hidden lists were counted before
		}
		if left -= members; left <= 0 {
			return 0, tx.hideList(sid)
		}
		if err := tx.exec(`DELETE FROM trashed_lists WHERE account_id = ? AND sid = ?`, tx.edit.account, sid[:]); err != nil {
			return 0, err
		}
		tx.bytes += pageBytes
		left--
	}
	return 0, nil
}

// hideList hides a list in the trash, until its memberships are purged.
func (tx *editTx) hideList(sid addressbook.SID) error {
	return tx.exec(`UPDATE trashed_lists SET deletion = zeroblob(16) WHERE account_id = ? AND sid = ?`, tx.edit.account, sid[:])
}
