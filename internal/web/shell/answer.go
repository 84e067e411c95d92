package shell

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"callbook/internal/fault"
	"callbook/internal/web/words"
)

// Answer is what a handler returns: a page, a redirect, or a file.
type Answer struct {
	status int // of a page; 0 means 200
	pages  *Pages
	page   string // its name within pages
	title  string
	data   any
	piece  string // see Piece
	above  bool   // htmx shows the piece above the page, which stays unchanged
	url    string // see PieceAt

	location string

	notice   *notice     // shown once, on this page or on the one that location names
	secret   *string     // the secret of the new session; "" ends the session
	handed   string      // see Handing
	remember *remembered // see Remembering
	// Raw writes an answer that is not a page, such as a file or a stream.
	Raw http.HandlerFunc
}

// Invalid returns the page with the status of an invalid form.
func (a Answer) Invalid() Answer { return a.WithStatus(http.StatusUnprocessableEntity) }

// WithStatus returns the page with a status other than 200.
func (a Answer) WithStatus(status int) Answer {
	a.status = status
	return a
}

// Piece names the template that htmx gets instead of the whole page.
func (a Answer) Piece(template string) Answer {
	a.piece = template
	return a
}

// PieceAt is like Piece, and also sets the URL in the browser's address bar and history.
func (a Answer) PieceAt(template, url string) Answer {
	a.piece, a.url = template, url
	return a
}

// GoTo returns a redirect to another page of the dashboard, with GET.
func GoTo(path string) Answer { return Answer{location: path} }

// Saying adds a notice that something was done.
func (a Answer) Saying(text string) Answer {
	a.notice = &notice{Kind: "good", Text: text}
	return a
}

// Undoing adds an undo button to the notice. It sends a form to path, which ends in
// /undo. The form's field undo has the value name, and its field from the page of the
// button.
func (a Answer) Undoing(path, name string) Answer {
	n := *a.notice
	n.Undo, n.Kept = path, name
	a.notice = &n
	return a
}

// Warning adds a notice that something must still be done.
func (a Answer) Warning(text string) Answer {
	a.notice = &notice{Kind: "bad", Text: text}
	return a
}

// Noting adds a notice that something was not done, or not as expected.
func (a Answer) Noting(text string) Answer {
	a.notice = &notice{Kind: "info", Text: text}
	return a
}

// SignedIn begins the browser's session with this secret.
func (a Answer) SignedIn(secret string) Answer {
	a.secret = &secret
	return a
}

// SignedOut ends the browser's session.
func (a Answer) SignedOut() Answer { return a.SignedIn("") }

// Handing passes a text to the page of a redirect, which gets it once from [Handed], in
// the same session only. It is for secrets, which are not stored and must not be in a
// URL.
func (a Answer) Handing(text string) Answer {
	a.handed = text
	return a
}

// notice tells once what a form has done. Its kind is one of the style sheet's: good, bad
// or info.
type notice struct {
	Kind string `json:"k"`
	Text string `json:"t"`
	// Undo is the path of a form that undoes it, or "". Kept is the form's field undo.
	Undo string `json:"u,omitempty"`
	Kept string `json:"n,omitempty"`
	// Here is the page that shows the notice.
	Here string `json:"-"`
}

// A cookie stores the notice for the next page.
const (
	noticeCookie = "callbook_notice"
	maxNotice    = 2000 // bytes in the cookie
)

func (d *Dashboard) keepNotice(r *http.Request, n *notice) *http.Cookie {
	c := &http.Cookie{
		Name: noticeCookie, Path: "/", MaxAge: 60, Secure: d.secure(r), HttpOnly: true, SameSite: http.SameSiteStrictMode,
	}
	if n == nil {
		c.MaxAge = -1
		return c
	}
	text, err := json.Marshal(n)
	if err != nil {
		return c
	}
	c.Value = base64.RawURLEncoding.EncodeToString(text)
	if len(c.Value) > maxNotice {
		c.MaxAge = -1
	}
	return c
}

// undoSuffix is the end of the paths of undo forms.
const undoSuffix = "/undo"

// keptNotice returns the notice in the request's cookie, or nil. Anybody may have written
// the cookie, so pages show the notice only as text.
func keptNotice(r *http.Request) *notice {
	c, err := r.Cookie(noticeCookie)
	if err != nil {
		return nil
	}
	text, err := base64.RawURLEncoding.DecodeString(c.Value)
	n := new(notice)
	if err != nil || json.Unmarshal(text, n) != nil || n.Text == "" {
		return nil
	}
	if n.Kind != "good" && n.Kind != "bad" {
		n.Kind = "info"
	}
	if !strings.HasSuffix(n.Undo, undoSuffix) || !strings.HasPrefix(n.Undo, "/") || strings.HasPrefix(n.Undo, "//") {
		n.Undo = "" // this button can only send undo forms
	}
	return n
}

// trouble is how a page shows a kind of fault.
type trouble struct {
	status int
	title  string
}

var troubles = map[fault.Kind]trouble{
	fault.NotFound:         {http.StatusNotFound, "Not found"},
	fault.Missing:          {http.StatusBadRequest, "Something is missing"},
	fault.Invalid:          {http.StatusBadRequest, "That is not valid"},
	fault.Unparsable:       {http.StatusBadRequest, "That could not be read"},
	fault.Duplicate:        {http.StatusConflict, "That is there already"},
	fault.Changed:          {http.StatusConflict, "That was changed meanwhile"},
	fault.Unauthenticated:  {http.StatusForbidden, "Not signed in"},
	fault.Forbidden:        {http.StatusForbidden, "Not allowed"},
	fault.UnsupportedType:  {http.StatusUnsupportedMediaType, "That could not be read"},
	fault.MethodNotAllowed: {http.StatusMethodNotAllowed, "Not allowed"},
	fault.TooLarge:         {http.StatusRequestEntityTooLarge, "Too large"},
	fault.TooMany:          {http.StatusTooManyRequests, "Too much at once"},
	fault.Unavailable:      {http.StatusServiceUnavailable, "Not now"},
	fault.InProgress:       {http.StatusConflict, "Not now"},
	fault.Unfinished:       {http.StatusConflict, "Not yet"},
	fault.KeyReused:        {http.StatusUnprocessableEntity, "That is not valid"},
}

// TroublePage is the data of the template error.html.
type TroublePage struct {
	Status                 int
	Title, Text, RequestID string
	Ours                   bool // a fault of the server, whose details are in the log
}

// Explain describes for a visitor why a request has failed. Details that the visitor must
// not see go into the access record, and from there into the log.
func Explain(r *http.Request, err error) TroublePage {
	f := fault.As(err)
	if f == nil && (errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)) {
		f = fault.New(fault.Unavailable, "The server did not get to it in time. Try again in a moment.")
	}
	if f == nil || f.Cause != nil {
		RecordOf(r).Err = err
	}
	is := trouble{http.StatusInternalServerError, "Something went wrong"}
	page := TroublePage{Text: "This is the server's fault, not yours. Its log has more under this request id.", Ours: true}
	if f != nil {
		is, page = troubles[f.Kind], TroublePage{Text: words.Faults.Of(f)}
		if f.Need != 0 {
			page.Text = words.Sentence(f)
		}
	}
	page.Status, page.Title, page.RequestID = is.status, is.title, RecordOf(r).ID
	return page
}

// Unreadable returns the fault of a page's URL whose parameter has a value that it cannot
// have. A page that took no notice of it would show more than the URL asks for.
func Unreadable(name string) error {
	return fault.New(fault.Invalid, "The address of this page has something in “"+name+"” that cannot be read. Open the page anew and choose there.")
}

// Fail answers a failed request with an error page.
func (d *Dashboard) Fail(w http.ResponseWriter, r *http.Request, err error) {
	page := Explain(r, err)
	a := pages.Show("error", page.Title, page).WithStatus(page.Status)
	if ByHTMX(r) { // htmx shows the error above the page, and leaves the page unchanged
		a = a.Piece("trouble")
		a.above = true
	}
	d.send(w, r, a)
}
