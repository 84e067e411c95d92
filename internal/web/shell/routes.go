package shell

import (
	"net/http"

	"callbook/internal/slowbody"
)

// Handler answers a route. It returns what to send, and so cannot write to the client by
// mistake.
type Handler func(r *http.Request) (Answer, error)

// Handle adds a route for visitors who are signed in. The handler gets their account from
// [AccountOf].
func (d *Dashboard) Handle(pattern string, h Handler) {
	d.routes.Handle(pattern, d.answering(d.signedIn(h)))
}

// HandleForm is Handle for a form of at most 1 MiB without files. Its values are in
// r.PostForm. A form with the field {{$.Once}} is idempotent.
func (d *Dashboard) HandleForm(pattern string, h Handler) {
	d.Handle(pattern, func(r *http.Request) (Answer, error) {
		if err := ReadForm(r); err != nil {
			return Answer{}, err
		}
		return Once(h)(r)
	})
}

// HandleUpload is Handle for a form with a large file. Page is the path of the form's
// page. A visitor who was signed out before sending it can sign in and gets the form back
// with its other values, as with [Dashboard.HandleTyped]. The file is lost, because the
// server stores nothing for unknown visitors; [LostFile] returns its name.
func (d *Dashboard) HandleUpload(pattern, page string, most int64, h Handler) {
	signedOut := func(r *http.Request) (Answer, error) {
		if d.signInAgain == nil || ByHTMX(r) {
			return d.askToSignIn(r, page), nil
		}
		typed, err := readBesideFile(r, most)
		if err != nil || len(typed) == 0 {
			return d.askToSignIn(r, page), nil
		}
		return d.signInAgain(r, page, typed), nil
	}
	d.routes.Handle(pattern, slowbody.Upload(d.answering(d.recognising(h, signedOut))))
}

// HandleOpen adds a route for everybody.
func (d *Dashboard) HandleOpen(pattern string, h Handler) {
	d.routes.Handle(pattern, d.answering(h))
}

// answering returns an http.HandlerFunc that sends what a handler returns.
func (d *Dashboard) answering(h Handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		// A handler may find the session, and then the page shows the account.
		r = withVisitor(r, &visitor{dashboard: d})
		answer, err := h(r)
		if err != nil {
			d.Fail(w, r, err)
			return
		}
		d.send(w, r, answer)
	}
}
