package contacttable

import (
	"net/http"

	"callbook/internal/web/shell"
)

// StoppedData is the data of the template selected-stopped.html, about an action that has
// failed before it has done the whole selection.
type StoppedData struct {
	Selection
	Doing         string // the action, such as "Tagging"
	Worked, Count int    // how many contacts are done, and of how many
	Why           shell.TroublePage
	// Path is the URL of the form that does the rest. It sends the selection and More.
	Path string
	More []shell.Option
	// Undo undoes what is done. Undoing is the name under which it is stored.
	Undo    Undo
	Undoing string
	// Deletion is the deletion of what is done, for the form that restores it, or "".
	Deletion string
}

// Left returns how many contacts are not done.
func (s StoppedData) Left() int { return max(s.Count-s.Worked, 0) }

// Stopped shows how many contacts of a selection were done before an error, and offers to
// undo that or to do the rest. Doing the rest repeats the whole selection, which does not
// change what is already done.
func Stopped(r *http.Request, err error, data StoppedData) shell.Answer {
	data.Why, data.Undoing = shell.Explain(r, err), data.Undo.keep(r)
	return Pages.Show("selected-stopped", data.Doing+" stopped", data).WithStatus(data.Why.Status)
}
