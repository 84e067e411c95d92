// Package app puts a server together: it opens the database, and gives each part
// the others that it needs. The command and the tests start the same server with
// it.
package app

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"strings"
	"sync"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/api"
	"callbook/internal/budget"
	"callbook/internal/callflow/library"
	"callbook/internal/carrier"
	"callbook/internal/clientaddr"
	"callbook/internal/clock"
	"callbook/internal/dialer"
	"callbook/internal/event"
	"callbook/internal/journal"
	"callbook/internal/report"
	"callbook/internal/reqlog"
	"callbook/internal/server"
	"callbook/internal/session"
	"callbook/internal/speech"
	"callbook/internal/store"
	"callbook/internal/store/postgres"
	"callbook/internal/store/sqlite"
	"callbook/internal/summary"
	"callbook/internal/suppression"
	"callbook/internal/trash"
	"callbook/internal/upload"
	"callbook/internal/usage"
	"callbook/internal/web"
	"callbook/openapi"
)

// Config is what a server is made of. Where nothing else is said, a zero value
// means the default of the part that it is for.
type Config struct {
	// DB is the database: the path of a file, or the URL of a PostgreSQL database.
	DB string
	// Migrate brings the schema of a PostgreSQL database up to date; without it, an
	// old one is refused.
	Migrate bool
	// IndexBytes and IndexSize are those of [sqlite.Options].
	IndexBytes int
	IndexSize  func(bytes int)
	// Clock and Log must not be nil.
	Clock clock.Clock
	Log   *slog.Logger
	// StrictNumbers accepts numbers in E.164 only.
	StrictNumbers bool
	// MaxBody is how many bytes the body of a request may have.
	MaxBody int64
	// ReceiptQuota is how many bytes an account's answers that are kept under
	// Idempotency-Keys may take.
	ReceiptQuota int64
	// BatchRows is how many rows of an upload are one transaction, and Retention how
	// long an upload is kept after its end.
	BatchRows int
	Retention time.Duration
	// KeepDeleted is how long contacts and lists that were deleted stay in the trash.
	KeepDeleted time.Duration
	// Simulator is the telephone that campaigns call with, unless there is a Carrier.
	Simulator Simulator
	// Carrier places the calls of campaigns; nil means the simulator.
	Carrier carrier.Carrier
	// VoiceCommand speaks texts, as [speech.ParseCommand] returns it; none is no voice.
	VoiceCommand []string
	// Version is callbook's, for the receivers of callbacks.
	Version string
	// CallbackPrivate lets callbacks go to private, loopback and link-local addresses.
	CallbackPrivate bool
	// Dashboard serves the dashboard too.
	Dashboard bool
	// These are as in [server.Config].
	Proxies        clientaddr.Proxies
	AllowOrigins   []string
	BaseURL        string
	RequestTimeout time.Duration
	Budget         *budget.Budget
	Connections    int
	// Replace, when not nil, may put other stores into the Set before any is used.
	// Tests make stores fail or wait with it.
	Replace func(*store.Set)
}

// App is a server with its database.
type App struct {
	Accounts  *account.Directory
	Sessions  *session.Keeper
	Server    *server.Server
	Dashboard *web.Dashboard // nil when there is none

	cfg      Config
	stores   *store.Set
	dialer   *dialer.Dialer
	events   *event.Deliverer
	reports  *reports
	imports  *upload.Importer
	receipts *journal.Keeper
	trash    *trash.Keeper
	usage    *usage.Counter
}

// Open opens the database and puts a server together that does nothing yet. The
// App must be closed.
func Open(ctx context.Context, cfg Config) (*App, error) {
	stores, err := openStores(ctx, cfg)
	if err != nil {
		return nil, err
	}
	if cfg.Replace != nil {
		cfg.Replace(stores)
	}
	book := addressbook.New(stores.Contacts, addressbook.Options{Clock: cfg.Clock, StrictNumbers: cfg.StrictNumbers, ForgetDeleted: cfg.KeepDeleted == trash.None})
	if err := book.Resume(ctx); err != nil {
		return nil, errors.Join(err, stores.Close())
	}
	imports, err := upload.Open(ctx, stores.Uploads, stores.Files, book, upload.Options{
		Log: cfg.Log, Clock: cfg.Clock, BatchRows: cfg.BatchRows, Retention: cfg.Retention, Words: api.Words, Turns: cfg.Budget.Turns(),
	})
	if err != nil {
		return nil, errors.Join(err, stores.Close())
	}
	accounts := account.NewDirectory(stores.Accounts, cfg.Clock)
	reports := &reports{report.NewLinks(accounts, cfg.Clock), cfg.BaseURL}
	campaigns, calling, err := cfg.campaigns(ctx, stores, book, reports)
	if err != nil {
		return nil, errors.Join(err, stores.Close())
	}
	a := &App{
		dialer:   calling,
		events:   cfg.deliverer(stores, accounts),
		reports:  reports,
		Accounts: accounts,
		Sessions: session.NewKeeper(stores.Sessions, cfg.Clock),
		cfg:      cfg,
		stores:   stores,
		imports:  imports,
		receipts: journal.New(stores.Receipts, journal.Options{Clock: cfg.Clock, Log: cfg.Log, Quota: cfg.ReceiptQuota}),
		trash:    trash.NewKeeper(stores.Trash, book, trash.Options{Clock: cfg.Clock, Log: cfg.Log, Retention: cfg.KeepDeleted}),
		usage:    usage.NewCounter(stores.Usage, accounts, usage.Options{Clock: cfg.Clock, Log: cfg.Log}),
	}
	deliveries := event.NewDeliveries(stores.Events, cfg.Clock, a.events.Wake)
	suppressions := suppression.New(stores.Suppressions, book, cfg.Clock)
	flows := library.New(stores.Flows, book, cfg.Clock)
	wire := api.New(api.Config{
		Book: book, Accounts: accounts, Imports: imports, Keys: a.receipts, Trash: a.trash,
		Campaigns: campaigns, Suppressions: suppressions, Flows: flows, Callbacks: deliveries,
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
			Simulated:    !calling.Real(),
			Voice:        speech.New(cfg.VoiceCommand),
			Trash:        a.trash,
			Imports:      imports,
			Summary:      summary.NewKeeper(stores.Summary, cfg.Clock),
			Usage:        a.usage,
			Receipts:     a.receipts,
			API:          wire.As,
			Document:     openapi.Document,
			BaseURL:      cfg.BaseURL,
			Clock:        cfg.Clock,
		})
	}
	front := cfg.front(countRequests(a.usage))
	front.API, front.Dashboard, front.Ready, front.Budget = wire, a.Dashboard, stores.Ping, cfg.Budget
	a.Server = server.New(front)
	return a, nil
}

// openStores opens the database with the engine that its name asks for.
func openStores(ctx context.Context, cfg Config) (*store.Set, error) {
	if postgres.IsURL(cfg.DB) {
		return postgres.OpenStores(ctx, cfg.DB, cfg.Migrate, cfg.Log)
	}
	return sqlite.OpenStores(ctx, cfg.DB, sqlite.Options{Log: cfg.Log, IndexBytes: cfg.IndexBytes, IndexSize: cfg.IndexSize})
}

// front is what the HTTP server is told whether or not there is a database. The
// access log comes after these observers.
func (cfg Config) front(observers ...server.Observer) server.Config {
	return server.Config{
		Log: cfg.Log, Proxies: cfg.Proxies, AllowOrigins: cfg.AllowOrigins, BaseURL: cfg.BaseURL,
		RequestTimeout: cfg.RequestTimeout, Connections: cfg.Connections, Observers: append(observers, server.AccessLog(cfg.Log)),
	}
}

// countRequests returns an observer that counts the requests of accounts to the API.
func countRequests(c *usage.Counter) server.Observer {
	return func(_ context.Context, rec *reqlog.Record) {
		if _, path, _ := strings.Cut(rec.Route, " "); rec.Account != "" && strings.HasPrefix(path, "/v2/") {
			c.Count(rec.Account, rec.Status, rec.Code)
		}
	}
}

// Serve answers requests as [server.Server.Serve] does, and does the work in the
// background. It returns when all of that has ended, and closes ln.
func (a *App) Serve(ctx context.Context, ln net.Listener) error {
	// What counts requests goes on until the last one in flight was served.
	counting, stopCounting := context.WithCancel(context.WithoutCancel(ctx))
	// Uploads stop at once, after the batches they are at: the next start goes on
	// with them. So does the deletion of old receipts, and of what is old in the trash.
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
	if !a.dialer.Real() {
		a.cfg.Log.Info("the telephone is simulated: campaigns run, and nobody is called", "speed", max(1, a.cfg.Simulator.Speed))
	}
	a.reports.listening(ln.Addr())
	background.Go(func() { a.dialer.Run(working) })
	background.Go(func() { a.events.Run(working) })
	defer background.Wait()
	defer stopCounting()
	defer stopWorking()
	return a.Server.Serve(ctx, ln)
}

// Close closes the database.
func (a *App) Close() error { return a.stores.Close() }

// flushEvery is how often the keys' last use is written down.
const flushEvery = 5 * time.Second
