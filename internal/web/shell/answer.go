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
	page   string // its name in pages
	title  string
	data   any
	piece  string // see Piece
	above  bool   // the piece is said above the page, which stays as it is
	url    string // see PieceAt

	location string

	notice   *notice     // shown once, on this page or the one that is gone to
	secret   *string     // of the session that begins; "" ends the one that there is
	handed   string      // see Handing
	remember *remembered // see Remembering
	// Raw sends by itself, for what is no page: a file, a stream.
	Raw http.HandlerFunc
}

// Invalid is a page that shows a form again, with what is wrong in it.
func (a Answer) Invalid() Answer { return a.WithStatus(http.StatusUnprocessableEntity) }

// WithStatus is a page with a status other than 200.
func (a Answer) WithStatus(status int) Answer {
	a.status = status
	return a
}

// Piece names the template of the page that htmx gets alone. Others get the whole
// page.
func (a Answer) Piece(template string) Answer {
	a.piece = template
	return a
}

// PieceAt is Piece with the address of the page that the piece makes, for the
// browser's address bar and its back button.
func (a Answer) PieceAt(template, url string) Answer {
	a.piece, a.url = template, url
	return a
}

// GoTo answers with another page of the dashboard, got with GET.
func GoTo(path string) Answer { return Answer{location: path} }

// Saying adds a notice that something was done.
func (a Answer) Saying(text string) Answer {
	a.notice = &notice{Kind: "good", Text: text}
	return a
}

// Undoing adds a button to the notice that sends this name, as the field undo, to the
// path of a form, which ends in /undo; the field from says which page it was pressed on.
func (a Answer) Undoing(path, name string) Answer {
	n := *a.notice
	n.Undo, n.Kept = path, name
	a.notice = &n
	return a
}

// Warning adds a notice that something is left to be done.
func (a Answer) Warning(text string) Answer {
	a.notice = &notice{Kind: "bad", Text: text}
	return a
}

// Noting adds a notice that something was not done, or not as one may think.
func (a Answer) Noting(text string) Answer {
	a.notice = &notice{Kind: "info", Text: text}
	return a
}

// SignedIn begins the browser's session, which has this secret.
func (a Answer) SignedIn(secret string) Answer {
	a.secret = &secret
	return a
}

// SignedOut takes the browser's session away.
func (a Answer) SignedOut() Answer { return a.SignedIn("") }

// Handing gives a text to the page that is gone to, which gets it from [Handed] once,
// in this browser's session only. It is for what is stored nowhere and must not
// stand in an address.
func (a Answer) Handing(text string) Answer {
	a.handed = text
	return a
}

// notice tells once what became of what was asked for. Its kind is one of the
// style sheet's: good, bad or info.
type notice struct {
	Kind string `json:"k"`
	Text string `json:"t"`
	// Undo is the path of a form that undoes it, and Kept the form's field undo; "" for
	// none.
	Undo string `json:"u,omitempty"`
	Kept string `json:"n,omitempty"`
	// Here is the page that it is shown on.
	Here string `json:"-"`
}

// A notice that is for the next page waits in a cookie.
const (
	noticeCookie = "callbook_notice"
	maxNotice    = 2000 // bytes of the cookie
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

// undoSuffix ends the paths of the forms that undo something.
const undoSuffix = "/undo"

// keptNotice returns the notice that waits, or nil. It is the server's own
// word, and yet treated as anybody's: it is only ever shown as text.
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
		n.Undo = "" // a button with this name does nothing else
	}
	return n
}

// trouble is how a page tells of a kind of fault.
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

// TroublePage is what the template error.html shows.
type TroublePage struct {
	Status                 int
	Title, Text, RequestID string
	Ours                   bool // the log says more
}

// Explain says in a visitor's words why a request could not be served. What the
// visitor is not told goes into the access record, and from there into the
// log.
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

// Fail answers a request that could not be served with a page that says why.
func (d *Dashboard) Fail(w http.ResponseWriter, r *http.Request, err error) {
	page := Explain(r, err)
	a := pages.Show("error", page.Title, page).WithStatus(page.Status)
	if ByHTMX(r) { // which is to say it above the page and leave the page as it is
		a = a.Piece("trouble")
		a.above = true
	}
	d.send(w, r, a)
}
