package sip_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/callflow"
	"callbook/internal/campaign"
	"callbook/internal/carrier"
	"callbook/internal/carrier/sip"
	"callbook/internal/fault"
	"callbook/internal/test/siptest"
	"callbook/internal/trunk"
)

// onlyRings is a handler of INVITE that rings and never answers.
func onlyRings(c *siptest.Call, m *siptest.Message) { c.Ring(m) }

// after waits as the callee of a script does that takes its time.
func after(d time.Duration) { <-time.After(d) }

// TestAnswerCrossesCancel: a callee answers while the CANCEL is under way. The call is
// ended, because it is nobody's.
func TestAnswerCrossesCancel(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	for name, cancel := range map[string]func(*siptest.Call, *siptest.Message){
		"at once": func(c *siptest.Call, m *siptest.Message) {
			c.Pick(c.Invite())
			c.Reply(m, siptest.Answer{Status: 200})
		},
		"a bit later": func(c *siptest.Call, m *siptest.Message) {
			c.Reply(m, siptest.Answer{Status: 200})
			after(300 * time.Millisecond)
			c.Pick(c.Invite())
		},
		"the CANCEL is refused": func(c *siptest.Call, m *siptest.Message) {
			c.Reply(m, siptest.Answer{Status: 481})
			after(2 * time.Second)
			c.Pick(c.Invite())
		},
		"the CANCEL is swallowed": func(c *siptest.Call, m *siptest.Message) {
			after(time.Second)
			c.Pick(c.Invite())
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := open(t, callee, func(s *setup) { s.Ring = 3 * time.Second })
			line := callee.Line(t, siptest.Script{"INVITE": onlyRings, "CANCEL": cancel, "BYE": func(c *siptest.Call, m *siptest.Message) {
				if n := r.Health()[0].Calls; n != 1 {
					t.Errorf("the trunk has %d calls while this one is not over", n)
				}
				c.Reply(m, siptest.Answer{Status: 200})
			}})
			o := r.place(line, nil)
			call := line.Call()
			call.Await("BYE", 1)
			r.end(o, campaign.NoAnswer)
			r.saw(call, "INVITE CANCEL ACK BYE")
		})
	}
}

// TestCancel: a telephone that nobody answers stops ringing.
func TestCancel(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	r := open(t, callee, func(s *setup) { s.Ring = 3 * time.Second })
	line := callee.Line(t, siptest.Script{"INVITE": onlyRings})
	o := r.place(line, nil)
	if p := r.end(o, campaign.NoAnswer); p.Rang.IsZero() || p.Code != 487 {
		t.Errorf("got %+v", p)
	}
	call := line.Call()
	call.Await("ACK", 1)
	r.saw(call, "INVITE CANCEL ACK")
	invite, cancel := call.Invite(), call.Await("CANCEL", 1)
	if invite.Branch() != cancel.Branch() || invite.CSeq() != cancel.CSeq() || invite.URI() != cancel.URI() || cancel.ToTag() != "" {
		t.Errorf("%+v does not cancel %+v", cancel, invite)
	}
}

// TestCancelWaits: nothing may be cancelled before the first provisional answer.
func TestCancelWaits(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	r := open(t, callee, func(s *setup) { s.Ring = time.Second })
	early := make(chan int, 1)
	line := callee.Line(t, siptest.Script{"INVITE": func(c *siptest.Call, m *siptest.Message) {
		after(4 * time.Second) // the ring timeout is 1 s
		early <- c.Count("CANCEL")
		c.Ring(m)
	}})
	o := r.place(line, nil)
	call := line.Call()
	call.Await("ACK", 1)
	if <-early != 0 {
		t.Error("the CANCEL came before an answer")
	}
	if call.Count("INVITE") < 2 {
		t.Error("the INVITE was not repeated")
	}
	// The dialer was told before that the trunk is silent.
	r.end(o, campaign.TrunkFailed)
	r.saw(call, "INVITE CANCEL ACK")
}

// TestManyProvisionals: a callee may send any number, in any order.
func TestManyProvisionals(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	r := open(t, callee, nil)
	line := callee.Line(t, siptest.Script{"INVITE": func(c *siptest.Call, m *siptest.Message) {
		for i := range 25 {
			c.Reply(m, siptest.Answer{Status: []int{100, 183, 180, 199}[i%4], Header: []string{fmt.Sprintf("X-Turn: %d", i)}})
		}
		c.Pick(m)
	}})
	o := r.place(line, callflow.Greeting("100"))
	r.end(o, campaign.Reached)
	r.saw(line.Call(), "INVITE ACK BYE")
}

// TestFork: two telephones answer. One has the call, the other is hung up.
func TestFork(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	r := open(t, callee, nil)
	line := callee.Line(t, siptest.Script{"INVITE": func(c *siptest.Call, m *siptest.Message) {
		c.Ring(m)
		c.Pick(m)
		after(150 * time.Millisecond)
		c.Reply(m, siptest.Answer{Status: 200, Tag: "other", Body: c.Media.SDP(siptest.SDP{})})
	}})
	o, call := r.talk(line, nil)
	first := call.Await("ACK", 1)
	if ack, bye := call.Await("ACK", 2), call.Await("BYE", 1); ack.ToTag() != "other" || bye.ToTag() != "other" || first.ToTag() == "other" {
		t.Errorf("got %+v and %+v", ack, bye)
	}
	call.Media.Press("4", siptest.Sender{})
	r.awaitKeys(o, "4")
	call.Bye()
	r.end(o, campaign.Reached)
	r.stop()
	if n := call.CountOnce("BYE"); n != 1 {
		t.Errorf("there were %d BYEs", n)
	}
}

// TestUnusableAnswer: a callee answers without sound that can be understood. It must not
// hang in a silent call.
func TestUnusableAnswer(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	for name, body := range map[string]func(*siptest.Media) string{
		"no SDP":   func(*siptest.Media) string { return "" },
		"G.729":    func(m *siptest.Media) string { return m.SDP(siptest.SDP{Codecs: []int{18}}) },
		"nonsense": func(*siptest.Media) string { return "v=0\r\nm=audio x y\r\n" },
		"refused media": func(m *siptest.Media) string {
			return strings.Replace(m.SDP(siptest.SDP{}), fmt.Sprintf("m=audio %d", m.Addr().Port()), "m=audio 0", 1)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := open(t, callee, nil)
			line := callee.Line(t, siptest.Script{"INVITE": func(c *siptest.Call, m *siptest.Message) {
				c.Reply(m, siptest.Answer{Status: 200, Body: body(c.Media)})
			}})
			o := r.place(line, nil)
			r.end(o, campaign.CallFailed)
			r.saw(line.Call(), "INVITE ACK BYE")
		})
	}
}

// TestSilentTrunk: a trunk that gives no answer, or a port where nothing listens, holds no
// call for long, and gets no more calls after three.
func TestSilentTrunk(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	for name, port := range map[string]int{"silent": int(callee.Addr.Port()), "closed": closedPort} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := open(t, callee, func(s *setup) { s.trunk.Port, s.Ring = port, time.Second })
			line := callee.Line(t, siptest.Script{"INVITE": func(*siptest.Call, *siptest.Message) {}})
			var orders []carrier.Order
			for range 3 {
				orders = append(orders, r.place(line, nil))
			}
			for _, o := range orders {
				p := r.end(o, campaign.TrunkFailed)
				if d := p.Ended.Sub(p.Placed); d > 25*time.Second { // the library gives up after 32
					t.Errorf("the call took %v", d)
				}
				if p.CauseText == "" || !p.Rang.IsZero() {
					t.Errorf("got %+v", p)
				}
			}
			err := r.Place(t.Context(), order(line, keys()))
			var notSent *carrier.NotSentError
			if !errors.As(err, &notSent) || notSent.After <= 0 {
				t.Errorf("a fourth call: %v", err)
			}
		})
	}
}

// TestLargeInvite: with credentials, an INVITE is larger than what libraries send by UDP.
func TestLargeInvite(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	r := open(t, callee, func(s *setup) { s.trunk.User, s.trunk.Password = "me", "secret" })
	nonce := strings.Repeat("n", 1000)
	line := callee.Line(t, siptest.Script{"INVITE": func(c *siptest.Call, m *siptest.Message) {
		if (siptest.Account{User: "me", Password: "secret"}).Proves(m, nonce) {
			c.Pick(m)
			return
		}
		c.Challenge(m, 407, nonce)
	}})
	o := r.place(line, callflow.Greeting("100"))
	r.end(o, campaign.Reached)
	r.saw(line.Call(), "INVITE ACK INVITE ACK BYE")
}

// TestReliableProvisional: PRACK is not offered, and a callee that demands it nevertheless
// is not refused.
func TestReliableProvisional(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	r := open(t, callee, nil)
	line := callee.Line(t, siptest.Script{"INVITE": func(c *siptest.Call, m *siptest.Message) {
		if strings.Contains(m.Get("Supported")+m.Get("Require"), "100rel") {
			t.Errorf("the INVITE offers 100rel: %+v", m)
		}
		c.Reply(m, siptest.Answer{Status: 180, Header: []string{"Require: 100rel", "RSeq: 7"}})
		c.Pick(m)
	}})
	r.end(r.place(line, callflow.Greeting("100")), campaign.Reached)
	r.saw(line.Call(), "INVITE ACK BYE")
}

// TestRedirect: a call goes nowhere else than to the number that was ordered.
func TestRedirect(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	r := open(t, callee, nil)
	elsewhere := callee.Line(t, nil)
	line := callee.Line(t, siptest.Script{"INVITE": func(c *siptest.Call, m *siptest.Message) {
		c.Reply(m, siptest.Answer{Status: 302, Header: []string{fmt.Sprintf("Contact: <sip:%v@%v>", elsewhere.Number, callee.Addr)}})
	}})
	r.end(r.place(line, nil), campaign.CallFailed)
	r.saw(line.Call(), "INVITE ACK")
	if elsewhere.Calls() != 0 {
		t.Error("the call was redirected")
	}
}

// fullDisk stores no records.
type fullDisk struct{ sip.Memory }

func (*fullDisk) AddDialogs(context.Context, []addressbook.SID, []byte) ([]addressbook.SID, error) {
	return nil, errors.New("the disk is full")
}

// TestNothingLeavesWithoutRecord: a call whose record cannot be stored does not leave.
func TestNothingLeavesWithoutRecord(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	r := open(t, callee, func(s *setup) { s.Dialogs = new(fullDisk) })
	line := callee.Line(t, nil)
	var notSent *carrier.NotSentError
	if err := r.Place(context.Background(), order(line, keys())); !errors.As(err, &notSent) {
		t.Errorf("got %v", err)
	}
	// Who places a test call reads nothing of the database.
	if _, err := r.TestCall(t.Context(), "test", order(line, nil), "", func(trunk.Message) {}); err == nil || fault.As(err) != nil {
		t.Errorf("a test call: %v", err)
	}
	r.stop()
	if line.Calls() != 0 {
		t.Error("the call left")
	}
}

// TestPublicAddress: peers are told the public address, and nothing else.
func TestPublicAddress(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	public := netip.MustParseAddr("127.0.0.3")
	r := open(t, callee, func(s *setup) { s.Public = public })
	line := callee.Line(t, siptest.Script{"INVITE": func(c *siptest.Call, m *siptest.Message) { c.Reply(m, siptest.Answer{Status: 486}) }})
	r.end(r.place(line, nil), campaign.Busy)
	invite := line.Call().Invite()
	for _, name := range []string{"Via", "Contact"} {
		if !strings.Contains(invite.Get(name), public.String()+":") {
			t.Errorf("%s is %q", name, invite.Get(name))
		}
	}
	if !strings.Contains(invite.Body, "c=IN IP4 "+public.String()+"\r\n") {
		t.Errorf("the SDP is %q", invite.Body)
	}
}
