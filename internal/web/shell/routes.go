package shell

import (
	"net/http"

	"callbook/internal/slowbody"
)

// Handler answers one route. It cannot write to the client by mistake: it
// returns what to send.
type Handler func(r *http.Request) (Answer, error)

// Handle adds a route for those who are signed in; [AccountOf] tells the handler
// who they are.
func (d *Dashboard) Handle(pattern string, h Handler) {
	d.routes.Handle(pattern, d.answering(d.signedIn(h)))
}

// HandleForm is Handle for what a form is sent to, of at most 1 MiB and without
// files. Its values are in r.PostForm. A form with the field of {{$.Once}} is good once.
func (d *Dashboard) HandleForm(pattern string, h Handler) {
	d.Handle(pattern, func(r *http.Request) (Answer, error) {
		if err := ReadForm(r); err != nil {
			return Answer{}, err
		}
		return once(h)(r)
	})
}

// HandleUpload is Handle for a form with a file, which may be long, on the page at this
// path. Who is signed out when they send it finds the rest of the form there again, as
// with [Dashboard.HandleTyped]. Nothing of a stranger's is stored, so the file is lost:
// [LostFile] has its name.
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

// answering sends what a handler returns.
func (d *Dashboard) answering(h Handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		// A handler may learn who asks, which the page around its answer tells.
		r = withVisitor(r, &visitor{dashboard: d})
		answer, err := h(r)
		if err != nil {
			d.Fail(w, r, err)
			return
		}
		d.send(w, r, answer)
	}
}
