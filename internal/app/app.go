// Package app assembles a server: it opens the database and connects all parts. The
// command and the tests both use it.
package app

import (
	"context"
	"errors"
	"net"
	"net/url"
	"strings"
	"sync"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/api"
	"callbook/internal/auditlog"
	"callbook/internal/callflow/ask"
	"callbook/internal/callflow/library"
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
	"callbook/internal/summary"
	"callbook/internal/suppression"
	"callbook/internal/trash"
	"callbook/internal/trunk"
	"callbook/internal/trunk/testcall"
	"callbook/internal/upload"
	"callbook/internal/usage"
	"callbook/internal/web"
	"callbook/openapi"
)

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
