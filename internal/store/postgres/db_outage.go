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

// The timeouts of hosts that do not respond. A machine that crashes does not close its
// connections, and without these limits they would look alive for hours.
const (
	// connectTimeout is for each host of the URL, unless the URL sets it.
	connectTimeout = 5 * time.Second
	// acquireLimit is how long a caller waits for a connection. It suffices for two
	// hosts that do not respond and a third that does.
	acquireLimit = 15 * time.Second
	// pingTimeout is for the check of a connection that was idle for a second,
	// before it is reused.
	pingTimeout = 2 * time.Second
	// silenceLimit is how long sent bytes may stay unacknowledged.
	silenceLimit = 15 * time.Second
	// readyLimit is how long the database may take to answer [DB.Ping].
	readyLimit = 5 * time.Second
)

// keepAlive detects within silenceLimit that the peer is gone on a connection that
// sends nothing, such as one that waits for an answer.
var keepAlive = net.KeepAliveConfig{Enable: true, Idle: 6 * time.Second, Interval: 3 * time.Second, Count: 3}

// errReadOnly means that the database accepts no writes.
var errReadOnly = errors.New("the database is read-only, as a standby is")

// surviveFailover configures connections so that they notice when their host is gone.
// If the URL names several hosts, they connect to the one that accepts writes, unless
// the URL says otherwise.
func surviveFailover(config *pgxpool.Config, named string) {
	c := config.ConnConfig
	if c.ConnectTimeout == 0 {
		c.ConnectTimeout = connectTimeout
	}
	if config.PingTimeout == 0 {
		config.PingTimeout = pingTimeout
	}
	// The pool's background work has no other timeout.
	c.DialFunc = (&net.Dialer{Timeout: c.ConnectTimeout, KeepAliveConfig: keepAlive, Control: limitSilence}).DialContext
	if severalHosts(&c.Config) && !saysWhichHost(named) {
		c.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
	}
	// When a host becomes read-only, its connections are closed, so that the next
	// ones connect to the new primary.
	onError := c.OnPgError
	c.OnPgError = func(conn *pgconn.PgConn, err *pgconn.PgError) bool {
		return err.Code != readOnlyTransaction && onError(conn, err)
	}
}

func severalHosts(c *pgconn.Config) bool {
	for _, other := range c.Fallbacks { // the same host may be repeated without TLS
		if other.Host != c.Host || other.Port != c.Port {
			return true
		}
	}
	return false
}

func saysWhichHost(named string) bool {
	return says(named, "target_session_attrs") || os.Getenv("PGTARGETSESSIONATTRS") != ""
}

// says reports whether a URL has a setting.
func says(named, setting string) bool {
	u, err := url.Parse(named)
	return err == nil && u.Query().Has(setting)
}

// Ping returns an error if the database does not answer or accepts no writes.
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
	var accounts bool // the query fails without the schema
	err = conn.QueryRow(ctx, `SELECT current_setting('transaction_read_only'), EXISTS (SELECT FROM accounts)`).Scan(&readOnly, &accounts)
	if err == nil && readOnly == "on" {
		return errors.Join(errReadOnly, conn.Conn.Conn().Close(ctx))
	}
	return err
}
