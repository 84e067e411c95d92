package dashboard

import (
	"errors"
	"fmt"
	"net/http"

	"callbook/internal/fault"
)

// maxForm is the size limit of a form that has no files, in bytes.
const maxForm = 1 << 20

var errForm = fault.New(fault.Unparsable, "The form could not be read.")

// readForm reads the request's form; its values are then in r.PostForm.
func readForm(r *http.Request) error {
	r.Body = http.MaxBytesReader(nil, r.Body, maxForm)
	err := r.ParseForm()
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return fault.New(fault.TooLarge, fmt.Sprintf("A form has at most %d KiB.", tooLarge.Limit>>10))
	}
	if err != nil {
		return errForm // what the parser says has pieces of the form in it, which are not for the log
	}
	return nil
}

// field is a form's field as the part "field" shows it.
type field struct {
	Name, Label, Value string
	// Type is that of the input; "" is text, "select" and "textarea" are the
	// elements of that name.
	Type         string
	Hint         string // stands below, always
	Error        string // stands below when it is wrong
	Placeholder  string
	Autocomplete string // "" is off
	Required     bool
	Mono         bool // for what is read character by character
	Options      []option
	MaxLength    int // 0: none
}

// option is one of a select field.
type option struct{ Value, Label string }
