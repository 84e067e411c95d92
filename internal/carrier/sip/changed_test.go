package sip_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/campaign"
	"callbook/internal/carrier"
	"callbook/internal/carrier/sip"
	"callbook/internal/test/siptest"
	"callbook/internal/trunk"
)

// changing are trunks that a test changes.
type changing struct {
	mu  sync.Mutex
	all []trunk.Trunk
}

// List implements [sip.Trunks].
func (c *changing) List(context.Context) ([]trunk.Trunk, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]trunk.Trunk(nil), c.all...), nil
}

// set changes the trunks, and waits until the carrier has those.
func (c *changing) set(t *testing.T, r *rig, is func([]trunk.Health) bool, all ...trunk.Trunk) {
	t.Helper()
	c.mu.Lock()
	c.all = all
	c.mu.Unlock()
	r.Wake()
	for late := time.Now().Add(siptest.Patience); !is(r.Health()); time.Sleep(time.Millisecond) {
		if time.Now().After(late) {
			t.Fatalf("the trunks are %+v", r.Health())
		}
	}
}

// TestChangedTrunk: a trunk that is changed or removed while calls go over it keeps them,
// and they count against its limits.
func TestChangedTrunk(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	trunks := &changing{}
	r := open(t, callee, func(s *setup) {
		s.trunk.Channels = 1
		trunks.all, s.Trunks = []trunk.Trunk{s.trunk}, trunks
	})
	o, call := r.talk(callee.Line(t, nil), nil)
	changed := trunks.all[0]
	changed.CallerIDs = []string{"+918047112233"}
	since := r.Health()[0].Since
	trunks.set(t, r, func(h []trunk.Health) bool { return h[0].Since.After(since) && h[0].Up && h[0].Reason == "" }, changed)
	if got := r.Health()[0].Calls; got != 1 {
		t.Errorf("the changed trunk has %d calls", got)
	}
	line := callee.Line(t, nil)
	if not, ok := errors.AsType[*carrier.NotSentError](r.Place(t.Context(), order(line, keys()))); !ok || !strings.Contains(not.Error(), "busy") {
		t.Errorf("a second call over one channel: %v", not)
	}
	trunks.set(t, r, func(h []trunk.Health) bool { return len(h) == 0 })
	call.Media.Press("4", siptest.Sender{})
	r.awaitKeys(o, "4")
	trunks.set(t, r, func(h []trunk.Health) bool { return len(h) == 1 && h[0].Up && h[0].Reason == "" }, changed)
	call.Bye()
	r.end(o, campaign.Reached)
	r.works(t)
}

// TestLockedTrunk: a trunk whose password cannot be decrypted gets no calls, and the others
// do.
func TestLockedTrunk(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	r := open(t, callee, func(s *setup) {
		locked := s.trunk
		locked.Name, locked.User, locked.HasPassword, locked.Locked, locked.Register = "locked", "me", true, "another key", true
		s.trunk.Rank = 1
		s.Trunks = trunks{locked, s.trunk}
	})
	r.works(t)
	if h := r.Health(); h[0].Up || h[0].Reason != "its password cannot be decrypted" || !h[1].Up {
		t.Errorf("got %+v", h)
	}
	if n := callee.Outside.Count("REGISTER"); n != 0 {
		t.Errorf("there were %d registrations without the password", n)
	}
}

// TestFirstNumberIsZero: a peer may count its requests from 0.
func TestFirstNumberIsZero(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	r := open(t, callee, nil)
	o, call := r.talk(callee.Line(t, nil), nil)
	callee.SendUDP(r.Addr(), bye(call.Invite(), call.Await("ACK", 1).Get("To"), callee.Addr, 0))
	r.end(o, campaign.Reached)
}

// bye is the text of a callee's BYE. To is the To header of the call with its tag.
func bye(invite *siptest.Message, to string, from netip.AddrPort, cseq int) string {
	return fmt.Sprintf("BYE %s SIP/2.0\r\nVia: SIP/2.0/UDP %v;branch=z9hG4bKbye;rport\r\nMax-Forwards: 70\r\nFrom: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %d BYE\r\nContent-Length: 0\r\n\r\n",
		invite.Contact(), from, to, invite.Get("From"), invite.Get("Call-ID"), cseq)
}

// TestNamedHop: the next hop of a call may be named, and be no host of the trunk. What it
// sends is read.
func TestNamedHop(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	hop, err := net.ListenPacket("udp", "127.0.0.9:0")
	if err != nil {
		t.Fatal(err)
	}
	defer hop.Close()
	at := hop.LocalAddr().(*net.UDPAddr).AddrPort()
	r := open(t, callee, func(s *setup) { s.Resolver = zone{addrs: []byte{9}}.resolver(t) })
	line := callee.Line(t, siptest.Script{"INVITE": func(c *siptest.Call, m *siptest.Message) {
		c.Pick(m, fmt.Sprintf("Record-Route: <sip:host.test:%d;lr>", at.Port()))
	}})
	o := r.place(line, nil)
	_ = hop.SetReadDeadline(time.Now().Add(siptest.Patience))
	buf := make([]byte, 65535)
	n, from, err := hop.ReadFrom(buf)
	if err != nil || !strings.HasPrefix(string(buf[:n]), "ACK ") {
		t.Fatalf("the hop got %q, %v", buf[:n], err)
	}
	_, to, _ := strings.Cut(string(buf[:n]), "\r\nTo: ")
	to, _, _ = strings.Cut(to, "\r\n")
	_, _ = hop.WriteTo([]byte(bye(line.Call().Invite(), to, at, 7)), from)
	r.end(o, campaign.Reached)
}

// TestUnknownHop: a next hop whose name is known to the trunk alone is reached by the way
// that the call was sent.
func TestUnknownHop(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	r := open(t, callee, func(s *setup) { s.Resolver = zone{}.resolver(t) })
	line := callee.Line(t, siptest.Script{"INVITE": func(c *siptest.Call, m *siptest.Message) {
		c.Pick(m, "Record-Route: <sip:proxy.inside.test;lr>")
	}})
	o, call := r.talk(line, nil)
	if got := call.Await("ACK", 1).Get("Route"); got != "<sip:proxy.inside.test;lr>" {
		t.Errorf("the route is %q", got)
	}
	if err := r.Hangup(t.Context(), o.Call); err != nil {
		t.Fatal(err)
	}
	r.end(o, campaign.Reached)
	r.saw(call, "INVITE ACK BYE")
}

// slow are records of a process that stops, as one whose machine is suspended, before it
// adds the first record of a call.
type slow struct {
	*sip.Memory
	stopped, goOn chan struct{}
}

// AddDialogs implements [trunk.Dialogs].
func (s *slow) AddDialogs(ctx context.Context, calls []addressbook.SID, record []byte) ([]addressbook.SID, error) {
	close(s.stopped)
	<-s.goOn
	return s.Memory.AddDialogs(ctx, calls, record)
}

// TestSlowProcess: a call of which another process was told that it has never left does not
// leave later.
func TestSlowProcess(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	records := &sip.Memory{}
	stops := &slow{records, make(chan struct{}), make(chan struct{})}
	first := open(t, callee, func(s *setup) { s.Dialogs = stops })
	second := open(t, callee, func(s *setup) { s.Dialogs = records })
	line := callee.Line(t, nil)
	o := order(line, nil)
	placed := make(chan error, 1)
	go func() { placed <- first.Place(context.Background(), o) }()
	<-stops.stopped
	for range 2 {
		answers, err := second.Resolve(t.Context(), []carrier.Asked{{Order: o}})
		if err != nil || answers[0].Fate != carrier.NotSent {
			t.Errorf("got %+v, %v", answers, err)
		}
	}
	close(stops.goOn)
	if not, ok := errors.AsType[*carrier.NotSentError](<-placed); !ok {
		t.Errorf("got %v", not)
	}
	first.stop()
	if line.Calls() != 0 {
		t.Error("the call has left")
	}
}

// TestTestCallGivenUp: who gives up a test call to a trunk that does not answer need not
// wait for it.
func TestTestCallGivenUp(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	r := open(t, callee, nil)
	line := callee.Line(t, siptest.Script{"INVITE": func(*siptest.Call, *siptest.Message) {}})
	ctx, giveUp := context.WithCancel(t.Context())
	defer giveUp()
	go func() {
		line.Call()
		giveUp()
	}()
	begun := time.Now()
	if _, err := r.TestCall(ctx, "test", order(line, nil), "", func(trunk.Message) {}); err != nil {
		t.Error(err)
	}
	if d := time.Since(begun); d > 25*time.Second { // the library gives up after 32
		t.Errorf("it took %v", d)
	}
}

// TestLongerRegistration: a trunk that takes only longer registrations than ours gets one,
// and asks for the password in between.
func TestLongerRegistration(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	account := siptest.Account{User: "me", Password: "secret"}
	callee.Handle("REGISTER", func(c *siptest.Call, m *siptest.Message) {
		switch {
		case m.Get("Expires") == "0":
			c.Reply(m, siptest.Answer{Status: 200})
		case m.Get("Expires") != "3600":
			c.Reply(m, siptest.Answer{Status: 423, Header: []string{"Min-Expires: 3600"}})
		case !account.Proves(m, "one"):
			c.Challenge(m, 401, "one")
		default:
			c.Reply(m, siptest.Answer{Status: 200, Header: []string{"Expires: 3600"}})
		}
	})
	r := open(t, callee, func(s *setup) {
		s.trunk.User, s.trunk.Password, s.trunk.Register = "me", "secret", true
	})
	for late := time.After(siptest.Patience); len(r.Health()) == 0 || !r.Health()[0].Up; {
		select {
		case <-late:
			t.Fatalf("%+v", r.Health())
		case <-time.After(5 * time.Millisecond):
		}
	}
	if n := callee.Outside.Count("REGISTER"); n != 3 {
		t.Errorf("that took %d requests", n)
	}
}
