package addressbook

import (
	"context"
	"strings"
	"time"

	"callbook/internal/account"
	"callbook/internal/audit"
	"callbook/internal/fault"
	"callbook/internal/journal"
)

// List is a named group of an account's contacts.
type List struct {
	SID          SID
	Name         string // unique within the account, compared byte by byte
	Tag          Text
	Type         ListType
	ContactCount int
	Created      time.Time // the date in the sid
	Updated      time.Time // when its name or tag last changed
}

// ListType tells whether the contacts of a list have variables.
type ListType uint8

// The types of a list.
const (
	Static  ListType = iota // contacts without variables
	Dynamic                 // contacts with variables, from a CSV file
)

// ListDraft is a list as somebody gave it.
type ListDraft struct {
	Name  Text
	Tag   Text
	Fault error // why it could not be read; see Draft
}

// ListPatch changes a list. It does not change fields that it does not set.
type ListPatch struct {
	SID  SID
	Name Change
	Tag  Change
	// IfUpdated, if not zero, is the Updated of the list that the patch was made for. If
	// the list has changed since, the patch is not applied. Its result is then
	// ErrListChanged with the current list.
	IfUpdated time.Time
	Fault     error // why it could not be read; see Draft

	at time.Time
}

// ListResult is the result of a draft or a patch of a list.
type ListResult struct {
	List  *List // nil with a fault other than ErrListChanged
	Fault error
}

// These faults are also returned by stores.
var (
	// ErrNoList is the fault of a sid that no list of the account has.
	ErrNoList = fault.New(fault.NotFound, "There is no list with this sid")
	// ErrNameTaken is the fault of a name that another list of the account has.
	ErrNameTaken = fault.Taken(FieldName)
	// ErrListChanged is the fault of a patch whose list has changed in the meantime; see
	// ListPatch.IfUpdated.
	ErrListChanged = fault.New(fault.Changed, "The list was changed meanwhile")

	errNameMissing = fault.Mandatory(FieldName)
)

// Fits reports whether the list has the date IfUpdated. Stores must check it before they
// apply the patch.
func (p *ListPatch) Fits(l *List) bool {
	return p.IfUpdated.IsZero() || p.IfUpdated.Equal(l.Updated)
}

// Apply applies the patch to the list, and reports whether that changed anything.
// Otherwise it does not change Updated. It is for stores.
func (p *ListPatch) Apply(l *List) (changed bool) {
	before := *l
	if p.Name.Set {
		l.Name = p.Name.Value
	}
	if p.Tag.Set {
		l.Tag = p.Tag.Text
	}
	if *l == before {
		return false
	}
	l.Updated = latest(p.at, l.Created)
	return true
}

// CreateLists creates, in one transaction, a list for each valid draft whose name is
// free. It returns one result per draft, in their order. After an error, nothing was
// changed. Ready may be nil.
func (b *Book) CreateLists(ctx context.Context, acct account.Account, drafts []ListDraft, ready journal.Ready[[]ListResult]) ([]ListResult, error) {
	birth := b.births.next(b.clock.Now(), len(drafts))
	write := accepted(drafts, func(d *ListDraft) (List, error) {
		name, err := d.accept()
		if err != nil {
			return List{}, err
		}
		sid, nanos := birth.take()
		born := time.Unix(0, nanos)
		return List{SID: sid, Name: name, Tag: d.Tag, Created: born, Updated: born}, nil
	}, failedList)
	ctx, ready = journal.Audited(ctx, acct.ID, ready, func(results []ListResult) audit.Change {
		return audit.Results(audit.ListsCreate, results, changedList)
	})
	return write.done(b.store.InsertLists(ctx, acct.ID, write.valid, write.ready(ready)))
}

// accept applies the rules that need no database. It returns the name without blanks
// around it.
func (d *ListDraft) accept() (name string, err error) {
	if d.Fault != nil {
		return "", d.Fault
	}
	if name = strings.TrimSpace(d.Name.Value); name == "" {
		return "", errNameMissing
	}
	if err := fault.CheckText(FieldName, name, MaxTextLength); err != nil {
		return "", err
	}
	return name, fault.CheckText(FieldTag, d.Tag.Value, MaxTextLength)
}

func failedList(err error) ListResult { return ListResult{Fault: err} }

// UpdateLists changes lists one after the other in one transaction. It returns one result
// per patch, in their order. After an error, nothing was changed. Ready may be nil.
func (b *Book) UpdateLists(ctx context.Context, acct account.Account, patches []ListPatch, ready journal.Ready[[]ListResult]) ([]ListResult, error) {
	now := b.clock.Now()
	write := accepted(patches, func(p *ListPatch) (ListPatch, error) {
		patch := *p
		patch.at = now
		draft := ListDraft{Name: p.Name.Text, Tag: p.Tag.Text, Fault: p.Fault}
		if !p.Name.Set {
			draft.Name = Given("any") // the list has one already
		}
		name, err := draft.accept()
		if p.Name.Set {
			patch.Name.Value = name
		}
		return patch, err
	}, failedList)
	ctx, ready = journal.Audited(ctx, acct.ID, ready, func(results []ListResult) audit.Change {
		c := audit.Results(audit.ListsUpdate, results, func(r *ListResult) (SID, error) {
			if r.Fault == nil && !r.List.Updated.Equal(latest(now, r.List.Created)) {
				return SID{}, audit.ErrUnchanged
			}
			return changedList(r)
		})
		c.Fields = fieldsOfLists(write.valid)
		return c
	})
	return write.done(b.store.UpdateLists(ctx, acct.ID, write.valid, write.ready(ready)))
}

// List returns one list of the account, or a NotFound fault.
func (b *Book) List(ctx context.Context, acct account.Account, sid SID) (List, error) {
	return b.store.List(ctx, acct.ID, sid)
}

// ListByName returns the account's list with exactly this name, without the blanks around
// it, or a NotFound fault.
func (b *Book) ListByName(ctx context.Context, acct account.Account, name string) (List, error) {
	return b.store.ListByName(ctx, acct.ID, strings.TrimSpace(name))
}

// ListsOf returns up to limit lists of a contact, ordered by name, from behind the name
// after.
func (b *Book) ListsOf(ctx context.Context, acct account.Account, contact SID, after string, limit int) ([]ListRef, error) {
	return b.store.ListsOf(ctx, acct.ID, contact, after, limit)
}

// Lists returns one page of the account's lists.
func (b *Book) Lists(ctx context.Context, acct account.Account, q ListQuery) (ListPage, error) {
	page, err := b.store.Lists(ctx, acct.ID, q)
	if err == nil {
		err = q.Advances(page.Next)
	}
	return page, err
}
