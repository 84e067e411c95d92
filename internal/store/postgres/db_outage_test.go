package postgres

import (
	"net"
	"testing"
	"time"

	"callbook/internal/test/pgtest"
)

// TestReadOnly is a database that took no writes a moment ago, behind an address
// that is now another's: the connection that was told so is not used again.
func TestReadOnly(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t, Migrate)
	db := open(t, url)
	acct := addAccount(t, db)
	if err := db.Ping(t.Context()); err != nil {
		t.Errorf("ping: %v", err)
	}
	connections := func() string {
		return pgtest.Texts(t, url, `SELECT string_agg(pid::text, ',') FROM pg_stat_activity
			WHERE datname = current_database() AND application_name = 'callbook'`)[0]
	}
	before := connections()
	exec(t, db, `SET default_transaction_read_only = on`)
	isUnavailable(t, "insert", insert(t.Context(), db, acct, 1))
	if err := insert(t.Context(), db, acct, 1); err != nil {
		t.Errorf("insert over the next connection: %v", err)
	}
	exec(t, db, `SET default_transaction_read_only = on`)
	isUnavailable(t, "ping", db.Ping(t.Context()))
	if err := db.Ping(t.Context()); err != nil {
		t.Errorf("ping over the next connection: %v", err)
	}
	if after := connections(); after == before {
		t.Errorf("the connections %s are still there", after)
	}
}

// TestSeveralHosts looks for the host that takes writes, unless the URL says
// what is looked for.
func TestSeveralHosts(t *testing.T) {
	for url, looks := range map[string]bool{
		"postgres://one,two/callbook":                                true,
		"postgres://one:5432,one:5433/callbook":                      true,
		"postgres://one,two/callbook?target_session_attrs=any":       false,
		"postgres://one/callbook":                                    false,
		"postgres://one/callbook?sslmode=prefer":                     false, // with TLS, and without
		"postgres://one/callbook?target_session_attrs=read-write":    true,
		"postgres:///callbook?host=one,two":                          true,
		"postgres://one,two/callbook?target_session_attrs=primary":   true,
		"postgres://me:p%40w@one,two/callbook?application_name=test": true,
	} {
		config, err := poolConfig(url)
		if err != nil {
			t.Errorf("%s: %v", url, err)
			continue
		}
		if got := config.ConnConfig.ValidateConnect != nil; got != looks {
			t.Errorf("%s: it looks for a host: %t, want %t", url, got, looks)
		}
	}
	t.Setenv("PGTARGETSESSIONATTRS", "any")
	if config, err := poolConfig("postgres://one,two/callbook"); err != nil || config.ConnConfig.ValidateConnect != nil {
		t.Errorf("the environment is not heard (%v)", err)
	}
}

// TestSilentHost has a host that takes connections and says nothing.
func TestSilentHost(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	config, err := poolConfig("postgres://me@" + ln.Addr().String() + "/callbook?sslmode=disable&connect_timeout=1")
	if err != nil {
		t.Fatal(err)
	}
	if config.ConnConfig.ConnectTimeout != time.Second || config.PingTimeout <= 0 {
		t.Errorf("the limits are %v and %v", config.ConnConfig.ConnectTimeout, config.PingTimeout)
	}
	start := time.Now()
	_, err = Open(t.Context(), config.ConnString(), Options{})
	isUnavailable(t, "open", storeError("open", err))
	if took := time.Since(start); took > 2*time.Minute {
		t.Errorf("it took %v to see that nobody answers", took)
	}
}
