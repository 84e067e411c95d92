package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"callbook/internal/budget"
	"callbook/internal/fault"
)

const (
	// maxForm is the size limit of a form that has no files, in bytes.
	maxForm = 1 << 20
	// maxStrangersForm is that of one who is not signed in.
	maxStrangersForm = 8 << 10
	// formBytes is what a byte of a form takes: as it comes, and as values.
	formBytes = 3
)

var errForm = fault.New(fault.Unparsable, "The form could not be read.")

// readForm reads the request's form; its values are then in r.PostForm.
func readForm(r *http.Request) error {
	most := int64(maxForm)
	if !visitorOf(r).known {
		most = maxStrangersForm
	} else if r.ContentLength != 0 {
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

// difference is a field that two people have given different values.
type difference struct{ Label, Theirs, Mine string }

// sameShown tells whether a field that showed the stored value was left as it
// was: browsers change ends of lines, and leave them out of fields of one line.
func sameShown(kind, value, stored string) bool {
	if kind != "textarea" {
		return value == strings.NewReplacer("\r", "", "\n", "").Replace(stored)
	}
	return value == strings.TrimSpace(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(stored))
}

// updatedIn reads the date that a form was made on; the zero time is none.
func updatedIn(form url.Values) time.Time {
	nanos, err := strconv.ParseInt(form.Get("updated"), 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.Unix(0, nanos)
}
