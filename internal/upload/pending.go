package upload

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"reflect"
	"slices"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/fault"
	"callbook/internal/journal"
	"callbook/internal/upload/table"
	"callbook/internal/work"
)

// Draft is a file that came in and waits until somebody has looked at it and
// starts it.
type Draft struct {
	SID      addressbook.SID // the upload's, once it is started
	Account  account.Account
	FileName string // what the file was called where it came from
	Size     int64  // of the file, in bytes
	// Request is what is to be done with the file. A draft is never a dry run
	// itself.
	Request Request
	// Trial is the dry run of the file as Request has it; zero when there was
	// none.
	Trial   addressbook.SID
	Created time.Time // the time within the sid
}

const (
	// DraftLifetime is how long a draft waits to be started.
	DraftLifetime = time.Hour
	// maxDraftsOfAccount bounds the drafts of one account, of which the oldest
	// makes room for a new one, and maxDrafts those of all.
	maxDraftsOfAccount = 4
	maxDrafts          = 64
	// forgetEvery is how often drafts are looked for that nobody started.
	forgetEvery = time.Minute
)

// ErrNoDraft is the fault of a sid that no draft of the account has. Stores
// tell it, too.
var ErrNoDraft = fault.New(fault.NotFound, "This file is not waiting any more: it was started, removed, or nobody started it for an hour")

var errManyDrafts = &fault.Error{
	Kind:       fault.Unavailable,
	Detail:     "Too many files are waiting to be started",
	RetryAfter: forgetEvery,
}

// DraftStore is what [Importer] needs of a database for drafts.
type DraftStore interface {
	// AddDraft adds a draft.
	AddDraft(ctx context.Context, d Draft) error

	// Drafts returns the drafts of all accounts, oldest first.
	Drafts(ctx context.Context) ([]Draft, error)

	// Draft returns one draft, or a NotFound fault.
	Draft(ctx context.Context, account int64, sid addressbook.SID) (Draft, error)

	// ChangeDraft puts the request and the trial in the place of those that the
	// draft with this sid has; one that is not there is a NotFound fault.
	ChangeDraft(ctx context.Context, d Draft) error

	// RemoveDraft removes a draft, and tells whether it was there. Of several
	// callers that remove it at once, one is told that it was.
	RemoveDraft(ctx context.Context, account int64, sid addressbook.SID) (bool, error)

	// StartDraft is AddUpload for the draft with the upload's sid, which it
	// takes away in the same transaction. A draft that is not there is a
	// NotFound fault.
	StartDraft(ctx context.Context, u Upload, list addressbook.List, ready journal.Ready[addressbook.List]) error
}

// KeepDraft makes a draft of a file, durably. What is wrong with the request, or
// with the file as a whole, is a fault; then the file is still there to be
// discarded. Where the header does not name the columns as callbook does, the
// draft has a mapping that guesses what they are for.
func (i *Importer) KeepDraft(ctx context.Context, f *File, r Request) (Draft, error) {
	err := i.checkDraft(ctx, f.account, r)
	if err != nil {
		return Draft{}, err
	}
	d := Draft{SID: f.sid, Account: f.account, FileName: f.name, Size: f.size, Request: r, Created: f.born}
	if r.Mapping.IsZero() {
		if d.Request.Mapping, err = i.guessMapping(ctx, &d); err != nil {
			return Draft{}, err
		}
	}
	if err := i.makeRoom(ctx, f.account); err != nil {
		return Draft{}, err
	}
	if err := i.store.AddDraft(ctx, d); err != nil {
		if mayBeThere(err) {
			f.leave()
		}
		return Draft{}, err
	}
	f.done = true
	i.pool.FreeSlot(f.account.ID)
	return d, nil
}

// checkDraft refuses what could not be started, as far as that can be told.
func (i *Importer) checkDraft(ctx context.Context, acct account.Account, r Request) error {
	if err := r.check(); err != nil {
		return err
	}
	if _, err := i.book.PrepareList("ListName", r.ListName, r.Type); err != nil {
		return err
	}
	there, err := i.book.ListByName(ctx, acct, r.ListName)
	switch {
	case isFault(err, fault.NotFound):
		return nil
	case err != nil:
		return err
	case there.Type != r.Type:
		return ErrOtherType(there.Type)
	}
	return nil
}

// makeRoom removes the account's oldest drafts, so that there is room for one.
func (i *Importer) makeRoom(ctx context.Context, acct account.Account) error {
	all, err := i.store.Drafts(ctx)
	if err != nil {
		return err
	}
	own, waiting := draftsOf(acct, all), len(all)
	for len(own) >= maxDraftsOfAccount {
		if err := i.removeDraft(ctx, own[0]); err != nil {
			return err
		}
		own = own[1:]
		waiting--
	}
	if waiting >= maxDrafts {
		return errManyDrafts
	}
	return nil
}

// Drafts returns the account's drafts, oldest first.
func (i *Importer) Drafts(ctx context.Context, acct account.Account) ([]Draft, error) {
	all, err := i.store.Drafts(ctx)
	if err != nil {
		return nil, err
	}
	return draftsOf(acct, all), nil
}

// draftsOf returns those of the drafts that are the account's.
func draftsOf(acct account.Account, all []Draft) []Draft {
	return slices.DeleteFunc(slices.Clone(all), func(d Draft) bool { return d.Account.ID != acct.ID })
}

// Draft returns one draft of the account, or a NotFound fault.
func (i *Importer) Draft(ctx context.Context, acct account.Account, sid addressbook.SID) (Draft, error) {
	return i.store.Draft(ctx, acct.ID, sid)
}

// ChangeDraft changes what is to be done with a draft's file, and forgets its
// trial, which was of the request before.
func (i *Importer) ChangeDraft(ctx context.Context, acct account.Account, sid addressbook.SID, r Request) (Draft, error) {
	if err := i.checkDraft(ctx, acct, r); err != nil {
		return Draft{}, err
	}
	d, err := i.store.Draft(ctx, acct.ID, sid)
	if err != nil {
		return Draft{}, err
	}
	d.Request, d.Trial = r, addressbook.SID{}
	return d, i.store.ChangeDraft(ctx, d)
}

// DiscardDraft removes a draft and its file. That one is not there is no error.
func (i *Importer) DiscardDraft(ctx context.Context, acct account.Account, sid addressbook.SID) error {
	return i.removeDraft(ctx, Draft{SID: sid, Account: acct})
}

func (i *Importer) removeDraft(ctx context.Context, d Draft) error {
	was, err := i.store.RemoveDraft(ctx, d.Account.ID, d.SID)
	if err == nil && was {
		i.remove(d.Account.ID, d.SID)
	}
	return err
}

// StartDraft makes an upload of a draft, durably, and queues it.
func (i *Importer) StartDraft(ctx context.Context, acct account.Account, sid addressbook.SID) (Upload, error) {
	d, err := i.store.Draft(ctx, acct.ID, sid)
	if err != nil {
		return Upload{}, err
	}
	if err := i.pool.TakeSlot(acct.ID); err != nil {
		return Upload{}, err
	}
	u := Upload{SID: d.SID, Account: acct, FileName: d.FileName, Size: d.Size, Created: d.Created}
	err = i.start(ctx, u, d.Request, i.store.StartDraft, func(started Upload) *journal.Receipt {
		u = started
		return nil
	})
	if err != nil {
		i.pool.FreeSlot(acct.ID)
		return Upload{}, orNoDraft(err)
	}
	return u, nil
}

// TryDraft starts a dry run of a draft's file, which stays as it is. The dry run
// has a copy, since an upload's file goes with its end.
func (i *Importer) TryDraft(ctx context.Context, acct account.Account, sid addressbook.SID) (Upload, error) {
	d, err := i.store.Draft(ctx, acct.ID, sid)
	if err != nil {
		return Upload{}, err
	}
	file, err := i.openDraft(ctx, &d)
	if err != nil {
		return Upload{}, err
	}
	defer file.Close()
	copied, err := i.Receive(ctx, acct, io.NewSectionReader(file, 0, d.Size))
	if err != nil {
		return Upload{}, err
	}
	defer copied.Discard()
	if copied.size != d.Size {
		return Upload{}, errNotWhole
	}
	copied.name = d.FileName
	r := d.Request
	r.Options.DryRun = true
	var u Upload
	err = i.Start(ctx, acct, copied, r, func(started Upload) *journal.Receipt {
		u = started
		return nil
	})
	if err != nil {
		return Upload{}, err
	}
	// Whoever changed the draft while its file was copied does not lose that, and
	// this is no trial of the draft as it is now.
	now, err := i.store.Draft(ctx, acct.ID, sid)
	if err != nil || !reflect.DeepEqual(now.Request, d.Request) {
		return u, err
	}
	now.Trial = u.SID
	return u, i.store.ChangeDraft(ctx, now)
}

// Preview reads the first rows of a draft's file. What is wrong with the file as
// a whole is a fault.
func (i *Importer) Preview(ctx context.Context, d *Draft) (table.Preview, error) {
	file, err := i.openDraft(ctx, d)
	if err != nil {
		return table.Preview{}, err
	}
	defer file.Close()
	return table.NewPreview(file, d.Request.Type, d.Request.Mapping, i.prepareFor(d.Account))
}

func (i *Importer) guessMapping(ctx context.Context, d *Draft) (table.Mapping, error) {
	file, err := i.openDraft(ctx, d)
	if err != nil {
		return table.Mapping{}, err
	}
	defer file.Close()
	return table.GuessMapping(file, d.Request.Type, i.prepareFor(d.Account))
}

func (i *Importer) prepareFor(acct account.Account) table.Prepare {
	return func(drafts []addressbook.Draft) (addressbook.Prepared, error) { return i.book.Prepare(acct, drafts) }
}

func (i *Importer) openDraft(ctx context.Context, d *Draft) (Content, error) {
	file, err := i.files.Open(ctx, d.Account.ID, d.SID)
	if err != nil {
		return nil, orNoDraft(fmt.Errorf("read a draft: %w", err))
	}
	return file, nil
}

// orNoDraft returns [ErrNoDraft] in the place of an error that tells that the
// file is gone, since files go with their drafts.
func orNoDraft(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return ErrNoDraft
	}
	return err
}

// forgetDrafts removes drafts that nobody started, until ctx ends.
func (i *Importer) forgetDrafts(ctx context.Context) {
	work.Every(ctx, forgetEvery, i.opts.Log, "files that nobody started could not be removed; it will be tried again", i.forgetOldDrafts)
}

func (i *Importer) forgetOldDrafts(ctx context.Context) error {
	all, err := i.store.Drafts(ctx)
	if err != nil {
		return err
	}
	for _, d := range all {
		if i.opts.Now().Sub(d.Created) < DraftLifetime {
			continue
		}
		if err := i.removeDraft(ctx, d); err != nil {
			return err
		}
	}
	return nil
}
