package sip_test

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"callbook/internal/callflow"
	"callbook/internal/campaign"
	"callbook/internal/test/siptest"
	"callbook/internal/trunk"
)

// quiet checks that no sound comes for a while.
func quiet(t *testing.T, m *siptest.Media, d time.Duration) {
	t.Helper()
	// What was under way may still come, to a busy callee a while later.
	before := -1
	for late := time.Now().Add(siptest.Patience); before != len(m.Packets()) && time.Now().Before(late); {
		before = len(m.Packets())
		after(200 * time.Millisecond)
	}
	after(d)
	if n := len(m.Packets()) - before; n > 0 {
		t.Errorf("%d packets came in the quiet", n)
	}
}

// TestKeys: senders of RFC 4733 differ, and each key counts once.
func TestKeys(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	for name, tt := range map[string]struct {
		sender siptest.Sender
		events int // in the callee's SDP
	}{
		"as the standard says": {},
		"no marker":            {sender: siptest.Sender{NoMarker: true}},
		"duration 0 first":     {sender: siptest.Sender{FromZero: true}},
		"the start is lost":    {sender: siptest.Sender{StartLost: true}},
		"the end is lost":      {sender: siptest.Sender{EndLost: true}},
		"the duration stands":  {sender: siptest.Sender{Steady: true}},
		"another number":       {events: 96},
		"another number, sent": {events: 96, sender: siptest.Sender{Type: 96}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := open(t, callee, nil)
			line := callee.Line(t, siptest.Script{"INVITE": func(c *siptest.Call, m *siptest.Message) {
				c.Reply(m, siptest.Answer{Status: 200, Body: c.Media.SDP(siptest.SDP{Events: tt.events})})
			}})
			o, call := r.talk(line, nil)
			const pressed = "155*09"
			call.Media.Press(pressed+"#", tt.sender)
			if p := r.end(o, campaign.Reached); p.Digits != pressed {
				t.Errorf("the keys are %q, want %q", p.Digits, pressed)
			}
		})
	}
}

// TestLateKeyPackets: packets that come twice or late make no second key.
func TestLateKeyPackets(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	r := open(t, callee, nil)
	line := callee.Line(t, nil)
	o, call := r.talk(line, nil)
	for _, p := range []struct {
		timestamp uint32
		key       byte
		ends      bool
	}{{4000, '1', false}, {4000, '1', true}, {8000, '2', false}, {4000, '1', true}, {8000, '2', true}, {8000, '2', true}, {4000, '1', true}, {12000, '#', false}} {
		call.Media.Send(101, false, p.timestamp, siptest.Event(p.key, p.ends, 800))
	}
	if p := r.end(o, campaign.Reached); p.Digits != "12" {
		t.Errorf("the keys are %q", p.Digits)
	}
}

// TestInfoKeys: some trunks send keys as SIP INFO.
func TestInfoKeys(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	r := open(t, callee, nil)
	line := callee.Line(t, nil)
	o, call := r.talk(line, nil)
	for _, tt := range []struct{ kind, body string }{
		{"application/dtmf-relay", "Signal=7\r\nDuration=160\r\n"},
		{"application/dtmf-relay", "Signal= 7\nDuration= 100"},
		{"application/dtmf", "*"},
		{"application/dtmf-relay", "Signal=#\r\n"},
	} {
		if m := call.Send(siptest.Request{Method: "INFO", Header: []string{"Content-Type: " + tt.kind}, Body: tt.body}); m.Status() != 200 {
			t.Errorf("%q was answered with %q", tt.body, m.Start)
		}
	}
	if p := r.end(o, campaign.Reached); p.Digits != "77*" {
		t.Errorf("the keys are %q", p.Digits)
	}
}

// TestBargeIn: a key stops the sound that asks for it.
func TestBargeIn(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	r := open(t, callee, nil)
	line := callee.Line(t, nil)
	o := r.place(line, callflow.Menu("30000", 0))
	call := line.Call()
	if !call.Media.AwaitSound(10) {
		t.Fatal("no sound came")
	}
	call.Media.Press("6", siptest.Sender{})
	p := r.end(o, campaign.Reached)
	if p.Digits != "6" || p.Ended.Sub(p.Answered) > 25*time.Second { // the sound takes 30
		t.Errorf("got %+v", p)
	}
	r.saw(call, "INVITE ACK BYE")
}

// TestPrompt: the callee hears what is played, in both codecs, to its end.
func TestPrompt(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	for codec, payloadType := range map[trunk.Codec]int{trunk.PCMA: 8, trunk.PCMU: 0} {
		t.Run(string(codec), func(t *testing.T) {
			t.Parallel()
			r := open(t, callee, func(s *setup) { s.trunk.Codecs = []trunk.Codec{codec} })
			line := callee.Line(t, nil)
			r.end(r.place(line, callflow.Greeting("1000")), campaign.Reached)
			call := line.Call()
			r.saw(call, "INVITE ACK BYE")
			checkSound(t, call, payloadType, siptest.Tone(8000))
		})
	}
}

// checkSound checks that the callee heard a sound, and that the packets were in order.
func checkSound(t *testing.T, call *siptest.Call, payloadType int, sound []int16) {
	t.Helper()
	if like := siptest.Alike(sound, call.Media.Heard()); like < 0.99 {
		t.Errorf("what the callee heard is like the sound to %.3f", like)
	}
	packets := call.Media.Packets()
	for i, p := range packets {
		if p.Type != payloadType || p.SSRC != packets[0].SSRC || p.From != call.Media.Remote() {
			t.Errorf("packet %d is %+v, the callee knows %v", i, p, call.Media.Remote())
		}
		if i > 0 && (p.Seq != packets[i-1].Seq+1 || int32(p.Timestamp-packets[i-1].Timestamp) < siptest.Frame) {
			t.Errorf("packet %d: %d, %d follows %d, %d", i, p.Seq, p.Timestamp, packets[i-1].Seq, packets[i-1].Timestamp)
		}
	}
}

// TestHold: the prompt waits while the callee has the call on hold, and goes on where it
// stood.
func TestHold(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	for name, tt := range map[string]struct {
		sdp    siptest.SDP
		answer string
	}{
		"sendonly": {siptest.SDP{Direction: "sendonly"}, "a=recvonly"},
		"inactive": {siptest.SDP{Direction: "inactive"}, "a=inactive"},
		"0.0.0.0":  {siptest.SDP{Address: "0.0.0.0"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := open(t, callee, nil)
			line := callee.Line(t, nil)
			o := r.place(line, callflow.Greeting("2000"))
			call := line.Call()
			if !call.Media.AwaitSound(40) {
				t.Fatal("no sound came")
			}
			tt.sdp.Version = 1
			res := call.Send(siptest.Request{Method: "INVITE", Body: call.Media.SDP(tt.sdp)})
			if res.Status() != 200 || tt.answer != "" && !contains(res.Body, tt.answer) {
				t.Errorf("the hold was answered with %+v", res)
			}
			quiet(t, call.Media, time.Second)
			if res := call.Send(siptest.Request{Method: "INVITE", Body: call.Media.SDP(siptest.SDP{Version: 2})}); res.Status() != 200 || contains(res.Body, "a=inactive") {
				t.Errorf("the end of the hold was answered with %+v", res)
			}
			p := r.end(o, campaign.Reached)
			if d := p.Ended.Sub(p.Answered); d < 2500*time.Millisecond { // the sound alone takes 2
				t.Errorf("the call took %v", d)
			}
			r.saw(call, "INVITE ACK BYE")
			if like := siptest.Alike(siptest.Tone(16000), call.Media.Heard()); like < 0.99 {
				t.Errorf("what the callee heard is like the sound to %.3f, in %d packets", like, len(call.Media.Packets()))
			}
		})
	}
}

// contains reports whether a line is in a text.
func contains(text, line string) bool {
	for l := range strings.SplitSeq(text, "\r\n") {
		if l == line {
			return true
		}
	}
	return false
}

// TestHoldStopsTheTimer: the time to press a key does not run on hold.
func TestHoldStopsTheTimer(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	r := open(t, callee, nil)
	line := callee.Line(t, nil)
	flow := keys()
	step := flow.Steps["keys"]
	step.Timeout = 4
	flow.Steps["keys"] = step
	o, call := r.talk(line, flow)
	call.Media.AwaitFrames(10) // the prompt is over, and the four seconds run
	call.Send(siptest.Request{Method: "INVITE", Body: call.Media.SDP(siptest.SDP{Direction: "sendonly", Version: 1})})
	after(4500 * time.Millisecond)
	call.Send(siptest.Request{Method: "INVITE", Body: call.Media.SDP(siptest.SDP{Version: 2})})
	call.Media.Press("1#", siptest.Sender{})
	if p := r.end(o, campaign.Reached); p.Digits != "1" {
		t.Errorf("the keys are %q", p.Digits)
	}
}

// TestStrangersSound: what comes from elsewhere to the ports of calls is not the callee's.
func TestStrangersSound(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	for _, symmetric := range []bool{false, true} {
		t.Run(fmt.Sprint("symmetric ", symmetric), func(t *testing.T) {
			t.Parallel()
			r := open(t, callee, func(s *setup) { s.trunk.Symmetric = symmetric })
			line := callee.Line(t, nil)
			o, call := r.talk(line, nil)
			to := net.UDPAddrFromAddrPort(call.Media.Remote())
			for _, from := range []string{"127.0.0.1:0", "127.0.0.2:0"} {
				stranger, err := net.ListenPacket("udp", from)
				if err != nil {
					t.Fatal(err)
				}
				defer stranger.Close()
				for i := range uint32(20) {
					// Behind a NAT, another address may take the place of a callee that sends
					// nothing for a while.
					call.Media.Send(call.Media.Codec(), true, i*siptest.Frame, siptest.Encode(8, siptest.Tone(siptest.Frame)))
					_, _ = stranger.WriteTo(siptest.RTP(101, true, uint16(i), 5000*i, i, siptest.Event('9', false, 160)), to)
				}
			}
			call.Media.Press("5#", siptest.Sender{})
			if p := r.end(o, campaign.Reached); p.Digits != "5" {
				t.Errorf("the keys are %q", p.Digits)
			}
		})
	}
}

// TestSymmetric: behind a NAT, a callee's SDP names an address that is not right. If the
// trunk is said to be so, sound goes to where sound comes from.
func TestSymmetric(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	r := open(t, callee, func(s *setup) { s.trunk.Symmetric = true })
	nowhere, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer nowhere.Close()
	line := callee.Line(t, siptest.Script{"INVITE": func(c *siptest.Call, m *siptest.Message) {
		port := int(nowhere.LocalAddr().(*net.UDPAddr).AddrPort().Port())
		c.Reply(m, siptest.Answer{Status: 200, Body: c.Media.SDP(siptest.SDP{Port: port})})
	}})
	o := r.place(line, callflow.Menu("30000", 0))
	call := line.Call()
	call.Await("ACK", 1)
	spoken := make(chan struct{})
	go func() {
		defer close(spoken)
		call.Media.Speak(siptest.Tone(8000))
	}()
	if !call.Media.AwaitSound(10) {
		t.Error("no sound came back")
	}
	<-spoken
	call.Media.Press("5", siptest.Sender{})
	if p := r.end(o, campaign.Reached); p.Digits != "5" {
		t.Errorf("the keys are %q", p.Digits)
	}
}

// TestMoved: the callee wants the sound elsewhere from now on.
func TestMoved(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	r := open(t, callee, nil)
	line := callee.Line(t, nil)
	o := r.place(line, callflow.Menu("30000", 0))
	call := line.Call()
	if !call.Media.AwaitSound(5) {
		t.Fatal("no sound came")
	}
	elsewhere, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 2)})
	if err != nil {
		t.Fatal(err)
	}
	defer elsewhere.Close()
	at := elsewhere.LocalAddr().(*net.UDPAddr).AddrPort()
	if res := call.Send(siptest.Request{Method: "INVITE", Body: call.Media.SDP(siptest.SDP{Address: at.Addr().String(), Port: int(at.Port()), Version: 1})}); res.Status() != 200 {
		t.Errorf("got %+v", res)
	}
	buf := make([]byte, 1500)
	if err := elsewhere.SetReadDeadline(time.Now().Add(siptest.Patience)); err != nil {
		t.Fatal(err)
	}
	if _, from, err := elsewhere.ReadFromUDPAddrPort(buf); err != nil || (netip.AddrPort{}) == from {
		t.Error(err)
	}
	quiet(t, call.Media, 200*time.Millisecond)
	call.Bye()
	r.end(o, campaign.Reached)
}

// TestEarlyMedia: what a network says before the call is answered is no answer, and its
// keys are nobody's.
func TestEarlyMedia(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	r := open(t, callee, nil)
	line := callee.Line(t, siptest.Script{"INVITE": func(c *siptest.Call, m *siptest.Message) {
		c.Reply(m, siptest.Answer{Status: 183, Body: c.Media.SDP(siptest.SDP{})})
		c.Media.Press("9", siptest.Sender{})
		if n := len(c.Media.Packets()); n > 0 {
			t.Errorf("%d packets came before the answer", n)
		}
		c.Pick(m)
		c.Await("ACK", 1)
		c.Media.AwaitSound(1)
		c.Media.Press("1#", siptest.Sender{})
	}})
	if p := r.end(r.place(line, nil), campaign.Reached); p.Digits != "1" {
		t.Errorf("the keys are %q", p.Digits)
	}
}
