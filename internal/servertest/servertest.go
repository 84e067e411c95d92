// Package servertest starts the whole server for tests: over a real database, on
// a real listener, with every answer held against the OpenAPI document.
//
// The database is a SQLite file, or one in PostgreSQL when CALLBOOK_TEST_DB is
// "postgres".
//
// Only tests import it.
package servertest

import (
	"cmp"
	"context"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"sync"
	"testing"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/api"
	"callbook/internal/budget"
	"callbook/internal/clientaddr"
	"callbook/internal/clock"
	"callbook/internal/dashboard"
	"callbook/internal/importer"
	"callbook/internal/journal"
	"callbook/internal/server"
	"callbook/internal/session"
	"callbook/internal/summary"
	"callbook/internal/usage"
	"callbook/openapi"
)

// Options change what [Start] starts. The zero value is a server as a user has
// it, over an empty database.
type Options struct {
	// Path is the database, as [NewDatabase] gives one; "" takes a new one.
	Path string
	// Clock is the server's; nil means [clock.System]. A server whose clock stands
	// still asks for a key once, and does not see when another process revokes it.
	Clock          clock.Clock
	StrictNumbers  bool
	MaxBody        int64
	RequestTimeout time.Duration
	// Waits are how long requests wait for it; the zero value means as long as at a
	// user's server.
	Waits budget.Waits
	// Memory is the budget of requests in bytes, and Requests how many may be in
	// flight; zero takes what a server has by itself. Connections is how many there
	// may be.
	Memory, Requests int64
	Connections      int
	// Log gets what the server logs; nil discards it.
	Log slog.Handler
	// Contacts and Accounts, when not nil, stand before the stores: a test
	// makes them fail, or wait, with these.
	Contacts func(addressbook.Store) addressbook.Store
	Accounts func(account.Store) account.Store
	// Imports does the same for the uploads, Files for their files. BatchRows is how many rows of one
	// are worked at once; zero is as many as a user's server takes.
	Imports   func(importer.Store) importer.Store
	Files     func(importer.Files) importer.Files
	BatchRows int
	// Retention is how long uploads are kept; zero means as long as a user's
	// server keeps them.
	Retention time.Duration
	// Receipts does the same for the answers that are kept under a key.
	Receipts func(journal.Store) journal.Store
	// ReceiptQuota is how many bytes the receipts of an account may take; zero
	// means as many as a user's server takes.
	ReceiptQuota int64
	// Dashboard serves the dashboard too, and BaseURL is its address as a proxy in
	// front would have it.
	Dashboard bool
	BaseURL   string
	// Proxies are those that the server trusts.
	Proxies clientaddr.Proxies
	// AllowOrigins are the origins whose pages may use the API.
	AllowOrigins []string
	// Sessions does what Accounts does, for the dashboard's sessions.
	Sessions func(session.Store) session.Store
}

// Server is a running server.
type Server struct {
	URL       string
	Path      string // of the database; see Options
	Handler   *server.Server
	Dashboard *dashboard.Dashboard // nil when there is none
	Directory *account.Directory
	Sessions  *session.Keeper
	// Budget is what requests hold.
	Budget *budget.Budget

	t       testing.TB
	cancel  context.CancelFunc
	close   func()
	closeDB func() error
	http    *http.Transport
}

// Start starts a server, which stops when the test ends.
func Start(t testing.TB, opts Options) *Server {
	t.Helper()
	if opts.Path == "" {
		opts.Path = NewDatabase(t)
	}
	opts.Clock = cmp.Or(opts.Clock, clock.System)
	if opts.Log == nil {
		opts.Log = slog.DiscardHandler
	}
	log := slog.New(opts.Log)
	db := openDatabase(t, opts.Path, log)
	contacts, accounts, uploads := db.Contacts, db.Accounts, db.Uploads
	if opts.Contacts != nil {
		contacts = opts.Contacts(contacts)
	}
	if opts.Accounts != nil {
		accounts = opts.Accounts(accounts)
	}
	if opts.Imports != nil {
		uploads = opts.Imports(uploads)
	}
	rules := addressbook.New(contacts, addressbook.Options{Clock: opts.Clock, StrictNumbers: opts.StrictNumbers})
	if err := rules.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	files := db.Files
	if opts.Files != nil {
		files = opts.Files(files)
	}
	imports, err := importer.Open(t.Context(), uploads, files, rules, importer.Options{
		Log: log, Now: opts.Clock.Now, BatchRows: opts.BatchRows, Retention: opts.Retention,
	})
	if err != nil {
		t.Fatal(err)
	}
	receipts := db.Receipts
	if opts.Receipts != nil {
		receipts = opts.Receipts(receipts)
	}
	keys := journal.New(receipts, journal.Options{Clock: opts.Clock, Log: log, Quota: opts.ReceiptQuota})
	directory := account.NewDirectory(accounts, opts.Clock)
	browsers := db.Sessions
	if opts.Sessions != nil {
		browsers = opts.Sessions(browsers)
	}
	sessions := session.NewKeeper(browsers, opts.Clock)
	requests := usage.NewCounter(db.Usage, directory, usage.Options{Log: log, Clock: opts.Clock})
	wire := api.New(rules, directory, imports, keys, api.Options{Clock: opts.Clock, MaxBody: opts.MaxBody})
	var pages *dashboard.Dashboard
	if opts.Dashboard {
		pages = dashboard.New(dashboard.Config{
			Accounts: directory,
			Sessions: sessions,
			Book:     rules,
			Imports:  imports,
			Summary:  summary.NewKeeper(db.Summary, opts.Clock),
			Usage:    requests,
			API:      wire.As,
			Document: openapi.Document,
			BaseURL:  opts.BaseURL,
			Clock:    opts.Clock,
		})
	}
	if opts.Memory == 0 {
		opts.Memory = defaultMemory
	}
	if opts.Requests == 0 {
		opts.Requests = defaultRequests
	}
	held := budget.New(opts.Memory, opts.Requests)
	if opts.Waits != (budget.Waits{}) {
		held.SetWaits(opts.Waits)
	}
	handler := server.New(server.Config{
		Budget:         held,
		Connections:    opts.Connections,
		API:            wire,
		Dashboard:      pages,
		Ready:          db.Ping,
		Log:            log,
		Count:          requests.Count,
		RequestTimeout: opts.RequestTimeout,
		Proxies:        opts.Proxies,
		AllowOrigins:   opts.AllowOrigins,
		BaseURL:        opts.BaseURL,
	})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	// Not the test's context: that one ends before the test's cleanup.
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- handler.Serve(ctx, ln) }()
	var background sync.WaitGroup
	background.Go(func() { imports.Run(ctx) })
	background.Go(func() { keys.Run(ctx) })
	background.Go(func() { requests.Run(ctx) })

	s := &Server{
		URL:       "http://" + ln.Addr().String(),
		Path:      opts.Path,
		Handler:   handler,
		Directory: directory,
		Sessions:  sessions,
		Budget:    held,
		Dashboard: pages,
		t:         t,
		cancel:    cancel,
		closeDB:   db.Close,
		http:      &http.Transport{MaxIdleConnsPerHost: 64},
	}
	s.close = sync.OnceFunc(func() {
		s.http.CloseIdleConnections()
		cancel()
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
		background.Wait()
		if err := s.closeDB(); err != nil {
			t.Errorf("close database: %v", err)
		}
	})
	t.Cleanup(s.close)
	return s
}

// What a server that is started without settings gives to requests.
const (
	defaultMemory   = 208 << 20
	defaultRequests = 4096
)

// AwaitIdle waits until no request holds anything of the budget.
func (s *Server) AwaitIdle() {
	s.t.Helper()
	const patience = 30 * time.Second
	for begun := time.Now(); ; {
		memory, requests := s.Budget.InUse()
		if memory == 0 && requests == 0 {
			return
		}
		if time.Since(begun) > patience {
			s.t.Fatalf("%d bytes and %d places are still held", memory, requests)
		}
		runtime.Gosched()
	}
}

// BeginStop tells the server to stop and does not wait for it.
func (s *Server) BeginStop() { s.cancel() }

// Stop stops the server and closes its database.
func (s *Server) Stop() { s.close() }

// BreakDatabase takes the database away from the running server: what reads it
// fails from now on.
func (s *Server) BreakDatabase() {
	s.t.Helper()
	if err := s.closeDB(); err != nil {
		s.t.Fatal(err)
	}
}

// Account makes an account with the platform's own region and time zone, and
// returns a client with a key for it.
func (s *Server) Account(sid string) *Client {
	s.t.Helper()
	return s.AccountIn(sid, account.DefaultRegion, account.DefaultTimeZone)
}

// AccountIn is Account for other regions and time zones.
func (s *Server) AccountIn(sid, region, timeZone string) *Client {
	s.t.Helper()
	if _, err := s.Directory.Create(s.t.Context(), sid, region, timeZone); err != nil {
		s.t.Fatal(err)
	}
	key, token, err := s.Directory.CreateKey(s.t.Context(), sid, "", 0)
	if err != nil {
		s.t.Fatal(err)
	}
	return (&Client{Account: sid, Key: key.ID, Token: token}).At(s)
}
