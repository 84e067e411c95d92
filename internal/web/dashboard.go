// Package web is the pages that people use in a browser: everything
// under / that is not the API's or a probe's.
//
// Pages are made on the server and work without script. A handler returns what
// to show or an error, and never writes to the client by itself: one writer
// (render.go) makes the whole page first and then sends it.
//
// A new page is: a template in templates/ that defines "main", a handler in a
// file of its own, a route in routes.go, and an entry in nav.go when it is to
// be found there. Templates named parts*.html are shared by all.
// static/style.css begins with the list of what pages are put together from.
package web

import (
	"context"
	"net/http"
	"strings"
	"sync"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/apidoc"
	"callbook/internal/attempts"
	"callbook/internal/clock"
	"callbook/internal/fault"
	"callbook/internal/reqlog"
	"callbook/internal/route"
	"callbook/internal/session"
	"callbook/internal/summary"
	"callbook/internal/upload"
	"callbook/internal/usage"
)

// Config is what a [Dashboard] is made of.
type Config struct {
	Accounts *account.Directory
	Sessions *session.Keeper
	Book     *addressbook.Book
	Imports  *upload.Importer
	Summary  *summary.Keeper
	Usage    *usage.Counter
	// API returns the wire API for this caller, who needs no key there, as long as
	// permit returns no fault.
	API func(caller account.Caller, permit func(context.Context) error) http.Handler
	// Document is the API's OpenAPI document, as YAML.
	Document []byte
	// BaseURL is where browsers and clients reach the server, as
	// https://book.example.com; "" means that the server is asked directly, by
	// whatever name a request says.
	BaseURL string
	// Clock tells what day it is, and how often signing in may fail.
	Clock clock.Clock
}

// Dashboard serves the pages. It expects that reqlog.Begin was called for the
// request.
type Dashboard struct {
	cfg      Config
	routes   *route.Table
	origins  *http.CrossOriginProtection
	failures *attempts.Failures
	document func() (*apidoc.Document, error)
}

// New returns the Dashboard. It panics when its templates, which are part of
// the program, are not well-formed.
func New(cfg Config) *Dashboard {
	pages() // a template that cannot be parsed fails here, and not with a page
	d := &Dashboard{
		cfg:     cfg,
		routes:  route.New(),
		origins: http.NewCrossOriginProtection(),
		// It takes some milliseconds, which a start need not wait for.
		document: sync.OnceValues(func() (*apidoc.Document, error) { return apidoc.Parse(cfg.Document) }),
	}
	d.failures = attempts.New(failuresAtOnce, failureEvery, cfg.Clock,
		"Signing in failed too often from your address. Wait a minute, then try again.")
	if cfg.BaseURL != "" {
		// A proxy may give the server another name than browsers know.
		if err := d.origins.AddTrustedOrigin(cfg.BaseURL); err != nil {
			panic(err)
		}
	}
	d.addRoutes()
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
	r = withVisitor(r, new(visitor))
	_ = d.recognise(r)
	if allow := d.routes.Allowed(r); allow != "" {
		w.Header().Set("Allow", allow)
		d.Fail(w, r, fault.New(fault.MethodNotAllowed, "This page cannot be used that way."))
		return
	}
	d.Fail(w, r, errNoPage)
}

var errNoPage = fault.New(fault.NotFound, "There is no page at this address.")

func recordOf(r *http.Request) *reqlog.Record { return reqlog.Of(r.Context()) }
