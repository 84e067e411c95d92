package postgres

import (
	"context"
	"errors"
	"net"
	"syscall"
	"testing"
	"time"

	"callbook/internal/fault"
	"callbook/internal/test/pgtest"
)

// TestFrozen has connections behind which nothing answers. A call ends with its
// time, and each takes a dead connection out of the pool.
func TestFrozen(t *testing.T) {
	t.Parallel()
	const connections = 3
	url := pgtest.Database(t, Migrate)
	db := open(t, url+"&pool_max_conns=3&pool_min_conns=3")
	acct := addAccount(t, db)
	for db.pool.Stat().IdleConns() < connections {
		exec(t, db, `SELECT 1`)
	}
	pgtest.Freeze(t, url)

	const limit = time.Second
	failed := 0
	for ; ; failed++ {
		ctx, cancel := context.WithTimeout(t.Context(), limit)
		start := time.Now()
		err := insert(ctx, db, acct, 1)
		took := time.Since(start)
		cancel()
		if err == nil {
			break
		}
		if !errors.Is(err, context.DeadlineExceeded) && fault.As(err) == nil {
			t.Errorf("the error is %v", err)
		}
		// Much longer than any machine is busy, much shorter than for ever.
		if took > limit+cancelPatience+time.Minute {
			t.Fatalf("a call that had %v took %v", limit, took)
		}
		// More than the connections may be because the machine is busy.
		if failed > 20*connections {
			t.Fatalf("%d calls have failed, with %d dead connections: %v", failed, connections, err)
		}
	}
	t.Logf("%d calls failed", failed)
	if failed == 0 {
		t.Error("no call met a dead connection: this test has tested nothing")
	}
	recount(t, db)
}

// TestSilence reads from connections how long their other end may be silent.
func TestSilence(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	for _, more := range []string{"", "?connect_timeout=3"} {
		config, err := poolConfig("postgres://one/callbook" + more)
		if err != nil {
			t.Fatal(err)
		}
		conn, err := config.ConnConfig.DialFunc(t.Context(), "tcp", ln.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		raw, err := conn.(*net.TCPConn).SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		err = raw.Control(func(fd uintptr) {
			for option, want := range map[int]int{
				tcpUserTimeout:        int(silenceLimit.Milliseconds()),
				syscall.TCP_KEEPIDLE:  int(keepAlive.Idle.Seconds()),
				syscall.TCP_KEEPINTVL: int(keepAlive.Interval.Seconds()),
				syscall.TCP_KEEPCNT:   keepAlive.Count,
			} {
				if got, err := syscall.GetsockoptInt(int(fd), syscall.IPPROTO_TCP, option); err != nil || got != want {
					t.Errorf("option %#x is %d, want %d (%v)", option, got, want, err)
				}
			}
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
