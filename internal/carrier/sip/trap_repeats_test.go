package sip_test

import (
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
