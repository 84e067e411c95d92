package shell

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"callbook/internal/web/words"
)

// Version is a field in the three versions of a three-way merge.
type Version struct {
	Name, Label string
	Type        string // the type of its Field
	Was         string // as it was stored when the form was loaded
	Now         string // as it is stored now
	Mine        string // as the visitor has typed it
}

// Conflict is a field to which two people have given different values.
type Conflict struct {
	Name, Label, Theirs, Mine string
	// Missing means that the page has asked for a choice before and got none.
	Missing bool
}

// Merge merges a form with what others have stored since the form was loaded. If only one
// side has changed a field, that change wins. If both have, to different values, it is a
// conflict, and the visitor decides.
type Merge struct {
	Conflicts    []Conflict
	Theirs, Mine []string // the labels of the fields that only others, or only the visitor, have changed
	form         url.Values
}

// The fields of a form that belong to a field NAME: its value when the form was loaded,
// the visitor's choice, and the names for which the page has asked for a choice.
const (
	wasField    = "was."
	chooseField = "choose."
	askedField  = "conflict"
)

// NewMerge returns a Merge for a sent form.
func NewMerge(form url.Values) *Merge { return &Merge{form: form} }

// LoadedIn returns the values with which a form was loaded, according to its hidden
// fields.
func LoadedIn(form url.Values) (all []Option) {
	for name := range form {
		if field, ok := strings.CutPrefix(name, wasField); ok {
			all = append(all, Option{Value: field, Label: form.Get(name)})
		}
	}
	slices.SortFunc(all, func(a, b Option) int { return strings.Compare(a.Value, b.Value) })
	return all
}

// Was returns the value with which a field was loaded. If the form does not say it, that
// is the stored value now if same is set, because nothing has changed; otherwise it is a
// value that no field has.
func (m *Merge) Was(name, now string, same bool) string {
	switch was, ok := m.form[wasField+name]; {
	case ok:
		return was[0]
	case same:
		return now
	}
	return "\x00"
}

// Asked reports whether the page has asked for a choice for a field with this prefix.
func (m *Merge) Asked(prefix string) bool {
	return slices.ContainsFunc(m.form[askedField], func(name string) bool { return strings.HasPrefix(name, prefix) })
}

// Value returns the merged value of a field. For an undecided conflict, it is what the
// visitor has typed.
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

// oneLine returns a stored value as a browser sends it.
func oneLine(kind, value string) string {
	if kind != "textarea" {
		return strings.NewReplacer("\r", "", "\n", "").Replace(value)
	}
	return strings.TrimSpace(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(value))
}

// SameShown reports whether a field still has its stored value. Browsers change line
// ends, and remove them from fields of a single line.
func SameShown(kind, value, stored string) bool { return value == oneLine(kind, stored) }

// Saved returns the notice about a saved form.
func (m *Merge) Saved() string {
	if len(m.Theirs) == 0 {
		return "Saved."
	}
	return "Saved. Somebody else changed " + words.List(m.Theirs) + " meanwhile, and that is kept."
}

// ConflictPage is the data of the template conflict.html.
type ConflictPage struct {
	*Merge
	What   string // such as "contact"
	Action string // the form's URL
	Back   string // the page to go back to without saving
	// Loaded are the values that are stored now, and Typed those of the form, by the
	// names of the fields.
	Loaded, Typed []Option
	Updated       string // when the stored values changed, in Unix nanoseconds
}

// AskConflict returns the page that asks the visitor to decide the conflicts.
func AskConflict(page ConflictPage) Answer {
	return pages.Show("conflict", "Somebody else changed this "+page.What, page).WithStatus(http.StatusConflict)
}

// Both says which fields were merged without asking.
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
