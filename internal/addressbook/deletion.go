package addressbook

import (
	"context"

	"callbook/internal/account"
	"callbook/internal/journal"
)

// ForGood is the deletion whose contacts and lists do not go into the trash.
var ForGood SID

// NewDeletion returns a deletion that begins now. Everything that is deleted under
// it, in however many calls, can be found in the trash by it and restored at once. A
// Book that keeps nothing returns [ForGood].
//
// A deletion is a sid, which has the time in it. Later deletions have larger ones.
func (b *Book) NewDeletion() SID {
	if b.forget {
		return ForGood
	}
	birth := b.deletions.next(b.clock.Now(), 1)
	sid, _ := birth.take()
	return sid
}

// DeleteContacts deletes contacts, all in one transaction, and returns each as it
// last was, or a NotFound fault. Their memberships end, and their numbers are free
// for new contacts. They go into the trash under the deletion, which is one of
// [Book.NewDeletion], or [ForGood]. Ready may be nil.
func (b *Book) DeleteContacts(ctx context.Context, acct account.Account, deletion SID, refs []ContactRef, ready journal.Ready[[]Result]) ([]Result, error) {
	write := accepted(refs, (*ContactRef).sid, failedContact)
	return write.done(b.store.DeleteContacts(ctx, acct.ID, deletion, write.valid, write.ready(ready)))
}

// DeleteLists deletes lists, all in one transaction, and returns each as it last
// was, or a NotFound fault. Their contacts stay. The lists go into the trash as with
// [Book.DeleteContacts]. Ready may be nil.
func (b *Book) DeleteLists(ctx context.Context, acct account.Account, deletion SID, sids []SID, ready journal.Ready[[]ListResult]) ([]ListResult, error) {
	write := accepted(sids, func(sid *SID) (SID, error) { return *sid, nil }, failedList)
	return write.done(b.store.DeleteLists(ctx, acct.ID, deletion, write.valid, write.ready(ready)))
}
