package person

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"slices"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/budget"
	"callbook/internal/fault"
	"callbook/internal/upload"
	"callbook/internal/upload/table"
)

// filesOf returns the files of the account's imports that hold the person.
func (p *Persons) filesOf(ctx context.Context, acct account.Account, m *Matcher) (found []File, err error) {
	waiting, err := p.opts.Uploads.PendingFiles(ctx)
	if err != nil {
		return nil, err
	}
	for _, w := range waiting {
		if w.Account.ID != acct.ID {
			continue
		}
		file := File{SID: w.SID, FileName: w.FileName}
		if err := p.search(ctx, acct, m, &file, w.Size, w.Request.Type, w.Request.Mapping); err != nil {
			return nil, err
		}
		if len(file.Rows) > 0 {
			found = append(found, file)
		}
	}
	inUse, err := p.opts.Uploads.FilesInUse(ctx)
	if err != nil {
		return nil, err
	}
	for _, sid := range inUse {
		u, err := p.opts.Uploads.Upload(ctx, acct.ID, sid)
		switch {
		case fault.Is(err, fault.NotFound):
			continue // it waits, or is another account's
		case err != nil:
			return nil, err
		case u.State != upload.Running:
			continue
		}
		file := File{SID: sid, FileName: u.FileName, Running: true}
		if err := p.search(ctx, acct, m, &file, u.Size, u.Type, u.Mapping); err != nil {
			return nil, err
		}
		if len(file.Rows) > 0 {
			found = append(found, file)
		}
	}
	return found, nil
}

// maxFileRows bounds the rows of a file that are given out.
const maxFileRows = 1000

// search adds the rows with the person to a file. A file that is gone has none.
func (p *Persons) search(ctx context.Context, acct account.Account, m *Matcher, file *File, size int64, kind addressbook.ListType, mapping table.Mapping) error {
	content, err := p.opts.Files.Open(ctx, acct.ID, file.SID)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer content.Close()
	plan, _, err := table.Find(content, size, kind, mapping, nil)
	var rows table.Rows
	if err == nil {
		rows, err = plan.Open(content, size, plan.Start)
	}
	if fault.As(err) != nil {
		return searchBytes(content, m, file)
	}
	if err != nil {
		return err
	}
	if closer, ok := rows.(io.Closer); ok {
		defer closer.Close()
	}
	for len(file.Rows) < maxFileRows {
		row, err := rows.Next()
		switch {
		case err == io.EOF, fault.As(err) != nil: // the rest is damaged
			return nil
		case err != nil:
			return err
		}
		if slices.ContainsFunc(row.Cells, m.Holds) {
			weight := int64(100)
			for _, cell := range row.Cells {
				weight += int64(20 + len(cell))
			}
			if err := budget.Of(ctx).Claim(weight); err != nil {
				return err
			}
			file.Rows = append(file.Rows, slices.Clone(row.Cells))
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
	return nil
}

// searchBytes looks for the person in a file that is no table.
func searchBytes(content io.ReaderAt, m *Matcher, file *File) error {
	const size, overlap = 64 << 10, 64
	b := make([]byte, size)
	for at := int64(0); ; at += size - overlap {
		n, err := content.ReadAt(b, at)
		if m.Holds(string(b[:n])) {
			file.Rows = append(file.Rows, []string{"(the file cannot be read as a table)"})
			return nil
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// removeFile removes a file that waits. An import of the rest needs the file again,
// without the person. A file whose import was started meanwhile stays: the import needs
// it.
func (p *Persons) removeFile(ctx context.Context, acct account.Account, sid addressbook.SID) error {
	was, err := p.opts.Uploads.RemovePending(ctx, acct.ID, sid)
	if err != nil || !was {
		return err
	}
	return p.opts.Files.Remove(ctx, acct.ID, sid)
}
