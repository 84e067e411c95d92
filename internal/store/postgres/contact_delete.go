package postgres

import (
	"context"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/journal"
)

// DeleteContacts implements [addressbook.Store].
func (db *DB) DeleteContacts(ctx context.Context, account account.ID, deletion addressbook.SID, contacts []addressbook.SID, ready journal.Ready[[]addressbook.Result]) error {
	return db.writeOnce(ctx, account, "delete contacts", func(t *tx) error {
		there := make(map[addressbook.SID]*addressbook.Contact)
		t.lockTrash(deleting)
		t.lockContacts(contacts, func(c *addressbook.Contact) { there[c.SID] = c })
		if err := t.flush(); err != nil {
			return err
		}
		results := make([]addressbook.Result, len(contacts))
		var deleted []addressbook.SID
		for i, sid := range contacts {
			c := there[sid]
			if c == nil {
				results[i].Fault = addressbook.ErrNoContact
				continue
			}
			results[i].Contact = c
			deleted = append(deleted, sid)
			delete(there, sid) // a repeated sid finds nothing
		}
		t.deleteLocked(deletion, deleted)
		t.keep(ready.Receipt(results))
		return nil
	})
}

// memberColumns are the columns of memberships, in list_members and in the trash.
const memberColumns = `account_id, list_sid, contact_sid, date_created, upload`

// deleteLocked queues the deletion of contacts. They must be locked.
func (t *tx) deleteLocked(deletion addressbook.SID, contacts []addressbook.SID) {
	if len(contacts) == 0 {
		return
	}
	column := sids(contacts)
	// The contacts are locked, so nobody can add them to another list meanwhile.
	t.queue(`SELECT 1 FROM lists WHERE account_id = $1 AND sid IN
			(SELECT list_sid FROM list_members WHERE account_id = $1 AND contact_sid = ANY($2))
		ORDER BY sid FOR NO KEY UPDATE`, t.account, column)
	trashed := ``
	if deletion != addressbook.ForGood {
		trashed = `trashed AS (INSERT INTO trashed_members (` + memberColumns + `) SELECT ` + memberColumns + ` FROM ended),`
	}
	t.queue(`WITH ended AS (DELETE FROM list_members WHERE account_id = $1 AND contact_sid = ANY($2) RETURNING `+memberColumns+`), `+trashed+`
			counts AS (SELECT list_sid, count(*) AS members FROM ended GROUP BY list_sid)
		UPDATE lists SET contact_count = contact_count - counts.members FROM counts
		WHERE lists.account_id = $1 AND lists.sid = counts.list_sid`, t.account, column)
	if deletion == addressbook.ForGood {
		t.queue(`DELETE FROM trashed_members WHERE account_id = $1 AND contact_sid = ANY($2)`, t.account, column)
		t.queue(`DELETE FROM contacts WHERE account_id = $1 AND sid = ANY($2)`, t.account, column)
	} else {
		t.queue(`WITH gone AS (DELETE FROM contacts WHERE account_id = $1 AND sid = ANY($2) RETURNING account_id, upload, `+rowColumns+`)
			INSERT INTO trashed_contacts (deletion, account_id, upload, `+rowColumns+`) SELECT $3, gone.* FROM gone`, t.account, column, (*sidValue)(&deletion))
	}
	t.countContacts(-len(contacts))
}

// DeleteLists implements [addressbook.Store].
func (db *DB) DeleteLists(ctx context.Context, account account.ID, deletion addressbook.SID, lists []addressbook.SID, ready journal.Ready[[]addressbook.ListResult]) error {
	return db.writeOnce(ctx, account, "delete lists", func(t *tx) error {
		there := make(map[addressbook.SID]*addressbook.List)
		t.lockTrash(deleting)
		t.lockLists(lists, func(l *addressbook.List) { there[l.SID] = l })
		t.deleteLockedLists(deletion, lists)
		if err := t.flush(); err != nil {
			return err
		}
		results := make([]addressbook.ListResult, len(lists))
		for i, sid := range lists {
			l := there[sid]
			if l == nil {
				results[i].Fault = addressbook.ErrNoList
				continue
			}
			results[i].List = l
			delete(there, sid) // a repeated sid finds nothing
		}
		t.keep(ready.Receipt(results))
		return nil
	})
}

// deleteLockedLists queues the deletion of lists, as far as they exist. They must be
// locked.
func (t *tx) deleteLockedLists(deletion addressbook.SID, lists []addressbook.SID) {
	column := sids(lists)
	if deletion == addressbook.ForGood {
		t.queue(`DELETE FROM list_members WHERE account_id = $1 AND list_sid = ANY($2)`, t.account, column)
		t.queue(`DELETE FROM trashed_members WHERE account_id = $1 AND list_sid = ANY($2)
			AND EXISTS (SELECT FROM lists WHERE account_id = $1 AND sid = trashed_members.list_sid)`, t.account, column)
		t.queue(`DELETE FROM lists WHERE account_id = $1 AND sid = ANY($2)`, t.account, column)
		return
	}
	t.queue(`WITH ended AS (DELETE FROM list_members WHERE account_id = $1 AND list_sid = ANY($2) RETURNING `+memberColumns+`)
		INSERT INTO trashed_members (`+memberColumns+`) SELECT * FROM ended`, t.account, column)
	t.queue(`WITH gone AS (DELETE FROM lists WHERE account_id = $1 AND sid = ANY($2) RETURNING `+trashedList+`)
		INSERT INTO trashed_lists (deletion, `+trashedList+`) SELECT $3, gone.* FROM gone`, t.account, column, (*sidValue)(&deletion))
}

// trashedList are the columns that the table of lists and their trash share.
const trashedList = `account_id, sid, name, name_key, tag, type, contact_count, date_created, date_updated`
