package postgres

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/journal"
	"callbook/internal/phone"
	"callbook/internal/trash"
	"callbook/internal/upload"
)

// RestoreContacts implements [trash.Store].
func (db *DB) RestoreContacts(ctx context.Context, account account.ID, contacts []addressbook.SID, ready journal.Ready[[]trash.ContactResult]) error {
	return db.writeOnce(ctx, account, "restore contacts", func(t *tx) error {
		back := &comeback{results: make([]trash.ContactResult, len(contacts))}
		if err := t.lookAtTrash(back, contacts); err != nil {
			return err
		}
		restored := back.decide(contacts)
		// Another transaction may take a number after this one has looked it up. A retry
		// finds the new holder.
		t.retryOnConflict = true
		t.bringBack(restored)
		t.keep(ready.Receipt(back.results))
		return nil
	})
}

// comeback is the state of restoring contacts from the trash.
type comeback struct {
	trashed map[addressbook.SID]*addressbook.Contact
	holders map[phone.Number]*addressbook.Contact
	lists   map[addressbook.SID]*addressbook.List // their lists that exist, locked
	members map[addressbook.SID][]addressbook.SID // the lists of each contact
	results []trash.ContactResult
}

// lookAtTrash reads and locks all that the restoring depends on.
func (t *tx) lookAtTrash(b *comeback, contacts []addressbook.SID) error {
	b.trashed = make(map[addressbook.SID]*addressbook.Contact, len(contacts))
	b.lists = make(map[addressbook.SID]*addressbook.List)
	b.members = make(map[addressbook.SID][]addressbook.SID)
	column := sids(contacts)
	t.lockTrash(restoring)
	t.queue(readTrashed, t.account, column).Query(t.eachContact(func(c *addressbook.Contact) { b.trashed[c.SID] = c }))
	t.queue(`SELECT contact_sid, list_sid FROM trashed_members WHERE account_id = $1 AND contact_sid = ANY($2) ORDER BY list_sid`, t.account, column).
		Query(func(rows pgx.Rows) error {
			var contact, list sidValue
			_, err := pgx.ForEachRow(rows, []any{&contact, &list}, func() error {
				sid := addressbook.SID(contact)
				b.members[sid] = append(b.members[sid], addressbook.SID(list))
				return nil
			})
			return err
		})
	if err := t.flush(); err != nil {
		return err
	}
	var lists []addressbook.SID
	for _, some := range b.members {
		lists = append(lists, some...)
	}
	t.lockLists(inOrder(lists), func(l *addressbook.List) { b.lists[l.SID] = l })
	var numbers numberColumn
	for _, c := range b.trashed {
		numbers = append(numbers, (*numberValue)(&c.Number))
	}
	var err error
	b.holders, err = t.holders(numbers, false) // in the same round trip
	return err
}

const readTrashedBy = ` FROM trashed_contacts AS contacts WHERE contacts.account_id = $1 AND contacts.sid = ANY($2)`

var readTrashed = `SELECT ` + contactColumns + readTrashedBy

// decide decides for one contact after the other whether to restore it, and returns the
// restored ones.
func (b *comeback) decide(contacts []addressbook.SID) (restored []addressbook.SID) {
	for i, sid := range contacts {
		c, r := b.trashed[sid], &b.results[i]
		if c == nil {
			r.Fault = trash.ErrNoContact
			continue
		}
		joined := slices.DeleteFunc(b.members[sid], func(list addressbook.SID) bool { return b.lists[list] == nil })
		full := slices.IndexFunc(joined, func(list addressbook.SID) bool {
			return b.lists[list].ContactCount >= upload.CapOf(b.lists[list].Type)
		})
		if full >= 0 {
			l := b.lists[joined[full]]
			*r = trash.ContactResult{Full: &addressbook.ListRef{SID: l.SID, Name: l.Name}, Fault: trash.ErrListFull}
			continue
		}
		if other := b.holders[c.Number]; other != nil {
			told := *other
			*r = trash.ContactResult{Contact: &told, Fault: addressbook.ErrNumberTaken}
			continue
		}
		for _, list := range joined {
			b.lists[list].ContactCount++
		}
		b.holders[c.Number] = c
		delete(b.trashed, sid) // a repeated sid is not in the trash any more
		r.Contact = c
		restored = append(restored, sid)
	}
	return restored
}

// bringBack queues the statements that move contacts out of the trash, and their
// memberships in existing lists.
func (t *tx) bringBack(contacts []addressbook.SID) {
	if len(contacts) == 0 {
		return
	}
	column := sids(contacts)
	t.queue(`WITH back AS (DELETE FROM trashed_contacts WHERE account_id = $1 AND sid = ANY($2) RETURNING account_id, upload, `+rowColumns+`)
		INSERT INTO contacts (account_id, upload, `+rowColumns+`) SELECT * FROM back ORDER BY number`, t.account, column)
	t.queue(`WITH back AS (DELETE FROM trashed_members WHERE account_id = $1 AND contact_sid = ANY($2)
				AND EXISTS (SELECT FROM lists WHERE lists.account_id = $1 AND lists.sid = list_sid) RETURNING `+memberColumns+`),
			joined AS (INSERT INTO list_members (`+memberColumns+`) SELECT * FROM back),
			counts AS (SELECT list_sid, count(*) AS members FROM back GROUP BY list_sid)
		UPDATE lists SET contact_count = contact_count + counts.members FROM counts
		WHERE lists.account_id = $1 AND lists.sid = counts.list_sid`, t.account, column)
	t.countContacts(len(contacts))
}

// RestoreLists implements [trash.Store].
func (db *DB) RestoreLists(ctx context.Context, account account.ID, lists []addressbook.SID, ready journal.Ready[[]trash.ListResult]) error {
	return db.writeOnce(ctx, account, "restore lists", func(t *tx) error {
		trashed := make(map[addressbook.SID]*addressbook.List, len(lists))
		named := make(map[string]*addressbook.List)
		column := sids(lists)
		t.lockTrash(restoring)
		t.queue(readTrashedLists, account, column).Query(t.eachList(func(l *addressbook.List) { trashed[l.SID] = l }))
		t.queue(`SELECT `+listColumns+` FROM lists WHERE account_id = $1 AND name IN
			(SELECT name FROM trashed_lists WHERE account_id = $1 AND sid = ANY($2))`, account, column).
			Query(t.eachList(func(l *addressbook.List) { named[l.Name] = l }))
		if err := t.flush(); err != nil {
			return err
		}
		results := make([]trash.ListResult, len(lists))
		var restored []addressbook.SID
		for i, sid := range lists {
			l := trashed[sid]
			if l == nil {
				results[i].Fault = trash.ErrNoList
				continue
			}
			if other := named[l.Name]; other != nil {
				results[i] = trash.ListResult{List: other, Fault: addressbook.ErrNameTaken}
				continue
			}
			named[l.Name] = l
			delete(trashed, sid) // a repeated sid is not in the trash any more
			results[i].List = l
			restored = append(restored, sid)
		}
		// Another transaction may take a name after this one has looked it up. A retry
		// finds the list that has it.
		t.retryOnConflict = true
		if err := t.bringListsBack(restored, named); err != nil {
			return err
		}
		t.keep(ready.Receipt(results))
		return nil
	})
}

const readTrashedLists = `SELECT ` + listColumns + ` FROM trashed_lists AS lists WHERE account_id = $1 AND sid = ANY($2)` + aliveList

// bringListsBack moves lists out of the trash, and their memberships of existing
// contacts, and counts those members.
func (t *tx) bringListsBack(lists []addressbook.SID, named map[string]*addressbook.List) error {
	if len(lists) == 0 {
		return nil
	}
	column := sids(lists)
	t.queue(`WITH back AS (DELETE FROM trashed_members WHERE account_id = $1 AND list_sid = ANY($2)
			AND EXISTS (SELECT FROM contacts WHERE contacts.account_id = $1 AND contacts.sid = contact_sid) RETURNING `+memberColumns+`)
		INSERT INTO list_members (`+memberColumns+`) SELECT * FROM back`, t.account, column)
	t.queue(`WITH back AS (DELETE FROM trashed_lists WHERE account_id = $1 AND sid = ANY($2) RETURNING `+trashedList+`)
		INSERT INTO lists (`+trashedList+`) SELECT * FROM back ORDER BY name`, t.account, column)
	t.queue(`UPDATE lists SET contact_count = (SELECT count(*) FROM list_members AS m WHERE m.account_id = $1 AND m.list_sid = lists.sid)
		WHERE account_id = $1 AND sid = ANY($2) RETURNING name, contact_count`, t.account, column).Query(func(rows pgx.Rows) error {
		var name string
		var count int
		_, err := pgx.ForEachRow(rows, []any{&name, &count}, func() error {
			named[name].ContactCount = count
			return nil
		})
		return err
	})
	return t.flush()
}

// EraseContacts implements [trash.Store].
func (db *DB) EraseContacts(ctx context.Context, account account.ID, contacts []addressbook.SID, ready journal.Ready[[]trash.ContactResult]) error {
	return db.writeOnce(ctx, account, "delete contacts for good", func(t *tx) error {
		trashed := make(map[addressbook.SID]*addressbook.Contact, len(contacts))
		t.lockTrash(restoring)
		t.queue(readTrashed, account, sids(contacts)).Query(t.eachContact(func(c *addressbook.Contact) { trashed[c.SID] = c }))
		if err := t.flush(); err != nil {
			return err
		}
		results := make([]trash.ContactResult, len(contacts))
		var erased []addressbook.SID
		for i, sid := range contacts {
			if results[i].Contact = trashed[sid]; results[i].Contact == nil {
				results[i].Fault = trash.ErrNoContact
				continue
			}
			delete(trashed, sid)
			erased = append(erased, sid)
		}
		t.eraseContacts(erased, new(int))
		t.keep(ready.Receipt(results))
		return nil
	})
}

// EraseLists implements [trash.Store].
func (db *DB) EraseLists(ctx context.Context, account account.ID, lists []addressbook.SID, ready journal.Ready[[]trash.ListResult]) error {
	return db.writeOnce(ctx, account, "delete lists for good", func(t *tx) error {
		trashed := make(map[addressbook.SID]*addressbook.List, len(lists))
		t.lockTrash(restoring)
		t.queue(readTrashedLists, account, sids(lists)).Query(t.eachList(func(l *addressbook.List) { trashed[l.SID] = l }))
		if err := t.flush(); err != nil {
			return err
		}
		results := make([]trash.ListResult, len(lists))
		for i, sid := range lists {
			if results[i].List = trashed[sid]; results[i].List == nil {
				results[i].Fault = trash.ErrNoList
				continue
			}
			delete(trashed, sid)
		}
		t.hideLists(lists)
		t.keep(ready.Receipt(results))
		return nil
	})
}
