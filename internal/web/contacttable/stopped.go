package contacttable

import (
	"net/http"

	"callbook/internal/web/shell"
)

// StoppedData is what the template selected-stopped.html shows: a selection
// whose contacts are worked only in part.
type StoppedData struct {
	Selection
	Doing         string // what was being done, as "Tagging"
	Worked, Count int    // how many contacts are done, and of how many
	Why           shell.TroublePage
	// Path is what the form that does the rest is sent to, with the selection
	// and More.
	Path string
	More []shell.Option
	// Undo undoes what is done. Undoing is the name that it is kept under.
	Undo    Undo
	Undoing string
	// Deletion is that of what is done, for the form that restores it; "" for none.
	Deletion string
}

// Left is how many contacts are still to be done.
func (s StoppedData) Left() int { return max(s.Count-s.Worked, 0) }

// Stopped tells how far a selection was worked before an error, and offers to
// undo that, or to do the rest. The rest works the whole selection again, which does no
// harm to what is done already.
func Stopped(r *http.Request, err error, data StoppedData) shell.Answer {
	data.Why, data.Undoing = shell.Explain(r, err), data.Undo.keep(r)
	return Pages.Show("selected-stopped", data.Doing+" stopped", data).WithStatus(data.Why.Status)
}
