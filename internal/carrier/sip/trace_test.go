package sip_test

import (
	"strings"
	"testing"
	"time"

	"callbook/internal/campaign"
	"callbook/internal/carrier/sip"
	"callbook/internal/test/siptest"
	"callbook/internal/trunk"
)

// TestTrace: the messages of calls that the trunk has failed are kept, without secrets, and
// those of other calls only if all are.
func TestTrace(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	failing := callee.Line(t, siptest.Script{"INVITE": func(c *siptest.Call, m *siptest.Message) {
		if m.Get("Authorization") == "" {
			c.Challenge(m, 401, "n1")
			return
		}
		c.Reply(m, siptest.Answer{Status: 503})
	}})
	answering := callee.Line(t, siptest.Script{"INVITE": func(c *siptest.Call, m *siptest.Message) {
		c.Pick(m)
		c.Await("ACK", 1)
		c.Bye()
	}})
	nobody := callee.Line(t, siptest.Script{"INVITE": func(c *siptest.Call, m *siptest.Message) { c.Reply(m, siptest.Answer{Status: 404}) }})
	for _, all := range []bool{false, true} {
		c := start(t, func(o *sip.Options) {
			tr := trunkTo(callee)
			tr.User, tr.Password = "trunk", "secret"
			o.Trunks, o.TraceAll = trunks{tr}, all
		})
		ends := run(t, c)
		failed := place(t, c, 1, failing)
		if p := <-ends; p.Outcome != campaign.CallFailed || p.Code != 503 {
			t.Fatalf("%+v", p)
		}
		unknown := place(t, c, 3, nobody)
		if p := <-ends; p.Outcome != campaign.Unreachable {
			t.Fatalf("%+v", p)
		}
		answered := place(t, c, 2, answering)
		if p := <-ends; p.Outcome != campaign.Reached {
			t.Fatalf("%+v", p)
		}
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		trace := func(done func() []trunk.Message) (titles string) {
			t.Helper()
			for deadline := time.Now().Add(siptest.Patience); ; <-tick.C {
				if messages := done(); len(messages) > 0 {
					for _, m := range messages {
						first, _, _ := strings.Cut(m.Text, "\r\n")
						if status, ok := strings.CutPrefix(first, "SIP/2.0 "); ok {
							first = status
						}
						first, _, _ = strings.Cut(first, " ")
						titles += map[bool]string{true: ">", false: "<"}[m.Sent] + first + " "
						if strings.Contains(m.Text, "response=") {
							t.Errorf("a secret is kept: %s", m.Text)
						}
					}
					return titles
				}
				if time.Now().After(deadline) {
					t.Fatal("the messages are not kept")
				}
			}
		}
		if got := trace(func() []trunk.Message { return c.Trace(failed.Call) }); !strings.HasPrefix(got, ">INVITE ") || !strings.Contains(got, "<401 ") || !strings.Contains(got, "<503 ") {
			t.Errorf("of the call that failed: %s", got)
		}
		if got := trace(func() []trunk.Message { return c.Trace(unknown.Call) }); !strings.Contains(got, "<404 ") {
			t.Errorf("of the call to a number that is none: %s", got)
		}
		if all {
			if got := trace(func() []trunk.Message { return c.Trace(answered.Call) }); !strings.Contains(got, "<BYE ") || !strings.Contains(got, ">ACK ") {
				t.Errorf("of the call that was answered: %s", got)
			}
		} else if got := c.Trace(answered.Call); got != nil {
			t.Errorf("of the call that was answered: %v", got)
		}
	}
}
