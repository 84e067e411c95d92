package pgtest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// poolerKeeper runs a pooler ($1 its program, $2 its folder) until its own input
// ends, as keeper does a server.
const poolerKeeper = `
"$1" "$2/pgbouncer.ini" >"$2/log" 2>&1 </dev/null &
pooler=$!
read -r end
kill -TERM $pooler
wait $pooler
rm -rf "$2"
`

// poolerSettings give each transaction any of a few connections.
const poolerSettings = `
[databases]
* = host=%s port=%s user=%s
[pgbouncer]
listen_addr = %s
listen_port = %d
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = %d
max_client_conn = 1000
`

// Pooler starts a PgBouncer before the server of a database, and returns the URL
// of the database behind it: each transaction gets any one of this many
// connections. It ends with the test. Where there is no PgBouncer the test is
// skipped, and fails when CI=true says that one should be there.
func Pooler(t testing.TB, database string, connections int) string {
	t.Helper()
	program, err := exec.LookPath("pgbouncer")
	if err != nil {
		program, err = exec.LookPath("/usr/sbin/pgbouncer")
	}
	if err != nil {
		giveUp(t, fmt.Errorf("PgBouncer: %w", errNotInstalled))
	}
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	address, err := freeAddress()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "callbook-pooler-")
	if err != nil {
		t.Fatal(err)
	}
	settings := fmt.Sprintf(poolerSettings, u.Hostname(), u.Port(), superuser, address.Addr(), address.Port(), connections)
	keeper := exec.Command("/bin/sh", "-c", poolerKeeper, "keeper", program, dir)
	lifeline, err := keeper.StdinPipe()
	if err := errors.Join(err, os.WriteFile(filepath.Join(dir, "pgbouncer.ini"), []byte(settings), 0o644),
		unprivileged(keeper, dir), keeper.Start()); err != nil {
		t.Fatal(errors.Join(err, os.RemoveAll(dir)))
	}
	t.Cleanup(func() {
		if said, err := os.ReadFile(filepath.Join(dir, "log")); err == nil && t.Failed() {
			t.Logf("the end of the pooler's log:\n%s", said[max(0, len(said)-4096):])
		}
		lifeline.Close()
		_ = keeper.Wait() // its status is that of what it has ended
	})
	u.Host = address.String()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for {
		conn, err := pgx.Connect(ctx, u.String())
		if err == nil {
			_ = conn.Close(ctx)
			return u.String()
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			t.Fatalf("the pooler does not come up: %v", err)
		}
	}
}
