package postgres

import (
	"context"
	"errors"
	"net"
	"net/url"
	"os"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// How long a host may be silent. A machine that is gone does not say so, and
// without these limits its connections would look well for hours.
const (
	// connectTimeout is for each host of the URL, where that does not say.
	connectTimeout = 5 * time.Second
	// acquireLimit is how long a caller waits for a connection. It is enough to
	// find two hosts silent and then one that answers.
	acquireLimit = 15 * time.Second
	// pingTimeout is for a connection that was idle for a second, before it is
	// used again.
	pingTimeout = 2 * time.Second
	// silenceLimit is how long sent bytes may stay unconfirmed by the other
	// machine.
	silenceLimit = 15 * time.Second
	// readyLimit is how long the database may take to say that it is ready.
	readyLimit = 5 * time.Second
)

// keepAlive finds out within silenceLimit that the other machine of a connection
// is gone on which nothing is sent, as one that waits for its answer.
var keepAlive = net.KeepAliveConfig{Enable: true, Idle: 6 * time.Second, Interval: 3 * time.Second, Count: 3}

// errReadOnly means that the database takes no writes.
var errReadOnly = errors.New("the database is read-only, as a standby is")

// outlive makes connections that notice when their host is gone, and that are
// made to the one which takes writes, where the URL names several and does not
// say otherwise.
func outlive(config *pgxpool.Config, named string) {
	c := config.ConnConfig
	if c.ConnectTimeout == 0 {
		c.ConnectTimeout = connectTimeout
	}
	if config.PingTimeout == 0 {
		config.PingTimeout = pingTimeout
	}
	// What the pool does beside its callers has no other limit.
	c.DialFunc = (&net.Dialer{Timeout: c.ConnectTimeout, KeepAliveConfig: keepAlive, Control: limitSilence}).DialContext
	if severalHosts(&c.Config) && !saysWhichHost(named) {
		c.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
	}
	// A connection to what takes no writes any more is closed, so that the next
	// one finds who does.
	keeps := c.OnPgError
	c.OnPgError = func(conn *pgconn.PgConn, err *pgconn.PgError) bool {
		return err.Code != readOnlyTransaction && keeps(conn, err)
	}
}

func severalHosts(c *pgconn.Config) bool {
	for _, other := range c.Fallbacks { // the same host comes again without TLS
		if other.Host != c.Host || other.Port != c.Port {
			return true
		}
	}
	return false
}

func saysWhichHost(named string) bool {
	return says(named, "target_session_attrs") || os.Getenv("PGTARGETSESSIONATTRS") != ""
}

// says tells whether a URL has a setting.
func says(named, setting string) bool {
	u, err := url.Parse(named)
	return err == nil && u.Query().Has(setting)
}

// Ping tells whether the database answers and takes writes.
func (db *DB) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, readyLimit, errSlow)
	defer cancel()
	return storeError("ping", causeOf(ctx, db.ping(ctx)))
}

func (db *DB) ping(ctx context.Context) error {
	conn, err := db.acquire(ctx, purpose{})
	if err != nil {
		return err
	}
	defer conn.release()
	var readOnly string
	var accounts bool // and that the schema is there
	err = conn.QueryRow(ctx, `SELECT current_setting('transaction_read_only'), EXISTS (SELECT FROM accounts)`).Scan(&readOnly, &accounts)
	if err == nil && readOnly == "on" {
		return errors.Join(errReadOnly, conn.Conn.Conn().Close(ctx))
	}
	return err
}
