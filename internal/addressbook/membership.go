package addressbook

import (
	"context"
	"time"

	"callbook/internal/account"
	"callbook/internal/audit"
	"callbook/internal/fault"
	"callbook/internal/journal"
)

// Membership is a contact's being in a list.
type Membership struct {
	List    SID
	Contact SID
	Created time.Time
}

// ContactRef is the sid of a contact in a request.
type ContactRef struct {
	SID   SID
	Fault error // why it could not be read; see Draft
}

func (r *ContactRef) sid() (SID, error) { return r.SID, r.Fault }

// MembershipResult is the result of adding or removing a membership.
type MembershipResult struct {
	// Membership is the new membership, the existing one of a Duplicate fault, or the
	// last state of one that was removed. Otherwise it is nil.
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

// AddToList adds contacts to a list in one transaction. It returns one result per
// contact, in their order. If the list does not exist, the error is a NotFound fault.
// After an error, nothing was changed. Ready may be nil.
func (b *Book) AddToList(ctx context.Context, acct account.Account, list SID, refs []ContactRef, ready journal.Ready[[]MembershipResult]) ([]MembershipResult, error) {
	now := b.clock.Now()
	write := accepted(refs, func(r *ContactRef) (Membership, error) {
		return Membership{List: list, Contact: r.SID, Created: now}, r.Fault
	}, failedMembership)
	ctx, ready = journal.Audited(ctx, acct.ID, ready, func(results []MembershipResult) audit.Change {
		return changedMembers(audit.MembersAdd, list, results)
	})
	return write.done(b.store.AddMembers(ctx, acct.ID, list, write.valid, write.ready(ready)))
}

// RemoveFromList removes contacts from a list in one transaction. It returns one result
// per contact, in their order. If the list does not exist, the error is a NotFound fault.
// After an error, nothing was changed. Ready may be nil.
func (b *Book) RemoveFromList(ctx context.Context, acct account.Account, list SID, refs []ContactRef, ready journal.Ready[[]MembershipResult]) ([]MembershipResult, error) {
	write := accepted(refs, (*ContactRef).sid, failedMembership)
	ctx, ready = journal.Audited(ctx, acct.ID, ready, func(results []MembershipResult) audit.Change {
		return changedMembers(audit.MembersRemove, list, results)
	})
	return write.done(b.store.RemoveMembers(ctx, acct.ID, list, write.valid, write.ready(ready)))
}

func failedMembership(err error) MembershipResult { return MembershipResult{Fault: err} }
