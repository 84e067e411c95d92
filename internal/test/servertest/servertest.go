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
	"net/netip"
	"sync"
	"testing"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/app"
	"callbook/internal/auditlog"
	"callbook/internal/budget"
	"callbook/internal/campaign"
	"callbook/internal/carrier"
	"callbook/internal/clientaddr"
	"callbook/internal/clock"
	"callbook/internal/event"
	"callbook/internal/fault"
	"callbook/internal/journal"
	"callbook/internal/metrics"
	"callbook/internal/server"
	"callbook/internal/session"
	"callbook/internal/store"
	"callbook/internal/trace"
	"callbook/internal/trunk"
	"callbook/internal/upload"
	"callbook/internal/web"
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
	Imports   func(upload.Store) upload.Store
	Files     func(upload.Files) upload.Files
	BatchRows int
	// Retention is how long uploads are kept; zero means as long as a user's
	// server keeps them.
	Retention time.Duration
	// KeepDeleted is how long deleted contacts and lists stay in the trash; zero means
	// as long as a user's server keeps them.
	KeepDeleted time.Duration
	// RecordingsKeep is how long recordings of calls are kept; zero means as long as a
	// user's server keeps them.
	RecordingsKeep time.Duration
	// Campaigns does the same for what people do with campaigns.
	Campaigns func(campaign.Store) campaign.Store
	// Events does the same for the events of campaigns.
	Events func(event.Store) event.Store
	// Receipts does the same for the answers that are kept under a key.
	Receipts func(journal.Store) journal.Store
	// ReceiptQuota is how many bytes the receipts of an account may take; zero
	// means as many as a user's server takes.
	ReceiptQuota int64
	// ReceiptsKeep is how long they are kept; zero means as long as a user's server keeps
	// them.
	ReceiptsKeep time.Duration
	// Simulator is how the simulated telephone works.
	Simulator app.Simulator
	// Carrier, when not nil, places the calls of campaigns in its place.
	Carrier carrier.Carrier
	// Trunk, when not nil, is a trunk of the server, which places the calls over it from
	// a free port of loopback. SIP is how.
	Trunk *trunk.Trunk
	SIP   app.SIP
	// TrunkKeys tells which key encrypts the passwords of trunks; the zero value is none.
	// TrunkAccounts are the accounts that manage trunks.
	TrunkKeys     trunk.Keys
	TrunkAccounts []string
	// VoiceCommand speaks texts; nil is no voice.
	VoiceCommand []string
	// RefusePrivate sends no callbacks to private and loopback addresses, as a user's
	// server does. Receivers of tests have such.
	RefusePrivate bool
	// Dashboard serves the dashboard too, and BaseURL is its address as a proxy in
	// front would have it.
	Dashboard bool
	BaseURL   string
	// Proxies are those that the server trusts.
	Proxies clientaddr.Proxies
	// AllowOrigins are the origins whose pages may use the API.
	AllowOrigins []string
	// Trace makes traces; nil makes none.
	Trace *trace.Tracer
	// Sessions does what Accounts does, for the dashboard's sessions.
	Sessions func(session.Store) session.Store
}

// Server is a running server.
type Server struct {
	URL       string
	Path      string // of the database; see Options
	Handler   *server.Server
	Dashboard *web.Dashboard // nil when there is none
	Directory *account.Directory
	Sessions  *session.Keeper
	Metrics   *metrics.Metrics
	// Budget is what requests hold.
	Budget *budget.Budget
	// Audit is the audit log, that of the installation too.
	Audit auditlog.Store

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
	if opts.Memory == 0 {
		opts.Memory = defaultMemory
	}
	if !opts.SIP.Addr.IsValid() {
		opts.SIP.Addr = netip.MustParseAddrPort("127.0.0.1:0")
	}
	if opts.SIP.FirstPort == 0 {
		opts.SIP.FirstPort, opts.SIP.LastPort = 20_000, 60_000 // for all tests at once
	}
	if opts.Requests == 0 {
		opts.Requests = defaultRequests
	}
	s := &Server{
		Path:    opts.Path,
		Budget:  budget.New(opts.Memory, opts.Requests),
		Metrics: metrics.New("test"),
		t:       t,
		http:    &http.Transport{MaxIdleConnsPerHost: 64},
	}
	if opts.Waits != (budget.Waits{}) {
		s.Budget.SetWaits(opts.Waits)
	}
	// A trunk of another test in the same database needs a key that this server has not.
	kind := app.Auto
	if opts.Trunk == nil {
		kind = app.Simulated
	}
	a, err := app.Open(t.Context(), app.Config{
		DB:              opts.Path,
		Clock:           opts.Clock,
		Log:             slog.New(opts.Log),
		StrictNumbers:   opts.StrictNumbers,
		MaxBody:         opts.MaxBody,
		ReceiptQuota:    opts.ReceiptQuota,
		ReceiptsKeep:    opts.ReceiptsKeep,
		BatchRows:       opts.BatchRows,
		Retention:       opts.Retention,
		KeepDeleted:     opts.KeepDeleted,
		RecordingsKeep:  opts.RecordingsKeep,
		Kind:            kind,
		SIP:             opts.SIP,
		TrunkKeys:       opts.TrunkKeys,
		TrunkAccounts:   opts.TrunkAccounts,
		Simulator:       opts.Simulator,
		Carrier:         opts.Carrier,
		VoiceCommand:    opts.VoiceCommand,
		CallbackPrivate: !opts.RefusePrivate,
		Metrics:         s.Metrics,
		Trace:           opts.Trace,
		Dashboard:       opts.Dashboard,
		Proxies:         opts.Proxies,
		AllowOrigins:    opts.AllowOrigins,
		BaseURL:         opts.BaseURL,
		RequestTimeout:  opts.RequestTimeout,
		Budget:          s.Budget,
		Connections:     opts.Connections,
		Replace: func(set *store.Set) {
			set.Close = sync.OnceValue(set.Close)
			s.closeDB, s.Audit = set.Close, set.Audit
			over(&set.Accounts, opts.Accounts)
			over(&set.Sessions, opts.Sessions)
			over(&set.Contacts, opts.Contacts)
			over(&set.Uploads, opts.Imports)
			over(&set.Files, opts.Files)
			over(&set.Campaigns, opts.Campaigns)
			over(&set.Events, opts.Events)
			over(&set.Receipts, opts.Receipts)
			s.addTrunk(set.Trunks, opts.TrunkKeys, opts.Trunk)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	// Not the test's context: that one ends before the test's cleanup.
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- a.Serve(ctx, ln) }()
	s.URL, s.cancel = "http://"+ln.Addr().String(), cancel
	s.Handler, s.Dashboard, s.Directory, s.Sessions = a.Server, a.Dashboard, a.Accounts, a.Sessions
	s.close = sync.OnceFunc(func() {
		s.http.CloseIdleConnections()
		cancel()
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
		if err := a.Close(); err != nil {
			t.Errorf("close database: %v", err)
		}
	})
	t.Cleanup(s.close)
	return s
}

// addTrunk adds a trunk, unless an earlier server on the database has.
func (s *Server) addTrunk(store trunk.Store, keys trunk.Keys, t *trunk.Trunk) {
	if t == nil {
		return
	}
	err := trunk.New(store, keys, clock.System).Create(s.t.Context(), t)
	if err != nil && !fault.Is(err, fault.Duplicate) {
		s.t.Error(err)
	}
}

// over puts a store of a test over one of the database.
func over[S any](store *S, wrap func(S) S) {
	if wrap != nil {
		*store = wrap(*store)
	}
}

// What a server that is started without settings gives to requests.
const (
	defaultMemory   = 208 << 20
	defaultRequests = 4096
)

// AwaitIdle waits until no request holds anything of the budget.
func (s *Server) AwaitIdle() {
	s.t.Helper()
	const patience, every = 3 * time.Minute, time.Millisecond
	again := time.NewTicker(every)
	defer again.Stop()
	for begun := time.Now(); ; <-again.C {
		memory, requests := s.Budget.InUse()
		if memory == 0 && requests == 0 {
			return
		}
		if time.Since(begun) > patience {
			s.t.Fatalf("%d bytes and %d places are still held", memory, requests)
		}
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
	key, token, err := s.Directory.CreateKey(s.t.Context(), sid, account.KeyDraft{})
	if err != nil {
		s.t.Fatal(err)
	}
	return (&Client{Account: sid, Key: key.ID, Token: token}).At(s)
}
