package addressbook

import (
	"context"

	"callbook/internal/account"
	"callbook/internal/audit"
	"callbook/internal/journal"
)

// ForGood is the deletion for contacts and lists that do not go into the trash.
var ForGood SID

// NewDeletion returns a new deletion. Contacts and lists that are deleted with it, in any
// number of calls, can be found in the trash by it and restored together. A Book with
// ForgetDeleted returns [ForGood].
//
// A deletion is a sid, so it contains its date, and later deletions are larger.
func (b *Book) NewDeletion() SID {
	if b.forget {
		return ForGood
	}
	birth := b.deletions.next(b.clock.Now(), 1)
	sid, _ := birth.take()
	return sid
}

// DeleteContacts deletes contacts in one transaction. It returns the last state of each,
// or a NotFound fault. It ends their memberships, and frees their numbers for new
// contacts. Unless the deletion is [ForGood], the contacts go into the trash. Ready may
// be nil.
func (b *Book) DeleteContacts(ctx context.Context, acct account.Account, deletion SID, refs []ContactRef, ready journal.Ready[[]Result]) ([]Result, error) {
	write := accepted(refs, (*ContactRef).sid, failedContact)
	ctx, ready = journal.Audited(ctx, acct.ID, ready, func(results []Result) audit.Change {
		return audit.Results(audit.ContactsDelete, results, deletedContact)
	})
	results, err := write.done(b.store.DeleteContacts(ctx, acct.ID, deletion, write.valid, write.ready(ready)))
	if err == nil {
		var n Written
		n.count(results, &n.Deleted)
		b.wrote(n)
	}
	return results, err
}

// DeleteLists deletes lists in one transaction, and keeps their contacts. It returns the
// last state of each, or a NotFound fault. Unless the deletion is [ForGood], the lists go
// into the trash. Ready may be nil.
func (b *Book) DeleteLists(ctx context.Context, acct account.Account, deletion SID, sids []SID, ready journal.Ready[[]ListResult]) ([]ListResult, error) {
	write := accepted(sids, func(sid *SID) (SID, error) { return *sid, nil }, failedList)
	ctx, ready = journal.Audited(ctx, acct.ID, ready, func(results []ListResult) audit.Change {
		return audit.Results(audit.ListsDelete, results, changedList)
	})
	return write.done(b.store.DeleteLists(ctx, acct.ID, deletion, write.valid, write.ready(ready)))
}
