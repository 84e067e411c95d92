package sip_test

import (
	"context"
	"crypto/rand"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/callflow"
	"callbook/internal/campaign"
	"callbook/internal/carrier"
	"callbook/internal/carrier/sip"
	"callbook/internal/carrier/sip/media"
	"callbook/internal/test/siptest"
	"callbook/internal/trunk"
)

var loopback = netip.MustParseAddr("127.0.0.1")

// neverLate is the time for an engine whose sound is never late, however busy the machine is:
// or else calls would wait.
func neverLate() time.Time { return time.Now().Add(-time.Hour) }

// setup is what a test may change of a [rig].
type setup struct {
	sip.Options
	trunk trunk.Trunk
}

// rig is a carrier that runs, with a trunk to a callee.
type rig struct {
	*sip.Carrier
	t       *testing.T
	callee  *siptest.Callee
	records *sip.Memory
	stop    func()

	mu      sync.Mutex
	told    map[addressbook.SID][]carrier.Progress
	changed chan struct{}
}

// open starts a carrier with a trunk to a callee. It ends with the test.
func open(t *testing.T, callee *siptest.Callee, change func(*setup)) *rig {
	t.Helper()
	r := &rig{
		t: t, callee: callee, records: &sip.Memory{},
		told: make(map[addressbook.SID][]carrier.Progress), changed: make(chan struct{}),
	}
	s := setup{
		Options: sip.Options{Addr: netip.AddrPortFrom(loopback, 0), Dialogs: r.records, Ring: time.Minute, Longest: time.Minute},
		trunk: trunk.Trunk{
			Name: "test", Host: callee.Addr.Addr().String(), Port: int(callee.Addr.Port()), Transport: trunk.UDP,
			Format: trunk.Plus, CallsASecond: 1000, Channels: 100, Codecs: []trunk.Codec{trunk.PCMA, trunk.PCMU},
		},
	}
	if change != nil {
		change(&s)
	}
	var err error
	if s.Media == nil {
		if s.Media, err = media.Open(media.Options{First: 20000, Last: 31999, Bind: loopback, Now: neverLate}); err != nil {
			t.Fatal(err)
		}
	}
	if s.Trunks == nil {
		s.Trunks = trunks{s.trunk}
	}
	if r.Carrier, err = sip.New(s.Options); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.Run(ctx, r.tell)
	}()
	r.stop = sync.OnceFunc(func() {
		cancel()
		<-done
	})
	t.Cleanup(r.stop)
	return r
}

func (r *rig) tell(p carrier.Progress) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.told[p.Call] = append(r.told[p.Call], p)
	close(r.changed)
	r.changed = make(chan struct{})
}

// order returns an order of a call to a line.
func order(line *siptest.Line, flow *callflow.Flow) carrier.Order {
	o := carrier.Order{To: line.Number, CallerID: "+918047112233", Attempt: 1, Flow: flow, Sound: sound}
	_, _ = rand.Read(o.Call[:])
	return o
}

// tone is as long as any sound of these tests.
var tone = sync.OnceValue(func() []int16 { return siptest.Tone(60 * 8000) })

// sound is what a flow plays. The text says how many milliseconds that takes.
func sound(_ context.Context, s callflow.Sound) ([]int16, error) {
	n, err := strconv.Atoi(s.Text)
	return tone()[:8*n], err
}

// keys is a flow that says next to nothing and takes keys for long, until #.
func keys() *callflow.Flow {
	return &callflow.Flow{Start: "keys", Steps: map[string]callflow.Step{
		"keys": {Kind: callflow.Gather, Text: "20", Digits: callflow.MaxDigits, Timeout: 30, Tries: 1, Finish: "#", Next: "end", Silent: "end"},
		"end":  {Kind: callflow.HangUp},
	}}
}

// place places a call to a line. The flow is [keys] if it is nil.
func (r *rig) place(line *siptest.Line, flow *callflow.Flow) carrier.Order {
	r.t.Helper()
	if flow == nil {
		flow = keys()
	}
	o := order(line, flow)
	if err := r.Place(context.Background(), o); err != nil {
		r.t.Fatal(err)
	}
	return o
}

// talk places a call to a line that answers, and waits until the callee hears something.
// From then on keys count.
func (r *rig) talk(line *siptest.Line, flow *callflow.Flow) (carrier.Order, *siptest.Call) {
	r.t.Helper()
	o := r.place(line, flow)
	call := line.Call()
	if call.Await("ACK", 1); !call.Media.AwaitSound(1) {
		r.t.Fatalf("no sound came; the callee saw %q, the dialer was told %+v", call.Requests(), r.told[o.Call])
	}
	return o, call
}

// await waits until a call has come to a state, and returns what was last told of it.
func (r *rig) await(o carrier.Order, s campaign.CallState) carrier.Progress {
	r.t.Helper()
	return r.awaitThat(o, func(p carrier.Progress) bool { return p.State >= s })
}

// awaitKeys waits until these keys were told.
func (r *rig) awaitKeys(o carrier.Order, keys string) {
	r.t.Helper()
	r.awaitThat(o, func(p carrier.Progress) bool { return p.Digits == keys })
}

// last returns what was last told of a call.
func (r *rig) last(o carrier.Order) (p carrier.Progress) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if told := r.told[o.Call]; len(told) > 0 {
		p = told[len(told)-1]
	}
	return p
}

func (r *rig) awaitThat(o carrier.Order, is func(carrier.Progress) bool) carrier.Progress {
	r.t.Helper()
	late := time.NewTimer(siptest.Patience)
	defer late.Stop()
	for {
		r.mu.Lock()
		told, changed := r.told[o.Call], r.changed
		r.mu.Unlock()
		if len(told) > 0 && is(told[len(told)-1]) {
			return told[len(told)-1]
		}
		select {
		case <-changed:
		case <-late.C:
			r.t.Fatalf("this is all that was told of the call: %+v", told)
		}
	}
}

// end waits for the end of a call and checks its outcome.
func (r *rig) end(o carrier.Order, want campaign.Outcome) carrier.Progress {
	r.t.Helper()
	p := r.await(o, campaign.CallEnded)
	if p.Outcome != want {
		r.t.Errorf("the outcome is %v, want %v; %d, %q", p.Outcome, want, p.Code, p.CauseText)
	}
	return p
}

// saw ends the carrier and checks which requests the callee saw, by their methods.
func (r *rig) saw(call *siptest.Call, want string) {
	r.t.Helper()
	final := want[strings.LastIndexByte(want, ' ')+1:]
	call.Await(final, strings.Count(want, final))
	r.stop()
	var got []string
	cseq := 0
	var last *siptest.Message
	for _, m := range call.All() {
		// To a callee that takes long, the INVITE is repeated, and then the answer and its
		// ACK are.
		again := last != nil && m.Method() == "ACK" && last.Method() == "ACK" && m.CSeq() == last.CSeq() && m.ToTag() == last.ToTag()
		if m.Repeats || again {
			continue
		}
		last = m
		got = append(got, m.Method())
		if m.Method() == "ACK" || m.Method() == "CANCEL" {
			continue
		}
		if m.CSeq() <= cseq {
			r.t.Errorf("CSeq %d of %s follows %d", m.CSeq(), m.Method(), cseq)
		}
		cseq = m.CSeq()
	}
	if strings.Join(got, " ") != want {
		r.t.Errorf("the callee saw %q, want %q", got, want)
	}
}
