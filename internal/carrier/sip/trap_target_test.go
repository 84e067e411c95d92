package sip_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/campaign"
	"callbook/internal/carrier"
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

// TestMovedTelephone: a telephone that says in the middle of a call that it is reached
// elsewhere is hung up there, be it by this process or by the next one.
func TestMovedTelephone(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		theirs, ours string // the request that moves it
		killed       bool
	}{
		"its UPDATE":                             {theirs: "UPDATE"},
		"its UPDATE, then the server dies":       {theirs: "UPDATE", killed: true},
		"its re-INVITE":                          {theirs: "INVITE"},
		"its answer to our UPDATE":               {ours: "UPDATE"},
		"its answer to our re-INVITE":            {ours: "INVITE"},
		"its answer to ours, then a server dies": {ours: "UPDATE", killed: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			callee, elsewhere := siptest.Start(t), siptest.Start(t)
			there := fmt.Sprintf("sip:callee@%v", elsewhere.Addr)
			r := open(t, callee, nil)
			move := func(c *siptest.Call, m *siptest.Message) {
				a := siptest.Answer{Status: 200, Contact: there, Header: []string{"Session-Expires: 1800;refresher=uac"}}
				if tt.ours == "INVITE" {
					a.Body = c.Media.SDP(siptest.SDP{})
				}
				c.Reply(m, a)
			}
			script := siptest.Script{"UPDATE": move, "re-INVITE": move}
			if tt.ours != "" {
				script["INVITE"] = func(c *siptest.Call, m *siptest.Message) {
					c.Pick(m, "Session-Expires: 2;refresher=uac", "Allow: "+tt.ours)
				}
			}
			o, call := r.talk(callee.Line(t, script), nil)
			before := r.recordOf(o)
			if tt.theirs != "" {
				moved := siptest.Request{Method: tt.theirs, Contact: there}
				if tt.theirs == "INVITE" {
					moved.Body = call.Media.SDP(siptest.SDP{Version: 1})
				}
				if m := call.Send(moved); m.Status() != 200 {
					t.Fatalf("got %q", m.Start)
				}
			}
			r.awaitRecord(o, before)
			if tt.ours == "INVITE" {
				if ack := elsewhere.Outside.Await("ACK", 1); ack == nil || ack.URI() != there {
					t.Errorf("the ACK is %+v", ack)
				}
			}
			if tt.killed {
				second := open(t, callee, func(s *setup) { s.Dialogs = r.records.Copy() })
				if _, err := second.Resolve(t.Context(), []carrier.Asked{{Order: o}}); err != nil {
					t.Fatal(err)
				}
			} else if err := r.Hangup(t.Context(), o.Call); err != nil {
				t.Fatal(err)
			}
			if bye := elsewhere.Outside.Await("BYE", 1); bye == nil || bye.URI() != there || call.Count("BYE") > 0 {
				t.Errorf("the BYE is %+v, and %d went to where the telephone was", bye, call.Count("BYE"))
			}
		})
	}
}

// recordOf returns the record of a call.
func (r *rig) recordOf(o carrier.Order) []byte {
	r.t.Helper()
	records, err := r.records.Dialogs(r.t.Context(), []addressbook.SID{o.Call})
	if err != nil {
		r.t.Fatal(err)
	}
	return records[o.Call]
}

// awaitRecord waits until the record of a call is another one.
func (r *rig) awaitRecord(o carrier.Order, before []byte) {
	r.t.Helper()
	late, tick := time.After(siptest.Patience), time.NewTicker(5*time.Millisecond)
	defer tick.Stop()
	for bytes.Equal(r.recordOf(o), before) {
		select {
		case <-late:
			r.t.Fatal("the record of the call stays as it was")
		case <-tick.C:
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

// TestManyRequests: the record of a call keeps pace with the numbers of its requests, so that
// the BYE of the next process has a higher one.
func TestManyRequests(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	r := open(t, callee, func(s *setup) { s.trunk.User, s.trunk.Password = "me", "secret" })
	timer := "Session-Expires: 1;refresher=uac"
	line := callee.Line(t, siptest.Script{
		"INVITE": func(c *siptest.Call, m *siptest.Message) { c.Pick(m, timer, "Allow: UPDATE") },
		"UPDATE": func(c *siptest.Call, m *siptest.Message) {
			if m.CSeq()%2 == 0 {
				c.Challenge(m, 401, fmt.Sprint(m.CSeq()))
				return
			}
			c.Reply(m, siptest.Answer{Status: 200, Header: []string{timer}})
		},
	})
	o, call := r.talk(line, nil)
	r.awaitRecord(o, r.recordOf(o))
	second := open(t, callee, func(s *setup) { s.Dialogs = r.records.Copy() })
	if _, err := second.Resolve(t.Context(), []carrier.Asked{{Order: o}}); err != nil {
		t.Fatal(err)
	}
	if bye := call.Await("BYE", 1); bye.CSeq() < 75 {
		t.Errorf("the BYE has the number %d", bye.CSeq())
	}
}
