package e2e

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// TestIdleConnections has 10,000 clients connect that then wait, while others
// write and read: none of these is refused. It is not parallel: a client beside it
// might wait for too long.
func TestIdleConnections(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector's memory for so many goroutines is its own")
	}
	count := idleConnections(t)
	t.Run("room for all", func(t *testing.T) { idleKept(t, count) })
	t.Run("room for some", func(t *testing.T) { idleClosed(t, count) })
}

// idleKept has room for all connections, half of which have sent a request
// before: each of these stays open.
func idleKept(t *testing.T, count int) {
	tr := newTrial(t, newDB(t), "--connections", "12000")
	open := make(idle, count)
	defer open.close()
	var dialers sync.WaitGroup
	for d := range 16 {
		dialers.Go(func() {
			for i := d; i < count && !t.Failed(); i += 16 {
				if err := open.dial(tr.s, i, i%2 == 0); err != nil {
					t.Errorf("connection %d: %v", i, err)
				}
			}
		})
	}
	dialers.Wait()
	if t.Failed() {
		return
	}
	st := tr.steady(2)
	st.progress(20, 3)
	t.Logf("with %d connections the server takes %d MB", count, memory(t, tr.s, "VmRSS:")>>20)
	closed := 0
	for i := 0; i < count; i += 2 { // of the others none waits for longer than for its header
		if open.closed(t, i) {
			closed++
		}
	}
	if closed > 0 {
		t.Errorf("the server has hung up on %d clients that wait for their next request", closed)
	}
	open.close()
	st.progress(10, 2)
	st.stop()
	st.noneRefused()
	tr.calm()
	tr.end()
}

// idleClosed has room for fewer connections, and clients connect one after the
// other: the server closes those that have been idle for longest, and none of
// which it serves a request. They are few enough that a slow machine opens them
// before such a request has to be answered.
func idleClosed(t *testing.T, count int) {
	const (
		most  = 1024
		files = 256 // that the server has open beside them, at most
		// Of the connections that must be closed, and of those that must be open,
		// these are near to the boundary. A connection is idle a moment after its
		// client has the answer, so that two may be so in the other order.
		near = 400
	)
	count = min(count, 4*most)
	if count < 2*most {
		missing(t, "the right to have so many files open")
	}
	tr := newTrial(t, newDB(t), "--connections", strconv.Itoa(most))
	open := make(idle, count)
	defer open.close()
	served := make(map[*request]*heldPost)
	for range 8 {
		r := tr.seen.next()
		served[r] = holdPost(t, tr.s, tr.auth, r.contacts)
	}
	for i := range count {
		if err := open.dial(tr.s, i, true); err != nil {
			t.Fatalf("connection %d: %v", i, err)
		}
		if i%250 == 0 {
			if now := descriptors(t, tr.s); now > most+files {
				t.Fatalf("after %d connections the server has %d descriptors, more than %d", i, now, most+files)
			}
			tr.work(1)
		}
		if i == most+near { // by now whatever was idle at the beginning is closed
			for r, held := range served {
				got, err := held.finish()
				if err == nil {
					err = r.answered(got)
				}
				if err != nil {
					t.Errorf("a request that was being served: %v", err)
				}
			}
		}
	}
	t.Logf("after %d connections the server has %d descriptors and takes %d MB", count, descriptors(t, tr.s), memory(t, tr.s, "VmRSS:")>>20)
	old, young := 0, 0
	for i := range count {
		switch closed := open.closed(t, i); {
		case i < count-most-near && !closed:
			old++
		case i >= count-most+near && closed:
			young++
		}
	}
	if old > 0 || young > 0 {
		t.Errorf("of those that have been idle for longest %d are open, of those that came last %d are closed", old, young)
	}
	st := tr.steady(2)
	st.progress(20, 3)
	open.close()
	st.progress(10, 2)
	st.stop()
	st.noneRefused()
	tr.calm()
	tr.end()
}

// idle is connections that wait for something to send.
type idle []net.Conn

// dial opens a connection and, if asked to, makes a request over it.
func (c idle) dial(s *server, i int, request bool) error {
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
	if err != nil {
		return err
	}
	c[i] = conn
	if !request {
		return nil
	}
	return healthz(conn)
}

// closed tells whether the server has closed a connection over which it has sent
// an answer.
func (c idle) closed(t *testing.T, i int) bool {
	t.Helper()
	raw, err := c[i].(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	// The answer's rest is read first; what comes behind it is the end.
	rest := make([]byte, 4096)
	closed := false
	err = raw.Control(func(fd uintptr) {
		for {
			n, _, err := syscall.Recvfrom(int(fd), rest, syscall.MSG_DONTWAIT)
			switch {
			case n > 0 && err == nil:
				continue
			case errors.Is(err, syscall.EINTR):
				continue
			}
			closed = !errors.Is(err, syscall.EAGAIN)
			return
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return closed
}

func (c idle) close() {
	for _, conn := range c {
		if conn != nil {
			conn.Close()
		}
	}
}

// healthz makes a request over a connection that stays open.
func healthz(conn net.Conn) error {
	if _, err := fmt.Fprintf(conn, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		return err
	}
	answer := make([]byte, 12)
	if _, err := io.ReadFull(conn, answer); err != nil {
		return err
	}
	if string(answer) != "HTTP/1.1 200" {
		return fmt.Errorf("got %q", answer)
	}
	return nil
}

// idleConnections raises how many descriptors this process, and those that it
// starts, may have, and returns how many connections that allows: 10,000 unless
// the system's limit is lower, which fails the test where CI is "true".
func idleConnections(t *testing.T) int {
	t.Helper()
	const want, spare = 10_000, 500
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	if limit.Max < want+spare {
		raised := syscall.Rlimit{Cur: want + spare, Max: want + spare}
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &raised); err != nil {
			if os.Getenv("CI") == "true" {
				t.Fatalf("only %d descriptors are allowed: %v", limit.Max, err)
			}
			t.Logf("only %d descriptors are allowed (%v): fewer connections", limit.Max, err)
			return int(limit.Max) - spare
		}
		return want
	}
	limit.Cur = limit.Max
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	return want
}
