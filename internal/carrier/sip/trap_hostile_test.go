package sip_test

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"callbook/internal/callflow"
	"callbook/internal/campaign"
	"callbook/internal/carrier"
	"callbook/internal/test/siptest"
)

// mutate breaks a text in one to three places.
func mutate(r *rand.Rand, text string) string {
	b := []byte(text)
	for range 1 + r.IntN(3) {
		i := r.IntN(len(b))
		switch r.IntN(5) {
		case 0:
			b[i] = byte(r.IntN(256))
		case 1:
			b = b[:i+1]
		case 2: // lines are left out
			lines := strings.Split(string(b), "\r\n")
			j := r.IntN(len(lines))
			b = []byte(strings.Join(append(lines[:j:j], lines[min(j+1+r.IntN(2), len(lines)):]...), "\r\n") + "\r\n")
		case 3:
			b = append(b[:i:i], append([]byte(strings.Repeat(string(b[i]), r.IntN(300))), b[i:]...)...)
		case 4: // a number becomes another
			for j := i; j < len(b); j++ {
				if b[j] >= '0' && b[j] <= '9' {
					b = append(b[:j:j], append([]byte([]string{"-1", "99999999999999999999", "0", ""}[r.IntN(4)]), b[j+1:]...)...)
					break
				}
			}
		}
	}
	return string(b)
}

// request is a request as any program can send it. Via leads to an address.
func request(method string, via netip.AddrPort, to string, cseq int) string {
	return fmt.Sprintf("%s sip:callbook@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP %v;branch=z9hG4bK%d;rport\r\nMax-Forwards: 70\r\nFrom: <sip:x@127.0.0.1>;tag=x%d\r\nTo: %s\r\nCall-ID: %d@127.0.0.1\r\nCSeq: %d %s\r\nContact: <sip:x@%v>\r\nContent-Length: 0\r\n\r\n",
		method, via, rand.Int64(), cseq, to, rand.Int64(), cseq, method, via)
}

// works checks that a call to a callee reaches it, with its keys.
func (r *rig) works(t *testing.T) {
	t.Helper()
	line := r.callee.Line(t, nil)
	o, call := r.talk(line, nil)
	call.Media.Press("1#", siptest.Sender{})
	if p := r.end(o, campaign.Reached); p.Digits != "1" {
		t.Errorf("the keys are %q", p.Digits)
	}
}

// TestMutatedMessages: broken messages from the trunk's own address, in the middle of a
// call, break nothing.
func TestMutatedMessages(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	r := open(t, callee, nil)
	line := callee.Line(t, nil)
	o, call := r.talk(line, nil)
	invite := call.Invite()
	// Requests without the headers that every request has.
	for _, method := range []string{"ACK", "BYE", "INVITE", "OPTIONS", "CANCEL", "UPDATE", "INFO", "NONSENSE"} {
		via := fmt.Sprintf("Via: SIP/2.0/UDP %v;branch=z9hG4bK%s\r\n", callee.Addr, method)
		callee.SendUDP(r.Addr(), fmt.Sprintf("%s sip:a@b SIP/2.0\r\n%sCSeq: 1 %s\r\nContent-Length: 0\r\n\r\n", method, via, method))
		callee.SendUDP(r.Addr(), fmt.Sprintf("%s sip:a@b SIP/2.0\r\n%sContent-Length: 0\r\n\r\n", method, via))
		callee.SendUDP(r.Addr(), fmt.Sprintf("%s sip:a@b SIP/2.0\r\n\r\n", method))
	}
	texts := []string{
		fmt.Sprintf("INFO %s SIP/2.0\r\nVia: SIP/2.0/UDP %v;branch=z9hG4bKinfo\r\nFrom: <sip:x@127.0.0.1>;tag=x\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: 5 INFO\r\nContent-Type: application/dtmf-relay\r\nContent-Length: 8\r\n\r\nSignal=9", invite.Contact(), callee.Addr, invite.Get("From"), invite.Get("Call-ID")),
		fmt.Sprintf("SIP/2.0 200 OK\r\nVia: %s\r\nFrom: %s\r\nTo: %s;tag=x\r\nCall-ID: %s\r\nCSeq: %s\r\nContact: <sip:x@%v>\r\nRecord-Route: <sip:%v;lr>\r\nContent-Length: 0\r\n\r\n", invite.Get("Via"), invite.Get("From"), invite.Get("To"), invite.Get("Call-ID"), invite.Get("CSeq"), callee.Addr, callee.Addr),
		request("OPTIONS", callee.Addr, "<sip:callbook@127.0.0.1>", 1),
		request("INVITE", callee.Addr, "<sip:callbook@127.0.0.1>", 1),
		request("BYE", callee.Addr, invite.Get("From"), 7),
	}
	source := rand.New(rand.NewPCG(13, 1))
	for i := range 2000 {
		callee.SendUDP(r.Addr(), mutate(source, texts[i%len(texts)]))
	}
	// An answer to this shows that all of them were read.
	if m := call.Send(siptest.Request{Method: "INFO"}); m.Status() != 200 {
		t.Errorf("got %q", m.Start)
	}
	call.Media.Press("7#", siptest.Sender{})
	if p := r.end(o, campaign.Reached); p.Digits != "7" {
		t.Errorf("the keys are %q", p.Digits)
	}
	r.works(t)
}

// TestMutatedAnswers: a callee whose answers are broken breaks no call but its own, and
// its call ends, too.
func TestMutatedAnswers(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	r := open(t, callee, func(s *setup) { s.Ring, s.Longest = 5*time.Second, 10*time.Second })
	good, other := r.talk(callee.Line(t, nil), nil)
	source := rand.New(rand.NewPCG(13, 2))
	var orders []carrier.Order
	for i := range 60 {
		kind := source.IntN(3)
		seed := source.Uint64()
		line := callee.Line(t, siptest.Script{
			"INVITE": func(c *siptest.Call, m *siptest.Message) {
				own := rand.New(rand.NewPCG(seed, 3))
				body := c.Media.SDP(siptest.SDP{})
				header := []string{"Record-Route: <sip:127.0.0.1:5;lr>, <sip:[::1]:7;lr>", "Session-Expires: 1800;refresher=uas", "Allow: INVITE, UPDATE"}
				if kind != 1 {
					body = mutate(own, body)
				}
				if kind != 0 {
					header = strings.Split(strings.TrimSpace(mutate(own, strings.Join(header, "\r\n"))), "\r\n")
				}
				c.Reply(m, siptest.Answer{Status: 100})
				c.Reply(m, siptest.Answer{Status: 180 + own.IntN(5), Header: header, Body: body})
				c.Reply(m, siptest.Answer{Status: 200, Header: header, Body: body})
			},
			"CANCEL":    func(c *siptest.Call, _ *siptest.Message) { c.Reply(c.Invite(), siptest.Answer{Status: 487}) },
			"re-INVITE": func(c *siptest.Call, m *siptest.Message) { c.Reply(m, siptest.Answer{Status: 200, Body: "v=0\r\n"}) },
		})
		o := order(line, callflow.Greeting("100"))
		if err := r.Place(t.Context(), o); err != nil {
			t.Fatalf("call %d: %v", i, err)
		}
		orders = append(orders, o)
	}
	other.Media.Press("7", siptest.Sender{})
	r.awaitKeys(good, "7")
	for _, o := range orders {
		r.await(o, campaign.CallEnded)
	}
	r.works(t)
}

// TestGarbage: callees whose answers cannot be read at all cost their own calls, and not
// those of others over the same trunk.
func TestGarbage(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	r := open(t, callee, func(s *setup) { s.Ring = 4 * time.Second })
	r.works(t) // so that the trunk is known to be there
	var orders []carrier.Order
	for _, garbage := range []string{"\x00\x01\x02", "SIP/2.0 200 OK\r\n\r\n", "SIP/2.0 999\r\nCSeq: x INVITE\r\n\r\n", "no SIP at all\r\n\r\n"} {
		orders = append(orders, r.place(callee.Line(t, siptest.Script{"INVITE": func(_ *siptest.Call, m *siptest.Message) {
			callee.SendUDP(m.From(), garbage)
		}}), nil))
	}
	for _, o := range orders {
		r.end(o, campaign.CallFailed)
	}
	r.works(t)
	if h := r.Health(); !h[0].Up {
		t.Errorf("the trunk counts as down: %+v", h[0])
	}
}

// TestAnothersAnswer: an answer with a branch, tag, Call-ID or number of another request
// answers no call, and breaks none but its own.
func TestAnothersAnswer(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	r := open(t, callee, func(s *setup) { s.Ring = 4 * time.Second })
	for name, change := range map[string]func(siptest.Field) string{
		"branch":  func(f siptest.Field) string { return strings.Replace(f.Value, "branch=z9hG4bK", "branch=z9hG4bKx", 1) },
		"tag":     func(f siptest.Field) string { return f.Value + "x" },
		"Call-ID": func(f siptest.Field) string { return "x" + f.Value },
		"CSeq":    func(f siptest.Field) string { return "9" + f.Value },
	} {
		t.Run(name, func(t *testing.T) {
			header := map[string]string{"branch": "Via", "tag": "From", "Call-ID": "Call-Id", "CSeq": "Cseq"}[name]
			line := callee.Line(t, siptest.Script{"INVITE": func(c *siptest.Call, m *siptest.Message) {
				c.Ring(m)
				wrong := *m
				wrong.Fields = slices.Clone(m.Fields)
				for i, f := range wrong.Fields {
					if f.Name == header {
						wrong.Fields[i].Value = change(f)
					}
				}
				c.Pick(&wrong)
			}})
			o := r.place(line, nil)
			r.works(t)
			if p := r.end(o, campaign.NoAnswer); !p.Answered.IsZero() {
				t.Errorf("the call was answered: %+v", p)
			}
			call := line.Call()
			call.Await("CANCEL", 1)
			call.Await("ACK", 1) // that of the 487
			if n := call.Count("BYE"); n != 0 {
				t.Errorf("there were %d BYEs", n)
			}
		})
	}
}

// TestStrangers: who is not a trunk gets no answer at all and stops nothing. The trunk's
// host gets none either to calls, and one at most to everything else.
func TestStrangers(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	r := open(t, callee, nil)
	r.works(t)
	answers := func(from string) (got, sent int) {
		conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort(from)))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		at := conn.LocalAddr().(*net.UDPAddr).AddrPort()
		for i := range 50 {
			for _, method := range []string{"INVITE", "OPTIONS", "REGISTER", "BYE", "CANCEL", "ACK", "MESSAGE"} {
				_, _ = conn.WriteToUDPAddrPort([]byte(request(method, at, "<sip:9198000@127.0.0.1>", i+1)), net.UDPAddrFromAddrPort(r.Addr()).AddrPort())
				sent++
			}
		}
		// A whole call passes after that, so an answer would have come meanwhile; one
		// that is repeated is repeated after half a second.
		r.works(t)
		after(700 * time.Millisecond)
		buf := make([]byte, 2000)
		for {
			_ = conn.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
			n, _, err := conn.ReadFromUDPAddrPort(buf)
			if err != nil {
				return got, sent
			}
			if text := string(buf[:n]); strings.Contains(text, " INVITE\r\n") {
				t.Errorf("a call from outside got an answer: %q", text)
			}
			got++
		}
	}
	if got, _ := answers("127.0.0.2:0"); got != 0 {
		t.Errorf("a stranger got %d answers", got)
	}
	if got, sent := answers("127.0.0.1:0"); got > sent {
		t.Errorf("the trunk's host got %d answers to %d requests", got, sent)
	}
	if conn, err := (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}).Dial("tcp", r.Addr().String()); err == nil {
		_ = conn.SetReadDeadline(time.Now().Add(siptest.Patience))
		fmt.Fprint(conn, request("OPTIONS", callee.Addr, "<sip:callbook@127.0.0.1>", 1))
		if n, err := conn.Read(make([]byte, 100)); n > 0 || err == nil {
			t.Error("a stranger got an answer by TCP")
		}
		conn.Close()
	}
	r.works(t)
}

// TestSoundFlood: floods to the ports of calls, from elsewhere and from the callee itself,
// break no call but that of the callee.
func TestSoundFlood(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	r := open(t, callee, nil)
	victim, call := r.talk(callee.Line(t, nil), nil)
	_, other := r.talk(callee.Line(t, nil), callflow.Menu("30000", 0))
	stranger, err := net.ListenPacket("udp", "127.0.0.2:0")
	if err != nil {
		t.Fatal(err)
	}
	defer stranger.Close()
	source := rand.New(rand.NewPCG(13, 4))
	junk := make([]byte, 1400)
	for i := range 20_000 {
		for j := range 40 {
			junk[source.IntN(1+j)] = byte(source.Uint32())
		}
		n := source.IntN(len(junk))
		_, _ = stranger.WriteTo(junk[:n], net.UDPAddrFromAddrPort(call.Media.Remote()))
		if i%10 == 0 {
			// The callee of the other call sends junk to its own.
			other.Media.Send(source.IntN(128), i%3 == 0, source.Uint32(), junk[:n%200])
		}
	}
	// As long as the flood fills the socket, a key may get lost with it, and people press it
	// again.
	for r.last(victim).State < campaign.CallEnded {
		call.Media.Press("5", siptest.Sender{})
		if r.last(victim).Digits != "" {
			call.Media.Press("#", siptest.Sender{})
		}
	}
	if p := r.end(victim, campaign.Reached); strings.Trim(p.Digits, "5") != "" || p.Digits == "" {
		t.Errorf("the keys are %q", p.Digits)
	}
	r.works(t)
}
