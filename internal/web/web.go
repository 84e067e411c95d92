// Package web serves the dashboard: all paths except those of the API and the probes.
//
// It assembles the dashboard from rooms. A room is a package below this one with the
// pages and templates of one subject. Rooms do not import each other. Package shell has
// what all pages share, package words the words for values, and package contacttable the
// table of contacts that several rooms show.
//
// A new room is a folder and an entry in New; see package shell.
package web

import (
	"context"
	"net/http"
	"net/url"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/auditlog"
	"callbook/internal/callflow/library"
	"callbook/internal/campaign"
	"callbook/internal/clock"
	"callbook/internal/event"
	"callbook/internal/journal"
	"callbook/internal/person"
	"callbook/internal/prompt"
	"callbook/internal/recording"
	"callbook/internal/session"
	"callbook/internal/speech"
	"callbook/internal/summary"
	"callbook/internal/suppression"
	"callbook/internal/trash"
	"callbook/internal/trunk"
	"callbook/internal/trunk/testcall"
	"callbook/internal/upload"
	"callbook/internal/usage"
	"callbook/internal/web/campaigns"
	"callbook/internal/web/contacts"
	"callbook/internal/web/flows"
	"callbook/internal/web/history"
	"callbook/internal/web/imports"
	"callbook/internal/web/keys"
	"callbook/internal/web/lists"
	"callbook/internal/web/overview"
	"callbook/internal/web/reference"
	"callbook/internal/web/search"
	"callbook/internal/web/shell"
	"callbook/internal/web/signin"
	trashroom "callbook/internal/web/trash"
	"callbook/internal/web/trunks"
)

// Config has the dependencies of the dashboard.
type Config struct {
	Accounts  *account.Directory
	Sessions  *session.Keeper
	Book      *addressbook.Book
	Campaigns *campaign.Campaigns
	// Events are the callbacks of campaigns. Suppressions are the numbers that no
	// campaign calls.
	Events       *event.Deliveries
	Suppressions *suppression.Suppressions
	// Voice speaks the texts of campaigns; nil means that there is none.
	Voice *speech.Voice
	// Flows are what callees hear, and Prompts the recordings that flows play.
	Flows   *library.Library
	Prompts *prompt.Prompts
	// Recordings are those of calls.
	Recordings *recording.Recordings
	// Simulated is how many times as fast as the clock the simulated telephone goes; 0
	// means that a real one calls people.
	Simulated int
	Trash     *trash.Keeper
	Persons   *person.Persons
	Imports   *upload.Importer
	Summary   *summary.Keeper
	Usage     *usage.Counter
	Audit     *auditlog.Log
	// Receipts stores the results of forms.
	Receipts *journal.Keeper
	// API returns the wire API for a caller, who needs no key there, as long as permit
	// returns nil.
	API func(caller account.Caller, permit func(context.Context) error) http.Handler
	// Document is the API's OpenAPI document, as YAML.
	Document []byte
	// BaseURL is the URL of the server for browsers and clients, such as
	// https://book.example.com; "" means the host of each request.
	BaseURL string
	// Clock tells today's date, and limits failed attempts to sign in.
	Clock clock.Clock

	// Trunks are those of the installation. Line is the carrier of the server if it calls
	// over them, and TestCalls makes test calls; otherwise both are nil. TrunksWait means
	// that campaigns then wait from the first trunk on. Manages reports whether an
	// account's sessions may see and change trunks.
	Trunks     *trunk.Trunks
	Line       Line
	TestCalls  *testcall.Calls
	TrunksWait bool
	Manages    func(ctx context.Context, acct account.Account) (bool, error)
	// Command reports whether a command on the same database has signed a request.
	Command func(ctx context.Context, q url.Values) (bool, error)
}

// Line is the carrier of a server that calls over trunks.
type Line = trunks.Line

// Dashboard serves the pages.
type Dashboard = shell.Dashboard

// New returns a dashboard. It panics if its templates, which are part of the program, are
// invalid.
func New(cfg Config) *Dashboard {
	return shell.New(shell.Config{Sessions: cfg.Sessions, Accounts: cfg.Accounts, Receipts: cfg.Receipts, API: cfg.API, Now: cfg.Clock.Now, BaseURL: cfg.BaseURL, Manages: cfg.Manages},
		// The navigation has the same order.
		&overview.Room{Book: cfg.Book, Imports: cfg.Imports, Summary: cfg.Summary, Usage: cfg.Usage, Clock: cfg.Clock},
		&contacts.Room{Audit: cfg.Audit, Book: cfg.Book, Summary: cfg.Summary, Trash: cfg.Trash, Campaigns: cfg.Campaigns, Persons: cfg.Persons},
		&lists.Room{Audit: cfg.Audit, Book: cfg.Book, Trash: cfg.Trash},
		&campaigns.Room{
			Book: cfg.Book, Campaigns: cfg.Campaigns, Events: cfg.Events, Suppressions: cfg.Suppressions, Flows: cfg.Flows, Simulated: cfg.Simulated, Voice: cfg.Voice, Trace: cfg.trace(),
			Recordings: cfg.Recordings,
		},
		&flows.Room{Flows: cfg.Flows, Prompts: cfg.Prompts, Voice: cfg.Voice != nil},
		&trunks.Room{Audit: cfg.Audit, Trunks: cfg.Trunks, Book: cfg.Book, Tests: cfg.TestCalls, Line: cfg.Line, Waiting: cfg.TrunksWait, Command: cfg.Command},
		&trashroom.Room{Trash: cfg.Trash, Clock: cfg.Clock},
		&imports.Room{Book: cfg.Book, Imports: cfg.Imports},
		&keys.Room{Accounts: cfg.Accounts, Clock: cfg.Clock},
		&reference.Room{Document: cfg.Document},
		&search.Room{Book: cfg.Book, Imports: cfg.Imports},
		&history.Room{Audit: cfg.Audit, Accounts: cfg.Accounts},
		&signin.Room{Accounts: cfg.Accounts, Sessions: cfg.Sessions, Audit: cfg.Audit, Clock: cfg.Clock},
	)
}

// trace returns what finds the messages of calls, or nil if the telephone is simulated.
func (cfg Config) trace() func(call addressbook.SID) []trunk.Message {
	if cfg.Line == nil {
		return nil
	}
	return cfg.Line.Trace
}
