package sip

import (
	"errors"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	gosip "github.com/emiago/sipgo/sip"

	"callbook/internal/addressbook"
	"callbook/internal/campaign"
	"callbook/internal/carrier"
	"callbook/internal/phone"
	"callbook/internal/trunk"
)

// TestOutcomes: codes and causes count as the table of the map says, and a trunk's own
// rows overrule it.
func TestOutcomes(t *testing.T) {
	t.Parallel()
	own := []trunk.OutcomeRow{{Code: 480, Outcome: "busy"}, {Cause: 34, Outcome: "no-answer"}, {Outcome: "busy"}, {Code: 500, Outcome: "nonsense"}}
	for _, tt := range []struct {
		code, cause int
		rung        bool
		own         []trunk.OutcomeRow
		want        campaign.Outcome
	}{
		{486, 0, false, nil, campaign.Busy}, {600, 0, true, nil, campaign.Busy}, {603, 0, true, nil, campaign.CallFailed}, {500, 17, false, nil, campaign.Busy},
		{408, 0, true, nil, campaign.NoAnswer}, {408, 0, false, nil, campaign.CallFailed},
		{480, 0, true, nil, campaign.NoAnswer}, {480, 0, false, nil, campaign.CallFailed}, {480, 20, false, nil, campaign.NoAnswer},
		{403, 0, true, nil, campaign.CallFailed}, {403, 0, false, nil, campaign.CallFailed}, {403, 21, false, nil, campaign.CallFailed},
		{404, 0, false, nil, campaign.Unreachable}, {410, 0, false, nil, campaign.Unreachable}, {484, 0, false, nil, campaign.Unreachable},
		{604, 0, false, nil, campaign.Unreachable}, {503, 1, false, nil, campaign.Unreachable}, {404, 17, false, nil, campaign.Busy},
		{503, 34, false, nil, campaign.CallFailed}, {500, 0, false, nil, campaign.CallFailed}, {488, 0, false, nil, campaign.TrunkFailed}, {488, 0, true, nil, campaign.CallFailed}, {403, 57, false, nil, campaign.TrunkFailed},
		{302, 0, false, nil, campaign.CallFailed}, {607, 0, true, nil, campaign.CallFailed}, {401, 0, false, nil, campaign.TrunkFailed}, {488, 0, false, []trunk.OutcomeRow{{Code: 488, Outcome: "failed"}}, campaign.CallFailed},
		{480, 0, true, own, campaign.Busy}, {503, 34, false, own, campaign.NoAnswer}, {404, 0, false, own, campaign.Unreachable}, {500, 0, false, own, campaign.CallFailed},
	} {
		r := resultOf(tt.code, tt.cause, "", tt.rung, tt.own)
		if r.outcome != tt.want || r.code != tt.code || r.cause != tt.cause || r.text == "" {
			t.Errorf("%d with cause %d, rung %v: %+v, want %v", tt.code, tt.cause, tt.rung, r, tt.want)
		}
	}
	if r := resultOf(486, 17, "their words", false, nil); r.text != "their words" {
		t.Errorf("the text is %q", r.text)
	}
}

// TestReason: the cause of Q.850 is found among other Reasons.
func TestReason(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		header, text string
		cause        int
	}{
		{"Reason: Q.850;cause=17", "", 17},
		{`Reason: SIP;cause=486;text="Busy, really", q.850 ; cause=17 ; text="User; busy"`, "User; busy", 17},
		{"Reason: SIP;cause=200\r\nReason: Q.850;cause=16;text=\"Normal\x01 call\"", "Normal call", 16},
		{"Reason: Q.850;cause=900", "", 0}, {"Reason: Q.850", "", 0}, {"Reason: SIP;cause=17", "", 0}, {"X: y", "", 0},
		{`Reason: Q.850;cause=1;text="` + strings.Repeat("é", 200) + `"`, strings.Repeat("é", maxReason/2), 1},
	} {
		m, err := gosip.ParseMessage([]byte("SIP/2.0 486 Busy\r\n" + tt.header + "\r\nContent-Length: 0\r\n\r\n"))
		if err != nil {
			t.Fatal(err)
		}
		if cause, text := reasonOf(m); cause != tt.cause || text != tt.text {
			t.Errorf("%q has cause %d, %q", tt.header, cause, text)
		}
	}
}

// TestNumbers: each format writes numbers and caller ids, and a campaign may spell its
// caller id in another way than the trunk.
func TestNumbers(t *testing.T) {
	t.Parallel()
	for f, want := range map[trunk.Format]string{trunk.Plus: "+919876543210", trunk.Bare: "919876543210", trunk.National: "09876543210"} {
		if got := written(phone.Number(919876543210), f); got != want {
			t.Errorf("%s: %s", f, got)
		}
	}
	ids := []string{"+918047112233", "140123"}
	for _, tt := range []struct {
		ids      []string
		callerID string
		want     string
		may      bool
	}{
		{ids, "08047112233", "918047112233", true}, {ids, "+918047112233", "918047112233", true}, {ids, "8047112233", "918047112233", true},
		{ids, "140123", "140123", true}, {ids, "40123", "", false}, {ids, "08047112234", "", false}, {ids, "", "", false},
		{nil, "+918047112234", "918047112234", true}, {nil, "080 4711\r\nX: y", "0804711", true}, {nil, "x", "", false},
	} {
		got, may := callerIDOn(&trunk.Trunk{CallerIDs: tt.ids, Format: trunk.Bare}, tt.callerID)
		if got != tt.want || may != tt.may {
			t.Errorf("%q of %q: %q, %v", tt.callerID, tt.ids, got, may)
		}
	}
}

// lineOf returns a line that is up.
func lineOf(tr trunk.Trunk) *line {
	return &line{trunk: tr, load: &load{}, proven: true, hosts: []*host{{dest: "127.0.0.1:5060", addr: netip.MustParseAddr("127.0.0.1")}}}
}

// TestChoice: a call leaves over the first trunk that is for it and up, at the trunk's
// pace and within its channels.
func TestChoice(t *testing.T) {
	t.Parallel()
	now := time.Now()
	india := lineOf(trunk.Trunk{Name: "india", Prefixes: []string{"+91"}, CallerIDs: []string{"+918047112233"}, Channels: 2, CallsASecond: 10})
	world := lineOf(trunk.Trunk{Name: "world"})
	ls := &lines{all: []*line{india, world}}
	order := func(to phone.Number, id string) *carrier.Order { return &carrier.Order{To: to, CallerID: id} }
	chosen := func(o *carrier.Order, at time.Time) (string, *carrier.NotSentError) {
		w, err := ls.choose(o, at)
		var not *carrier.NotSentError
		if errors.As(err, &not) {
			return "", not
		}
		if err != nil {
			t.Fatal(err)
		}
		return w.line.trunk.Name, nil
	}
	here, abroad := order(919876543210, "08047112233"), order(14155550123, "08047112233")
	for range 2 { // the second of a tenth of a second
		if got, not := chosen(here, now); got != "india" {
			t.Fatalf("chose %q, %v", got, not)
		}
	}
	if _, not := chosen(here, now); not == nil || not.After <= 0 || !errors.Is(not, errFull) {
		t.Errorf("a third call with two channels: %v", not)
	}
	india.load.give()
	if _, not := chosen(here, now); not == nil || not.After <= 0 || not.After > 100*time.Millisecond || !errors.Is(not, errPace) {
		t.Errorf("a third call at once: %v", not)
	}
	if got, _ := chosen(here, now.Add(100*time.Millisecond)); got != "india" {
		t.Errorf("a third call later: %q", got)
	}
	if got, _ := chosen(abroad, now); got != "world" {
		t.Errorf("a number abroad: %q", got)
	}
	if got, _ := chosen(order(919876543210, "08040000000"), now); got != "world" {
		t.Errorf("another caller id: %q", got)
	}
	india.refuse(now, time.Minute, "it refuses the user or the password")
	if got, _ := chosen(here, now); got != "world" {
		t.Errorf("the first trunk is down: %q", got)
	}
	world.trunk.Prefixes = []string{"+1"}
	if _, not := chosen(here, now); not == nil || !not.Number || not.Only || !strings.Contains(not.Error(), "password") {
		t.Errorf("the trunk is down that is for the number, and there is another: %v", not)
	}
	ls.all = ls.all[:1]
	if _, not := chosen(here, now); not == nil || not.Number || not.After <= 0 || !strings.Contains(not.Error(), "password") {
		t.Errorf("all trunks are down: %v", not)
	}
	if _, err := ls.choose(abroad, now); !errors.Is(err, errPrefix) {
		t.Errorf("a number without a trunk: %v", err)
	}
	if h := india.health(now); h.Up || h.Reason != "it refuses the user or the password" {
		t.Errorf("the health is %+v", h)
	}
	if h := india.health(now.Add(2 * time.Minute)); !h.Up {
		t.Errorf("the health is %+v", h)
	}
}

// TestBreaker: three calls without any answer close a trunk for a while, and an answer to
// OPTIONS opens it.
func TestBreaker(t *testing.T) {
	t.Parallel()
	now := time.Now()
	l := lineOf(trunk.Trunk{})
	for range maxSilent - 1 {
		l.unheard(l.hosts[0], now, now)
	}
	if h := l.health(now); !h.Up {
		t.Errorf("after two silent calls: %+v", h)
	}
	l.unheard(l.hosts[0], now, now)
	if h := l.health(now); h.Up || h.Reason == "" {
		t.Errorf("after three: %+v", h)
	}
	l.answered(l.hosts[0], time.Millisecond, 200)
	if h := l.health(now); !h.Up {
		t.Errorf("after an answer to OPTIONS: %+v", h)
	}
	for range maxMissed {
		l.missed(l.hosts[0], now, errSilent)
	}
	if h := l.health(now); h.Up || h.Hosts[0].Up {
		t.Errorf("after two missed OPTIONS: %+v", h)
	}
}

// TestSilentHost: a host that gives no answer to a call rests while another is up, also if it
// answers OPTIONS. The trunk rests when the last one gives none.
func TestSilentHost(t *testing.T) {
	t.Parallel()
	now := time.Now()
	l := lineOf(trunk.Trunk{})
	first, second := l.hosts[0], &host{dest: "127.0.0.2:5060"}
	l.hosts = append(l.hosts, second)
	uses := func(why string, want ...*host) {
		t.Helper()
		if got, _ := l.ready(now); !slices.Equal(got, want) {
			t.Errorf("%s, %d hosts are tried, want %d; the first is %v", why, len(got), len(want), len(got) > 0 && got[0] == first)
		}
	}
	uses("at the beginning", first, second)
	l.answered(second, 0, 200)
	uses("when the second has answered OPTIONS", second, first)
	l.unheard(second, now, now)
	l.answered(second, 0, 200)
	l.missed(second, now, errSilent)
	uses("when the second gives no answer to a call", first)
	for range maxSilent {
		l.unheard(first, now, now)
	}
	if h := l.health(now); h.Up || !h.Hosts[0].Up || h.Hosts[1].Up {
		t.Errorf("no host answers: %+v", h)
	}
	l.heard(second)
	uses("after a late answer", second, first)
	l.unheard(second, now, now)
	second.since = now.Add(-downFor)
	l.answered(second, 0, 200)
	uses("after its rest", second, first)
}

// TestDeadConnection: the connection to a host is suspect after a call without an answer, but
// not if another call got one since, or if OPTIONS show whether it is dead.
func TestDeadConnection(t *testing.T) {
	t.Parallel()
	now := time.Now()
	l := lineOf(trunk.Trunk{})
	first := l.hosts[0]
	l.hosts = append(l.hosts, &host{dest: "127.0.0.2:5060"})
	if !l.unheard(first, now, now) {
		t.Error("nothing came from the host")
	}
	l.heard(first)
	if l.unheard(first, now, now) {
		t.Error("it has answered another call")
	}
	l.answered(first, 0, 200)
	if l.unheard(first, now, now.Add(time.Hour)) {
		t.Error("it answers OPTIONS")
	}
}

// TestGarbledTrunk: a trunk whose answers cannot be read is there, so it is passed over
// only after many of them; one that never answered otherwise, after three.
func TestGarbledTrunk(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for proven, most := range map[bool]int{true: maxRefused, false: maxSilent} {
		l := lineOf(trunk.Trunk{})
		l.proven = proven
		ls := &lines{all: []*line{l}}
		for n := range most {
			if why := l.health(now).Reason; proven && why != "" {
				t.Errorf("after %d calls it is down: %s", n, why)
			}
			ls.garbage(l.hosts[0].addr)
			l.unheard(l.hosts[0], now, now.Add(-time.Second))
		}
		if h := l.health(now); h.Up {
			t.Errorf("after %d calls: %+v", most, h)
		}
	}
	l := lineOf(trunk.Trunk{})
	(&lines{all: []*line{l}}).garbage(netip.MustParseAddr("127.0.0.2"))
	for range maxSilent {
		l.unheard(l.hosts[0], now, now.Add(-time.Second))
	}
	if h := l.health(now); h.Up {
		t.Errorf("what others send makes up for the silence: %+v", h)
	}
}

// TestRecord: a record is the same after it was stored, and its requests parse.
func TestRecord(t *testing.T) {
	t.Parallel()
	d := Dialog{
		Trunk: "one", Transport: trunk.TCP, CallID: callIDOf(addressbook.SID{7}), From: "<sip:+918047112233@trunk>;tag=a", To: "<sip:+919876543210@trunk>",
		Target: "sip:+919876543210@trunk;transport=tcp", Dest: "127.0.0.1:5060", Routes: []string{"<sip:one;lr>", "<sip:two;lr>"},
		CSeq: 3, SentBy: "127.0.0.1:5062", Branch: newBranch(),
	}
	back, err := parseDialog(d.encode())
	if err != nil || !reflect.DeepEqual(back, d) {
		t.Errorf("%+v, %v", back, err)
	}
	if _, err := parseDialog([]byte(`{"trunk":"one"}`)); err == nil {
		t.Error("half a record is taken")
	}
	written := func(m message) gosip.Message {
		req, err := d.request(m)
		if err != nil {
			t.Fatal(err)
		}
		read, err := gosip.ParseMessage([]byte(req.String()))
		if err != nil {
			t.Fatal(err)
		}
		return read
	}
	m := written(message{method: "INVITE", cseq: 4, branch: d.via(1), header: []string{"X: y"}, body: []byte("v=0\r\n")})
	if !whole(m) {
		t.Fatalf("%v", m)
	}
	branch, _ := m.Via().Params.Get("branch")
	if sid, ok := sidOf(m); !ok || sid != (addressbook.SID{7}) || branch != d.Branch+"-1" || string(m.Body()) != "v=0\r\n" || len(m.GetHeaders("Route")) != 2 {
		t.Errorf("%v", m)
	}
	d.To = "<sip:x@y>;tag=b\r\nX-Evil: 1"
	if m := written(message{method: "BYE", cseq: 5}); len(m.GetHeaders("X-Evil")) > 0 {
		t.Error("a value begins a line of its own")
	}
}

// TestSessionExpires reads intervals, and who refreshes.
func TestSessionExpires(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]interval{
		"Session-Expires: 1800;refresher=uac": {30 * time.Minute, true}, "x: 90 ; Refresher=UAS": {90 * time.Second, false},
		"Session-Expires: 90": {90 * time.Second, false}, "Session-Expires: 999999999": {maxSession, false}, "Session-Expires: -1": {}, "Y: 1": {},
	} {
		m, err := gosip.ParseMessage([]byte("SIP/2.0 200 OK\r\n" + header + "\r\nContent-Length: 0\r\n\r\n"))
		if err != nil {
			t.Fatal(err)
		}
		if got := expires(m, "uac"); got != want {
			t.Errorf("%q: %+v", header, got)
		}
	}
}

// TestKeyOf reads keys of INFO.
func TestKeyOf(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		"Signal=5\r\nDuration=160": "5", "Signal= 10 ": "*", "signal=#": "#", "7": "7", "Signal=55": "", "Signal=": "", "": "", "hello": "",
	} {
		key, ok := keyOf(body)
		if ok != (want != "") || ok && string(key) != want {
			t.Errorf("%q is %q, %v", body, key, ok)
		}
	}
}

// TestStruck: credentials and keys are not shown.
func TestStruck(t *testing.T) {
	t.Parallel()
	got := struck("INVITE x\r\nProxy-Authorization: Digest response=\"s3cret\"\r\nAUTHORIZATION: s3cret\r\nVia: y\r\n\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:s3cret\r\na=sendrecv\r\n")
	if strings.Contains(got, "s3cret") || !strings.Contains(got, "Via: y\r\n") || !strings.Contains(got, "a=sendrecv") {
		t.Errorf("%q", got)
	}
}

// TestCallIDIn reads Call-IDs out of messages that were not parsed.
func TestCallIDIn(t *testing.T) {
	t.Parallel()
	for message, want := range map[string]string{
		"BYE sip:a SIP/2.0\r\nVia: x\r\nCall-ID: 1@callbook\r\n\r\n": "1@callbook",
		"SIP/2.0 200 OK\r\ncall-id :\t1@callbook \r\n\r\n":           "1@callbook",
		"SIP/2.0 200 OK\ni: 1@callbook\n\n":                          "1@callbook",
		"SIP/2.0 200 OK\r\nVia: x\r\n\r\nCall-ID: 1@callbook\r\n":    "", // in the body
		"SIP/2.0 200 OK\r\nX-Call-ID: 1@callbook":                    "",
		"": "",
	} {
		if got := callIDIn([]byte(message)); got != want {
			t.Errorf("%q: got %q, want %q", message, got, want)
		}
	}
}
