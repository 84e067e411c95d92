// Package shell is what all pages of the dashboard are made with: routes, who
// asks, forms, templates and the layout, static files, the navigation, and pages
// that tell of errors.
//
// Pages are made on the server and work without script. A handler returns what
// to show or an error, and never writes to the client by itself: one writer
// (render.go) makes the whole page first and then sends it.
//
// A [Room] is the pages of one subject. A new page is a template NAME.html in the
// room's folder that defines "main", a handler that returns pages.Show(NAME, …),
// and its route in the room's Routes. The files parts*.html of a room are shared
// by its pages, those of the shell by all. static/style.css begins with the
// list of what pages are put together from.
package shell

import (
	"context"
	"net/http"
	"net/url"
	"strings"

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
	// Receipts keeps where forms led that are good once, and what pages show that
	// came of a form.
	Receipts *journal.Keeper
	// API returns the wire API for this caller, who needs no key there, as long as
	// permit returns no fault.
	API func(caller account.Caller, permit func(context.Context) error) http.Handler
	// BaseURL is where browsers and clients reach the server, as
	// https://book.example.com; "" means that the server is asked directly, by
	// whatever name a request says.
	BaseURL string
}

// Room is the pages of one subject.
type Room interface {
	// Routes adds the room's routes, and its entry of the navigation, if it has
	// one. It is called once, before the first request.
	Routes(*Dashboard)
}

// Dashboard serves the pages of its rooms. It expects that reqlog.Begin was called
// for the request.
type Dashboard struct {
	cfg     Config
	routes  *route.Table
	nav     []NavItem
	entries []func() []Entry
	origins *http.CrossOriginProtection
	// signInAgain is what HandleSignedOut sets.
	signInAgain func(r *http.Request, page string, typed url.Values) Answer
}

// New returns the Dashboard with these rooms, in the order of the navigation.
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

// Patterns returns the routes as method and path, as http.ServeMux spells
// them.
func (d *Dashboard) Patterns() []string { return d.routes.Patterns() }

// Wants tells whether a request is for the dashboard: it has a page at this
// path, or a browser asks, which is to see a page also where there is nothing.
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
	// Those who are signed in find their way on from an error page. Who cannot
	// be told gets it too.
	r = withVisitor(r, &visitor{dashboard: d})
	_ = Recognise(r)
	if allow := d.routes.Allowed(r); allow != "" {
		w.Header().Set("Allow", allow)
		d.Fail(w, r, fault.New(fault.MethodNotAllowed, "This page cannot be used that way."))
		return
	}
	d.Fail(w, r, ErrNoPage)
}

// ErrNoPage is the fault of an address that has no page.
var ErrNoPage = fault.New(fault.NotFound, "There is no page at this address.")

// RecordOf returns the access record of the request.
func RecordOf(r *http.Request) *reqlog.Record { return reqlog.Of(r.Context()) }
