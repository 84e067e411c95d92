package web

import "net/http"

// stoppedData is what the template selected-stopped.html shows: a selection
// whose contacts are worked only in part.
type stoppedData struct {
	selection
	Doing         string // what was being done, as "Tagging"
	Worked, Count int    // how many contacts are done, and of how many
	Why           troublePage
	// Path is what the form that does the rest is sent to, with the selection
	// and More.
	Path string
	More []option
}

// Left is how many contacts are still to be done.
func (s stoppedData) Left() int { return max(s.Count-s.Worked, 0) }

// stopped tells how far a selection was worked before an error, and offers to
// do the rest. That works the whole selection again, which does no harm to what
// is done already.
func stopped(r *http.Request, err error, data stoppedData) answer {
	data.Why = explain(r, err)
	a := pages.show("selected-stopped", data.Doing+" stopped", data)
	a.status = data.Why.status
	return a
}
