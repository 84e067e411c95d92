package upload

import (
	"context"
	"io"
	"mime/multipart"

	"callbook/internal/account"
	"callbook/internal/budget"
	"callbook/internal/fault"
)

const (
	// formBytes is the memory that a form takes while it is received: buffers, a piece of
	// the file on its way to the database, and the first rows.
	formBytes = 1 << 20
	// maxFormText is how many bytes of a text are read. No text of a form may be longer.
	maxFormText = 4 << 10
)

var errSecondFile = fault.InvalidField(FieldFile, "one file is taken at a time")

// FormError is the error of a form that could not be read completely.
type FormError struct{ Err error }

func (e FormError) Error() string { return "read a form: " + e.Err.Error() }

// Unwrap returns the error of the form's reader.
func (e FormError) Unwrap() error { return e.Err }

// ReceiveForm receives the file of a form as [Importer.Receive] does. It returns nil if
// the form has no file. Field is the name of the file's part. It also writes the file to
// sum, which may be nil. It calls text with the first 4 KiB of each other part. A second
// file is a fault.
func (i *Importer) ReceiveForm(ctx context.Context, acct account.Account, form *multipart.Reader, field string, sum io.Writer, text func(name, value string)) (*File, error) {
	if err := budget.Of(ctx).Take(ctx, formBytes); err != nil {
		return nil, err
	}
	var file *File
	for {
		part, err := form.NextPart()
		switch {
		case err == io.EOF:
			return file, nil
		case err != nil:
			err = FormError{err}
		case part.FormName() != field:
			var value []byte
			if value, err = io.ReadAll(io.LimitReader(part, maxFormText)); err != nil {
				err = FormError{err}
			}
			text(part.FormName(), string(value))
		case part.FileName() == "": // nobody chose a file
		case file != nil:
			err = errSecondFile
		default:
			file, err = i.receivePart(ctx, acct, part, sum)
		}
		if err != nil {
			file.Discard()
			return nil, err
		}
	}
}

func (i *Importer) receivePart(ctx context.Context, acct account.Account, part *multipart.Part, sum io.Writer) (*File, error) {
	body := &errorKeeper{Reader: part}
	if sum != nil {
		body.Reader = io.TeeReader(part, sum)
	}
	file, err := i.Receive(ctx, acct, body)
	if body.err != nil {
		file.Discard()
		return nil, FormError{body.err}
	}
	if err != nil {
		return nil, err
	}
	file.Name(part.FileName())
	return file, nil
}

// errorKeeper remembers the error of a reader, so that it can be told from that of a
// writer.
type errorKeeper struct {
	io.Reader
	err error
}

func (k *errorKeeper) Read(p []byte) (int, error) {
	n, err := k.Reader.Read(p)
	if err != nil && err != io.EOF {
		k.err = err
	}
	return n, err
}
