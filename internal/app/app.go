// Package app assembles a server: it opens the database and connects all parts. The
// command and the tests both use it.
package app

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/url"
	"strings"
	"sync"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/api"
	"callbook/internal/auditlog"
	"callbook/internal/budget"
	"callbook/internal/callflow/ask"
	"callbook/internal/callflow/library"
	"callbook/internal/carrier"
	"callbook/internal/clientaddr"
	"callbook/internal/clock"
	"callbook/internal/dialer"
	"callbook/internal/event"
	"callbook/internal/journal"
	"callbook/internal/link"
	"callbook/internal/metrics"
	"callbook/internal/person"
	"callbook/internal/prompt"
	"callbook/internal/recording"
	"callbook/internal/reqlog"
	"callbook/internal/server"
	"callbook/internal/session"
	"callbook/internal/sound"
	"callbook/internal/speech"
	"callbook/internal/store"
	"callbook/internal/store/postgres"
	"callbook/internal/store/sqlite"
	"callbook/internal/summary"
	"callbook/internal/suppression"
	"callbook/internal/trace"
	"callbook/internal/trash"
	"callbook/internal/trunk"
	"callbook/internal/trunk/testcall"
	"callbook/internal/upload"
	"callbook/internal/usage"
	"callbook/internal/web"
	"callbook/openapi"
)

// Config configures a server. A zero value means the default of the part that uses it.
type Config struct {
	// DB is the path of a SQLite database, or the URL of a PostgreSQL database.
	DB string
	// Migrate updates the schema of a PostgreSQL database. Without it, Open refuses a
	// database with an older schema.
	Migrate bool
	// IndexBytes and IndexSize are those of [sqlite.Options].
	IndexBytes int
	IndexSize  func(bytes int)
	// Clock and Log must not be nil.
	Clock clock.Clock
	Log   *slog.Logger
	// StrictNumbers accepts only numbers in E.164.
	StrictNumbers bool
	// MaxBody bounds the body of a request, in bytes.
	MaxBody int64
	// ReceiptQuota bounds the stored answers of an account to requests with an
	// Idempotency-Key, in bytes.
	ReceiptQuota int64
	// ReceiptsKeep is how long such answers are stored; see [journal.Options].
	ReceiptsKeep time.Duration
	// BatchRows is how many rows of an upload are one transaction. Retention is how long
	// an upload is stored after its end.
	BatchRows int
	Retention time.Duration
	// AuditKeep is how long entries of the audit log are kept; see [auditlog.Options].
	AuditKeep time.Duration
	// KeepDeleted is how long deleted contacts and lists stay in the trash.
	KeepDeleted time.Duration
	// RecordingsKeep is how long recordings of calls are kept; see [recording.Options].
	RecordingsKeep time.Duration
	// Kind says what places the calls of campaigns. SIP and Simulator configure it.
	// TrunkKeys tells which key encrypts the passwords of trunks.
	Kind      CarrierKind
	TrunkKeys trunk.Keys
	SIP       SIP
	Simulator Simulator
	// TrunkAccounts are the sids of the accounts that manage trunks in the dashboard.
	// Empty means the only account, and none if there are several.
	TrunkAccounts []string
	// Carrier, if not nil, places the calls, whatever Kind says.
	Carrier carrier.Carrier
	// VoiceCommand speaks texts, as returned by [speech.ParseCommand]. Empty means no
	// voice.
	VoiceCommand []string
	// Version is callbook's version, which callbacks tell their receivers.
	Version string
	// CallbackPrivate allows callbacks to private, loopback and link-local addresses.
	CallbackPrivate bool
	// Metrics are the metrics of the server; nil means new ones, which nobody reads.
	Metrics *metrics.Metrics
	// Trace makes traces; nil makes none.
	Trace *trace.Tracer
	// Dashboard enables the dashboard.
	Dashboard bool
	// TLS and the fields after it are those of [server.Config].
	TLS            *tls.Config
	Proxies        clientaddr.Proxies
	AllowOrigins   []string
	BaseURL        string
	RequestTimeout time.Duration
	Budget         *budget.Budget
	Connections    int
	// Replace, if not nil, may replace stores of the Set before anything uses them. Tests
	// use it to let stores fail or wait.
	Replace func(*store.Set)
}

// App is a server and its database.
type App struct {
	Accounts  *account.Directory
	Sessions  *session.Keeper
	Server    *server.Server
	Dashboard *web.Dashboard // nil without a dashboard

	cfg       Config
	stores    *store.Set
	dialer    *dialer.Dialer
	telephone *telephone
	events    *event.Deliverer
	tests     *testcall.Calls // nil if the telephone is simulated
	imports   *upload.Importer
	receipts  *journal.Keeper
	trash     *trash.Keeper
	audit     *auditlog.Log
	persons   *person.Persons
	usage     *usage.Counter

	links      *links
	recordings *recording.Recordings
}

// Open opens the database and assembles a server, without starting it. The caller must
// close the App.
func Open(ctx context.Context, cfg Config) (*App, error) {
	if cfg.Metrics == nil {
		cfg.Metrics = metrics.New(cfg.Version)
	}
	stores, err := openStores(ctx, cfg)
	if err != nil {
		return nil, err
	}
	if cfg.Replace != nil {
		cfg.Replace(stores)
	}
	book := addressbook.New(stores.Contacts, addressbook.Options{Clock: cfg.Clock, StrictNumbers: cfg.StrictNumbers, ForgetDeleted: cfg.KeepDeleted == trash.None, Written: cfg.Metrics.Contacts})
	if err := book.Resume(ctx); err != nil {
		return nil, errors.Join(err, stores.Close())
	}
	imports, err := upload.Open(ctx, stores.Uploads, stores.Files, book, upload.Options{
		Log: cfg.Log, Clock: cfg.Clock, BatchRows: cfg.BatchRows, Retention: cfg.Retention, Words: api.Words, Turns: cfg.Budget.Turns(),
		Applied: cfg.Metrics.Rows,
	})
	if err != nil {
		return nil, errors.Join(err, stores.Close())
	}
	accounts := account.NewDirectory(stores.Accounts, cfg.Clock)
	links := &links{link.New(accounts, cfg.Clock), cfg.BaseURL}
	recordings := recording.New(stores.Recordings, recording.Options{Clock: cfg.Clock, Log: cfg.Log, Retention: cfg.RecordingsKeep})
	events := cfg.deliverer(stores, accounts)
	flows := library.New(stores.Flows, book, cfg.Clock)
	prompts, voice := prompt.New(stores.Prompts, cfg.Clock), speech.New(cfg.VoiceCommand)
	asker := ask.New(ask.Options{Log: cfg.Log, Agent: cfg.agent(), Private: cfg.CallbackPrivate})
	sounds := sound.New(sound.Options{Clock: cfg.Clock, Voice: voice, Prompts: prompts, Files: asker})
	campaigns, calling, phone, err := cfg.campaigns(ctx, stores, book, flows, dialer.Options{
		Log: cfg.Log, Clock: cfg.Clock, Gate: dialer.Rules{}, ReportURL: links.report, RecordingURL: links.recording, Recorder: recordings.Record,
		Told: events.Told, Ended: cfg.Metrics.CallEnded, Asker: asker, Sounds: sounds,
	})
	if err != nil {
		return nil, errors.Join(err, stores.Close())
	}
	a := &App{
		dialer:    calling,
		telephone: phone,
		tests:     cfg.testCalls(phone, voice),
		events:    events,
		Accounts:  accounts,
		Sessions:  session.NewKeeper(stores.Sessions, cfg.Clock),
		cfg:       cfg,
		stores:    stores,
		imports:   imports,
		receipts:  journal.New(stores.Receipts, journal.Options{Clock: cfg.Clock, Log: cfg.Log, Quota: cfg.ReceiptQuota, Keep: cfg.ReceiptsKeep}),
		trash:     trash.NewKeeper(stores.Trash, book, trash.Options{Clock: cfg.Clock, Log: cfg.Log, Retention: cfg.KeepDeleted}),
		usage:     usage.NewCounter(stores.Usage, accounts, usage.Options{Clock: cfg.Clock, Log: cfg.Log}),

		links: links, recordings: recordings,
	}
	a.audit = auditlog.New(stores.Audit, accounts, auditlog.Options{Clock: cfg.Clock, Log: cfg.Log, Keep: cfg.AuditKeep})
	deliveries := event.NewDeliveries(stores.Events, cfg.Clock, a.events.Wake)
	suppressions := suppression.New(stores.Suppressions, book, cfg.Clock)
	a.persons = newPersons(stores, book, accounts, cfg, phone.forget)
	wire := api.New(api.Config{
		Book: book, Accounts: accounts, Imports: imports, Keys: a.receipts, Trash: a.trash, Audit: a.audit,
		Campaigns: campaigns, Suppressions: suppressions, Prompts: prompts, Recordings: recordings, Flows: flows, Callbacks: deliveries, Persons: a.persons,
		Clock: cfg.Clock, MaxBody: cfg.MaxBody, BaseURL: cfg.BaseURL,
	})
	if cfg.Dashboard {
		a.Dashboard = web.New(web.Config{
			Accounts:     accounts,
			Sessions:     a.Sessions,
			Book:         book,
			Campaigns:    campaigns,
			Events:       deliveries,
			Suppressions: suppressions,
			Flows:        flows,
			Prompts:      prompts,
			Recordings:   recordings,
			Simulated:    phone.speed,
			Trunks:       trunk.New(stores.Trunks, cfg.TrunkKeys, cfg.Clock),
			Line:         phone.line(),
			TestCalls:    a.tests,
			TrunksWait:   cfg.Kind == Auto,
			Manages:      (&managers{named: cfg.TrunkAccounts, accounts: accounts}).include,
			Command:      func(ctx context.Context, q url.Values) (bool, error) { return links.command(ctx, accounts, q) },
			Voice:        voice,
			Trash:        a.trash,
			Persons:      a.persons,
			Imports:      imports,
			Summary:      summary.NewKeeper(stores.Summary, cfg.Clock),
			Usage:        a.usage,
			Audit:        a.audit,
			Receipts:     a.receipts,
			API:          wire.As,
			Document:     openapi.Document,
			BaseURL:      cfg.BaseURL,
			Clock:        cfg.Clock,
		})
	}
	front := cfg.front(countRequests(a.usage), cfg.Metrics.Request)
	front.API, front.Dashboard, front.Ready, front.Budget = wire, a.Dashboard, stores.Ping, cfg.Budget
	a.Server = server.New(front)
	cfg.Metrics.Watch(metrics.Sources{
		Requests: a.Server.InFlight, Imports: imports.Load, Dialing: calling.Load, Sound: phone.sound, Callbacks: stores.Events.CountWaiting,
		Sizes: stores.Sizes, Pool: stores.Pool,
	})
	return a, nil
}

// openStores opens the database with SQLite or PostgreSQL, depending on its name.
func openStores(ctx context.Context, cfg Config) (*store.Set, error) {
	if postgres.IsURL(cfg.DB) {
		return postgres.OpenStores(ctx, cfg.DB, cfg.Migrate, cfg.Log)
	}
	return sqlite.OpenStores(ctx, cfg.DB, sqlite.Options{Log: cfg.Log, IndexBytes: cfg.IndexBytes, IndexSize: cfg.IndexSize, Committed: cfg.Metrics.Committed, Checkpointed: cfg.Metrics.Checkpointed})
}

// front returns the configuration of the HTTP server, as far as it does not need a
// database. The access log runs after these observers.
func (cfg Config) front(observers ...server.Observer) server.Config {
	front := server.Config{
		TLS: cfg.TLS, Log: cfg.Log, Proxies: cfg.Proxies, AllowOrigins: cfg.AllowOrigins, BaseURL: cfg.BaseURL,
		RequestTimeout: cfg.RequestTimeout, Connections: cfg.Connections, Observers: append(observers, server.AccessLog(cfg.Log)),
	}
	if cfg.Trace != nil {
		front.Begin, front.Observers = cfg.Trace.Begin, append(front.Observers, cfg.Trace.Request)
	}
	return front
}

// countRequests returns an observer that counts the API requests of accounts.
func countRequests(c *usage.Counter) server.Observer {
	return func(_ context.Context, rec *reqlog.Record) {
		if _, path, _ := strings.Cut(rec.Route, " "); rec.Account != "" && strings.HasPrefix(path, "/v2/") {
			c.Count(rec.Account, rec.Status, rec.Code)
		}
	}
}

// Serve serves requests like [server.Server.Serve], and runs the work in the background.
// It returns when all of that has ended, and closes ln.
func (a *App) Serve(ctx context.Context, ln net.Listener) error {
	// Keep counting until the last request in flight was answered.
	counting, stopCounting := context.WithCancel(context.WithoutCancel(ctx))
	// Stop uploads at once, after their current batches: the next start resumes them. The
	// deletion of old receipts and of old trash stops at once too.
	working, stopWorking := context.WithCancel(ctx)
	var background sync.WaitGroup
	keysUsed := clock.Job{
		Clock: a.cfg.Clock, Every: flushEvery, Do: a.Accounts.FlushUsed, Flushes: true,
		Log: a.cfg.Log, Failed: "the keys' last use could not be written; it will be tried again",
	}
	background.Go(func() { keysUsed.Run(counting) })
	background.Go(func() { a.usage.Run(counting) })
	background.Go(func() { a.imports.Run(working) })
	background.Go(func() { a.receipts.Run(working) })
	background.Go(func() { a.trash.Run(working) })
	background.Go(func() { a.audit.Run(working) })
	background.Go(func() { a.persons.Run(working) })
	background.Go(func() { a.recordings.Run(working) })
	a.telephone.announce(a.cfg.Log)
	a.links.listening(ln.Addr(), a.cfg.TLS != nil)
	background.Go(func() { a.dialer.Run(working) })
	background.Go(func() { a.events.Run(working) })
	if a.tests != nil {
		background.Go(func() { a.tests.Run(working) })
	}
	defer background.Wait()
	defer stopCounting()
	defer stopWorking()
	return a.Server.Serve(ctx, ln)
}

// Close closes the database.
func (a *App) Close() error { return a.stores.Close() }

// flushEvery is how often the last use of keys is stored.
const flushEvery = 5 * time.Second
