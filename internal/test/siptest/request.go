package siptest

import (
	"fmt"
	"strings"
	"time"
)

// Request is a request of the callee within a call.
type Request struct {
	Method string
	Header []string
	Body   string // an SDP, unless Header has another Content-Type
	// FromTag and ToTag replace the right tags.
	FromTag, ToTag string
	// Contact replaces the URI at which the callee is reached.
	Contact string
	// CSeq replaces the next number.
	CSeq int
	// Ack is the SDP of the ACK of an INVITE. NoAck leaves that out.
	Ack   string
	NoAck bool
	// Lose is how many final answers get lost on the way.
	Lose int
}

// Send sends a request within the call and returns the final response. It fails the test
// if there is none.
func (c *Call) Send(r Request) *Message {
	c.line.t.Helper()
	m, ok := c.Try(r, Patience)
	if !ok {
		c.fail("%s was not answered", r.Method)
	}
	return m
}

// Try sends a request like [Call.Send], and returns false if there is no final response
// for so long.
func (c *Call) Try(r Request, patience time.Duration) (*Message, bool) {
	c.line.t.Helper()
	branch := fmt.Sprintf("z9hG4bK-callee-%d", numbered.Add(1))
	answers := make(chan *Message, 16)
	c.callee.mu.Lock()
	c.callee.answers[branch] = answers
	c.callee.mu.Unlock()
	defer func() {
		c.callee.mu.Lock()
		delete(c.callee.answers, branch)
		c.callee.mu.Unlock()
	}()
	c.mu.Lock()
	invite, p := c.invite, c.peer
	c.cseq++
	if r.CSeq == 0 {
		r.CSeq = c.cseq
	}
	c.mu.Unlock()
	if r.FromTag == "" {
		r.FromTag = c.tag
	}
	if r.ToTag == "" {
		r.ToTag = invite.FromTag()
	}
	if r.Contact == "" {
		r.Contact = c.contact(p)
	}
	target := invite.Contact()
	fields := func(method string, branch string) []Field {
		fields := []Field{{"Via", fmt.Sprintf("SIP/2.0/%s %v;branch=%s;rport", p.transport, c.callee.Addr, branch)}}
		for _, route := range invite.All("Record-Route") {
			fields = append(fields, Field{"Route", route})
		}
		to, _, _ := strings.Cut(invite.Get("From"), ";tag=")
		return append(fields,
			Field{"Max-Forwards", "70"},
			Field{"From", fmt.Sprintf("%s;tag=%s", invite.Get("To"), r.FromTag)},
			Field{"To", fmt.Sprintf("%s;tag=%s", to, r.ToTag)},
			Field{"Call-ID", c.id},
			Field{"CSeq", fmt.Sprintf("%d %s", r.CSeq, method)},
			Field{"Contact", "<" + r.Contact + ">"})
	}
	text := format(fmt.Sprintf("%s %s SIP/2.0", r.Method, target), append(fields(r.Method, branch), lines(r.Header)...), r.Body)
	late, again := time.NewTimer(patience), time.NewTicker(time.Second)
	defer late.Stop()
	defer again.Stop()
	if err := p.write(text); err != nil {
		return nil, false
	}
	for {
		select {
		case m := <-answers:
			if m.Status() < 200 {
				continue
			}
			if r.Lose > 0 {
				r.Lose--
				continue
			}
			if r.Method == "INVITE" && !r.NoAck {
				ackBranch := branch
				if m.Status() < 300 {
					ackBranch += "-ack"
				}
				_ = p.write(format(fmt.Sprintf("ACK %s SIP/2.0", target), fields("ACK", ackBranch), r.Ack))
			}
			if m.Status() < 300 && m.Body != "" {
				c.Media.learn(m.Body)
			}
			return m, true
		case <-again.C:
			if p.transport == "UDP" {
				_ = p.write(text)
			}
		case <-late.C:
			return nil, false
		case <-c.line.over.Done():
			return nil, false
		}
	}
}

// Bye ends the call from the callee's side.
func (c *Call) Bye(header ...string) {
	c.line.t.Helper()
	if m := c.Send(Request{Method: "BYE", Header: header}); m.Status() != 200 {
		c.fail("BYE was answered with %q", m.Start)
	}
}
