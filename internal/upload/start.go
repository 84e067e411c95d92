package upload

import (
	"context"
	"errors"
	"fmt"
	"io"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/fault"
	"callbook/internal/journal"
	"callbook/internal/upload/table"
	"callbook/internal/work"
)

var (
	errNoList = fault.Mandatory(FieldListName)
	errNoFile = fault.Mandatory(FieldFile)
)

// The fields of a request that faults are about, beside those of [table].
const (
	FieldListName fault.Field = "list_name"
	FieldType     fault.Field = "type"
	FieldFile                 = table.FieldFile
	FieldColumns              = table.FieldColumns
)

// Fields returns all of them. A test of a table of words goes over them.
func Fields() []fault.Field {
	return []fault.Field{FieldListName, FieldType, FieldFile, FieldColumns}
}

// Request is what is to be done with a file.
type Request struct {
	// List is the list that the file is for; when it is zero, the file is for the
	// list called ListName, which is made when it is not there.
	List     addressbook.SID
	ListName string
	Type     addressbook.ListType
	// TypeGiven tells that the list must be of this type. Otherwise one that
	// is there may be of any, and a new one is static.
	TypeGiven bool
	// Mapping tells what the columns are for, where the header does not.
	Mapping table.Mapping
	// Options are what happens to contacts that are there already, and whether
	// anything is stored.
	Options addressbook.CreateOptions
}

// check returns the fault of a request that is wrong whatever the file.
func (r Request) check() error {
	if r.ListName == "" && r.List == (addressbook.SID{}) {
		return errNoList
	}
	return r.Mapping.Check()
}

// prepareList returns the request's list as a new one. The book's faults are
// about the name of a list, and the caller knows it as the request's.
func (i *Importer) prepareList(r Request) (addressbook.List, error) {
	list, err := i.book.PrepareList(r.ListName, r.Type)
	if f := fault.As(err); f != nil {
		err = f.About(FieldListName)
	}
	return list, err
}

// Started is an upload that was just made, and its list as it was at that moment.
// The list of a dry run with NewList is the one that would have been made.
type Started struct {
	Upload Upload
	List   addressbook.List
}

// Start makes an upload of the file, durably, and queues it. A mistake in the
// request or in the file's header is a fault; then the file is still there to be
// discarded. A nil file is one that was not sent. Ready is given the upload and its
// list; see [Store].
func (i *Importer) Start(ctx context.Context, acct account.Account, f *File, r Request, ready journal.Ready[Started]) error {
	if err := r.check(); err != nil {
		return err
	}
	if f == nil {
		return errNoFile
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

// mayBeThere reports whether the store may have added something although it
// returned this error: it may have failed after the commit.
func mayBeThere(err error) bool {
	return err != nil && !errors.Is(err, journal.ErrTaken) && (fault.As(err) == nil || fault.Is(err, fault.Unavailable))
}

// adding is how a store adds an upload.
type adding func(ctx context.Context, u Upload, list addressbook.List, ready journal.Ready[addressbook.List]) error

// start makes an upload as the request has it, adds it, and queues it. The caller
// has taken a slot for it, and after an error must free that.
func (i *Importer) start(ctx context.Context, u Upload, r Request, add adding, ready journal.Ready[Started]) error {
	list, err := i.listOf(ctx, u.Account, r)
	if err != nil {
		return err
	}
	u.List, u.ListName, u.Type, u.Mapping = r.List, list.Name, list.Type, r.Mapping
	u.OnDuplicate, u.DryRun = r.Options.OnDuplicate, r.Options.DryRun
	u.Started = i.opts.Clock.Now()
	u.Updated = u.Started
	if err := i.readHeader(ctx, &u); err != nil {
		return err
	}
	u.Lease = i.pool.FirstLease()
	err = add(ctx, u, list, func(list addressbook.List) *journal.Receipt {
		u.List = list.SID
		return ready.Receipt(Started{u, list})
	})
	if err != nil {
		return err
	}
	i.pool.Add(&task{importer: i, id: work.ID{Account: u.Account.ID, SID: u.SID}, account: u.Account.SID})
	return nil
}

// listOf returns the list that a request is for, of the type that it asks for: the
// one that is there, or a new one.
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

// look waits until fewer than maxLooks files are looked at.
func (i *Importer) look(ctx context.Context) (done func(), err error) {
	select {
	case i.looks <- struct{}{}:
		return func() { <-i.looks }, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("wait to look at a file: %w", context.Cause(ctx))
	}
}

// errNotWhole is the fault of a pending file that is not what came in.
var errNotWhole = table.BadFile("the file on the server is not as long any more as the one that came; send it again")

// ReadHeader sets Plan, Header, and Position to the first row, by the file's header
// for the upload's type and mapping. IsNumber tells whether a cell is a number; see
// [table.Find]. What is wrong with the header is a fault.
func (u *Upload) ReadHeader(file io.ReaderAt, isNumber func(string) bool) error {
	plan, header, err := table.Find(file, u.Size, u.Type, u.Mapping, isNumber)
	if err != nil {
		return err
	}
	u.Plan, u.Header, u.Position = plan, header, plan.Start
	return nil
}

// ErrOtherType is the fault of an upload for a list that is of another type,
// this one. Stores tell it.
func ErrOtherType(t addressbook.ListType) error {
	return fault.InvalidField(FieldType, "the list is "+typeName(t))
}

func typeName(t addressbook.ListType) string {
	if t == addressbook.Dynamic {
		return "dynamic"
	}
	return "static"
}
