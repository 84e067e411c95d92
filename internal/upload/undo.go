package upload

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/fault"
)

// Additions are what an upload has added, which is what undoing it takes back. They are
// zero for an upload that added nothing, and for one that is older than undoing.
type Additions struct {
	// Contacts is how many contacts are new. Their sids are from First to Last, as are
	// those of contacts that came from elsewhere meanwhile.
	Contacts int             `json:"contacts,omitempty"`
	First    addressbook.SID `json:"first"`
	Last     addressbook.SID `json:"last"`
	// Members is how many contacts that were there before were put into the list.
	Members int `json:"members,omitempty"`
}

// plus returns what two of them have added.
func (a Additions) plus(more Additions) Additions {
	sum := Additions{Contacts: a.Contacts + more.Contacts, First: a.First, Last: a.Last, Members: a.Members + more.Members}
	if more.Contacts > 0 {
		if a.Contacts == 0 || bytes.Compare(more.First[:], a.First[:]) < 0 {
			sum.First = more.First
		}
		if bytes.Compare(more.Last[:], a.Last[:]) > 0 {
			sum.Last = more.Last
		}
	}
	return sum
}

// IsZero reports whether there is nothing to undo.
func (a Additions) IsZero() bool { return a.Contacts == 0 && a.Members == 0 }

// Undo is how far the undoing of an upload is; the zero one means that nobody has
// asked for it.
type Undo struct {
	Running bool `json:"running"`
	// All deletes the contacts, too, that were changed or are in other lists.
	All bool `json:"all,omitempty"`
	// Members tells that the contacts are done and the memberships are next. After is
	// the contact that was looked at last.
	Members bool            `json:"members,omitempty"`
	After   addressbook.SID `json:"after"`
	// Deletion is that under which the contacts go into the trash.
	Deletion addressbook.SID `json:"deletion"`
	// Kept is how many contacts were kept; see [Importer.Undo].
	Kept  int       `json:"kept,omitempty"`
	Began time.Time `json:"began"`
	Ended time.Time `json:"ended"` // zero while it runs
}

// IsZero reports whether nobody has asked for the undoing.
func (u Undo) IsZero() bool { return u.Began.IsZero() }

// Encode returns the undoing as the text that stores have of it; "" for the zero one.
func (u Undo) Encode() string {
	if u.IsZero() {
		return ""
	}
	text, err := json.Marshal(u)
	if err != nil { // numbers, dates and texts
		panic(err)
	}
	return string(text)
}

// DecodeUndo reads what [Undo.Encode] returned.
func DecodeUndo(text string) (u Undo, err error) {
	if text == "" {
		return u, nil
	}
	if err := json.Unmarshal([]byte(text), &u); err != nil {
		return u, fmt.Errorf("read the undoing of an upload: %w", err)
	}
	return u, nil
}

// AddedContact is a contact that an upload has added and that is still there.
type AddedContact struct {
	addressbook.Contact
	// Used tells that it was changed since, or is in another list than the upload's.
	Used bool
}

// UsedLooked is at how many contacts of an upload [UndoStore.AddedContacts] looks for
// used ones: a few hundredths of a second, for a page that waits for them.
const UsedLooked = 5000

// UndoStore is the part of a [Store] that undoing needs. Contacts that an upload adds have
// its mark, [Mark], and so have the memberships of contacts that were there before. A
// membership that an upload adds with its contact has none: both have the same date.
type UndoStore interface {
	// AddedContacts returns contacts with an upload's mark, in the order of their sids:
	// those after a sid, and limit at most. With used, it looks at the first
	// [UsedLooked] and returns only those that are Used.
	AddedContacts(ctx context.Context, u *Upload, after addressbook.SID, limit int, used bool) ([]AddedContact, error)

	// DeleteUnused deletes those of the contacts that are not Used when it does so, and
	// returns how many it has kept. The upload has added them all.
	DeleteUnused(ctx context.Context, u *Upload, deletion addressbook.SID, contacts []addressbook.SID) (kept int, err error)

	// AddedMembers returns the contacts that the upload has put into its list, in the
	// order of their sids: those after a sid, and limit at most.
	AddedMembers(ctx context.Context, u *Upload, after addressbook.SID, limit int) ([]addressbook.SID, error)

	// ChangeUndo sets the undoing of an upload to now if it still equals was, and
	// reports whether it did.
	ChangeUndo(ctx context.Context, account account.ID, sid addressbook.SID, was, now Undo) (bool, error)

	// Undoing returns the uploads of all accounts whose undoing runs, a few at a time.
	Undoing(ctx context.Context) ([]Upload, error)
}

// Mark is what contacts and memberships that an upload adds have of it: the first half
// of its sid, which is the time of its creation in steps of 1/4096 ms. No two uploads
// of a server have the same.
func Mark(sid addressbook.SID) int64 { return int64(sid.Prefix()) }

const (
	// undoRows is how many contacts one transaction of an undoing deletes. Others
	// that write wait for it.
	undoRows = 500
	// undoEvery is how often a server looks for undoings that another one has begun
	// or left.
	undoEvery = 5 * time.Second
)

var (
	errUndoRunning = fault.New(fault.Invalid, "The upload is still running; cancel it before it is undone")
	errUndoDry     = fault.New(fault.Invalid, "A dry run has nothing to undo")
	errUndoNothing = fault.New(fault.Invalid, "There is nothing to undo: the upload added no contact and put none into the list, or it is older than undoing")
)

// Undo begins to take back what an upload has added, durably. The contacts that it put
// into its list leave the list, and those that it added go into the trash, unless they were
// changed since or are in another list: these are kept, except with all. Contacts that
// it has overwritten are not reverted. It runs in the background, and goes on after a
// restart. An undoing that has begun already stays as it is, whatever all says. Undo
// returns the upload as it is then.
func (i *Importer) Undo(ctx context.Context, acct account.Account, sid addressbook.SID, all bool) (Upload, error) {
	u, err := i.store.Upload(ctx, acct.ID, sid)
	switch {
	case err != nil:
		return u, err
	case u.State == Running:
		return u, errUndoRunning
	case u.DryRun:
		return u, errUndoDry
	case u.Tally.Added.IsZero():
		return u, errUndoNothing
	case !u.Undo.IsZero():
		return u, nil
	}
	begun := Undo{Running: true, All: all, Deletion: i.book.NewDeletion(), Began: i.opts.Clock.Now().UTC()}
	was, err := i.store.ChangeUndo(ctx, acct.ID, sid, Undo{}, begun)
	if err != nil {
		return u, err
	}
	if !was { // somebody else was quicker
		return i.store.Upload(ctx, acct.ID, sid)
	}
	u.Undo = begun
	select {
	case i.undos <- struct{}{}:
	default: // it is awake already
	}
	return u, nil
}

// UsedContacts returns those of the contacts that an upload has added which undoing it
// keeps, limit at most, by their creation. Of a large upload it looks at the first
// [UsedLooked] only, and all tells whether it has looked at all.
func (i *Importer) UsedContacts(ctx context.Context, u *Upload, limit int) (used []AddedContact, all bool, err error) {
	if u.Tally.Added.Contacts == 0 {
		return nil, true, nil
	}
	used, err = i.store.AddedContacts(ctx, u, addressbook.SID{}, limit, true)
	return used, u.Tally.Added.Contacts <= UsedLooked, err
}

// undo works all undoings, until ctx ends.
func (i *Importer) undo(ctx context.Context) {
	const trouble = "an import could not be undone further; it will be tried again"
	tick := i.opts.Clock.Tick(undoEvery)
	for {
		if err := i.undoAll(ctx); err != nil && ctx.Err() == nil {
			i.opts.Log.Error(trouble, "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-i.undos:
		case <-tick:
		}
	}
}

// undoAll works the undoings that there are, a batch of each in turn. One that fails
// does not hold up the others: the errors are returned once no undoing succeeds.
func (i *Importer) undoAll(ctx context.Context) error {
	for ctx.Err() == nil {
		all, err := i.store.Undoing(ctx)
		if err != nil || len(all) == 0 {
			return err
		}
		var errs []error
		for _, u := range all {
			if err := i.undoBatch(ctx, &u); err != nil {
				errs = append(errs, err)
			}
		}
		if len(errs) == len(all) {
			return errors.Join(errs...)
		}
	}
	return nil
}

// undoBatch works a batch of an undoing, and then stores how far the undoing is. A
// server that ends in between leaves the batch to be done again, without the contacts
// that are deleted by then. Of two servers that work the same batch, one stores it.
func (i *Importer) undoBatch(ctx context.Context, u *Upload) error {
	turn := i.opts.Turns.For(u.Account.ID)
	if err := turn.Begin(ctx); err != nil {
		return err
	}
	defer turn.End()
	next := u.Undo
	var err error
	if u.Undo.Members {
		err = i.undoMembers(ctx, u, &next)
	} else {
		err = i.undoContacts(ctx, u, &next)
	}
	if err != nil {
		return err
	}
	_, err = i.store.ChangeUndo(ctx, u.Account.ID, u.SID, u.Undo, next)
	if err == nil && !next.Running {
		i.opts.Log.Info("upload undone", "account", u.Account.SID, "upload", u.SID, "kept", next.Kept)
	}
	return err
}

// undoContacts deletes the next contacts that the upload has added.
func (i *Importer) undoContacts(ctx context.Context, u *Upload, next *Undo) error {
	var found []AddedContact
	var err error
	if u.Tally.Added.Contacts > 0 {
		if found, err = i.store.AddedContacts(ctx, u, u.Undo.After, undoRows, false); err != nil {
			return err
		}
	}
	if len(found) == 0 {
		next.Members, next.After = true, addressbook.SID{}
		return nil
	}
	next.After = found[len(found)-1].SID
	var gone []addressbook.ContactRef
	for _, c := range found {
		if c.Used && !u.Undo.All {
			next.Kept++
		} else {
			gone = append(gone, addressbook.ContactRef{SID: c.SID})
		}
	}
	if len(gone) == 0 {
		return nil
	}
	if u.Undo.All {
		_, err = i.book.DeleteContacts(ctx, u.Account, u.Undo.Deletion, gone, nil)
		return err
	}
	unused := make([]addressbook.SID, len(gone))
	for j := range gone {
		unused[j] = gone[j].SID
	}
	kept, err := i.store.DeleteUnused(ctx, u, u.Undo.Deletion, unused) // some may be used by now
	next.Kept += kept
	return err
}

// undoMembers takes the next contacts that the upload has put into its list out of it.
func (i *Importer) undoMembers(ctx context.Context, u *Upload, next *Undo) error {
	found, err := i.store.AddedMembers(ctx, u, u.Undo.After, undoRows)
	if err != nil {
		return err
	}
	if len(found) == 0 {
		next.Running, next.Ended = false, i.opts.Clock.Now().UTC()
		return nil
	}
	next.After = found[len(found)-1]
	refs := make([]addressbook.ContactRef, len(found))
	for j, sid := range found {
		refs[j].SID = sid
	}
	if _, err = i.book.RemoveFromList(ctx, u.Account, u.List, refs, nil); fault.Is(err, fault.NotFound) {
		err = nil // the list is gone, and its members with it
	}
	return err
}
