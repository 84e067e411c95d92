package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net"
	"runtime"
	"strings"
	"time"

	"callbook/internal/app"
	"callbook/internal/audit"
	"callbook/internal/clock"
	"callbook/internal/metrics"
	"callbook/internal/session"
	"callbook/internal/store/sqlite"
	"callbook/internal/trace"
)

type serveCmd struct {
	database
	Addr string `default:"127.0.0.1:8080" placeholder:"HOST:PORT" help:"Address to listen on; port 0 takes a free one (${default})."`
	baseURL
	proxyFlags
	originFlags
	tlsFlags
	telephoneFlags
	secretsFlags
	metricsFlags
	Dashboard      bool         `default:"true" negatable:"" help:"Serve the dashboard, at /."`
	Migrate        bool         `default:"true" negatable:"" help:"Bring the schema of a PostgreSQL database up to date; without it, an old one is refused."`
	Bootstrap      bool         `default:"true" negatable:"" help:"Create the account \"demo\" and a key when the database has no account."`
	StrictNumbers  bool         `help:"Take numbers in E.164 only, as +919876543210."`
	MaxBody        int          `default:"32" placeholder:"MIB" help:"Largest request body, in MiB (${default})."`
	Memory         int          `placeholder:"MIB" help:"Memory that the server takes at most, beside the number indexes, in MiB (0, the default, is 512, or more where --max-body needs it)."`
	Connections    int          `placeholder:"N" help:"Connections at once; one more closes those that have been idle for longest (0, the default, is 8 for each MiB of --memory)."`
	IndexMemory    int          `default:"1024" placeholder:"MIB" help:"Memory for the number indexes of all accounts, in MiB (${default}); a contact takes up to 32 bytes. The account that is being written to has its own, however large it is. PostgreSQL keeps its own."`
	KeptAnswers    int          `default:"256" placeholder:"MIB" help:"Room for the answers of an account that are kept under Idempotency-Keys, in MiB (${default}); past it, requests with a new key get 429."`
	ReceiptsKeep   receiptsKeep `default:"24h" placeholder:"TIME" help:"How long answers are kept under Idempotency-Keys, as 24h or 7d, a day at least, since clients rely on it, and a year at most (${default}); also what the dashboard keeps of forms."`
	KeepUploads    retention    `default:"90d" placeholder:"TIME" help:"How long uploads are kept after they have ended, with the rows that failed, as 90d, 6mo or 12h, an hour at least (${default}); 0 or forever keeps them."`
	AuditKeep      retention    `default:"365d" placeholder:"TIME" help:"How long entries of the audit log are kept, as 365d, 6mo or 12h, an hour at least (${default}); 0 or forever keeps them."`
	KeepDeleted    keepDeleted  `default:"30d" placeholder:"TIME" help:"How long deleted contacts and lists stay in the trash, as 30d, 6mo or 12h, an hour at least (${default}); 0 deletes them at once and empties the trash, forever keeps them."`
	RecordingsKeep retention    `default:"30d" placeholder:"TIME" help:"How long the recordings of calls are kept, of campaigns that record, as 30d, 6mo or 12h, an hour at least (${default}); 0 or forever keeps them."`
	LogLevel       logLevel     `default:"info" placeholder:"LEVEL" help:"Least level to log: debug, info, warn or error (${default})."`
	LogFormat      string       `default:"text" enum:"text,json" placeholder:"FORMAT" help:"Format of the log: text or json (${default})."`
}

// Validate is called by kong after it has parsed the flags.
func (c *serveCmd) Validate() error {
	for _, flag := range []struct {
		name               string
		value, least, most int
	}{
		{"--max-body", c.MaxBody, 1, mostBody},
		{"--index-memory", c.IndexMemory, 1, mostMemory},
		{"--kept-answers", c.KeptAnswers, 1, mostMemory},
		{"--memory", c.Memory, 0, mostMemory},
		{"--connections", c.Connections, 0, math.MaxInt32},
	} {
		if flag.value < flag.least {
			return fmt.Errorf("%s %d is too little: it must be %d or more", flag.name, flag.value, flag.least)
		}
		if flag.value > flag.most {
			return fmt.Errorf("%s %d is too much: it must be %d or less", flag.name, flag.value, flag.most)
		}
	}
	if c.MetricsAddr != "" && c.MetricsAddr == c.Addr && !strings.HasSuffix(c.Addr, ":0") {
		return fmt.Errorf("--metrics-addr %s is that of --addr: metrics need an address of their own, as 127.0.0.1:9090", c.MetricsAddr)
	}
	if c.wanted() && strings.HasPrefix(strings.ToLower(c.BaseURL), "http:") {
		return fmt.Errorf("--base-url %s: the server speaks HTTPS, so write it with https://", c.BaseURL)
	}
	// This method replaces those of the embedded flags.
	return errors.Join(c.database.Validate(), checkAddr("--addr", c.Addr), c.metricsFlags.Validate(), c.checkMemory(), c.baseURL.Validate(), c.proxyFlags.Validate(), c.originFlags.Validate(), c.tlsFlags.Validate(), c.telephoneFlags.Validate(), c.secretsFlags.Validate())
}

const (
	mib = 1 << 20
	// The largest values of flags, in MiB.
	mostBody   = 16 << 10
	mostMemory = 16 << 20
	// heapReserve is allocated and never touched, so it takes no physical memory. It
	// makes the garbage collector run less often: it runs when the heap has doubled, and
	// without the reserve a server with small requests spent a seventh of its processor
	// time on it.
	heapReserve = 10 * mib
)

func (c *serveCmd) Run(ctx context.Context, std streams) (err error) {
	ctx = audit.From(ctx, &audit.Origin{Actor: audit.Server})
	defer runtime.KeepAlive(make([]byte, heapReserve))
	log := c.logger(std.err)
	memory := c.planMemory(log)
	memory.setLimit(0)
	if err := sqlite.LimitMemory(sqliteMemory * mib); err != nil {
		return err
	}
	// Do not create a database if the server cannot listen. For an existing database,
	// listen only after opening it, because that may take a while.
	var ln net.Listener
	if c.missing() || c.empty() {
		if ln, err = listen("--addr", c.Addr); err != nil {
			return err
		}
	}
	cfg := c.config(memory, log)
	cfg.Trace = trace.New(ctx, version(), log)
	defer cfg.Trace.Close(ctx)
	stopMetrics, err := c.serveMetrics(ctx, cfg.Metrics, std.out, log)
	if err != nil {
		return closing(ln, err)
	}
	defer stopMetrics()
	var stopRenewing func()
	if cfg.TLS, stopRenewing, err = c.secure(ctx, clock.System, log); err != nil {
		return closing(ln, err)
	}
	defer stopRenewing()
	a, away := app.Open(ctx, cfg)
	if away != nil && !cfg.MayPass(away) {
		return closing(ln, away)
	}
	defer func() {
		stopMetrics() // which read the database
		if a != nil {
			err = errors.Join(err, a.Close())
		}
	}()
	// Listen before the account is created, so that no key is created that nobody sees.
	if ln == nil {
		if ln, err = listen("--addr", c.Addr); err != nil {
			return err
		}
	}
	c.warnOpen(ln.Addr(), log)
	forget := func() {}
	defer func() { forget() }()
	if away == nil {
		forget = c.announce(ctx, a.Sessions, c.url(ln.Addr()), log)
	}
	fmt.Fprintf(std.out, "callbook is listening on %s://%s\n", c.scheme(), browsable(ln.Addr()))
	if err := c.printTrust(std.out); err != nil {
		return errors.Join(err, ln.Close())
	}
	notifyReady(log)
	if away != nil {
		if a, err = app.Await(ctx, ln, cfg, away); err != nil || a == nil {
			return errors.Join(err, ln.Close())
		}
		forget = c.announce(ctx, a.Sessions, c.url(ln.Addr()), log)
	}
	if c.Bootstrap {
		// Ignore signals here, so that no account is created whose token nobody has seen.
		if err := c.bootstrap(context.WithoutCancel(ctx), a.Accounts, a.Sessions, std.out, c.url(ln.Addr())); err != nil {
			return errors.Join(err, ln.Close())
		}
	}
	c.warnTrunkAccounts(ctx, a.Accounts, log)
	return a.Serve(ctx, ln)
}

// closing closes a listener, which may be nil, because of an error.
func closing(ln net.Listener, err error) error {
	if ln == nil {
		return err
	}
	return errors.Join(err, ln.Close())
}

// url returns the URL of the server, which listens at this address.
func (c *serveCmd) url(listening net.Addr) string {
	if c.BaseURL != "" {
		return c.BaseURL
	}
	return c.scheme() + "://" + browsable(listening)
}

// announce stores the server's URL for "callbook login-link", and returns a function that
// removes it. If it fails, as on a full disk, the server runs anyway.
func (c *serveCmd) announce(ctx context.Context, sessions *session.Keeper, url string, log *slog.Logger) (forget func()) {
	if !c.Dashboard {
		return func() {}
	}
	const text = "the server's address could not be stored, which login-link makes links of"
	stop, err := sessions.Serving(ctx, url)
	if err != nil {
		log.Warn(text, "error", err)
		return func() {}
	}
	return func() {
		if err := stop(context.WithoutCancel(ctx)); err != nil {
			log.Warn(text, "error", err)
		}
	}
}

// config returns the configuration that the flags ask for.
func (c *serveCmd) config(m memory, log *slog.Logger) app.Config {
	connections := m.planConnections(c.Connections, log)
	voice, _ := c.voice() // Validate has checked both
	sip, _ := c.sip()
	return app.Config{
		DB:              c.DB,
		Migrate:         c.Migrate,
		IndexBytes:      c.IndexMemory * mib,
		IndexSize:       m.setLimit,
		Clock:           clock.System,
		Log:             log,
		StrictNumbers:   c.StrictNumbers,
		MaxBody:         int64(c.MaxBody) * mib,
		ReceiptQuota:    int64(c.KeptAnswers) * mib,
		Retention:       time.Duration(c.KeepUploads),
		KeepDeleted:     time.Duration(c.KeepDeleted),
		ReceiptsKeep:    time.Duration(c.ReceiptsKeep),
		AuditKeep:       time.Duration(c.AuditKeep),
		RecordingsKeep:  time.Duration(c.RecordingsKeep),
		Kind:            c.kind(),
		SIP:             sip,
		TrunkKeys:       c.keys(c.database),
		TrunkAccounts:   c.TrunkAccounts,
		Simulator:       c.simulator(),
		VoiceCommand:    voice,
		Version:         version(),
		Metrics:         metrics.New(version()),
		CallbackPrivate: c.CallbackPrivate,
		Dashboard:       c.Dashboard,
		Proxies:         c.trusted,
		AllowOrigins:    c.origins,
		BaseURL:         c.BaseURL,
		Budget:          m.requests(connections),
		Connections:     connections,
	}
}

func (c *serveCmd) logger(w io.Writer) *slog.Logger {
	opts := &slog.HandlerOptions{Level: slog.Level(c.LogLevel)}
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, opts))
	}
	return slog.New(slog.NewTextHandler(w, opts))
}

// browsable returns the URL of addr for a program on this machine.
func browsable(addr net.Addr) string {
	tcp, ok := addr.(*net.TCPAddr)
	if !ok || !tcp.IP.IsUnspecified() {
		return addr.String()
	}
	return fmt.Sprintf("localhost:%d", tcp.Port)
}
