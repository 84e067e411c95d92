package shell

import (
	"net/http"

	"callbook/internal/fault"
)

// saveTries is how often Save merges a form again while others keep changing the same
// thing.
const saveTries = 5

// Save saves a form of something that others may change at the same time, with a
// three-way merge; see [Merge].
type Save struct {
	Path  string      // the page of the thing
	Stale func() bool // reports whether it has changed since the form was loaded
	// Merge merges the form with what is stored now, and reports whether the result
	// differs from that.
	Merge    func(*Merge) bool
	Conflict func(*Merge) Answer // returns the page that asks about the conflicts of the last merge
	// Store stores the result of the last merge. Refused is the fault with which the
	// store has refused it. If that is [fault.Changed], Do merges again.
	Store   func() (refused, err error)
	Deleted func() (Answer, error)             // returns the answer if the thing was deleted
	Refused func(*fault.Error) (Answer, error) // returns the answer if the store has refused the form
}

// Do saves the request's form.
func (s Save) Do(r *http.Request) (Answer, error) {
	for range saveTries {
		m := NewMerge(r.PostForm)
		changes := s.Merge(m)
		if len(m.Conflicts) > 0 {
			return s.Conflict(m), nil
		}
		if !changes && len(m.Theirs) == 0 && s.Stale() {
			return GoTo(s.Path).Saying("Somebody else saved the very same meanwhile."), nil
		}
		refused, err := s.Store()
		if err != nil {
			return Answer{}, err
		}
		switch f := fault.As(refused); {
		case refused == nil:
			return GoTo(s.Path).Saying(m.Saved()), nil
		case f == nil:
			return Answer{}, refused
		case f.Kind == fault.NotFound:
			return s.Deleted()
		case f.Kind != fault.Changed:
			return s.Refused(f)
		}
	}
	return Answer{}, errChangedAgain
}

// errChangedAgain is the fault of a form that could not be saved because others kept
// changing the same thing.
var errChangedAgain = fault.New(fault.Unavailable, "Others keep changing this. Try again in a moment.")
