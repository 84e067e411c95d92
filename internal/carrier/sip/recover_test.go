package sip_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/campaign"
	"callbook/internal/carrier"
	"callbook/internal/carrier/sip"
	"callbook/internal/test/siptest"
	"callbook/internal/trunk"
)

// run runs a carrier until the test ends, and returns the ends of calls.
func run(t *testing.T, c *sip.Carrier) <-chan carrier.Progress {
	ctx, cancel := context.WithCancel(context.Background())
	ends := make(chan carrier.Progress, 100)
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.Run(ctx, func(p carrier.Progress) {
			if p.State == campaign.CallEnded {
				ends <- p
			}
		})
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return ends
}

// place places a call to a line.
func place(t *testing.T, c *sip.Carrier, n byte, l *siptest.Line) carrier.Order {
	t.Helper()
	o := carrier.Order{Call: addressbook.SID{n}, To: l.Number, CallerID: "08047000001", Attempt: 1}
	if err := c.Place(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	return o
}

// rings is a telephone that rings for ever, and stays that in an answered call that only
// the caller ends.
var rings = siptest.Script{"INVITE": func(c *siptest.Call, m *siptest.Message) { c.Ring(m) }}

// ringsBehindProxy is such a telephone behind a proxy that gives no answer to a CANCEL for
// an INVITE that it does not know.
var ringsBehindProxy = siptest.Script{"INVITE": rings["INVITE"], "CANCEL": func(c *siptest.Call, m *siptest.Message) {
	if m.Branch() == c.Invite().Branch() {
		c.Cancelled(m)
	}
}}

// startFirst starts a process whose calls others recover from its records.
func startFirst(t *testing.T, callee *siptest.Callee) (*sip.Carrier, *sip.Memory) {
	t.Helper()
	records := &sip.Memory{}
	c := start(t, func(o *sip.Options) {
		o.Trunks, o.Dialogs, o.Ring = trunks{trunkTo(callee)}, records, time.Minute
	})
	run(t, c)
	return c, records
}

// TestRecovery: another process ends the calls that it finds records of, and knows that
// those without a record have never left. It waits for the trunk no longer than for its
// answers, which come within moments unless the machine is busy.
func TestRecovery(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	const tries = 5
	for range tries {
		if recovers(t, callee) < 2500*time.Millisecond {
			return
		}
	}
	t.Errorf("in none of %d tries, the answers of the trunk have ended the wait", tries)
}

// recovers lets a process recover the calls of another, and returns how long it waited for the
// trunk.
func recovers(t *testing.T, callee *siptest.Callee) time.Duration {
	t.Helper()
	first, records := startFirst(t, callee)
	ringing, talking := callee.Line(t, ringsBehindProxy), callee.Line(t, siptest.Script{})
	a, b := place(t, first, 1, ringing), place(t, first, 2, talking)
	ringing.Call().Await("INVITE", 1)
	invite := talking.Call().Await("ACK", 1)
	second := start(t, func(o *sip.Options) { o.Trunks, o.Dialogs = trunks{trunkTo(callee)}, records.Copy() })
	run(t, second)
	never := carrier.Order{Call: addressbook.SID{3}}
	begun := time.Now()
	answers, err := second.Resolve(t.Context(), []carrier.Asked{{Order: a}, {Order: never}, {Order: b}})
	waited := time.Since(begun)
	if err != nil || answers[0].Fate != carrier.Unknown || answers[1].Fate != carrier.NotSent || answers[2].Fate != carrier.Unknown {
		t.Fatalf("%+v, %v", answers, err)
	}
	cancel := ringing.Call().Await("CANCEL", 1)
	if inv := ringing.Call().Invite(); cancel.Branch() != inv.Branch() || cancel.CSeq() != inv.CSeq() {
		t.Errorf("the CANCEL is not for the INVITE: %+v", cancel)
	}
	bye := talking.Call().Await("BYE", 1)
	if bye.CSeq() != invite.CSeq()+50 || bye.ToTag() != invite.ToTag() {
		t.Errorf("the BYE is not for the call: %+v", bye)
	}
	return waited
}

// TestFloodOfPickUps: a call of an earlier process that is picked up again and again is hung
// up a few times.
func TestFloodOfPickUps(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	first, records := startFirst(t, callee)
	line := callee.Line(t, siptest.Script{"INVITE": rings["INVITE"], "CANCEL": func(*siptest.Call, *siptest.Message) {}})
	o := place(t, first, 1, line)
	call := line.Call()
	call.Await("INVITE", 1)
	second := start(t, func(o *sip.Options) { o.Trunks, o.Dialogs = trunks{trunkTo(callee)}, records.Copy() })
	run(t, second)
	if _, err := second.Resolve(t.Context(), []carrier.Asked{{Order: o}}); err != nil {
		t.Fatal(err)
	}
	for i := range 60 {
		callee.SendUDP(second.Addr(), string(call.Invite().Answer(200, fmt.Sprint("late-", i), fmt.Sprintf("sip:%v", callee.Addr), nil, "")))
	}
	call.Await("BYE", 16)
	for range 3 {
		call.Send(siptest.Request{Method: "INFO"}) // meanwhile others would come
	}
	if n := call.CountOnce("BYE"); n > 16 {
		t.Errorf("there were %d BYEs", n)
	}
}

// TestPickedUpAfterTwoCrashes: a telephone that is picked up after its call was given up,
// by a process that has crashed as well, is hung up.
func TestPickedUpAfterTwoCrashes(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	first, records := startFirst(t, callee)
	line := callee.Line(t, rings)
	place(t, first, 1, line)
	call := line.Call()
	invite := call.Await("INVITE", 1)
	third := start(t, func(o *sip.Options) { o.Trunks, o.Dialogs = trunks{trunkTo(callee)}, records.Copy() })
	run(t, third)
	answer := "SIP/2.0 200 OK\r\n"
	for _, name := range []string{"Via", "From", "Call-ID", "CSeq"} {
		answer += name + ": " + invite.Get(name) + "\r\n"
	}
	answer += fmt.Sprintf("To: %s;tag=late\r\nContact: <sip:%v>\r\nContent-Length: 0\r\n\r\n", invite.Get("To"), callee.Addr)
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for late := time.After(siptest.Patience); call.Count("BYE") == 0; {
		callee.SendUDP(third.Addr(), answer)
		select {
		case <-again.C:
		case <-late:
			t.Fatalf("the telephone was not hung up: %q", call.Requests())
		}
	}
	if bye := call.Await("BYE", 1); bye.ToTag() != "late" || call.Count("ACK") == 0 {
		t.Errorf("the callee saw %q, a BYE for the tag %q", call.Requests(), bye.ToTag())
	}
}

// TestStop: when Run ends it hangs up, and the next process learns how calls ended, unless
// the machine is so busy that Run does not wait for the answers.
func TestStop(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	const tries = 5
	var learnt []carrier.Resolution
	for range tries {
		answers, told := stopped(t, callee)
		if told {
			return
		}
		learnt = append(learnt, answers...)
	}
	t.Errorf("in none of %d tries, the next process learnt it: %+v", tries, learnt)
}

// stopped ends Run with two calls, and reports whether the next process learns how they ended.
func stopped(t *testing.T, callee *siptest.Callee) (answers []carrier.Resolution, told bool) {
	t.Helper()
	records := &sip.Memory{}
	c := start(t, func(o *sip.Options) {
		o.Trunks, o.Dialogs, o.Ring = trunks{trunkTo(callee)}, records, time.Minute
	})
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	rang := make(chan struct{}, 100)
	go func() {
		defer close(done)
		c.Run(ctx, func(p carrier.Progress) {
			if p.State == campaign.Ringing {
				rang <- struct{}{}
			}
		})
	}()
	ringing, talking := callee.Line(t, rings), callee.Line(t, siptest.Script{})
	a, b := place(t, c, 1, ringing), place(t, c, 2, talking)
	<-rang
	talking.Call().Await("ACK", 1)
	stop()
	<-done
	cancel, bye := ringing.Call().Await("CANCEL", 1), talking.Call().Await("BYE", 1)
	if ringing.Call().CountOnce("CANCEL") != 1 || talking.Call().CountOnce("BYE") != 1 || cancel == nil || bye == nil {
		t.Errorf("the callee saw %q and %q", ringing.Call().Requests(), talking.Call().Requests())
	}
	next := start(t, func(o *sip.Options) { o.Trunks, o.Dialogs = trunks{trunkTo(callee)}, records })
	run(t, next)
	answers, err := next.Resolve(t.Context(), []carrier.Asked{{Order: a}, {Order: b}})
	if err != nil {
		t.Fatal(err)
	}
	return answers, answers[0].Fate == carrier.Over && answers[0].Progress.Outcome == campaign.NoAnswer &&
		answers[1].Fate == carrier.Over && answers[1].Progress.Outcome == campaign.Reached && answers[1].Progress.Call == b.Call
}

// pressed returns the keys that a callee got.
func pressed(packets []siptest.Packet) (keys string) {
	at := uint32(0)
	for _, p := range packets {
		if p.Type == 101 && (keys == "" || p.Timestamp != at) {
			keys += "0123456789*#"[p.Payload[0]:][:1]
			at = p.Timestamp
		}
	}
	return keys
}

// TestTestCall: a test call shows its messages without the password's proof, and presses
// keys.
func TestTestCall(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	line := callee.Line(t, siptest.Script{"INVITE": func(c *siptest.Call, m *siptest.Message) {
		if m.Get("Authorization") == "" {
			c.Challenge(m, 401, "n1")
			return
		}
		c.Pick(m)
		c.Await("ACK", 2)
		c.Media.Await(func(all []siptest.Packet) bool { return pressed(all) == "12#" })
		c.Bye("Reason: Q.850;cause=16;text=\"bye\"")
	}})
	c := start(t, func(o *sip.Options) {
		tr := trunkTo(callee)
		tr.User, tr.Password, tr.Prefixes, tr.Transport = "trunk", "secret", []string{"+1"}, trunk.TCP
		o.Trunks = trunks{tr}
	})
	run(t, c)
	var seen []string
	p, err := c.TestCall(t.Context(), "callee", carrier.Order{Call: addressbook.SID{1}, To: line.Number, CallerID: "08047000001"}, "12#", func(s trunk.Message) {
		begin, _, _ := strings.Cut(s.Text, " ")
		seen = append(seen, begin)
		if strings.Contains(s.Text, "response=") {
			t.Errorf("a secret is shown: %s", s.Text)
		}
	})
	if err != nil || p.Outcome != campaign.Reached || p.CauseText != "bye" {
		t.Errorf("%+v, %v", p, err)
	}
	if got := strings.Join(seen, " "); !strings.Contains(got, "INVITE SIP/2.0") || !strings.Contains(got, "ACK") || !strings.Contains(got, "BYE") {
		t.Errorf("saw %s", got)
	}
}

// shares are those of a trunk that other servers use as long as this one has no calls.
type shares struct{}

// ShareTrunks implements [trunk.Shares].
func (shares) ShareTrunks(_ context.Context, _ string, uses []trunk.Use) ([]trunk.Share, error) {
	all := make([]trunk.Share, len(uses))
	for i, u := range uses {
		if u.Wants {
			all[i] = trunk.Share{Channels: 1, Pace: 1000}
		}
	}
	return all, nil
}

// LeaveTrunks implements [trunk.Shares].
func (shares) LeaveTrunks(context.Context, string) error { return nil }

// TestSharedTestCall: a test call over a trunk of which other servers have all waits for its
// share.
func TestSharedTestCall(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	c := start(t, func(o *sip.Options) { o.Trunks, o.Shares = trunks{trunkTo(callee)}, shares{} })
	run(t, c)
	line := callee.Line(t, siptest.Script{"INVITE": func(c *siptest.Call, m *siptest.Message) { c.Reply(m, siptest.Answer{Status: 486}) }})
	o := carrier.Order{Call: trunk.TestCall([10]byte{1}), To: line.Number, CallerID: "08047000001"}
	if p, err := c.TestCall(t.Context(), "callee", o, "", func(trunk.Message) {}); err != nil || p.Outcome != campaign.Busy {
		t.Errorf("%+v, %v", p, err)
	}
}

// TestTestCallCrash: a test call is placed once, whatever asks for it again, and the next
// process hangs it up and forgets it, although no dialer asks for it.
func TestTestCallCrash(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	records := &sip.Memory{}
	first := start(t, func(o *sip.Options) {
		o.Trunks, o.Dialogs, o.Ring = trunks{trunkTo(callee)}, records, time.Minute
	})
	ends := run(t, first)
	line := callee.Line(t, rings)
	o := carrier.Order{Call: trunk.TestCall([10]byte{1}), To: line.Number, CallerID: "08047000001"}
	ctx, hangUp := context.WithCancel(t.Context())
	over := make(chan error, 1)
	go func() {
		_, err := first.TestCall(ctx, "callee", o, "", func(trunk.Message) {})
		over <- err
	}()
	line.Call().Await("INVITE", 1)
	if _, err := first.TestCall(t.Context(), "callee", o, "", func(trunk.Message) {}); err != carrier.ErrTwice {
		t.Errorf("in the same process: %v", err)
	}
	next := records.Copy()
	ended, err := json.Marshal(sip.Dialog{CallID: "x", Target: "sip:x", Dest: "x", Branch: "x", End: &carrier.Progress{State: campaign.CallEnded}})
	if err != nil {
		t.Fatal(err)
	}
	if err := next.SaveDialog(ctx, trunk.TestCall([10]byte{2}), ended); err != nil {
		t.Fatal(err)
	}
	second := start(t, func(o *sip.Options) { o.Trunks, o.Dialogs = trunks{trunkTo(callee)}, next })
	run(t, second)
	line.Call().Await("CANCEL", 1)
	if _, err := second.TestCall(t.Context(), "callee", o, "", func(trunk.Message) {}); err != carrier.ErrTwice {
		t.Errorf("in the next process: %v", err)
	}
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(siptest.Patience); ; <-tick.C {
		if left, _ := next.TestDialogs(t.Context()); len(left) == 1 && left[0] == o.Call {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the record of a call that is over is still there")
		}
	}
	hangUp()
	if err := <-over; err != nil || line.Calls() != 1 {
		t.Errorf("%v, after %d calls", err, line.Calls())
	}
	if len(ends) > 0 {
		t.Error("the dialer is told of a test call")
	}
}

// left are records of which a process has left some behind.
type left struct {
	*sip.Memory
	before chan time.Time // gets the time before which they are dropped
	steps  atomic.Int32   // how often there are more
}

// DropOldDialogs implements [sip.Dialogs].
func (l *left) DropOldDialogs(_ context.Context, before time.Time, _ int) (more bool, err error) {
	l.before <- before
	return l.steps.Add(-1) > 0, nil
}

// TestOldRecords: what a process has left behind of calls that nobody asks about goes after
// an hour.
func TestOldRecords(t *testing.T) {
	t.Parallel()
	records, begun := &left{Memory: &sip.Memory{}, before: make(chan time.Time, 10)}, time.Now()
	records.steps.Store(3)
	run(t, start(t, func(o *sip.Options) { o.Trunks, o.Dialogs = trunks{}, records }))
	for range 3 {
		select {
		case before := <-records.before:
			if early := before.Sub(begun.Add(-time.Hour)); early < 0 || early > siptest.Patience {
				t.Errorf("those before %v are dropped", before)
			}
		case <-time.After(siptest.Patience):
			t.Fatal("old records stay")
		}
	}
}
