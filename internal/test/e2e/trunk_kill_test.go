package e2e

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"callbook/internal/test/siptest"
	"callbook/internal/wav"
)

// phones are telephones of a callee. Some talk, some ring for a while before that, and
// some are busy.
type phones struct {
	lines []*siptest.Line

	mu       sync.Mutex
	invites  int
	answered map[*siptest.Line]int // calls that a line has answered
}

func newPhones(t *testing.T, callee *siptest.Callee, n int) *phones {
	p := &phones{answered: make(map[*siptest.Line]int)}
	for i := range n {
		var line *siptest.Line
		line = callee.Line(t, siptest.Script{"INVITE": func(c *siptest.Call, m *siptest.Message) {
			p.mu.Lock()
			p.invites++
			p.mu.Unlock()
			if i%4 == 3 {
				c.Reply(m, siptest.Answer{Status: 486})
				return
			}
			c.Ring(m)
			const walks = 500 * time.Millisecond // the way to the telephone
			if i%4 == 1 && c.Within(walks, "CANCEL") {
				return
			}
			p.mu.Lock()
			p.answered[line]++
			p.mu.Unlock()
			// A telephone repeats its answer until that is acknowledged.
			const repeats, every = 60, 500 * time.Millisecond
			for range repeats {
				if c.Pick(m); c.Within(every, "ACK", "BYE") {
					return
				}
			}
		}})
		p.lines = append(p.lines, line)
	}
	return p
}

// rung returns how many calls have come.
func (p *phones) rung() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.invites
}

// hanging returns how many calls are not over.
func (p *phones) hanging() (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, line := range p.lines {
		for nth := range line.Calls() {
			c := line.CallAt(nth + 1)
			over := c.Count("BYE") > 0
			if p.answered[line] == 0 {
				over = c.Count("CANCEL") > 0 || i%4 == 3
			}
			if !over {
				n++
			}
		}
	}
	return n
}

// TestKilledTrunk kills a server three times while its calls ring and talk at a trunk. No
// telephone is called twice, none is left out, and none is left hanging. The long run is
//
//	CALLBOOK_TRUNK_CALLS=1000 go test -timeout 20m -run TestKilledTrunk -v ./internal/test/e2e
func TestKilledTrunk(t *testing.T) {
	t.Parallel()
	engines(t, killedTrunk)
}

func killedTrunk(t *testing.T, db string) {
	calls := 100
	if given := os.Getenv("CALLBOOK_TRUNK_CALLS"); given != "" {
		n, err := strconv.Atoi(given)
		if err != nil || n < 100 {
			t.Fatalf("CALLBOOK_TRUNK_CALLS is %q", given)
		}
		calls = n
	}
	callee := siptest.Start(t)
	p := newPhones(t, callee, calls)
	auth := newAccount(t, db, "killed")
	for _, args := range [][]string{
		{"account", "set", "killed", "--calls-a-minute", "6000"},
		{"trunk", "create", "callee", "--address", fmt.Sprintf("sip:%v;transport=udp", callee.Addr), "--calls-a-second", "100", "--channels", "1000"},
	} {
		if got := callbook(t, append(args, "--db", db)...); got.code != 0 {
			t.Fatalf("%v: exit code %d, %s", args, got.code, got.stderr)
		}
	}
	said := filepath.Join(t.TempDir(), "said.wav")
	if err := os.WriteFile(said, wav.Encode(siptest.Tone(2*wav.Rate)), 0o600); err != nil {
		t.Fatal(err)
	}
	// The calls of a killed server are ended from the same port.
	flags := []string{"--sip-addr", freePort(t), "--rtp-ports", "20000-60000", "--voice-command", "cat " + said}
	s := startServer(t, db, flags...)
	c := newClient(t, s, auth)
	id := trunkCampaign(t, c, p)
	for kill := range 3 {
		if !waitFor(patience, func() bool { return p.rung() >= (kill+1)*calls/4 }) {
			t.Fatalf("%d calls have come", p.rung())
		}
		s.kill(t)
		s = startServer(t, db, flags...)
		c = newClient(t, s, auth)
	}
	if !waitFor(2*patience, func() bool { return readCampaign(t, c, id).Status == "Completed" }) {
		t.Fatalf("the campaign does not end: %+v", readCampaign(t, c, id))
	}
	if !waitFor(patience, func() bool { return p.hanging() == 0 }) {
		t.Errorf("%d calls are left hanging", p.hanging())
	}
	p.check(t, callsOf(t, c, id))
	s.stop(t)
	if got := callbook(t, "check", "--db", db); got.code != 0 {
		t.Errorf("check: exit code %d, %s%s", got.code, got.stdout, got.stderr)
	}
}

// check holds what the callee saw against the call details. A call that a kill interrupted
// may not have left; there is one of those a kill at most, since calls leave one by one.
func (p *phones) check(t *testing.T, details map[string][]killedCall) {
	t.Helper()
	unseen := 0
	for _, line := range p.lines {
		told := details[line.Number.String()]
		switch n := line.Calls(); {
		case len(told) != 1:
			t.Errorf("%v has %d calls in the details", line.Number, len(told))
		case n > 1:
			t.Errorf("%v was called %d times", line.Number, n)
		case n == 0 && told[0].Status == "failed":
			unseen++
		case n == 0:
			t.Errorf("%v was not called, and its call is %s", line.Number, told[0].Status)
		}
	}
	if unseen > 3 {
		t.Errorf("%d telephones were not called", unseen)
	}
	t.Logf("%d calls, %d of which never left", len(p.lines), unseen)
}

// callsOf returns all calls of a campaign by number.
func callsOf(t *testing.T, c *client, id string) map[string][]killedCall {
	t.Helper()
	of := make(map[string][]killedCall)
	for offset := 0; ; {
		page := readCalls(t, c, id, 500, offset)
		for _, item := range page.Response {
			of[item.Data.Number] = append(of[item.Data.Number], item.Data)
		}
		if offset += len(page.Response); len(page.Response) == 0 {
			return of
		}
	}
}

// trunkCampaign makes a campaign that calls all telephones once.
func trunkCampaign(t *testing.T, c *client, p *phones) string {
	t.Helper()
	var file strings.Builder
	file.WriteString("number\n")
	for _, line := range p.lines {
		fmt.Fprintln(&file, line.Number)
	}
	u := c.uploadCSV(t, "Telephones", file.String())
	if !waitFor(patience, func() bool { return c.uploadStatus(t, u.ID).Status == "completed" }) {
		t.Fatalf("the upload is %+v", c.uploadStatus(t, u.ID))
	}
	body, err := json.Marshal(map[string]any{"campaigns": []any{map[string]any{
		"name": "Killed", "caller_id": "+918047112233", "lists": []string{u.List}, "read_via_text": "Hello, the rent is due.", "record": true,
		"calling_hours": map[string]string{"hours": "always", "days": "always", "reason": "A test"},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.call(http.MethodPost, "/campaigns", body)
	return campaignAnswer(t, got, err).ID
}

// freePort returns an address of loopback whose UDP and TCP ports are free. On Linux it is an
// address that nobody else uses, so that they stay free while no server has them.
func freePort(t *testing.T) string {
	t.Helper()
	ip := net.IPv4(127, 0, 0, 1)
	if runtime.GOOS == "linux" {
		ip = net.IPv4(127, byte(1+rand.N(254)), byte(rand.N(256)), byte(1+rand.N(254)))
	}
	tcp, err := net.ListenTCP("tcp", &net.TCPAddr{IP: ip})
	if err != nil {
		t.Fatal(err)
	}
	defer tcp.Close()
	return tcp.Addr().String()
}
