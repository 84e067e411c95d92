package sip_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"callbook/internal/callflow"
	"callbook/internal/campaign"
	"callbook/internal/test/siptest"
)

// over waits until a carrier has no call any more.
func (r *rig) over() {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for r.Health()[0].Calls > 0 {
		<-tick.C
	}
}

// TestFloodOfAnswers: a trunk that sends its answer again and again makes the carrier hold
// few of them. The test is alone when it counts goroutines.
func TestFloodOfAnswers(t *testing.T) {
	callee := siptest.Start(t)
	r := open(t, callee, nil)
	line := callee.Line(t, siptest.Script{"INVITE": func(c *siptest.Call, m *siptest.Message) { c.Reply(m, siptest.Answer{Status: 486}) }})
	r.end(r.place(line, nil), campaign.Busy)
	call := line.Call()
	before := runtime.NumGoroutine()
	for range 20 {
		for range 50 {
			call.Reply(call.Invite(), siptest.Answer{Status: 486})
		}
		call.Send(siptest.Request{Method: "INFO"}) // an answer to this shows that all were read
	}
	if n := runtime.NumGoroutine() - before; n > 200 {
		t.Errorf("%d goroutines more", n)
	}
	r.works(t)
}

// TestLostBye: a telephone that got neither the ACK nor the BYE is hung up when its answer
// comes again.
func TestLostBye(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	r := open(t, callee, nil)
	line := callee.Line(t, siptest.Script{"BYE": func(c *siptest.Call, m *siptest.Message) {
		if m != c.Await("BYE", 1) {
			c.Reply(m, siptest.Answer{Status: 200})
		}
	}})
	r.end(r.place(line, callflow.Greeting("100")), campaign.Reached)
	r.over()
	call := line.Call()
	call.Pick(call.Invite())
	r.saw(call, "INVITE ACK BYE ACK BYE")
}

// TestForkAfterTheEnd: a second telephone that is picked up after the end of the call is
// hung up, also if it is behind NAT and names an address at which it is not reached.
func TestForkAfterTheEnd(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	r := open(t, callee, func(s *setup) { s.trunk.Symmetric = true })
	line := callee.Line(t, nil)
	r.end(r.place(line, callflow.Greeting("100")), campaign.Reached)
	r.over()
	call := line.Call()
	callee.SendUDP(r.Addr(), string(call.Invite().Answer(200, "other", "sip:callee@127.0.0.9:5", nil, "")))
	if ack, bye := call.Await("ACK", 2), call.Await("BYE", 2); ack.ToTag() != "other" || bye.ToTag() != "other" {
		t.Errorf("they are for the tags %q and %q", ack.ToTag(), bye.ToTag())
	}
}

// TestLongRoute: a trunk whose answer names a route of 30 KB gets the ACK and the
// BYE over it, and another ACK when its answer comes again.
func TestLongRoute(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	r := open(t, callee, nil)
	route := fmt.Sprintf("<sip:%v;lr;x=%s>", callee.Addr, strings.Repeat("x", 30_000))
	pick := func(c *siptest.Call, m *siptest.Message) { c.Pick(m, "Record-Route: "+route) }
	line := callee.Line(t, siptest.Script{"INVITE": pick})
	r.end(r.place(line, callflow.Greeting("100")), campaign.Reached)
	r.over()
	call := line.Call()
	pick(call, call.Invite())
	for _, m := range []*siptest.Message{call.Await("ACK", 1), call.Await("BYE", 1), call.Await("ACK", 2)} {
		if m.Get("Route") != route {
			t.Errorf("%s has a route of %d bytes", m.Start, len(m.Get("Route")))
		}
	}
}
