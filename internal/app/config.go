package app

import (
	"context"
	"crypto/tls"
	"log/slog"
	"time"

	"callbook/internal/budget"
	"callbook/internal/carrier"
	"callbook/internal/clientaddr"
	"callbook/internal/clock"
	"callbook/internal/metrics"
	"callbook/internal/server"
	"callbook/internal/store"
	"callbook/internal/store/postgres"
	"callbook/internal/store/sqlite"
	"callbook/internal/trace"
	"callbook/internal/trunk"
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
