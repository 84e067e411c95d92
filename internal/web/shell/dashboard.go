// Package shell has what all pages of the dashboard share: routes, sessions, forms,
// templates and the layout, static files, the navigation, and error pages.
//
// The server renders the pages, and they work without script. A handler returns what to
// show or an error, and never writes to the client itself: render.go first renders the
// whole page and then sends it.
//
// A [Room] has the pages of one subject. A new page is a template NAME.html in the room's
// folder that defines "main", a handler that returns pages.Show(NAME, …), and its route
// in the room's Routes. The pages of a room share the files parts*.html in its folder,
// and all pages those of the shell. static/style.css begins with the list of the elements
// of pages.
package shell

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"callbook/internal/account"
	"callbook/internal/fault"
	"callbook/internal/journal"
	"callbook/internal/reqlog"
	"callbook/internal/route"
	"callbook/internal/session"
)

// Config is what a [Dashboard] needs besides its rooms.
type Config struct {
	Sessions *session.Keeper
	Accounts *account.Directory
	// Receipts stores the results of forms: where they have led, and what pages show of
	// them.
	Receipts *journal.Keeper
	// API returns the wire API for a caller, who needs no key there, as long as permit
	// returns nil.
	API func(caller account.Caller, permit func(context.Context) error) http.Handler
	// Now gives the dates of the audit log.
	Now func() time.Time
	// BaseURL is the URL of the server for browsers and clients, such as
	// https://book.example.com; "" means the host of each request.
	BaseURL string
	// Manages reports whether an account's sessions may see and change what belongs to
	// the whole installation, such as trunks.
	Manages func(ctx context.Context, acct account.Account) (bool, error)
}

// Room has the pages of one subject.
type Room interface {
	// Routes adds the room's routes, and its entry in the navigation, if it has one. It
	// is called once, before the first request.
	Routes(*Dashboard)
}

// Dashboard serves the pages of its rooms. The caller must have called reqlog.Begin for
// the request.
type Dashboard struct {
	cfg     Config
	routes  *route.Table
	nav     []NavItem
	entries []func() []Entry
	origins *http.CrossOriginProtection
	// signInAgain is the handler that HandleSignedOut has set.
	signInAgain func(r *http.Request, page string, typed url.Values) Answer
}

// New returns a Dashboard with these rooms, in the order of the navigation.
func New(cfg Config, rooms ...Room) *Dashboard {
	pages.Parse()
	d := &Dashboard{cfg: cfg, routes: route.New(), origins: http.NewCrossOriginProtection()}
	if cfg.BaseURL != "" {
		// A proxy may give the server another name than browsers know.
		if err := d.origins.AddTrustedOrigin(cfg.BaseURL); err != nil {
			panic(err)
		}
	}
	d.files()
	for _, room := range rooms {
		room.Routes(d)
	}
	return d
}

// Patterns returns the routes in the syntax of http.ServeMux.
func (d *Dashboard) Patterns() []string { return d.routes.Patterns() }

// Wants reports whether the dashboard answers a request: because it has a page at this
// path, or because a browser asks, which should get an error page.
func (d *Dashboard) Wants(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Accept"), "text/html") || d.routes.Allowed(r) != ""
}

// ServeHTTP implements http.Handler.
func (d *Dashboard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := d.origins.Check(r); err != nil {
		d.Fail(w, r, fault.New(fault.Forbidden, "This was sent from another site's page, so it was not done. Go back, reload and try again."))
		return
	}
	if d.routes.Serve(w, r) {
		return
	}
	// Find the session, so that the error page has the navigation. Without one, the page
	// lacks it.
	r = withVisitor(r, &visitor{dashboard: d})
	_ = Recognise(r)
	if allow := d.routes.Allowed(r); allow != "" {
		w.Header().Set("Allow", allow)
		d.Fail(w, r, fault.New(fault.MethodNotAllowed, "This page cannot be used that way."))
		return
	}
	d.Fail(w, r, ErrNoPage)
}

// ErrNoPage is the fault of a URL that has no page.
var ErrNoPage = fault.New(fault.NotFound, "There is no page at this address.")

// RecordOf returns the access record of the request.
func RecordOf(r *http.Request) *reqlog.Record { return reqlog.Of(r.Context()) }
