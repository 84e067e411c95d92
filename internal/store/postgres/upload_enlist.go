package postgres

import (
	"cmp"
	"fmt"
	"slices"

	"callbook/internal/addressbook"
	"callbook/internal/phone"
	"callbook/internal/upload"
)

// enlistment is the state of adding a batch's contacts to their list.
type enlistment struct {
	batch *upload.Batch
	// holders are the contacts that have a number of the batch, and members those of them
	// that are in the list. List is nil if it does not exist. Holders and list are
	// locked, except in a dry run.
	holders map[phone.Number]*addressbook.Contact
	members map[addressbook.SID]bool
	list    *addressbook.List
}

func newEnlistment(batch *upload.Batch) *enlistment {
	return &enlistment{
		batch:   batch,
		holders: make(map[phone.Number]*addressbook.Contact, len(batch.Contacts)),
		members: make(map[addressbook.SID]bool),
	}
}

// queueLook queues the queries for the list and the holders.
func (t *tx) queueLook(e *enlistment) {
	numbers := make(numberColumn, len(e.batch.Contacts))
	for i := range e.batch.Contacts {
		numbers[i] = (*numberValue)(&e.batch.Contacts[i].Number)
	}
	holders, lockList := lockByNumber("FOR KEY SHARE"), ` FOR NO KEY UPDATE`
	switch {
	case e.batch.DryRun:
		holders, lockList = byNumber, ``
	case e.batch.OnDuplicate == addressbook.UpdateDuplicate:
		holders = lockByNumber("FOR NO KEY UPDATE")
	}
	t.queue(holders, t.account, numbers).Query(t.eachContact(func(c *addressbook.Contact) { e.holders[c.Number] = c }))
	t.queue(`SELECT `+listColumns+` FROM lists WHERE account_id = $1 AND sid = $2`+lockList, t.account, (*sidValue)(&e.batch.List)).
		Query(t.eachList(func(l *addressbook.List) { e.list = l }))
}

// lookAtMembers reads which of the holders are in the list.
func (t *tx) lookAtMembers(e *enlistment) error {
	if len(e.holders) == 0 || e.list == nil {
		return nil
	}
	holders := make(sidColumn, 0, len(e.holders))
	for _, c := range e.holders {
		holders = append(holders, (*sidValue)(&c.SID))
	}
	t.queue(amongMembers, t.account, (*sidValue)(&e.batch.List), holders).
		Query(eachSID(func(contact addressbook.SID) { e.members[contact] = true }))
	return t.flush()
}

// amongMembers reads which of the contacts $3 are members. It looks them up one by one,
// as byNumber does.
const amongMembers = `SELECT member.contact_sid FROM unnest($3::uuid[]) AS wanted (sid) CROSS JOIN LATERAL
	(SELECT contact_sid FROM list_members WHERE account_id = $1 AND list_sid = $2 AND contact_sid = wanted.sid OFFSET 0) AS member`

// decide returns what happens to each contact.
func (e *enlistment) decide() []upload.Outcome {
	listed := 0
	if e.list != nil {
		listed = e.list.ContactCount
	}
	outcomes := make([]upload.Outcome, len(e.batch.Contacts))
	decide := e.batch.Decide(listed)
	for i := range outcomes {
		standing := upload.Unknown
		if holder, known := e.holders[e.batch.Contacts[i].Number]; known {
			standing = upload.Known
			if e.members[holder.SID] {
				standing = upload.Listed
			}
		}
		outcomes[i] = decide(i, standing)
	}
	return outcomes
}

// enlist does what was decided. It leaves most statements in the queue.
func (t *tx) enlist(e *enlistment, outcomes []upload.Outcome) error {
	mark := upload.Mark(e.batch.Upload)
	var fresh, updated []*addressbook.Contact
	var added, joined []*addressbook.Membership
	for i, outcome := range outcomes {
		c := &e.batch.Contacts[i]
		switch outcome {
		case upload.Added:
			fresh = append(fresh, c)
			added = append(added, &addressbook.Membership{Contact: c.SID, Created: c.Created})
			continue
		case upload.Full:
			continue
		case upload.Joined:
			joined = append(joined, &addressbook.Membership{Contact: e.holders[c.Number].SID, Created: e.batch.Time})
		}
		if e.batch.OnDuplicate == addressbook.UpdateDuplicate {
			holder := e.holders[c.Number]
			holder.Overwrite(c)
			updated = append(updated, holder)
		}
	}
	// Another transaction may take a number after this one has looked it up. A retry
	// finds the new holder.
	t.retryOnConflict = true
	slices.SortFunc(fresh, func(a, b *addressbook.Contact) int { return cmp.Compare(a.Number, b.Number) })
	if err := t.insertRows(fresh, mark); err != nil {
		return err
	}
	t.updateRows(updated)
	t.addMembers(e.batch.List, added, 0) // they need no mark: a member with the same date as its contact was added with it
	t.addMembers(e.batch.List, joined, mark)
	t.countMembers(e.batch.List, len(added)+len(joined))
	t.countContacts(len(fresh))
	return nil
}

// insertRows adds contacts: many with COPY, few by a queued statement. Their numbers must
// be free and sorted. Mark is the [upload.Mark] of the upload that adds them; 0 for none.
func (t *tx) insertRows(contacts []*addressbook.Contact, mark int64) error {
	if len(contacts) >= t.minCopyRows {
		return t.copyContacts(contacts, mark)
	}
	if len(contacts) == 0 {
		return nil
	}
	t.queue(`INSERT INTO contacts (account_id, `+rowColumns+`, upload) SELECT $1, `+rowArrays+fmt.Sprintf(`, nullif($%d::bigint, 0)`, 2+rowFields),
		append(contactArgs(t.account, contacts), mark)...)
	return nil
}
