package upload

import (
	"context"
	"fmt"
	"slices"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/audit"
	"callbook/internal/clock"
	"callbook/internal/fault"
	"callbook/internal/journal"
)

// PendingFile is a received file that waits for somebody to look at it and start it.
type PendingFile struct {
	SID      addressbook.SID // the upload will have the same sid
	Account  account.Account
	FileName string // the name of the file at its sender
	Size     int64  // of the file, in bytes
	// Request tells what to do with the file. It is never a dry run.
	Request Request
	// Trial is the sid of a dry run of the file with this Request, or zero.
	Trial   addressbook.SID
	Created time.Time // the date in the sid
}

// told is what the audit log tells of the file.
func (p *PendingFile) told(action audit.Action) audit.Change {
	return audit.Change{Action: action, Object: p.SID.String(), Done: 1}
}

const (
	// PendingLifetime is how long a file waits to be started.
	PendingLifetime = time.Hour
	// maxPendingOfAccount bounds the pending files of one account, and maxPending those
	// of all accounts.
	maxPendingOfAccount = 4
	maxPending          = 64
	// expireEvery is how often the importer looks for pending files that nobody has
	// started in time.
	expireEvery = time.Minute
)

// ErrNotPending is the fault of a sid that no pending file of the account has.
var ErrNotPending = fault.New(fault.NotFound, "This file is not waiting any more: it was started, removed, or nobody started it for an hour")

// ErrPendingFull is the fault of a file for an account that has maxPendingOfAccount
// pending files.
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

// PendingStore is the part of a [Store] for pending files.
type PendingStore interface {
	// AddPending adds a pending file.
	AddPending(ctx context.Context, f PendingFile) error

	// PendingFiles returns the pending files of all accounts, oldest first.
	PendingFiles(ctx context.Context) ([]PendingFile, error)

	// PendingFile returns one pending file, or a NotFound fault.
	PendingFile(ctx context.Context, account account.ID, sid addressbook.SID) (PendingFile, error)

	// ChangePending replaces the request and the trial of the pending file with this sid.
	// If there is none, the error is a NotFound fault.
	ChangePending(ctx context.Context, f PendingFile) error

	// RemovePending removes a pending file and reports whether it existed. If several
	// callers remove it at once, it returns true to one of them. It counts the file in the
	// context's [audit.Note].
	RemovePending(ctx context.Context, account account.ID, sid addressbook.SID) (bool, error)

	// StartPending is like AddUpload, for the pending file with the upload's sid. It
	// removes the pending file in the same transaction. If there is none, the error is a
	// NotFound fault.
	StartPending(ctx context.Context, u Upload, list addressbook.List, ready journal.Ready[addressbook.List]) error
}

// AddPending stores a received file as a pending one, durably. A mistake in the request,
// or in the file as a whole, is a fault; the caller must then discard the file. If the
// request does not name the columns, the pending file gets the mapping of
// [Importer.GuessMapping].
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
	adding, _ := audit.Begin(ctx, p.Account.ID, p.told(audit.ImportsReceive))
	if err := i.store.AddPending(adding, p); err != nil {
		if mayBeThere(err) {
			f.leave()
		}
		return PendingFile{}, err
	}
	// Others may have added files at the same moment, here or on another server. Whoever
	// finds too many of them removes its own.
	if err := i.checkRoom(ctx, f.account, 0); err != nil {
		if _, removing := i.store.RemovePending(ctx, p.Account.ID, p.SID); removing != nil {
			f.leave() // it may have been stored, and is removed after its time otherwise
		}
		return PendingFile{}, err
	}
	f.leave() // StartPending takes a new slot
	return p, nil
}

// checkPending returns the fault of a request that cannot be started, as far as that is
// known before its start.
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

// checkRoom returns a fault unless there is room for this many more pending files. It
// removes none to make room.
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

// ChangePending changes the request of a pending file. It forgets the trial of the
// earlier request.
func (i *Importer) ChangePending(ctx context.Context, acct account.Account, sid addressbook.SID, r Request) (PendingFile, error) {
	if err := i.checkPending(ctx, acct, r); err != nil {
		return PendingFile{}, err
	}
	p, err := i.store.PendingFile(ctx, acct.ID, sid)
	if err != nil {
		return PendingFile{}, err
	}
	p.Request, p.Trial = r, addressbook.SID{}
	ctx, _ = audit.Begin(ctx, acct.ID, p.told(audit.ImportsChange))
	return p, i.store.ChangePending(ctx, p)
}

// DiscardPending removes a pending file, if it exists.
func (i *Importer) DiscardPending(ctx context.Context, acct account.Account, sid addressbook.SID) error {
	removing, _ := audit.Begin(ctx, acct.ID, audit.Change{Action: audit.ImportsDiscard, Object: sid.String()})
	was, err := i.store.RemovePending(removing, acct.ID, sid)
	if err == nil && was {
		i.remove(acct.ID, sid)
	}
	return err
}

// expire removes files that nobody has started in time, until ctx ends.
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
