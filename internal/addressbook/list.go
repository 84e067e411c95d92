package addressbook

import (
	"context"
	"strings"
	"time"

	"callbook/internal/account"
	"callbook/internal/fault"
	"callbook/internal/journal"
)

// List gathers contacts of an account under a name.
type List struct {
	SID          SID
	Name         string // unique within the account, by its bytes
	Tag          Text
	Type         ListType
	ContactCount int
	Created      time.Time // the time within the sid
	Updated      time.Time // of its name or tag; members do not count
}

// ListType tells what the contacts of a list come with.
type ListType uint8

// The types of a list.
const (
	Static  ListType = iota // contacts alone
	Dynamic                 // contacts with variables, from a CSV file
)

// ListDraft is a list as somebody gave it.
type ListDraft struct {
	Name  Text
	Tag   Text
	Fault error // why it could not even be read; see Draft
}

// ListPatch changes a list: what it does not set stays as it is.
type ListPatch struct {
	SID  SID
	Name Change
	Tag  Change
	// IfUpdated, when not zero, is the Updated of the list as whoever made the
	// patch saw it. When the list has another by now, the patch is not applied,
	// and its result is ErrListChanged with the list as it is.
	IfUpdated time.Time
	Fault     error // why it could not even be read; see Draft

	at time.Time
}

// ListResult is what became of one list.
type ListResult struct {
	List  *List // nil with a fault other than ErrListChanged
	Fault error
}

// Faults of lists that stores tell, too.
var (
	// ErrNoList is the fault of a sid that no list of the account has.
	ErrNoList = fault.New(fault.NotFound, "There is no list with this sid")
	// ErrNameTaken is the fault of a name that another list of the account has.
	ErrNameTaken = fault.Taken(FieldName)
	// ErrListChanged is the fault of a patch whose list has changed since; see
	// ListPatch.IfUpdated.
	ErrListChanged = fault.New(fault.Changed, "The list was changed meanwhile")

	errNameMissing = fault.Mandatory(FieldName)
)

// Fits tells whether the list is as the patch's IfUpdated wants it. It is for
// stores, which ask before they apply the patch.
func (p *ListPatch) Fits(l *List) bool {
	return p.IfUpdated.IsZero() || p.IfUpdated.Equal(l.Updated)
}

// Apply changes the list, and reports whether that made a difference: a list that
// has the name and the tag already keeps its Updated. It is for stores, which have
// the list.
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

// CreateLists creates a list of each draft that is valid and whose name is
// free, all in one transaction, and returns one result a draft in their order. An
// error means that nothing was changed. Ready may be nil.
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
	return write.done(b.store.InsertLists(ctx, acct.ID, write.valid, write.ready(ready)))
}

// accept applies the rules that need no database, and returns the list's name: the
// given one without the blanks around it.
func (d *ListDraft) accept() (name string, err error) {
	if d.Fault != nil {
		return "", d.Fault
	}
	if name = strings.TrimSpace(d.Name.Value); name == "" {
		return "", errNameMissing
	}
	if err := checkText(FieldName, name); err != nil {
		return "", err
	}
	return name, checkText(FieldTag, d.Tag.Value)
}

func failedList(err error) ListResult { return ListResult{Fault: err} }

// UpdateLists changes lists, one after the other in one transaction, and returns
// one result a patch in their order. An error means that nothing was changed.
// Ready may be nil.
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
	return write.done(b.store.UpdateLists(ctx, acct.ID, write.valid, write.ready(ready)))
}

// List returns one list of the account, or a NotFound fault.
func (b *Book) List(ctx context.Context, acct account.Account, sid SID) (List, error) {
	return b.store.List(ctx, acct.ID, sid)
}

// ListByName returns the account's list with this name, to the letter but for the
// blanks around it, or a NotFound fault.
func (b *Book) ListByName(ctx context.Context, acct account.Account, name string) (List, error) {
	return b.store.ListByName(ctx, acct.ID, strings.TrimSpace(name))
}

// ListsOf returns lists of a contact, by their names: those whose name comes
// after one, and limit at most.
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
