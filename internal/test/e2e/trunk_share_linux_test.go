package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"callbook/internal/test/pgtest"
	"callbook/internal/test/siptest"
	"callbook/internal/wav"
)

// crowd counts the calls that are in progress at a callee.
type crowd struct {
	mu         sync.Mutex
	now        map[*siptest.Media]bool // by what is each call's own
	most, come int
	from       map[string]int // how many calls came from each server
}

// telephone is one that somebody picks up and holds until the caller hangs up.
func (w *crowd) telephone() siptest.Script {
	return siptest.Script{
		"INVITE": w.answers,
		// The caller may use the channel again as soon as it has the answer.
		"BYE":    func(c *siptest.Call, m *siptest.Message) { w.over(c); c.Reply(m, siptest.Answer{Status: 200}) },
		"CANCEL": func(c *siptest.Call, m *siptest.Message) { w.over(c); c.Cancelled(m) },
	}
}

// over notes that a call is over.
func (w *crowd) over(c *siptest.Call) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.now, c.Media)
}

func (w *crowd) answers(c *siptest.Call, m *siptest.Message) {
	w.mu.Lock()
	w.now[c.Media] = true
	w.come++
	w.most = max(w.most, len(w.now))
	w.from[m.From().String()]++
	w.mu.Unlock()
	defer w.over(c)
	c.Ring(m)
	const repeats, every = 60, 500 * time.Millisecond
	for range repeats {
		if c.Pick(m); c.Within(every, "ACK", "BYE", "CANCEL") {
			break
		}
	}
	c.Within(time.Minute, "BYE", "CANCEL")
}

// hasCalled reports whether a call has come from the server with this address.
func (w *crowd) hasCalled(addr string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.from[addr] > 0
}

// seen returns how many calls have come, and from how many servers.
func (w *crowd) seen() (calls, servers int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.come, len(w.from)
}

// TestSharedTrunk: the calls of two servers together are never more than the channels of a
// trunk, also when one of them stands still and goes on, or is killed and starts again.
func TestSharedTrunk(t *testing.T) {
	t.Parallel()
	db := pgtest.Database(t, nil)
	if got := callbook(t, "migrate", "--db", db); got.code != 0 {
		t.Fatalf("migrate: exit code %d, %s", got.code, got.stderr)
	}
	const channels, calls = 5, 45
	callee := siptest.Start(t)
	if got := callbook(t, "trunk", "create", "callee", "--db", db, "--address", fmt.Sprintf("sip:%v;transport=udp", callee.Addr),
		"--calls-a-second", "50", "--channels", fmt.Sprint(channels)); got.code != 0 {
		t.Fatalf("trunk create: exit code %d, %s", got.code, got.stderr)
	}
	said := filepath.Join(t.TempDir(), "said.wav")
	if err := os.WriteFile(said, wav.Encode(siptest.Tone(wav.Rate/2)), 0o600); err != nil {
		t.Fatal(err)
	}
	w := &crowd{now: make(map[*siptest.Media]bool), from: make(map[string]int)}
	var servers [2]*server
	var flags [2][]string
	var auths [2]credentials
	var clients [2]*client
	var campaigns [2]string
	for i := range servers {
		auths[i] = newAccount(t, db, fmt.Sprint("sharing", i))
		if got := callbook(t, "account", "set", fmt.Sprint("sharing", i), "--calls-a-minute", "6000", "--db", db); got.code != 0 {
			t.Fatalf("account set: exit code %d, %s", got.code, got.stderr)
		}
		flags[i] = []string{"--sip-addr", freePort(t), "--rtp-ports", fmt.Sprintf("%d-%d", 20000+i*20000, 39999+i*20000), "--voice-command", "cat " + said}
		servers[i] = startServer(t, db, flags[i]...)
	}
	signal := func(s *server, sig syscall.Signal) {
		t.Helper()
		if err := s.cmd.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
	}
	for i := range servers {
		p := &phones{}
		for range calls {
			p.lines = append(p.lines, callee.Line(t, w.telephone()))
		}
		if i == 1 {
			// The server that calls for the first account must not take the second one too.
			if !waitFor(patience, func() bool { calls, _ := w.seen(); return calls > 0 }) {
				t.Fatal("no call comes")
			}
			if w.hasCalled(flags[1][1]) {
				servers[0], servers[1] = servers[1], servers[0]
				flags[0], flags[1] = flags[1], flags[0]
				clients[0] = newClient(t, servers[0], auths[0])
			}
			signal(servers[0], syscall.SIGSTOP)
		}
		clients[i] = newClient(t, servers[i], auths[i])
		campaigns[i] = trunkCampaign(t, clients[i], p)
		if !waitFor(patience, func() bool {
			return len(pgtest.Texts(t, db, `SELECT lease_server FROM dialing WHERE lease_server <> ''`)) == i+1
		}) {
			t.Fatal("no server dials for the account")
		}
	}
	signal(servers[0], syscall.SIGCONT)
	// more waits until so many others calls have come.
	more := func(why string, n int) {
		t.Helper()
		before, _ := w.seen()
		if !waitFor(patience, func() bool { now, _ := w.seen(); return now >= before+n }) {
			now, _ := w.seen()
			t.Fatalf("%s, %d calls have come, and %d before", why, now, before)
		}
	}
	if !waitFor(patience, func() bool { _, n := w.seen(); return n == 2 }) {
		t.Fatalf("not both servers call: %v", w.from)
	}
	more("while both servers call", 10)
	signal(servers[0], syscall.SIGSTOP)
	more("while one server stands still", 15)
	signal(servers[0], syscall.SIGCONT)
	more("after it goes on", 15)
	servers[1].kill(t)
	servers[1] = startServer(t, db, flags[1]...)
	clients[1] = newClient(t, servers[1], auths[1])
	more("after the other one was killed", 15)
	for i, c := range clients {
		if !waitFor(2*patience, func() bool { return readCampaign(t, c, campaigns[i]).Status == "Completed" }) {
			t.Fatalf("the campaign does not end: %+v", readCampaign(t, c, campaigns[i]))
		}
	}
	if w.most != channels {
		t.Errorf("%d calls were in progress at once, over %d channels", w.most, channels)
	}
	for _, s := range servers {
		s.stop(t)
	}
}
