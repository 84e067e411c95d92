package shell

import (
	"errors"
	"fmt"
	"net/http"

	"callbook/internal/budget"
	"callbook/internal/fault"
)

const (
	// MaxForm is the size limit of a form that has no files, in bytes.
	MaxForm = 1 << 20
	// maxStrangersForm is that of one who is not signed in.
	maxStrangersForm = 8 << 10
	// formBytes is what a byte of a form takes: as it comes, and as values.
	formBytes = 3
)

// ErrForm is the fault of a form that could not be read.
var ErrForm = fault.New(fault.Unparsable, "The form could not be read.")

// ReadForm reads the request's form, of at most [MaxForm] bytes, or 8 KiB from
// strangers. Its values are then in r.PostForm. An error is a fault that a page
// can show.
func ReadForm(r *http.Request) error {
	if !visitorOf(r).known {
		return readForm(r, maxStrangersForm, false)
	}
	return readForm(r, MaxForm, true)
}

// readForm reads a form of up to most bytes. If counted is set, it takes the form's
// memory from the request's budget.
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
		return ErrForm // what the parser says has pieces of the form in it, which are not for the log
	}
	return nil
}

// Field is a form's field as the part "field" shows it.
type Field struct {
	Name, Label, Value string
	// Type is that of the input; "" is text, "select" and "textarea" are the
	// elements of that name.
	Type         string
	Hint         string // stands below, always
	Error        string // stands below when it is wrong
	Placeholder  string
	Autocomplete string // "" is off
	Required     bool
	Mono         bool   // for what is read character by character
	InputMode    string // which keys a phone shows, as HTML's inputmode; "" is by the type
	Focus        bool   // is typed into first
	Options      []Option
	MaxLength    int // 0: none
}

// Option is one of a select field.
type Option struct{ Value, Label string }
