package postgres

import (
	"bytes"
	"context"
	"slices"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/journal"
	"callbook/internal/phone"
)

// UpdateContacts implements [addressbook.Store].
func (db *DB) UpdateContacts(ctx context.Context, account account.ID, patches []addressbook.Patch, ready journal.Ready[[]addressbook.Result]) error {
	return db.writeOnce(ctx, account, "update contacts", func(t *tx) error {
		b, err := t.lockBench(patches)
		if err != nil {
			return err
		}
		results := make([]addressbook.Result, len(patches))
		for i := range patches {
			results[i] = b.apply(&patches[i])
		}
		// Somebody may take a number after we looked; the next look sees who.
		t.retryOnConflict = true
		t.writeBench(b)
		t.keep(ready.Receipt(results))
		return nil
	})
}

// bench is what patches are worked on, one after the other and before anything
// is written: their contacts, and whoever has a number that they ask for.
type bench struct {
	rows    map[addressbook.SID]*addressbook.Contact // those of the patches, locked
	holders map[phone.Number]*addressbook.Contact
	before  map[addressbook.SID]phone.Number // the number of each that was changed, in the table
}

// lockBench reads and locks the contacts of the patches.
func (t *tx) lockBench(patches []addressbook.Patch) (*bench, error) {
	b := &bench{
		rows:   make(map[addressbook.SID]*addressbook.Contact),
		before: make(map[addressbook.SID]phone.Number),
	}
	patched := make([]addressbook.SID, len(patches))
	var wanted numberColumn
	for i := range patches {
		patched[i] = patches[i].SID
		if n := patches[i].NewNumber(); n != 0 {
			wanted = append(wanted, (*numberValue)(&n))
		}
	}
	t.lockContacts(patched, func(c *addressbook.Contact) { b.rows[c.SID] = c })
	holders, err := t.holders(wanted, false) // in the same round trip
	if err != nil {
		return nil, err
	}
	for n, c := range holders {
		if _, ours := b.rows[c.SID]; ours {
			delete(holders, n)
		}
	}
	for _, c := range b.rows {
		holders[c.Number] = c
	}
	b.holders = holders
	return b, nil
}

// lockContacts reads contacts and locks them, in the order of their sids, when
// the queue is run.
func (t *tx) lockContacts(contacts []addressbook.SID, do func(*addressbook.Contact)) {
	t.queue(lockBySID(contactColumns, "FOR UPDATE"), t.account, sids(inOrder(contacts))).Query(t.eachContact(do))
}

// inOrder returns the sids in their order, each once.
func inOrder(all []addressbook.SID) []addressbook.SID {
	all = slices.Clone(all)
	slices.SortFunc(all, func(a, b addressbook.SID) int { return bytes.Compare(a[:], b[:]) })
	return slices.Compact(all)
}

func (b *bench) apply(p *addressbook.Patch) addressbook.Result {
	c := b.rows[p.SID]
	if c == nil {
		return addressbook.Result{Fault: addressbook.ErrNoContact}
	}
	after := *c
	if !p.Fits(c) {
		return addressbook.Result{Contact: &after, Fault: addressbook.ErrChanged}
	}
	if !p.Apply(&after) {
		return addressbook.Result{Contact: &after}
	}
	if after.Number != c.Number {
		if other := b.holders[after.Number]; other != nil {
			told := *other
			return addressbook.Result{Contact: &told, Fault: addressbook.ErrNumberTaken}
		}
		delete(b.holders, c.Number)
		b.holders[after.Number] = c
	}
	if _, again := b.before[c.SID]; !again {
		b.before[c.SID] = c.Number
	}
	*c = after
	return addressbook.Result{Contact: &after}
}

// writeBench writes the contacts that were changed, when the queue is run.
func (t *tx) writeBench(b *bench) {
	changed := make([]*addressbook.Contact, 0, len(b.before))
	old := make(map[phone.Number]addressbook.SID, len(b.before))
	for sid, number := range b.before {
		changed = append(changed, b.rows[sid])
		old[number] = sid
	}
	slices.SortFunc(changed, func(x, y *addressbook.Contact) int { return bytes.Compare(x.SID[:], y.SID[:]) })
	// A number is unique row by row, not only at the end of a statement. One that
	// goes from one contact to another is freed before.
	var freed []addressbook.SID
	for _, c := range changed {
		if giver, ok := old[c.Number]; ok && giver != c.SID {
			freed = append(freed, giver)
		}
	}
	if len(freed) > 0 {
		t.queue(`UPDATE contacts SET number = -number WHERE account_id = $1 AND sid = ANY($2)`, t.account, sids(freed))
	}
	t.updateRows(changed)
}

// DeleteContacts implements [addressbook.Store].
func (db *DB) DeleteContacts(ctx context.Context, account account.ID, contacts []addressbook.SID, ready journal.Ready[[]addressbook.Result]) error {
	return db.writeOnce(ctx, account, "delete contacts", func(t *tx) error {
		there := make(map[addressbook.SID]*addressbook.Contact)
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
			delete(there, sid) // asked for again, it is gone
		}
		t.deleteLocked(deleted)
		t.keep(ready.Receipt(results))
		return nil
	})
}

// deleteLocked deletes contacts that are locked, when the queue is run.
func (t *tx) deleteLocked(contacts []addressbook.SID) {
	if len(contacts) == 0 {
		return
	}
	column := sids(contacts)
	// Nobody can put them into a list now, so these are all their lists.
	t.queue(`SELECT 1 FROM lists WHERE account_id = $1 AND sid IN
			(SELECT list_sid FROM list_members WHERE account_id = $1 AND contact_sid = ANY($2))
		ORDER BY sid FOR NO KEY UPDATE`, t.account, column)
	t.queue(`WITH ended AS (DELETE FROM list_members WHERE account_id = $1 AND contact_sid = ANY($2) RETURNING list_sid),
			counts AS (SELECT list_sid, count(*) AS members FROM ended GROUP BY list_sid)
		UPDATE lists SET contact_count = contact_count - counts.members FROM counts
		WHERE lists.account_id = $1 AND lists.sid = counts.list_sid`, t.account, column)
	t.queue(`DELETE FROM contacts WHERE account_id = $1 AND sid = ANY($2)`, t.account, column)
	t.countContacts(-len(contacts))
}
