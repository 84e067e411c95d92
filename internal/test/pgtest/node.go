//go:build linux

package pgtest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Node is a server of a test's own, which syncs what it commits. A test may end
// it in every way that a server ends, and start it again on the same files. Its
// methods are for one goroutine.
type Node struct {
	t        testing.TB
	programs string
	dir      string // of its files, its socket and its log
	address  netip.AddrPort
	parent   int // the process that the others are children of; 0 while none runs
	keeper   *exec.Cmd
	lifeline io.WriteCloser
}

// nodeKeeper runs a server ($1 its program, $2 its folder) and prints its
// process. A signal's name in its input ends the server by that signal. The end
// of the input, which comes with the end of the test's process, removes the
// folder too.
const nodeKeeper = `
"$1" -D "$2/data" -k "$2" >>"$2/log" 2>&1 </dev/null &
server=$!
echo $server
read -r signal
kill -CONT $server
kill -${signal:-QUIT} $server
wait $server
[ "$signal" ] || rm -rf "$2"
`

// newNode returns a node without files.
func newNode(t testing.TB) *Node {
	t.Helper()
	programs, err := findPrograms()
	if err != nil {
		giveUp(t, err)
	}
	n := &Node{t: t, programs: programs}
	if n.dir, err = os.MkdirTemp("", "callbook-pg-"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.end)
	if n.address, err = freeAddress(); err != nil {
		t.Fatal(err)
	}
	return n
}

// Start starts the server, and returns when it answers.
func (n *Node) Start() {
	n.t.Helper()
	n.keeper = exec.Command("/bin/sh", "-c", nodeKeeper, "keeper", filepath.Join(n.programs, "postgres"), n.dir)
	if err := unprivileged(n.keeper, n.dir); err != nil {
		n.t.Fatal(err)
	}
	var err error
	if n.lifeline, err = n.keeper.StdinPipe(); err != nil {
		n.t.Fatal(err)
	}
	out, err := n.keeper.StdoutPipe()
	if err != nil {
		n.t.Fatal(err)
	}
	if err := n.keeper.Start(); err != nil {
		n.t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err == nil {
		n.parent, err = strconv.Atoi(strings.TrimSpace(line))
	}
	if err != nil {
		n.t.Fatalf("start a server: %v", err)
	}
	n.until("the server answers", func(ctx context.Context) (bool, error) {
		conn, err := pgx.Connect(ctx, n.url("postgres"))
		if err != nil {
			return false, err
		}
		return true, conn.Close(ctx)
	})
}

// Stop ends the server as an operator does, who does not wait for its clients.
func (n *Node) Stop() {
	n.t.Helper()
	n.endBy("INT")
}

// Kill ends all processes of the server by SIGKILL, as the loss of its machine
// does.
func (n *Node) Kill() {
	n.t.Helper()
	n.signal(syscall.SIGSTOP, n.parent) // no more children
	n.signal(syscall.SIGKILL, append(n.children(), n.parent)...)
	n.endBy("KILL")
}

// endBy has the keeper end the server, and waits for both.
func (n *Node) endBy(signal string) {
	n.t.Helper()
	if _, err := io.WriteString(n.lifeline, signal+"\n"); err != nil {
		n.t.Fatal(err)
	}
	_ = n.keeper.Wait() // its status is that of the server
	n.parent = 0
}

// end ends the node with the test.
func (n *Node) end() {
	if n.t.Failed() {
		if said, err := os.ReadFile(filepath.Join(n.dir, "log")); err == nil {
			n.t.Logf("the end of the database's log:\n%s", said[max(0, len(said)-4096):])
		}
	}
	if n.parent == 0 {
		os.RemoveAll(n.dir)
		return
	}
	n.lifeline.Close()
	_ = n.keeper.Wait()
}

// signal sends a signal to processes, some of which may be gone.
func (n *Node) signal(s syscall.Signal, processes ...int) {
	n.t.Helper()
	if err := signalAll(s, processes); err != nil {
		n.t.Fatal(err)
	}
}

func signalAll(s syscall.Signal, processes []int) error {
	for _, p := range processes {
		if err := syscall.Kill(p, s); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("%v to %d: %w", s, p, err)
		}
	}
	return nil
}

// children are the processes that the server's first has made.
func (n *Node) children() []int {
	n.t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		n.t.Fatal(err)
	}
	var found []int
	for _, path := range stats {
		stat, err := os.ReadFile(path)
		if err != nil {
			continue // it is gone
		}
		// The name before may have anything in it.
		_, rest, _ := strings.Cut(string(stat[strings.LastIndexByte(string(stat), ')')+1:]), " ")
		if fields := strings.Fields(rest); len(fields) > 1 && fields[1] == strconv.Itoa(n.parent) {
			pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			if err != nil {
				n.t.Fatal(err)
			}
			found = append(found, pid)
		}
	}
	return found
}

// url is that of a database, over TCP.
func (n *Node) url(database string) string {
	return fmt.Sprintf("postgres://%s@%s/%s?sslmode=disable", superuser, n.address, database)
}

// query runs a statement, and tells the one value of its last row.
func (n *Node) query(ctx context.Context, statement string) (value string, err error) {
	conn, err := pgx.Connect(ctx, n.url("postgres"))
	if err != nil {
		return "", err
	}
	defer conn.Close(ctx)
	result := conn.PgConn().Exec(ctx, statement)
	for result.NextResult() {
		for rows := result.ResultReader(); rows.NextRow(); {
			value = string(rows.Values()[0])
		}
	}
	return value, result.Close()
}

// exec runs a statement, which must go well.
func (n *Node) exec(statement string) {
	n.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if _, err := n.query(ctx, statement); err != nil {
		n.t.Fatalf("%s: %v", statement, err)
	}
}

// until waits for a condition, which may fail at first.
func (n *Node) until(what string, condition func(context.Context) (bool, error)) {
	n.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for {
		ok, err := condition(ctx)
		if ok && err == nil {
			return
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			n.t.Fatalf("waited for this in vain: %s (%v)", what, err)
		}
	}
}
