package sip_test

import (
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"callbook/internal/callflow"
	"callbook/internal/campaign"
	"callbook/internal/test/siptest"
)

// TestByeAnswers: whatever becomes of the BYE, the call is over.
func TestByeAnswers(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	for name, status := range map[string]int{"481": 481, "408": 408, "none": 0} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := open(t, callee, nil)
			line := callee.Line(t, siptest.Script{"BYE": func(c *siptest.Call, m *siptest.Message) {
				if status != 0 {
					c.Reply(m, siptest.Answer{Status: status})
				}
			}})
			o := r.place(line, callflow.Greeting("100"))
			call := line.Call()
			call.Await("BYE", 1)
			begun := time.Now()
			r.end(o, campaign.Reached)
			if d := time.Since(begun); d > 25*time.Second { // the library gives up after 32
				t.Errorf("the call lasted %v longer", d)
			}
			r.saw(call, "INVITE ACK BYE")
		})
	}
}

// TestLostAck: the answer is repeated until the ACK comes, and so is the ACK.
func TestLostAck(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	r := open(t, callee, nil)
	line := callee.Line(t, siptest.Script{"INVITE": func(c *siptest.Call, m *siptest.Message) {
		c.Pick(m)
		c.Await("ACK", 1)
		c.Pick(m)
		c.Pick(m)
	}})
	o := r.place(line, nil)
	call := line.Call()
	if !call.AwaitCount("ACK", 3) {
		t.Errorf("there were %d ACKs", call.Count("ACK"))
	}
	if n := call.Count("BYE"); n != 0 {
		t.Errorf("the repeated answers led to %d BYEs", n)
	}
	call.Bye()
	r.end(o, campaign.Reached)
}

// TestAnswerAfterTheEnd: an answer that comes again after the BYE is acknowledged, and that
// is all.
func TestAnswerAfterTheEnd(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	r := open(t, callee, nil)
	line := callee.Line(t, nil)
	r.end(r.place(line, callflow.Greeting("100")), campaign.Reached)
	r.over()
	call := line.Call()
	call.Pick(call.Invite())
	if !call.AwaitCount("ACK", 2) {
		t.Error("there was one ACK")
	}
	r.saw(call, "INVITE ACK BYE ACK")
}

// TestCalleeHangsUp: the reason in the callee's BYE is told. Its numbers of requests are
// its own, and may be lower than ours.
func TestCalleeHangsUp(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	r := open(t, callee, nil)
	line := callee.Line(t, nil)
	o, call := r.talk(line, nil)
	if m := call.Send(siptest.Request{Method: "BYE", CSeq: 1, Header: []string{`Reason: Q.850;cause=31;text="Normal, unspecified"`}}); m.Status() != 200 {
		t.Errorf("got %q", m.Start)
	}
	if p := r.end(o, campaign.Reached); p.Cause != 31 || p.CauseText != "Normal, unspecified" {
		t.Errorf("got %+v", p)
	}
	r.saw(call, "INVITE ACK")
}

// TestHangsUpAtOnce: the callee's BYE comes right behind its answer.
func TestHangsUpAtOnce(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	r := open(t, callee, nil)
	for range 20 {
		line := callee.Line(t, siptest.Script{"INVITE": func(c *siptest.Call, m *siptest.Message) {
			c.Pick(m)
			c.Bye()
		}})
		r.end(r.place(line, nil), campaign.Reached)
		line.Call().Await("ACK", 1)
	}
}

// TestStrangersBye: who knows only the Call-ID ends no call, and who repeats an old number
// changes nothing.
func TestStrangersBye(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	r := open(t, callee, nil)
	line := callee.Line(t, nil)
	o, call := r.talk(line, nil)
	for name, request := range map[string]siptest.Request{
		"another's tag": {FromTag: "stranger"}, "a tag that is not ours": {ToTag: "stranger"},
	} {
		for _, method := range []string{"BYE", "INVITE", "UPDATE", "INFO"} {
			request.Method = method
			if m := call.Send(request); m.Status() != 481 {
				t.Errorf("%s with %s was answered with %q", method, name, m.Start)
			}
		}
	}
	if m := call.Send(siptest.Request{Method: "INFO", CSeq: 900}); m.Status() >= 500 {
		t.Errorf("INFO was answered with %q", m.Start)
	}
	if m := call.Send(siptest.Request{Method: "UPDATE", CSeq: 800}); m.Status() != 500 {
		t.Errorf("an old number was answered with %q", m.Start)
	}
	call.Media.Press("3", siptest.Sender{})
	r.awaitKeys(o, "3")
	if err := r.Hangup(t.Context(), o.Call); err != nil {
		t.Fatal(err)
	}
	r.end(o, campaign.Reached)
	r.saw(call, "INVITE ACK BYE")
}

// originOf returns the id and the version of the o= line.
func originOf(t *testing.T, sdp string) (id string, version uint64) {
	t.Helper()
	m := regexp.MustCompile(`(?m)^o=\S+ (\d+) (\d+) `).FindStringSubmatch(sdp)
	if m == nil {
		t.Fatalf("there is no o= line in %q", sdp)
	}
	version, err := strconv.ParseUint(m[2], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return m[1], version
}

// TestOfferlessReinvite: a re-INVITE without SDP gets our offer, and the answer comes with
// the ACK.
func TestOfferlessReinvite(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	r := open(t, callee, nil)
	line := callee.Line(t, nil)
	o := r.place(line, callflow.Menu("60000", 0))
	call := line.Call()
	if !call.Media.AwaitSound(5) {
		t.Fatal("no sound came")
	}
	res := call.Send(siptest.Request{Method: "INVITE", Ack: call.Media.SDP(siptest.SDP{Direction: "sendonly", Version: 1})})
	if res.Status() != 200 {
		t.Fatalf("got %+v", res)
	}
	id, version := originOf(t, call.Invite().Body)
	if nextID, next := originOf(t, res.Body); nextID != id || next <= version {
		t.Errorf("the origin %s %d follows %s %d", nextID, next, id, version)
	}
	// The answer in the ACK puts the call on hold.
	quiet(t, call.Media, 500*time.Millisecond)
	call.Send(siptest.Request{Method: "INVITE", Ack: call.Media.SDP(siptest.SDP{Version: 2})})
	n := len(call.Media.Packets())
	if !call.Media.AwaitFrames(n + 10) {
		t.Error("no sound came after the hold")
	}
	call.Bye()
	r.end(o, campaign.Reached)
}

// TestLostAcceptance: the answer to a re-INVITE is repeated until the ACK comes.
func TestLostAcceptance(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	r := open(t, callee, nil)
	line := callee.Line(t, nil)
	o, call := r.talk(line, nil)
	hold := call.Media.SDP(siptest.SDP{Direction: "sendonly", Version: 1})
	if m, ok := call.Try(siptest.Request{Method: "INVITE", Body: hold, Lose: 2}, siptest.Patience); !ok || m.Status() != 200 {
		t.Fatalf("the answer was not repeated: %v, %+v", ok, m)
	}
	call.Bye()
	r.end(o, campaign.Reached)
}

// TestSessionTimer: sessions that the callee limits are refreshed by whom it wants, or
// end.
func TestSessionTimer(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	const expires = "Session-Expires: 6;refresher="
	answers := func(header ...string) siptest.Script {
		return siptest.Script{
			"INVITE": func(c *siptest.Call, m *siptest.Message) {
				if !strings.Contains(m.Get("Supported"), "timer") || m.Get("Session-Expires") != "" {
					t.Errorf("the INVITE has Supported: %q, Session-Expires: %q", m.Get("Supported"), m.Get("Session-Expires"))
				}
				c.Pick(m, append(header, "Require: timer")...)
			},
			"re-INVITE": func(c *siptest.Call, m *siptest.Message) { c.Pick(m, header...) },
			"UPDATE":    func(c *siptest.Call, m *siptest.Message) { c.Reply(m, siptest.Answer{Status: 200, Header: header}) },
		}
	}
	t.Run("we refresh by UPDATE", func(t *testing.T) {
		t.Parallel()
		r := open(t, callee, nil)
		line := callee.Line(t, answers("Session-Expires: 8;refresher=uac", "Allow: INVITE, ACK, BYE, UPDATE"))
		o := r.place(line, nil)
		call := line.Call()
		call.Await("ACK", 1)
		begun := time.Now()
		update := call.Await("UPDATE", 1)
		if d := time.Since(begun); d > 7500*time.Millisecond {
			t.Errorf("a session of 8 s is refreshed after %v", d)
		}
		if got := update.Get("Session-Expires"); got != "8;refresher=uac" {
			t.Errorf("the refresh says %q", got)
		}
		call.Await("UPDATE", 2)
		call.Bye()
		r.end(o, campaign.Reached)
		r.saw(call, "INVITE ACK UPDATE UPDATE")
	})
	t.Run("we refresh by re-INVITE", func(t *testing.T) {
		t.Parallel()
		r := open(t, callee, nil)
		line := callee.Line(t, answers(expires+"uac"))
		o := r.place(line, nil)
		call := line.Call()
		again := call.Await("INVITE", 2)
		id, version := originOf(t, call.Invite().Body)
		if nextID, next := originOf(t, again.Body); nextID != id || next <= version {
			t.Errorf("the origin %s %d follows %s %d", nextID, next, id, version)
		}
		call.Await("ACK", 3)
		call.Bye()
		r.end(o, campaign.Reached)
		r.saw(call, "INVITE ACK INVITE ACK INVITE ACK")
	})
	t.Run("the callee refreshes", func(t *testing.T) {
		t.Parallel()
		r := open(t, callee, nil)
		line := callee.Line(t, answers(expires+"uas"))
		o, call := r.talk(line, nil)
		for i, method := range []string{"UPDATE", "INVITE", "UPDATE", "UPDATE"} {
			after(2 * time.Second) // of the four after which the call would end
			request := siptest.Request{Method: method, Header: []string{expires + "uac"}}
			if method == "INVITE" {
				request.Body = call.Media.SDP(siptest.SDP{Version: i})
			}
			res := call.Send(request)
			if res.Status() != 200 || res.Get("Session-Expires") != "6;refresher=uac" || res.Get("Require") != "timer" {
				t.Errorf("%s was answered with %+v", method, res)
			}
		}
		call.Media.Press("8", siptest.Sender{})
		r.awaitKeys(o, "8")
		call.Bye()
		r.end(o, campaign.Reached)
		r.saw(call, "INVITE ACK")
	})
	t.Run("the callee is gone", func(t *testing.T) {
		t.Parallel()
		r := open(t, callee, nil)
		line := callee.Line(t, answers(expires+"uas"))
		o := r.place(line, nil)
		p := r.end(o, campaign.Reached)
		if d := p.Ended.Sub(p.Answered); d > 6*time.Second {
			t.Errorf("the call ended after %v", d)
		}
		r.saw(line.Call(), "INVITE ACK BYE")
	})
	t.Run("the interval is too small", func(t *testing.T) {
		t.Parallel()
		r := open(t, callee, nil)
		line := callee.Line(t, siptest.Script{"INVITE": func(c *siptest.Call, m *siptest.Message) {
			if m.Get("Min-SE") == "" {
				c.Reply(m, siptest.Answer{Status: 422, Header: []string{"Min-SE: 1800"}})
				return
			}
			if !strings.HasPrefix(m.Get("Session-Expires"), "1800") || m.Get("Min-SE") != "1800" {
				t.Errorf("the second INVITE has Session-Expires: %q, Min-SE: %q", m.Get("Session-Expires"), m.Get("Min-SE"))
			}
			c.Pick(m)
		}})
		r.end(r.place(line, callflow.Greeting("100")), campaign.Reached)
		r.saw(line.Call(), "INVITE ACK INVITE ACK BYE")
	})
	t.Run("a refresh meets the end", func(t *testing.T) {
		t.Parallel()
		r := open(t, callee, nil)
		script := answers("Session-Expires: 1;refresher=uac", "Allow: UPDATE")
		script["UPDATE"] = func(c *siptest.Call, m *siptest.Message) {
			c.Await("BYE", 1)
			c.Reply(m, siptest.Answer{Status: 200})
		}
		line := callee.Line(t, script)
		o := r.place(line, nil)
		call := line.Call()
		call.Await("UPDATE", 1)
		if err := r.Hangup(t.Context(), o.Call); err != nil {
			t.Fatal(err)
		}
		r.end(o, campaign.Reached)
		r.saw(call, "INVITE ACK UPDATE BYE")
	})
	t.Run("both refresh at once", func(t *testing.T) {
		t.Parallel()
		r := open(t, callee, nil)
		script := answers(expires + "uac")
		script["re-INVITE"] = func(c *siptest.Call, m *siptest.Message) {
			if res := c.Send(siptest.Request{Method: "INVITE", Body: c.Media.SDP(siptest.SDP{Version: 1})}); res.Status() != 491 {
				t.Errorf("the callee's re-INVITE was answered with %q", res.Start)
			}
			if res := c.Send(siptest.Request{Method: "UPDATE", Body: c.Media.SDP(siptest.SDP{Version: 1})}); res.Status() != 491 {
				t.Errorf("the callee's UPDATE was answered with %q", res.Start)
			}
			c.Pick(m)
			c.Await("ACK", 2)
			c.Bye()
		}
		line := callee.Line(t, script)
		r.end(r.place(line, nil), campaign.Reached)
		r.saw(line.Call(), "INVITE ACK INVITE ACK")
	})
}
