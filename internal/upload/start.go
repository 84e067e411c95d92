package upload

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/audit"
	"callbook/internal/fault"
	"callbook/internal/journal"
	"callbook/internal/upload/table"
	"callbook/internal/work"
)

var (
	errNoList = fault.Mandatory(FieldListName)
	errNoFile = fault.Mandatory(FieldFile)
)

// These fields of a request appear in faults, besides those of package table.
const (
	FieldListName fault.Field = "list_name"
	FieldType     fault.Field = "type"
	FieldFile                 = table.FieldFile
	FieldColumns              = table.FieldColumns
)

// Fields returns these fields. A test goes over them.
func Fields() []fault.Field {
	return []fault.Field{FieldListName, FieldType, FieldFile, FieldColumns}
}

// Request tells what to do with a file.
type Request struct {
	// List is the list to import into. If it is zero, that is the list named ListName,
	// which is created if it does not exist.
	List     addressbook.SID
	ListName string
	// Suppresses means that the numbers become suppressions. The fields about lists,
	// contacts and dry runs are ignored then.
	Suppresses bool
	Type       addressbook.ListType
	// TypeGiven means that the list must have the type Type. Otherwise an existing list
	// may have any type, and a new one is static.
	TypeGiven bool
	// Mapping tells what the columns are for, as far as the header does not.
	Mapping table.Mapping
	// Options tell what to do with existing contacts, and whether this is a dry run.
	Options addressbook.CreateOptions
}

// check returns the fault of a request that is wrong for any file.
func (r Request) check() error {
	if !r.Suppresses && r.ListName == "" && r.List == (addressbook.SID{}) {
		return errNoList
	}
	return r.Mapping.Check()
}

// prepareList validates the request's list as a new one. The book's faults name the field
// of a list; the caller knows that field by the request's name.
func (i *Importer) prepareList(r Request) (addressbook.List, error) {
	list, err := i.book.PrepareList(r.ListName, r.Type)
	if f := fault.As(err); f != nil {
		err = f.About(FieldListName)
	}
	return list, err
}

// Started is an upload that was just added, and its list at that moment. In a dry run
// with NewList, the list is the one that would have been created.
type Started struct {
	Upload Upload
	List   addressbook.List
}

// Start turns a file into an upload, durably, and queues it. A mistake in the request or
// in the file's header is a fault; the caller must then discard the file. F is nil if no
// file was sent. Start calls ready with the upload and its list; see [Store].
func (i *Importer) Start(ctx context.Context, acct account.Account, f *File, r Request, ready journal.Ready[Started]) error {
	if err := r.check(); err != nil {
		return err
	}
	if f == nil {
		return errNoFile
	}
	if r.Suppresses && r.Mapping.IsZero() { // no person has reviewed the file
		var err error
		if r.Mapping, err = i.GuessMapping(ctx, &PendingFile{SID: f.sid, Account: acct, Size: f.size, Request: r}); err != nil {
			return i.orDeleted(ctx, acct.ID, err)
		}
	}
	u := Upload{SID: f.sid, Account: acct, FileName: f.name, Size: f.size, Created: f.born}
	unsure := false
	err := i.start(ctx, u, r, func(ctx context.Context, u Upload, list addressbook.List, ready journal.Ready[addressbook.List]) error {
		err := i.store.AddUpload(ctx, u, list, ready)
		unsure = mayBeThere(err)
		return err
	}, ready)
	switch {
	case err == nil:
		f.done = true
	case unsure:
		f.leave()
	}
	return err
}

// mayBeThere reports whether the store may have added the upload despite this error,
// because it failed after the commit.
func mayBeThere(err error) bool {
	return err != nil && !errors.Is(err, journal.ErrTaken) && (fault.As(err) == nil || fault.Is(err, fault.Unavailable))
}

// adding is a method of a store that adds an upload.
type adding func(ctx context.Context, u Upload, list addressbook.List, ready journal.Ready[addressbook.List]) error

// start fills in an upload from the request, adds it, and queues it. The caller must have
// taken a slot for it, and must free that after an error.
func (i *Importer) start(ctx context.Context, u Upload, r Request, add adding, ready journal.Ready[Started]) error {
	var list addressbook.List
	var err error
	if r.Suppresses {
		r.Options = addressbook.CreateOptions{OnDuplicate: addressbook.SkipDuplicate}
	} else if list, err = i.listOf(ctx, u.Account, r); err != nil {
		return err
	}
	u.Suppresses = r.Suppresses
	u.List, u.ListName, u.Type, u.Mapping = r.List, list.Name, list.Type, r.Mapping
	u.OnDuplicate, u.DryRun = r.Options.OnDuplicate, r.Options.DryRun
	u.Started = i.opts.Clock.Now()
	u.Updated = u.Started
	if err := i.readHeader(ctx, &u); err != nil {
		return i.orDeleted(ctx, u.Account.ID, err)
	}
	u.Lease = i.pool.FirstLease()
	ctx, note := audit.Begin(ctx, u.Account.ID)
	err = add(ctx, u, list, func(list addressbook.List) *journal.Receipt {
		u.List = list.SID
		if !u.DryRun { // a dry run changes nothing
			note.Tell(audit.Change{Action: audit.ImportsStart, Object: u.SID.String(), Subjects: audit.One(u.List), Done: 1})
		}
		return ready.Receipt(Started{u, list})
	})
	if err != nil {
		return err
	}
	i.pool.Add(&task{importer: i, id: work.ID{Account: u.Account.ID, SID: u.SID}, account: u.Account.SID})
	return nil
}

// listOf returns the list of a request: the existing one, which must have the requested
// type, or a new one.
func (i *Importer) listOf(ctx context.Context, acct account.Account, r Request) (list addressbook.List, err error) {
	var there addressbook.List
	if r.List != (addressbook.SID{}) {
		if list, err = i.book.List(ctx, acct, r.List); err != nil {
			return list, err
		}
		there = list
	} else {
		if list, err = i.prepareList(r); err != nil {
			return list, err
		}
		if there, err = i.book.ListByName(ctx, acct, r.ListName); fault.Is(err, fault.NotFound) {
			return list, nil
		}
	}
	list.Type = there.Type
	if r.TypeGiven {
		list.Type = r.Type
	}
	return list, err
}

// orDeleted returns [account.ErrDeleted] if err is about a file that is missing or cut off
// because its account is being deleted, and otherwise err. It finds that out as any write
// does: by deleting an old upload beyond the account's limits, if there is one.
func (i *Importer) orDeleted(ctx context.Context, id account.ID, err error) error {
	if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, errNotWhole) && !errors.Is(err, errFileChanged) {
		return err
	}
	if _, trimErr := i.store.TrimUploads(ctx, id, accountLimits, 1); errors.Is(trimErr, account.ErrDeleted) {
		return trimErr
	}
	return err
}

// readHeader reads the header of an upload's file.
func (i *Importer) readHeader(ctx context.Context, u *Upload) error {
	file, err := i.files.Open(ctx, u.Account.ID, u.SID)
	if err != nil {
		return fmt.Errorf("read an upload: %w", err)
	}
	defer file.Close()
	size, err := file.Size()
	if err != nil {
		return fmt.Errorf("read an upload: %w", err)
	}
	if size != u.Size {
		return errNotWhole
	}
	done, err := i.look(ctx)
	if err != nil {
		return err
	}
	defer done()
	return u.ReadHeader(file, i.prepareFor(u.Account).IsNumber)
}

// look waits until fewer than maxLooks files are being looked at, and counts one more
// until done is called.
func (i *Importer) look(ctx context.Context) (done func(), err error) {
	select {
	case i.looks <- struct{}{}:
		return func() { <-i.looks }, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("wait to look at a file: %w", context.Cause(ctx))
	}
}

// errNotWhole is the fault of a pending file that has lost bytes since it was received.
var errNotWhole = table.BadFile("the file on the server is not as long any more as the one that came; send it again")

// ReadHeader reads the file's header, for the upload's type and mapping. It sets Plan,
// Header, and Position to the first row. IsNumber reports whether a cell is a number; see
// [table.Find]. A mistake in the header is a fault.
func (u *Upload) ReadHeader(file io.ReaderAt, isNumber func(string) bool) error {
	plan, header, err := table.Find(file, u.Size, u.Type, u.Mapping, isNumber)
	if err != nil {
		return err
	}
	u.Plan, u.Header, u.Position = plan, header, plan.Start
	return nil
}

// ErrOtherType returns the fault of an upload into a list that has the type t and not the
// requested one.
func ErrOtherType(t addressbook.ListType) error {
	return fault.InvalidField(FieldType, "the list is "+typeName(t))
}

func typeName(t addressbook.ListType) string {
	if t == addressbook.Dynamic {
		return "dynamic"
	}
	return "static"
}
