package addressbook

import (
	"context"
	"time"

	"callbook/internal/account"
	"callbook/internal/fault"
	"callbook/internal/journal"
)

// Membership is that of one contact in one list.
type Membership struct {
	List    SID
	Contact SID
	Created time.Time
}

// ContactRef names a contact, as somebody gave it.
type ContactRef struct {
	SID   SID
	Fault error // why it could not even be read; see Draft
}

func (r *ContactRef) sid() (SID, error) { return r.SID, r.Fault }

// MembershipResult is what became of one membership.
type MembershipResult struct {
	// Membership is the new one; with a Duplicate fault, the one that is there
	// already; of one that was removed, as it last was; otherwise nil.
	Membership *Membership
	Fault      error
}

// Faults of memberships that stores tell.
var (
	// ErrMember is the fault of a contact that is in the list already.
	ErrMember = fault.New(fault.Duplicate, "The contact is in the list already")
	// ErrNoMember is the fault of a contact that is not in the list.
	ErrNoMember = fault.New(fault.NotFound, "The contact is not in the list")
)

// AddToList puts contacts of the account into a list of it, all in one
// transaction, and returns one result a reference in their order. When the list is
// not there, the error is a NotFound fault. An error means that nothing was
// changed. Ready may be nil.
func (b *Book) AddToList(ctx context.Context, acct account.Account, list SID, refs []ContactRef, ready journal.Ready[[]MembershipResult]) ([]MembershipResult, error) {
	now := b.clock.Now()
	write := accepted(refs, func(r *ContactRef) (Membership, error) {
		return Membership{List: list, Contact: r.SID, Created: now}, r.Fault
	}, failedMembership)
	return write.done(b.store.AddMembers(ctx, acct.ID, list, write.valid, write.ready(ready)))
}

// RemoveFromList takes contacts out of a list, all in one transaction, and returns
// one result a reference in their order. When the list is not there, the error is
// a NotFound fault. An error means that nothing was changed. Ready may be nil.
func (b *Book) RemoveFromList(ctx context.Context, acct account.Account, list SID, refs []ContactRef, ready journal.Ready[[]MembershipResult]) ([]MembershipResult, error) {
	write := accepted(refs, (*ContactRef).sid, failedMembership)
	return write.done(b.store.RemoveMembers(ctx, acct.ID, list, write.valid, write.ready(ready)))
}

func failedMembership(err error) MembershipResult { return MembershipResult{Fault: err} }
