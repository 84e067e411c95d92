package shell

import (
	"errors"
	"fmt"
	"net/http"

	"callbook/internal/budget"
	"callbook/internal/fault"
)

const (
	// MaxForm bounds a form without files, in bytes.
	MaxForm = 1 << 20
	// maxStrangersForm bounds the form of a visitor who is not signed in, in bytes.
	maxStrangersForm = 8 << 10
	// formBytes is the memory for each byte of a form: as it arrives, and as values.
	formBytes = 3
)

// ErrForm is the fault of a form that could not be parsed.
var ErrForm = fault.New(fault.Unparsable, "The form could not be read.")

// ReadForm parses the request's form into r.PostForm. The form may have [MaxForm] bytes,
// or 8 KiB if the visitor is not signed in. An error is a fault that a page can show.
func ReadForm(r *http.Request) error {
	if !visitorOf(r).known {
		return readForm(r, maxStrangersForm, false)
	}
	return readForm(r, MaxForm, true)
}

// readForm parses a form of at most most bytes. If counted is set, it claims the form's
// memory from the request's share.
func readForm(r *http.Request, most int64, counted bool) error {
	if counted && r.ContentLength != 0 {
		size := most
		if r.ContentLength > 0 {
			size = min(most, r.ContentLength)
		}
		if err := budget.Of(r.Context()).Take(r.Context(), formBytes*size); err != nil {
			return err
		}
	}
	r.Body = http.MaxBytesReader(nil, r.Body, most)
	err := r.ParseForm()
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return fault.New(fault.TooLarge, fmt.Sprintf("A form has at most %d KiB.", tooLarge.Limit>>10))
	}
	if err != nil {
		return ErrForm // the parser's error may quote the form, so it is not logged
	}
	return nil
}

// Field is a field of a form, as the part "field" shows it.
type Field struct {
	Name, Label, Value string
	// Type is the type of the input, or "select" or "textarea" for these elements; ""
	// means text.
	Type         string
	Hint         string // always shown below the field
	Error        string // shown below the field if it is invalid
	Placeholder  string
	Autocomplete string // "" means off
	Required     bool
	Depends      bool   // required or not by other fields, so that the label says neither
	Mono         bool   // monospaced, for what people compare character by character
	InputMode    string // HTML's inputmode, which selects the keyboard of a phone; "" means that of the type
	Focus        bool   // has the focus when the page opens
	Options      []Option
	MaxLength    int // 0 means none
	Rows         int // of a textarea; 0 means 8
}

// Option is an option of a select field.
type Option struct{ Value, Label string }
