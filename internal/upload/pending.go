package upload

import (
	"context"
	"fmt"
	"slices"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/clock"
	"callbook/internal/fault"
	"callbook/internal/journal"
)

// PendingFile is a file that came in and waits until somebody has looked at it
// and starts it.
type PendingFile struct {
	SID      addressbook.SID // the upload's, once it is started
	Account  account.Account
	FileName string // what the file was called where it came from
	Size     int64  // of the file, in bytes
	// Request is what is to be done with the file. It is never a dry run itself.
	Request Request
	// Trial is the dry run of the file as Request has it; zero when there was
	// none.
	Trial   addressbook.SID
	Created time.Time // the time within the sid
}

const (
	// PendingLifetime is how long a file waits to be started.
	PendingLifetime = time.Hour
	// maxPendingOfAccount bounds the pending files of one account, and maxPending
	// those of all.
	maxPendingOfAccount = 4
	maxPending          = 64
	// expireEvery is how often files that nobody started are looked for.
	expireEvery = time.Minute
)

// ErrNotPending is the fault of a sid that no pending file of the account has.
// Stores tell it, too.
var ErrNotPending = fault.New(fault.NotFound, "This file is not waiting any more: it was started, removed, or nobody started it for an hour")

// ErrPendingFull is the fault of a file of an account that has as many pending files as
// it may.
var ErrPendingFull = &fault.Error{
	Kind:   fault.TooMany,
	Field:  FieldFile,
	Detail: fmt.Sprintf("%d files are waiting already, and this one was not taken. Import or remove one of them first, then send it again", maxPendingOfAccount),
}

var errManyPending = &fault.Error{
	Kind:       fault.Unavailable,
	Detail:     "Too many files are waiting to be started",
	RetryAfter: expireEvery,
}

// PendingStore is the part of a [Store] that has the pending files.
type PendingStore interface {
	// AddPending adds a pending file.
	AddPending(ctx context.Context, f PendingFile) error

	// PendingFiles returns the pending files of all accounts, oldest first.
	PendingFiles(ctx context.Context) ([]PendingFile, error)

	// PendingFile returns one pending file, or a NotFound fault.
	PendingFile(ctx context.Context, account account.ID, sid addressbook.SID) (PendingFile, error)

	// ChangePending replaces the request and the trial of the pending file with
	// this sid; one that is not there is a NotFound fault.
	ChangePending(ctx context.Context, f PendingFile) error

	// RemovePending removes a pending file, and tells whether it was there. Of
	// several callers that remove it at once, one is told that it was.
	RemovePending(ctx context.Context, account account.ID, sid addressbook.SID) (bool, error)

	// StartPending is AddUpload for the pending file with the upload's sid, which
	// it removes in the same transaction. One that is not there is a NotFound
	// fault.
	StartPending(ctx context.Context, u Upload, list addressbook.List, ready journal.Ready[addressbook.List]) error
}

// AddPending stores a received file as a pending one, durably. A mistake in the
// request, or in the file as a whole, is a fault; then the file is still there to
// be discarded. Where the request does not name the columns, the pending file gets
// what [Importer.GuessMapping] returns.
func (i *Importer) AddPending(ctx context.Context, f *File, r Request) (PendingFile, error) {
	if err := i.checkPending(ctx, f.account, r); err != nil {
		return PendingFile{}, err
	}
	p := PendingFile{SID: f.sid, Account: f.account, FileName: f.name, Size: f.size, Request: r, Created: f.born}
	if r.Mapping.Columns == nil {
		var err error
		if p.Request.Mapping, err = i.GuessMapping(ctx, &p); err != nil {
			return PendingFile{}, err
		}
	}
	if err := i.checkRoom(ctx, f.account, 1); err != nil {
		return PendingFile{}, err
	}
	if err := i.store.AddPending(ctx, p); err != nil {
		if mayBeThere(err) {
			f.leave()
		}
		return PendingFile{}, err
	}
	// Others may have come in at the same moment, here or on another server. Whoever
	// finds too many, its own among them, takes its own back.
	if err := i.checkRoom(ctx, f.account, 0); err != nil {
		if _, removing := i.store.RemovePending(ctx, p.Account.ID, p.SID); removing != nil {
			f.leave() // it waits, or is removed once its time is over
		}
		return PendingFile{}, err
	}
	f.leave() // to whoever starts it
	return p, nil
}

// checkPending returns the fault of a request that could not be started, as far as
// that is known yet.
func (i *Importer) checkPending(ctx context.Context, acct account.Account, r Request) error {
	if err := r.check(); err != nil {
		return err
	}
	if _, err := i.prepareList(r); err != nil {
		return err
	}
	there, err := i.book.ListByName(ctx, acct, r.ListName)
	switch {
	case fault.Is(err, fault.NotFound):
		return nil
	case err != nil:
		return err
	case there.Type != r.Type:
		return ErrOtherType(there.Type)
	}
	return nil
}

// checkRoom returns the fault of a file for which there is no room, with this many more
// than those that wait. None of them goes unasked.
func (i *Importer) checkRoom(ctx context.Context, acct account.Account, more int) error {
	all, err := i.store.PendingFiles(ctx)
	switch {
	case err != nil:
		return err
	case len(pendingOf(acct, all))+more > maxPendingOfAccount:
		return ErrPendingFull
	case len(all)+more > maxPending:
		return errManyPending
	}
	return nil
}

// PendingFiles returns the account's pending files, oldest first.
func (i *Importer) PendingFiles(ctx context.Context, acct account.Account) ([]PendingFile, error) {
	all, err := i.store.PendingFiles(ctx)
	if err != nil {
		return nil, err
	}
	return pendingOf(acct, all), nil
}

func pendingOf(acct account.Account, all []PendingFile) []PendingFile {
	return slices.DeleteFunc(slices.Clone(all), func(p PendingFile) bool { return p.Account.ID != acct.ID })
}

// PendingFile returns one pending file of the account, or a NotFound fault.
func (i *Importer) PendingFile(ctx context.Context, acct account.Account, sid addressbook.SID) (PendingFile, error) {
	return i.store.PendingFile(ctx, acct.ID, sid)
}

// ChangePending changes what is to be done with a pending file, and forgets its
// trial, which was of the request before.
func (i *Importer) ChangePending(ctx context.Context, acct account.Account, sid addressbook.SID, r Request) (PendingFile, error) {
	if err := i.checkPending(ctx, acct, r); err != nil {
		return PendingFile{}, err
	}
	p, err := i.store.PendingFile(ctx, acct.ID, sid)
	if err != nil {
		return PendingFile{}, err
	}
	p.Request, p.Trial = r, addressbook.SID{}
	return p, i.store.ChangePending(ctx, p)
}

// DiscardPending removes a pending file. That one is not there is no error.
func (i *Importer) DiscardPending(ctx context.Context, acct account.Account, sid addressbook.SID) error {
	was, err := i.store.RemovePending(ctx, acct.ID, sid)
	if err == nil && was {
		i.remove(acct.ID, sid)
	}
	return err
}

// expire removes files that nobody started, until ctx ends.
func (i *Importer) expire(ctx context.Context) {
	clock.Job{
		Clock: i.opts.Clock, Every: expireEvery, Do: i.discardExpired,
		Log: i.opts.Log, Failed: "files that nobody started could not be removed; it will be tried again",
	}.Run(ctx)
}

func (i *Importer) discardExpired(ctx context.Context) error {
	all, err := i.store.PendingFiles(ctx)
	if err != nil {
		return err
	}
	for _, p := range all {
		if i.opts.Clock.Now().Sub(p.Created) < PendingLifetime {
			continue
		}
		if err := i.DiscardPending(ctx, p.Account, p.SID); err != nil {
			return err
		}
	}
	return nil
}
