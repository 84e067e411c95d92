package upload

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"reflect"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/fault"
	"callbook/internal/journal"
	"callbook/internal/upload/table"
)

// Preview reads the first rows of a pending file. A mistake in the file as a whole is a
// fault.
func (i *Importer) Preview(ctx context.Context, p *PendingFile) (table.Preview, error) {
	file, err := i.openPending(ctx, p)
	if err != nil {
		return table.Preview{}, err
	}
	defer file.Close()
	done, err := i.look(ctx)
	if err != nil {
		return table.Preview{}, err
	}
	defer done()
	return table.NewPreview(file, p.Size, p.Request.Type, p.Request.Mapping, i.prepareFor(p.Account), i.opts.Words)
}

// GuessMapping returns the mapping of a pending file. If another column is likelier to
// have the numbers than the one that the header tells, the mapping has guessed columns.
// The request must not name any columns.
func (i *Importer) GuessMapping(ctx context.Context, p *PendingFile) (table.Mapping, error) {
	preview, err := i.Preview(ctx, p)
	if err != nil {
		return table.Mapping{}, err
	}
	return preview.GuessMapping(p.Request.Mapping, i.prepareFor(p.Account)), nil
}

func (i *Importer) prepareFor(acct account.Account) table.Prepare {
	return func(drafts []addressbook.Draft) (addressbook.Prepared, error) { return i.book.Prepare(acct, drafts) }
}

func (i *Importer) openPending(ctx context.Context, p *PendingFile) (Content, error) {
	file, err := i.files.Open(ctx, p.Account.ID, p.SID)
	if err != nil {
		return nil, orNotPending(fmt.Errorf("read a pending file: %w", err))
	}
	return file, nil
}

// StartPending turns a pending file into an upload, durably, and queues it. It ends a dry
// run of the file that is still running.
func (i *Importer) StartPending(ctx context.Context, acct account.Account, sid addressbook.SID) (Upload, error) {
	p, err := i.store.PendingFile(ctx, acct.ID, sid)
	if err != nil {
		return Upload{}, err
	}
	if err := i.pool.TakeSlot(acct.ID); err != nil {
		return Upload{}, err
	}
	u := Upload{SID: p.SID, Account: acct, FileName: p.FileName, Size: p.Size, Created: p.Created}
	err = i.start(ctx, u, p.Request, i.store.StartPending, func(started Started) *journal.Receipt {
		u = started.Upload
		return nil
	})
	if err != nil {
		i.pool.FreeSlot(acct.ID)
		return Upload{}, orNotPending(err)
	}
	if p.Trial != (addressbook.SID{}) {
		if err := i.Cancel(ctx, acct, p.Trial, nil); err != nil && !fault.Is(err, fault.NotFound) {
			i.opts.Log.Warn("the dry run of a file that was started could not be ended", "upload", p.Trial, "error", err)
		}
	}
	return u, nil
}

// TryPending starts a dry run of a pending file. The dry run gets a copy of the file,
// because its own is removed at its end.
func (i *Importer) TryPending(ctx context.Context, acct account.Account, sid addressbook.SID) (Upload, error) {
	p, err := i.store.PendingFile(ctx, acct.ID, sid)
	if err != nil {
		return Upload{}, err
	}
	file, err := i.openPending(ctx, &p)
	if err != nil {
		return Upload{}, err
	}
	defer file.Close()
	copied, err := i.Receive(ctx, acct, io.NewSectionReader(file, 0, p.Size))
	if err != nil {
		return Upload{}, err
	}
	defer copied.Discard()
	if copied.size != p.Size {
		return Upload{}, errNotWhole
	}
	copied.name = p.FileName
	r := p.Request
	r.Options.DryRun = true
	var u Upload
	err = i.Start(ctx, acct, copied, r, func(started Started) *journal.Receipt {
		u = started.Upload
		return nil
	})
	if err != nil {
		return Upload{}, err
	}
	// If somebody changed the pending file while it was copied, keep their change; then
	// this is not its trial.
	now, err := i.store.PendingFile(ctx, acct.ID, sid)
	if err != nil || !reflect.DeepEqual(now.Request, p.Request) {
		return u, err
	}
	now.Trial = u.SID
	return u, i.store.ChangePending(ctx, now)
}

// orNotPending replaces an error that means that the file is gone with [ErrNotPending].
func orNotPending(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return ErrNotPending
	}
	return err
}
