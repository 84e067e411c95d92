package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/journal"
)

// AddMembers implements [addressbook.Store].
func (db *DB) AddMembers(ctx context.Context, account account.ID, list addressbook.SID, members []addressbook.Membership, ready journal.Ready[[]addressbook.MembershipResult]) error {
	return db.writeOnce(ctx, account, "add members", func(t *tx) error {
		joining := make([]addressbook.SID, len(members))
		for i := range members {
			joining[i] = members[i].Contact
		}
		contacts := sids(inOrder(joining))
		known := make(map[addressbook.SID]bool, len(members))
		since := make(map[addressbook.SID]time.Time)
		// This lock lets others read and change the contact, but not delete it.
		t.queue(lockBySID("contacts.sid", "FOR KEY SHARE"), account, contacts).Query(eachSID(func(contact addressbook.SID) { known[contact] = true }))
		there := t.lockList(list)
		t.queue(`SELECT contact_sid, date_created FROM list_members
			WHERE account_id = $1 AND list_sid = $2 AND contact_sid = ANY($3)`,
			account, (*sidValue)(&list), contacts).Query(eachMember(since))
		if err := t.flush(); err != nil {
			return err
		}
		if !*there {
			return addressbook.ErrNoList
		}
		results := make([]addressbook.MembershipResult, len(members))
		var added []*addressbook.Membership
		for i := range members {
			m := members[i]
			before, isMember := since[m.Contact]
			switch {
			case !known[m.Contact]:
				results[i].Fault = addressbook.ErrNoContact
				continue
			case isMember:
				m.Created = before
				results[i].Fault = addressbook.ErrMember
			default:
				since[m.Contact] = m.Created
				added = append(added, &members[i])
			}
			results[i].Membership = &m
		}
		t.addMembers(list, added, 0)
		t.countMembers(list, len(added))
		t.keep(ready.Receipt(results))
		return nil
	})
}

// addMembers queues the addition of members to a list, which must be locked. Mark is the
// [upload.Mark] of the upload that adds them; 0 for none.
func (t *tx) addMembers(list addressbook.SID, members []*addressbook.Membership, mark int64) {
	if len(members) == 0 {
		return
	}
	contacts, created := make(sidColumn, len(members)), make(dateColumn, len(members))
	for i, m := range members {
		contacts[i], created[i] = (*sidValue)(&m.Contact), (*dateValue)(&m.Created)
	}
	t.queue(`INSERT INTO list_members (account_id, list_sid, contact_sid, date_created, upload)
		SELECT $1, $2, new.*, nullif($5::bigint, 0) FROM unnest($3::uuid[], $4::bigint[]) AS new`,
		t.account, (*sidValue)(&list), contacts, created, mark)
}

// countMembers queues the update of a list's counter.
func (t *tx) countMembers(list addressbook.SID, by int) {
	if by != 0 {
		t.queue(`UPDATE lists SET contact_count = contact_count + $3 WHERE account_id = $1 AND sid = $2`,
			t.account, (*sidValue)(&list), by)
	}
}

// lockList queues a query that locks a list, so that nobody else changes its members.
// After the query has run, there tells whether the list exists.
func (t *tx) lockList(list addressbook.SID) (there *bool) {
	there = new(bool)
	t.queue(`SELECT sid FROM lists WHERE account_id = $1 AND sid = $2 FOR NO KEY UPDATE`, t.account, (*sidValue)(&list)).
		Query(eachSID(func(addressbook.SID) { *there = true }))
	return there
}

// RemoveMembers implements [addressbook.Store].
func (db *DB) RemoveMembers(ctx context.Context, account account.ID, list addressbook.SID, contacts []addressbook.SID, ready journal.Ready[[]addressbook.MembershipResult]) error {
	return db.writeOnce(ctx, account, "remove members", func(t *tx) error {
		since := make(map[addressbook.SID]time.Time)
		there := t.lockList(list)
		t.queue(`DELETE FROM list_members WHERE account_id = $1 AND list_sid = $2 AND contact_sid = ANY($3)
			RETURNING contact_sid, date_created`, account, (*sidValue)(&list), sids(contacts)).Query(eachMember(since))
		if err := t.flush(); err != nil {
			return err
		}
		if !*there {
			return addressbook.ErrNoList
		}
		t.countMembers(list, -len(since))
		results := make([]addressbook.MembershipResult, len(contacts))
		for i, contact := range contacts {
			created, ok := since[contact]
			if !ok {
				results[i].Fault = addressbook.ErrNoMember
				continue
			}
			results[i].Membership = &addressbook.Membership{List: list, Contact: contact, Created: created}
			delete(since, contact) // a repeated sid finds nothing
		}
		t.keep(ready.Receipt(results))
		return nil
	})
}

// eachSID returns a function that reads rows of one sid.
func eachSID(do func(addressbook.SID)) func(pgx.Rows) error {
	return func(rows pgx.Rows) error {
		var sid sidValue
		_, err := pgx.ForEachRow(rows, []any{&sid}, func() error {
			do(addressbook.SID(sid))
			return nil
		})
		return err
	}
}

// eachMember returns a function that reads rows of a contact and its date of membership.
func eachMember(since map[addressbook.SID]time.Time) func(pgx.Rows) error {
	return func(rows pgx.Rows) error {
		var contact sidValue
		var created dateValue
		_, err := pgx.ForEachRow(rows, []any{&contact, &created}, func() error {
			since[addressbook.SID(contact)] = time.Time(created)
			return nil
		})
		return err
	}
}
