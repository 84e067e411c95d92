package addressbook

import (
	"context"
	"time"

	"callbook/internal/account"
	"callbook/internal/fault"
	"callbook/internal/idempotency"
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
// transaction, with one result a reference in their order; see [Store] for
// ready. When the list is not there, the error is a NotFound fault. An error
// means that nothing was changed.
func (b *Book) AddToList(ctx context.Context, acct account.Account, list SID, refs []ContactRef, ready idempotency.Ready[[]MembershipResult]) error {
	now := b.now()
	return eachValid(refs, func(r *ContactRef) (Membership, error) {
		return Membership{List: list, Contact: r.SID, Created: now}, r.Fault
	}, failedMembership, ready, func(members []Membership, ready idempotency.Ready[[]MembershipResult]) error {
		return b.store.AddMembers(ctx, acct.ID, list, members, ready)
	})
}

// RemoveFromList takes contacts out of a list, all in one transaction, with one
// result a reference in their order; see [Store] for ready. When the list is not
// there, the error is a NotFound fault. An error means that nothing was changed.
func (b *Book) RemoveFromList(ctx context.Context, acct account.Account, list SID, refs []ContactRef, ready idempotency.Ready[[]MembershipResult]) error {
	return eachValid(refs, func(r *ContactRef) (SID, error) {
		return r.SID, r.Fault
	}, failedMembership, ready, func(contacts []SID, ready idempotency.Ready[[]MembershipResult]) error {
		return b.store.RemoveMembers(ctx, acct.ID, list, contacts, ready)
	})
}

func failedMembership(err error) MembershipResult { return MembershipResult{Fault: err} }
