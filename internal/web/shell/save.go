package shell

import (
	"net/http"

	"callbook/internal/fault"
)

// saveTries is how often a form is merged again with what others keep changing.
const saveTries = 5

// Save saves a form of something that others may change at the same time. What they
// changed since the form was loaded stays, where the visitor left it alone; where both
// changed the same, the visitor decides.
type Save struct {
	Path  string      // where the thing is seen
	Stale func() bool // whether it has changed since the form was loaded
	// Merge puts the form together with what is stored now, and tells whether that is to
	// be changed.
	Merge    func(*Merge) bool
	Conflict func(*Merge) Answer // asks about the conflicts of the last merge
	// Store stores the last merge. Refused is why it was not taken. With [fault.Changed],
	// the next merge is with what is stored by now.
	Store   func() (refused, err error)
	Deleted func() (Answer, error)             // answers when the thing is gone
	Refused func(*fault.Error) (Answer, error) // answers when it was not taken
}

// Do saves the form that was sent.
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
