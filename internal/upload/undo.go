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
	"callbook/internal/audit"
	"callbook/internal/fault"
)

// Additions are what an upload has added, and what an undo removes. They are zero if the
// upload has added nothing, or is older than the undo feature.
type Additions struct {
	// Contacts is how many contacts are new. Their sids are between First and Last. Sids
	// of other contacts that were added at the same time may be, too.
	Contacts int             `json:"contacts,omitempty"`
	First    addressbook.SID `json:"first"`
	Last     addressbook.SID `json:"last"`
	// Members is how many existing contacts were added to the list.
	Members int `json:"members,omitempty"`
}

// plus returns the sum of a and more.
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

// Undo is the progress of undoing an upload. It is zero if nobody has asked for it.
type Undo struct {
	Running bool `json:"running"`
	// All means that contacts are deleted even if they were changed or are in other
	// lists.
	All bool `json:"all,omitempty"`
	// Members means that all contacts are done and the list's members are next. After is
	// the contact that was visited last.
	Members bool            `json:"members,omitempty"`
	After   addressbook.SID `json:"after"`
	// Deletion is the deletion of the contacts in the trash.
	Deletion addressbook.SID `json:"deletion"`
	// Kept is how many contacts were not deleted; see [Importer.Undo].
	Kept  int       `json:"kept,omitempty"`
	Began time.Time `json:"began"`
	Ended time.Time `json:"ended"` // zero while it is under way
}

// IsZero reports whether nobody has asked to undo the upload.
func (u Undo) IsZero() bool { return u.Began.IsZero() }

// Encode returns the progress as text for a database, or "" for the zero Undo.
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

// AddedContact is a contact that an upload has added and that still exists.
type AddedContact struct {
	addressbook.Contact
	// Used means that it was changed since, or is in another list.
	Used bool
}

// UsedLooked is how many of an upload's contacts [UndoStore.AddedContacts] checks for
// being Used. It takes some 20 ms, and a page waits for it.
const UsedLooked = 5000

// UndoStore is the part of a [Store] that undoes uploads. Stores mark each contact that
// an upload adds with its [Mark], and each existing contact's new list membership. A
// membership that an upload adds together with its contact has no mark, but the same date
// as the contact.
type UndoStore interface {
	// AddedContacts returns up to limit contacts with an upload's mark, ordered by sid,
	// from behind the sid after. If used is set, it checks only the first [UsedLooked] of
	// them, and returns those that are Used.
	AddedContacts(ctx context.Context, u *Upload, after addressbook.SID, limit int, used bool) ([]AddedContact, error)

	// DeleteUnused deletes these contacts, all added by the upload, unless they are Used
	// by now. It returns how many it has kept.
	DeleteUnused(ctx context.Context, u *Upload, deletion addressbook.SID, contacts []addressbook.SID) (kept int, err error)

	// AddedMembers returns up to limit contacts that the upload has added to its list,
	// ordered by sid, from behind the sid after.
	AddedMembers(ctx context.Context, u *Upload, after addressbook.SID, limit int) ([]addressbook.SID, error)

	// ChangeUndo sets the undoing of an upload to now if it still equals was, and
	// reports whether it did. If so, it counts that in the context's [audit.Note].
	ChangeUndo(ctx context.Context, account account.ID, sid addressbook.SID, was, now Undo) (bool, error)

	// Undoing returns a few uploads of all accounts that are being undone.
	Undoing(ctx context.Context) ([]Upload, error)
}

// Mark returns the mark of an upload for its contacts and memberships: the first half of
// its sid, which is its creation time in steps of 1/4096 ms. No two uploads of a server
// have the same mark.
func Mark(sid addressbook.SID) int64 { return int64(sid.Prefix()) }

const (
	// undoRows is how many contacts one transaction of an undo deletes. Other writers
	// wait for it.
	undoRows = 500
	// undoEvery is how often a server looks for undos that another server has begun or
	// abandoned.
	undoEvery = 5 * time.Second
)

var (
	errUndoRunning = fault.New(fault.Invalid, "The upload is still running; cancel it before it is undone")
	errUndoDry     = fault.New(fault.Invalid, "A dry run has nothing to undo")
	errUndoNothing = fault.New(fault.Invalid, "There is nothing to undo: the upload added no contact and put none into the list, or it is older than undoing")
)

// Undo starts to undo an upload, durably. In the background, it removes from the list the
// contacts that the upload has added to it, and moves the contacts that the upload has
// created into the trash. Without all, it keeps contacts that were changed since or are
// in another list. It does not revert contacts that the upload has overwritten. It goes
// on after a restart. If an undo has started already, Undo does not change it. Undo
// returns the upload's new state.
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
	undoing, _ := audit.Begin(ctx, acct.ID, audit.Change{Action: audit.ImportsUndo, Object: sid.String(), Subjects: audit.One(u.List)})
	was, err := i.store.ChangeUndo(undoing, acct.ID, sid, Undo{}, begun)
	if err != nil {
		return u, err
	}
	if !was { // another request was faster
		return i.store.Upload(ctx, acct.ID, sid)
	}
	u.Undo = begun
	select {
	case i.undos <- struct{}{}:
	default: // a wake-up is pending already
	}
	return u, nil
}

// UsedContacts returns up to limit contacts that an undo would keep, ordered by creation.
// All is false if the upload is large and only its first [UsedLooked] contacts were
// checked.
func (i *Importer) UsedContacts(ctx context.Context, u *Upload, limit int) (used []AddedContact, all bool, err error) {
	if u.Tally.Added.Contacts == 0 {
		return nil, true, nil
	}
	used, err = i.store.AddedContacts(ctx, u, addressbook.SID{}, limit, true)
	return used, u.Tally.Added.Contacts <= UsedLooked, err
}

// undo runs all undos, until ctx ends.
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

// undoAll runs all current undos, a batch of each in turn. An undo that fails does not
// hold up the others. UndoAll returns the errors when no undo makes progress any more.
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

// undoBatch runs a batch of an undo and then stores the progress. If the server ends in
// between, the batch is repeated; contacts that are deleted already do no harm. If two
// servers run the same batch, only one stores its progress.
func (i *Importer) undoBatch(ctx context.Context, u *Upload) error {
	ctx = audit.Untold(ctx) // the log has who has asked for it
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
	kept, err := i.store.DeleteUnused(ctx, u, u.Undo.Deletion, unused) // it keeps contacts that were used in the meantime
	next.Kept += kept
	return err
}

// undoMembers removes from the list the next contacts that the upload has added to it.
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
