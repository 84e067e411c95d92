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
		// Another transaction may take a number after this one has looked it up. A retry
		// finds the new holder.
		t.retryOnConflict = true
		t.writeBench(b)
		t.keep(ready.Receipt(results))
		return nil
	})
}

// bench is the state in memory on which patches are applied one after the other, before
// anything is written: their contacts, and the holders of the numbers that they ask for.
type bench struct {
	rows    map[addressbook.SID]*addressbook.Contact // the contacts of the patches, locked
	holders map[phone.Number]*addressbook.Contact
	before  map[addressbook.SID]phone.Number // the stored number of each contact whose number has changed
}

// lockBench reads and locks the contacts of the patches, and reads the holders.
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

// lockContacts queues a query that reads contacts and locks them, in the order of their
// sids.
func (t *tx) lockContacts(contacts []addressbook.SID, do func(*addressbook.Contact)) {
	t.queue(lockBySID(contactColumns, "FOR UPDATE"), t.account, sids(inOrder(contacts))).Query(t.eachContact(do))
}

// inOrder returns the sids sorted and without duplicates.
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

// writeBench queues the updates of the changed contacts.
func (t *tx) writeBench(b *bench) {
	changed := make([]*addressbook.Contact, 0, len(b.before))
	old := make(map[phone.Number]addressbook.SID, len(b.before))
	for sid, number := range b.before {
		changed = append(changed, b.rows[sid])
		old[number] = sid
	}
	slices.SortFunc(changed, func(x, y *addressbook.Contact) int { return bytes.Compare(x.SID[:], y.SID[:]) })
	// PostgreSQL checks a unique number row by row, and not at the end of the statement.
	// So a number that moves to another contact is freed first.
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
