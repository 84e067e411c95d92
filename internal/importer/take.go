package importer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/fault"
	"callbook/internal/idempotency"
)

// File is a file that came in and is not an upload yet. It must be given to
// [Importer.Start], or discarded.
type File struct {
	importer *Importer
	account  account.Account
	sid      addressbook.SID
	born     time.Time // the time within the sid
	path     string
	done     bool // started or discarded
}

var (
	errTooLarge = fault.New(fault.TooLarge, fmt.Sprintf("Maximum allowed size of a file is %d bytes", MaxFileBytes))
	errNoList   = fault.New(fault.Missing, "ListName is mandatory")
	errNoFile   = fault.New(fault.Missing, "FileName is mandatory")
)

// Receive keeps what it reads, up to [MaxFileBytes], in a file on disk. After
// an error nothing is left of it.
func (i *Importer) Receive(acct account.Account, from io.Reader) (*File, error) {
	if err := i.hold(acct.ID); err != nil {
		return nil, err
	}
	sid, born := i.book.Birth()
	f := &File{importer: i, account: acct, sid: sid, born: born, path: i.path(sid)}
	if err := f.fill(from); err != nil {
		f.Discard()
		return nil, err
	}
	return f, nil
}

func (f *File) fill(from io.Reader) (err error) {
	if err := makeDir(filepath.Dir(f.path)); err != nil {
		return diskError("keep an upload", err)
	}
	file, err := os.OpenFile(f.path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return diskError("keep an upload", err)
	}
	defer func() {
		if closeErr := file.Close(); err == nil {
			err = diskError("keep an upload", closeErr)
		}
	}()
	size, err := io.Copy(file, io.LimitReader(from, MaxFileBytes+1))
	if size > MaxFileBytes {
		return errTooLarge
	}
	if err == nil {
		err = file.Sync()
	}
	return diskError("keep an upload", err)
}

// makeDir makes the folder for the files, durably.
func makeDir(dir string) error {
	err := os.Mkdir(dir, 0o700)
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return syncDir(filepath.Dir(dir))
}

// syncDir makes the names in a folder durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// diskError makes a fault of a full disk, which may have room later.
func diskError(doing string, err error) error {
	if err == nil {
		return nil
	}
	err = fmt.Errorf("%s: %w", doing, err)
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return &fault.Error{
			Kind:       fault.Unavailable,
			Detail:     "There is no room for the file",
			RetryAfter: time.Minute,
			Cause:      err,
		}
	}
	return err
}

// Discard removes the file, unless it became an upload. It may be called more
// than once, and on nil.
func (f *File) Discard() {
	if f == nil || f.done {
		return
	}
	f.done = true
	f.importer.remove(f.path)
	f.importer.release(f.account.ID)
}

// remove removes a file; what stays is removed at the next start.
func (i *Importer) remove(path string) {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		i.opts.Log.Error("the file of an upload could not be removed; the next start will try again", "error", err)
	}
}

// Request is what somebody wants with a file.
type Request struct {
	ListName string
	Type     addressbook.ListType
	// TypeGiven tells that the list must be of this type. Otherwise one that
	// is there may be of any, and a new one is static.
	TypeGiven bool
	// Options are what happens to contacts that are there already, and whether
	// anything is stored.
	Options addressbook.CreateOptions
}

// check refuses a request that nobody could serve, whatever the file.
func (r Request) check() error {
	if r.ListName == "" {
		return errNoList
	}
	return nil
}

// Start makes an upload of the file, durably, and queues it. What is wrong with
// the request or can be seen of the file at once is a fault; then the file is
// still there to be discarded. A nil file is one that was not sent. Ready is
// given the upload; see [Store].
func (i *Importer) Start(ctx context.Context, acct account.Account, f *File, r Request, ready func(Upload) *idempotency.Receipt) error {
	if err := r.check(); err != nil {
		return err
	}
	if f == nil {
		return errNoFile
	}
	list, err := i.book.PrepareList("ListName", r.ListName, r.Type)
	if err != nil {
		return err
	}
	if !r.TypeGiven {
		switch there, err := i.store.ListByName(ctx, acct.ID, r.ListName); {
		case err == nil:
			list.Type = there.Type
		case !isNotFound(err):
			return err
		}
	}
	u := Upload{
		SID:         f.sid,
		Account:     acct,
		ListName:    r.ListName,
		Type:        list.Type,
		OnDuplicate: r.Options.OnDuplicate,
		DryRun:      r.Options.DryRun,
		Created:     f.born,
		Updated:     i.opts.Now(),
	}
	if err := u.look(f.path); err != nil {
		return err
	}
	// The name of the file must be as durable as the row that names it.
	if err := syncDir(i.opts.Dir); err != nil {
		return diskError("keep an upload", err)
	}
	err = i.store.AddUpload(ctx, u, list, func(list addressbook.List) *idempotency.Receipt {
		u.List = list.SID
		return ready(u)
	})
	if err != nil {
		return err
	}
	f.done = true
	i.push(&task{upload: u})
	return nil
}

func isNotFound(err error) bool {
	f := fault.As(err)
	return f != nil && f.Kind == fault.NotFound
}

// look reads the header.
func (u *Upload) look(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("read an upload: %w", err)
	}
	defer file.Close()
	return u.ReadHeader(file)
}

// ReadHeader sets Header, and At to the first row, by the file's header for the
// upload's type. What is wrong with it is a fault.
func (u *Upload) ReadHeader(file io.ReaderAt) error {
	layout, err := readLayout(file, u.Type)
	if err != nil {
		return err
	}
	u.Header, u.At = layout.record, layout.rows
	return nil
}

// ErrOtherType is the fault of an upload for a list that is of another type,
// this one. Stores tell it.
func ErrOtherType(t addressbook.ListType) error {
	return fault.New(fault.Invalid, "Invalid type: the list is "+typeName(t))
}

func typeName(t addressbook.ListType) string {
	if t == addressbook.Dynamic {
		return "dynamic"
	}
	return "static"
}
