package shell

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"callbook/internal/web/words"
)

// Version is a field of a form in the three versions that there are when it is saved.
type Version struct {
	Name, Label string
	Type        string // that of its Field
	Was         string // as it was stored when the form was loaded
	Now         string // as it is stored now
	Mine        string // as it was typed
}

// Conflict is a field that two people have given different values.
type Conflict struct {
	Name, Label, Theirs, Mine string
	// Missing tells that the choice was asked for before, and not made.
	Missing bool
}

// Merge puts together what two people have made of the same thing. Where only one of
// them has changed a field, that is what it becomes; where both have, and not to the
// same, it is a conflict, which the visitor decides.
type Merge struct {
	Conflicts    []Conflict
	Theirs, Mine []string // the labels of the fields that only they, or only the visitor, changed
	form         url.Values
}

// The names of a form's fields that go with the field NAME: what it was loaded with,
// what was chosen for it, and the names that a choice was asked for.
const (
	wasField    = "was."
	chooseField = "choose."
	askedField  = "conflict"
)

// NewMerge returns a Merge for a form that was sent.
func NewMerge(form url.Values) *Merge { return &Merge{form: form} }

// LoadedIn are the values that a form says it was loaded with.
func LoadedIn(form url.Values) (all []Option) {
	for name := range form {
		if field, ok := strings.CutPrefix(name, wasField); ok {
			all = append(all, Option{Value: field, Label: form.Get(name)})
		}
	}
	slices.SortFunc(all, func(a, b Option) int { return strings.Compare(a.Value, b.Value) })
	return all
}

// Was returns what the form says that a field was when it was loaded. A form that does
// not say it was loaded with what is stored now, if the thing has not changed since.
// Otherwise it is a value that no field has.
func (m *Merge) Was(name, now string, same bool) string {
	switch was, ok := m.form[wasField+name]; {
	case ok:
		return was[0]
	case same:
		return now
	}
	return "\x00"
}

// Asked tells whether a choice was asked for a field whose name begins so.
func (m *Merge) Asked(prefix string) bool {
	return slices.ContainsFunc(m.form[askedField], func(name string) bool { return strings.HasPrefix(name, prefix) })
}

// Value returns what a field becomes. Of a conflict that is not decided it is what the
// visitor typed.
func (m *Merge) Value(v Version) string {
	chosen := m.form.Get(chooseField + v.Name)
	if chosen == "theirs" {
		v.Mine = v.Was
	}
	asked := chosen == "" && slices.Contains(m.form[askedField], v.Name)
	theirs := oneLine(v.Type, v.Was) != oneLine(v.Type, v.Now)
	switch {
	case SameShown(v.Type, v.Mine, v.Now):
		return v.Now
	case SameShown(v.Type, v.Mine, v.Was):
		m.Theirs = append(m.Theirs, v.Label)
		return v.Now
	case !theirs && !asked:
		m.Mine = append(m.Mine, v.Label)
		return v.Mine
	}
	m.Conflicts = append(m.Conflicts, Conflict{Name: v.Name, Label: v.Label, Theirs: v.Now, Mine: v.Mine, Missing: asked})
	return v.Mine
}

// oneLine is a stored value as a form hands it on.
func oneLine(kind, value string) string {
	if kind != "textarea" {
		return strings.NewReplacer("\r", "", "\n", "").Replace(value)
	}
	return strings.TrimSpace(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(value))
}

// SameShown tells whether a field that showed the stored value was left as it
// was: browsers change ends of lines, and leave them out of fields of one line.
func SameShown(kind, value, stored string) bool { return value == oneLine(kind, stored) }

// Saved is the notice of a form that was saved.
func (m *Merge) Saved() string {
	if len(m.Theirs) == 0 {
		return "Saved."
	}
	return "Saved. Somebody else changed " + words.List(m.Theirs) + " meanwhile, and that is kept."
}

// ConflictPage is what the template conflict.html shows.
type ConflictPage struct {
	*Merge
	What   string // as "contact"
	Action string // where the form goes to
	Back   string // where one goes who gives up
	// Loaded are the values that are stored now, and Typed those of the form, by the
	// names of the fields.
	Loaded, Typed []Option
	Updated       string // when that was stored, in Unix nanoseconds
}

// AskConflict is the page that asks what becomes of the conflicts.
func AskConflict(page ConflictPage) Answer {
	return pages.Show("conflict", "Somebody else changed this "+page.What, page).WithStatus(http.StatusConflict)
}

// Both tells what was merged without a question.
func (p ConflictPage) Both() string {
	var parts []string
	if len(p.Theirs) > 0 {
		parts = append(parts, "Theirs: "+words.List(p.Theirs)+".")
	}
	if len(p.Mine) > 0 {
		parts = append(parts, "Yours: "+words.List(p.Mine)+".")
	}
	return strings.Join(parts, " ")
}
