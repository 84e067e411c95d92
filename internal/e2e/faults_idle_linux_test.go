package e2e

import (
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// TestIdleConnections opens 10,000 connections, half of which have sent a request
// before. The server goes on serving others.
func TestIdleConnections(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector's memory for so many goroutines is its own")
	}
	t.Parallel()
	count := idleConnections(t)
	tr := newTrial(t, newDB(t))
	host := strings.TrimPrefix(tr.s.URL, "http://")
	open := make([]net.Conn, count)
	var dialers sync.WaitGroup
	for d := range 16 {
		dialers.Go(func() {
			for i := d; i < len(open) && !t.Failed(); i += 16 {
				conn, err := net.Dial("tcp", host)
				if err == nil {
					open[i] = conn
					if i%2 == 0 {
						err = healthz(conn)
					}
				}
				if err != nil {
					t.Errorf("connection %d: %v", i, err)
				}
			}
		})
	}
	dialers.Wait()
	st := tr.steady(2)
	st.progress(20, 3)
	now := descriptors(t, tr.s)
	t.Logf("with %d connections the server takes %d MB", count, memory(t, tr.s, "VmRSS:")>>20)
	if now < count/2 {
		t.Errorf("the server has %d descriptors: it has hung up on those who wait for their next request", now)
	}
	for _, conn := range open {
		if conn != nil {
			conn.Close()
		}
	}
	st.progress(10, 2)
	st.stop()
	st.noneRefused()
	tr.calm()
	tr.end()
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
// the system's limit is lower.
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
