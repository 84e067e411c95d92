package sip_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"callbook/internal/campaign"
	"callbook/internal/test/siptest"
)

// TestStrictRouter: a proxy that knows only the strict routing of RFC 2543 gets requests in
// its own name, with the telephone behind the other routes.
func TestStrictRouter(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	r := open(t, callee, nil)
	near, far := fmt.Sprintf("sip:near@%v", callee.Addr), "<sip:far@127.0.0.1:9;lr>"
	line := callee.Line(t, siptest.Script{"INVITE": func(c *siptest.Call, m *siptest.Message) {
		c.Pick(m, "Record-Route: "+far, "Record-Route: <"+near+">")
	}})
	o, call := r.talk(line, nil)
	if err := r.Hangup(t.Context(), o.Call); err != nil {
		t.Fatal(err)
	}
	r.end(o, campaign.Reached)
	telephone := fmt.Sprintf("<sip:callee@%v>", callee.Addr)
	for _, method := range []string{"ACK", "BYE"} {
		m := call.Await(method, 1)
		if routes := m.All("Route"); m.URI() != near || !slices.Equal(routes, []string{far, telephone}) {
			t.Errorf("%s went to %s by %q", method, m.URI(), routes)
		}
	}
}

// TestRefresherOfAnother: where a proxy asks for a session timer, and the telephone has
// none, this side refreshes the session.
func TestRefresherOfAnother(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	r := open(t, callee, nil)
	o, call := r.talk(callee.Line(t, nil), nil)
	with := call.Send(siptest.Request{Method: "UPDATE", Header: []string{"Session-Expires: 1800", "Supported: timer, replaces"}})
	if with.Get("Session-Expires") != "1800;refresher=uac" || with.Get("Require") != "timer" {
		t.Errorf("a telephone with a session timer gets %+v", with)
	}
	without := call.Send(siptest.Request{Method: "UPDATE", Header: []string{"Session-Expires: 2", "Supported: replaces"}})
	if without.Get("Session-Expires") != "2;refresher=uas" || without.Get("Require") != "" {
		t.Errorf("a telephone without gets %+v", without)
	}
	call.Await("INVITE", 2)
	call.Bye()
	r.end(o, campaign.Reached)
}

// TestEarlyUpdate: an UPDATE while the telephone rings does the call no harm.
func TestEarlyUpdate(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	r := open(t, callee, func(s *setup) { s.Ring = 10 * time.Second })
	line := callee.Line(t, siptest.Script{"INVITE": func(c *siptest.Call, m *siptest.Message) {
		c.Ring(m)
		for body, want := range map[string]int{"": 200, c.Media.SDP(siptest.SDP{}): 491} {
			if res := c.Send(siptest.Request{Method: "UPDATE", Body: body}); res.Status() != want {
				t.Errorf("an UPDATE of %d bytes is answered with %q", len(body), res.Start)
			}
		}
		if res := c.Send(siptest.Request{Method: "UPDATE", ToTag: "stranger"}); res.Status() != 481 {
			t.Errorf("a stranger's UPDATE is answered with %q", res.Start)
		}
		c.Pick(m)
	}})
	o, call := r.talk(line, nil)
	call.Bye()
	r.end(o, campaign.Reached)
}
