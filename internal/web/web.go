// Package web is the pages that people use in a browser: everything
// under / that is not the API's or a probe's.
//
// It only puts rooms together. A room is a package below this one: the pages of one
// subject, with their templates. Rooms do not import each other. What all pages
// are made with is in package shell, what pages say in package words, and the
// table of contacts that several rooms show in package contacttable.
//
// A new room is a folder and an entry in New; package shell says what is in it.
package web

import (
	"context"
	"net/http"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/campaign"
	"callbook/internal/clock"
	"callbook/internal/event"
	"callbook/internal/journal"
	"callbook/internal/session"
	"callbook/internal/speech"
	"callbook/internal/summary"
	"callbook/internal/suppression"
	"callbook/internal/trash"
	"callbook/internal/upload"
	"callbook/internal/usage"
	"callbook/internal/web/campaigns"
	"callbook/internal/web/contacts"
	"callbook/internal/web/imports"
	"callbook/internal/web/keys"
	"callbook/internal/web/lists"
	"callbook/internal/web/overview"
	"callbook/internal/web/reference"
	"callbook/internal/web/search"
	"callbook/internal/web/shell"
	"callbook/internal/web/signin"
	trashroom "callbook/internal/web/trash"
)

// Config is what the dashboard is made of.
type Config struct {
	Accounts  *account.Directory
	Sessions  *session.Keeper
	Book      *addressbook.Book
	Campaigns *campaign.Campaigns
	// Events are what programs are told of campaigns, and Suppressions the numbers that
	// no campaign calls.
	Events       *event.Deliveries
	Suppressions *suppression.Suppressions
	// Voice speaks what campaigns say; nil when there is none.
	Voice *speech.Voice
	// Simulated says that campaigns call nobody.
	Simulated bool
	Trash     *trash.Keeper
	Imports   *upload.Importer
	Summary   *summary.Keeper
	Usage     *usage.Counter
	// Receipts keeps what became of forms.
	Receipts *journal.Keeper
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

// Dashboard serves the pages.
type Dashboard = shell.Dashboard

// New returns the dashboard. It panics when its templates, which are part of the
// program, are not well-formed.
func New(cfg Config) *Dashboard {
	return shell.New(shell.Config{Sessions: cfg.Sessions, Receipts: cfg.Receipts, API: cfg.API, BaseURL: cfg.BaseURL},
		// The navigation has them in this order.
		&overview.Room{Book: cfg.Book, Imports: cfg.Imports, Summary: cfg.Summary, Usage: cfg.Usage, Clock: cfg.Clock},
		&contacts.Room{Book: cfg.Book, Summary: cfg.Summary, Trash: cfg.Trash, Campaigns: cfg.Campaigns},
		&lists.Room{Book: cfg.Book, Trash: cfg.Trash},
		&campaigns.Room{
			Book: cfg.Book, Campaigns: cfg.Campaigns, Events: cfg.Events, Suppressions: cfg.Suppressions, Clock: cfg.Clock, Simulated: cfg.Simulated, Voice: cfg.Voice,
		},
		&trashroom.Room{Trash: cfg.Trash, Clock: cfg.Clock},
		&imports.Room{Book: cfg.Book, Imports: cfg.Imports},
		&keys.Room{Accounts: cfg.Accounts, Clock: cfg.Clock},
		&reference.Room{Document: cfg.Document},
		&search.Room{Book: cfg.Book, Imports: cfg.Imports},
		&signin.Room{Accounts: cfg.Accounts, Sessions: cfg.Sessions, Clock: cfg.Clock},
	)
}
