package siptest

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
)

// Call is a call as the callee sees it. A test has it from [Line.Call], a script as
// its argument.
type Call struct {
	*call
	script bool // this is a script's, and not a test's
}

type call struct {
	id     string // its Call-ID
	tag    string // the callee's
	line   *Line
	callee *Callee
	// Media is the callee's end of the sound.
	Media *Media
	// Seen has what came within the call.
	*Seen

	mu     sync.Mutex
	invite *Message // the last one that began it
	final  bool     // invite has its final answer
	peer   *peer    // whence the last request came
	cseq   int
	tries  map[string]*transaction
}

// transaction is a request of the peer and the last answer to it.
type transaction struct{ answer []byte }

func newCall(l *Line, m *Message) *call {
	return &call{
		id: m.Get("Call-ID"), tag: fmt.Sprintf("callee-%d", numbered.Add(1)), line: l, callee: l.callee,
		Media: newMedia(l), Seen: newSeen(), tries: make(map[string]*transaction), cseq: 100,
	}
}

// Call waits for the first call to the line.
func (l *Line) Call() *Call {
	l.t.Helper()
	return l.CallAt(1)
}

// CallAt waits for the nth call to the line.
func (l *Line) CallAt(n int) *Call {
	l.t.Helper()
	c, ok := await(l.calls, nil, func(all []*call) (*call, bool) {
		if len(all) < n {
			return nil, false
		}
		return all[n-1], true
	})
	if !ok {
		l.t.Fatalf("there was no call %d to %v", n, l.Number)
	}
	return &Call{call: c}
}

// Calls returns how many calls there were. Each has another Call-ID.
func (l *Line) Calls() int {
	all, _ := l.calls.now()
	return len(all)
}

// fail ends the script or the test.
func (c *Call) fail(format string, args ...any) {
	c.line.t.Helper()
	if !c.script {
		c.line.t.Fatalf(format, args...)
	}
	if c.line.over.Err() == nil {
		c.line.t.Errorf(format, args...)
	}
	runtime.Goexit()
}

// receive does what the script says about a request.
func (c *call) receive(m *Message) {
	begins := m.Method() == "INVITE" && m.ToTag() == ""
	again := c.add(m)
	c.mu.Lock()
	c.peer = m.from
	if again {
		var answer []byte
		if tx := c.tries[m.transaction()]; tx != nil {
			answer = tx.answer
		}
		c.mu.Unlock()
		if answer != nil {
			_ = m.from.write(answer)
		}
		return
	}
	if m.Method() != "ACK" {
		c.tries[m.transaction()] = &transaction{}
	}
	first := begins && c.invite == nil
	if begins {
		c.invite, c.final = m, false
	}
	c.mu.Unlock()
	if first {
		c.line.calls.add(c)
	}
	if m.Body != "" {
		c.Media.learn(m.Body)
	}
	name := m.Method()
	if name == "INVITE" && !begins {
		name = "re-INVITE"
	}
	handler, ok := c.line.script[name]
	if !ok {
		handler = byDefault[name]
	}
	if handler == nil {
		return
	}
	if c.line.over.Err() == nil {
		c.line.work.Go(func() { handler(&Call{c, true}, m) })
	}
}

// byDefault is what a well-behaved callee does.
var byDefault = Script{
	"INVITE":    func(c *Call, m *Message) { c.Ring(m); c.Pick(m) },
	"re-INVITE": func(c *Call, m *Message) { c.Pick(m) },
	"UPDATE":    func(c *Call, m *Message) { c.Reply(m, Answer{Status: 200}) },
	"INFO":      func(c *Call, m *Message) { c.Reply(m, Answer{Status: 200}) },
	"OPTIONS":   func(c *Call, m *Message) { c.Reply(m, Answer{Status: 200}) },
	"BYE":       func(c *Call, m *Message) { c.Reply(m, Answer{Status: 200}) },
	"CANCEL":    func(c *Call, m *Message) { c.Cancelled(m) },
}

// allowed is what the callee takes, as many trunks say it in every answer.
const allowed = "INVITE, ACK, CANCEL, OPTIONS, BYE, INFO"

// Answer is a response to a request.
type Answer struct {
	Status  int
	Tag     string   // the tag of To; the call's own if it is ""
	Contact string   // the URI at which the callee is reached; its own if it is ""
	Header  []string // such as "Retry-After: 5"
	Body    string   // an SDP, unless Header has another Content-Type
}

// Reply answers a request. It may answer several times.
func (c *Call) Reply(m *Message, a Answer) {
	tag := a.Tag
	if tag == "" {
		tag = c.tag
	}
	contact := a.Contact
	if contact == "" {
		contact = c.contact(m.from)
	}
	answer := m.Answer(a.Status, tag, contact, a.Header, a.Body)
	c.mu.Lock()
	if tx := c.tries[m.transaction()]; tx != nil {
		tx.answer = answer
	}
	if m == c.invite && a.Status >= 200 {
		c.final = true
	}
	c.mu.Unlock()
	_ = m.from.write(answer)
}

// contact returns the URI at which the callee is reached.
func (c *Call) contact(p *peer) string {
	uri := fmt.Sprintf("sip:callee@%v", c.callee.Addr)
	if p.transport != "UDP" {
		uri += ";transport=" + strings.ToLower(p.transport)
	}
	return uri
}

// Ring answers with 180.
func (c *Call) Ring(invite *Message) { c.Reply(invite, Answer{Status: 180}) }

// Pick answers with 200 and an SDP. The lines are further ones of the header.
func (c *Call) Pick(invite *Message, header ...string) {
	c.Reply(invite, Answer{Status: 200, Header: header, Body: c.Media.SDP(SDP{})})
}

// Cancelled confirms a CANCEL, and answers the INVITE with 487 unless it has a final
// answer.
func (c *Call) Cancelled(cancel *Message) {
	c.Reply(cancel, Answer{Status: 200})
	c.mu.Lock()
	invite, final := c.invite, c.final
	c.mu.Unlock()
	if !final {
		c.Reply(invite, Answer{Status: 487})
	}
}

// Invite returns the last INVITE that began the call.
func (c *Call) Invite() *Message {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.invite
}

// Await waits for the nth request of a method, without those that were repeated.
func (c *Call) Await(method string, n int) *Message {
	c.line.t.Helper()
	var over <-chan struct{}
	if c.script {
		over = c.line.over.Done()
	}
	m, ok := await(c.requests, over, nth(method, n))
	if !ok {
		c.fail("%s number %d did not come; there were %q", method, n, c.Requests())
	}
	return m
}

// Within waits for a request of one of these methods, for so long at most. It reports
// whether one has come, or the script is over.
func (c *Call) Within(d time.Duration, methods ...string) bool {
	_, came := awaitFor(d, c.requests, c.line.over.Done(), func(all []*Message) (struct{}, bool) {
		return struct{}{}, slices.ContainsFunc(all, func(m *Message) bool { return slices.Contains(methods, m.Method()) })
	})
	return came || c.line.over.Err() != nil
}
