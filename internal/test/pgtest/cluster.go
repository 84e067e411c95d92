package pgtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// cluster is a running server.
type cluster struct {
	dir     string // of its files, its socket and its log
	address netip.AddrPort

	// lifeline is what the server lives by: it stops when the other end of this
	// pipe is closed, which the operating system does with a process's last
	// breath, whatever took it.
	lifeline io.Closer
	ended    chan struct{} // closed when the server and its files are gone

	template    sync.Once
	templateErr error
}

// url is that of a database, over TCP.
func (c *cluster) url(database string) string {
	return fmt.Sprintf("postgres://%s@%s/%s?sslmode=disable", superuser, c.address, database)
}

const superuser = "callbook"

// keeper runs the server ($1 its program, $2 its folder) until its own input
// ends, and then removes the folder. It is a process of its own, because the
// test's may be killed.
const keeper = `
"$1" -D "$2/data" -k "$2" >"$2/log" 2>&1 </dev/null &
server=$!
read -r end
kill -QUIT $server
wait $server
rm -rf "$2"
`

// startCluster starts a server with its files in a new folder of parent, which
// is the system's temporary one when it is "", and with these settings.
func startCluster(parent, settings string) (_ *cluster, err error) {
	programs, err := findPrograms()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(parent, "callbook-pg-")
	if err != nil {
		return nil, err
	}
	c := &cluster{dir: dir, ended: make(chan struct{})}
	defer func() {
		if err != nil {
			err = fmt.Errorf("start PostgreSQL for the tests: %w%s", err, c.log())
			c.abandon()
		}
	}()
	if c.address, err = freeAddress(); err != nil {
		return nil, err
	}
	if err := initialise(programs, dir); err != nil {
		return nil, err
	}
	if err := configure(dir, c.address, settings); err != nil {
		return nil, err
	}
	server := exec.Command("/bin/sh", "-c", keeper, "keeper", filepath.Join(programs, "postgres"), dir)
	if err := unprivileged(server, dir); err != nil {
		return nil, err
	}
	// Not a pipe of exec's, which would be copied by a goroutine.
	if c.lifeline, err = server.StdinPipe(); err != nil {
		return nil, err
	}
	if err := server.Start(); err != nil {
		return nil, err
	}
	return c, c.waitFor(server)
}

// initialise makes the files of a server in dir.
func initialise(programs, dir string) error {
	return runIn(dir, filepath.Join(programs, "initdb"), "-D", filepath.Join(dir, "data"),
		"-U", superuser, "--auth=trust", "--encoding=UTF8", "--no-sync",
		// A collation of a language, so that a text which forgets to say that it
		// sorts by its bytes is found out.
		"--locale-provider=icu", "--icu-locale=en-US", "--locale=C.UTF-8")
}

// runIn runs a program to its end in dir, as the user that the server runs as.
func runIn(dir, program string, args ...string) error {
	cmd := exec.Command(program, args...)
	if err := unprivileged(cmd, dir); err != nil {
		return err
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", filepath.Base(program), err, bytes.TrimSpace(out))
	}
	return nil
}

// unsynced are the settings of a server whose files need not survive it.
const unsynced = `
fsync = off
synchronous_commit = off
full_page_writes = off
`

// measured are those of a server that is measured: it loses nothing, and has
// memory and time between checkpoints as one in production.
const measured = `
shared_buffers = 1GB
max_wal_size = 8GB
checkpoint_timeout = 15min
autovacuum = on
`

// configure writes down how the server in dir runs. What is said last counts.
func configure(dir string, address netip.AddrPort, more string) error {
	f, err := os.OpenFile(filepath.Join(dir, "data", "postgresql.auto.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, `
listen_addresses = '%s'
port = %d
max_connections = 300
shared_buffers = 64MB
autovacuum = off
%s`, address.Addr(), address.Port(), more)
	return errors.Join(err, f.Close())
}

// waitFor returns when the server answers, or has ended.
func (c *cluster) waitFor(server *exec.Cmd) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	go func() {
		// The keeper ends only when it is told to; before, something is wrong.
		_ = server.Wait()
		close(c.ended)
		cancel()
	}()
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for {
		conn, err := pgx.Connect(ctx, c.url("postgres"))
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return err
		}
	}
}

// log is what the server said, for an error.
func (c *cluster) log() string {
	said, err := os.ReadFile(filepath.Join(c.dir, "log"))
	if err != nil || len(said) == 0 {
		return ""
	}
	return "\n" + string(bytes.TrimSpace(said))
}

// abandon gives up a server that did not come up.
func (c *cluster) abandon() {
	if c.lifeline != nil {
		c.lifeline.Close() // and its keeper removes the folder
		return
	}
	os.RemoveAll(c.dir)
}

// freeAddress returns an address of loopback that nobody listens on. On Linux its
// IP is one that nobody else uses, so that no connection's own port takes it
// before the server does, or while the server is down.
func freeAddress() (netip.AddrPort, error) {
	ip := netip.AddrFrom4([4]byte{127, 0, 0, 1})
	if runtime.GOOS == "linux" {
		ip = netip.AddrFrom4([4]byte{127, byte(1 + rand.N(254)), byte(rand.N(256)), byte(1 + rand.N(254))})
	}
	ln, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(netip.AddrPortFrom(ip, 0)))
	if err != nil {
		return netip.AddrPort{}, err
	}
	_, port, err := net.SplitHostPort(ln.Addr().String())
	if err := errors.Join(err, ln.Close()); err != nil {
		return netip.AddrPort{}, err
	}
	return netip.ParseAddrPort(net.JoinHostPort(ip.String(), port))
}
