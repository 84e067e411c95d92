package sip

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"sync"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/carrier"
	"callbook/internal/clock"
	"callbook/internal/phone"
	"callbook/internal/trunk"
)

// observers watch the messages of calls, by their Call-IDs.
type observers struct {
	mu sync.Mutex
	of map[string][]*observer
}

// observer watches the messages with a Call-ID.
type observer struct {
	mu   sync.Mutex
	told func(sent bool, m fmt.Stringer) // nil after the observer has left
}

// packet is a message that came.
type packet string

func (p packet) String() string { return string(p) }

// see shows a message to those who watch its call.
func (o *observers) see(sent bool, callID string, m func() fmt.Stringer) {
	o.mu.Lock()
	watching := o.of[callID]
	o.mu.Unlock()
	if len(watching) == 0 {
		return
	}
	message := m()
	for _, w := range watching {
		w.mu.Lock()
		if w.told != nil {
			w.told(sent, message)
		}
		w.mu.Unlock()
	}
}

// watch shows the messages of a call to told, one after the other, until the function
// that it returns is called. Told returns soon.
func (o *observers) watch(callID string, told func(sent bool, m fmt.Stringer)) (leave func()) {
	w := &observer{told: told}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.of == nil {
		o.of = make(map[string][]*observer)
	}
	others := o.of[callID]
	o.of[callID] = append(others[:len(others):len(others)], w)
	return func() {
		o.mu.Lock()
		var left []*observer
		for _, other := range o.of[callID] {
			if other != w {
				left = append(left, other)
			}
		}
		if o.of[callID] = left; left == nil {
			delete(o.of, callID)
		}
		o.mu.Unlock()
		w.mu.Lock()
		defer w.mu.Unlock()
		w.told = nil
	}
}

// callIDIn returns the Call-ID of a message that was not parsed, or "".
func callIDIn(message []byte) string {
	for line := range bytes.SplitSeq(message, []byte("\n")) {
		if line = bytes.TrimSpace(line); len(line) == 0 {
			break
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		if name = bytes.TrimSpace(name); bytes.EqualFold(name, []byte("Call-ID")) || bytes.EqualFold(name, []byte("i")) {
			return string(bytes.TrimSpace(value))
		}
	}
	return ""
}

// secrets are the parts of messages that nobody may see: credentials, and keys of SRTP.
var secrets = regexp.MustCompile(`(?im)^((?:Proxy-)?Authorization:|a=crypto:\d+ \S+)[^\r\n]*`)

// struck returns a message without its secrets.
func struck(message string) string { return secrets.ReplaceAllString(message, "$1 ***") }

const (
	// maxTraces is how many calls have their messages kept.
	maxTraces = 200
	// maxTrace and maxTraceBytes bound the messages of one call.
	maxTrace      = 100
	maxTraceBytes = 32 << 10
)

// traces keeps the messages of the last calls that have failed, or of all.
type traces struct {
	all bool

	mu    sync.Mutex
	kept  map[addressbook.SID]trunk.Trace
	calls []addressbook.SID // in the order of their ends
}

// follow gathers the messages of a call over a trunk until the returned function is called
// with the end of the call. That function makes texts of the messages, if they are kept.
func (t *traces) follow(o *observers, order *carrier.Order, over string, c clock.Clock) (end func(carrier.Progress)) {
	type message struct {
		at   time.Time
		sent bool
		fmt.Stringer
	}
	messages := make([]message, 0, 8) // most calls have fewer
	size := 0
	leave := o.watch(callIDOf(order.Call), func(sent bool, m fmt.Stringer) {
		came, _ := m.(packet)
		if size += len(came); len(messages) < maxTrace && size <= maxTraceBytes {
			messages = append(messages, message{c.Now(), sent, m})
		}
	})
	return func(p carrier.Progress) {
		leave()
		if !t.all && !p.Outcome.Failed() {
			return
		}
		var kept []trunk.Message
		size := 0
		for _, m := range messages {
			text := struck(m.String())
			if size += len(text); size <= maxTraceBytes {
				kept = append(kept, trunk.Message{At: m.at, Sent: m.sent, Text: text})
			}
		}
		t.keep(order.Call, trunk.Trace{
			Call: order.Call.String(), Trunk: over, Number: order.To.String(), Placed: p.Placed, Ended: p.Ended,
			Outcome: p.Outcome.String(), Code: p.Code, Cause: p.Cause, CauseText: p.CauseText, Messages: kept,
		})
	}
}

func (t *traces) keep(call addressbook.SID, trace trunk.Trace) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.kept == nil {
		t.kept = make(map[addressbook.SID]trunk.Trace)
	}
	if _, again := t.kept[call]; again { // it had not left before
		t.calls = slices.DeleteFunc(t.calls, func(other addressbook.SID) bool { return other == call })
	}
	if len(t.calls) == maxTraces {
		delete(t.kept, t.calls[0])
		t.calls = append(t.calls[:0], t.calls[1:]...)
	}
	t.calls = append(t.calls, call)
	t.kept[call] = trace
}

// Trace returns the messages of a call that has ended, without secrets. This process keeps
// the messages of its last 200 failed calls, or of its last 200 calls if [Options.TraceAll]
// is set. Trace returns nil for other calls.
func (c *Carrier) Trace(call addressbook.SID) []trunk.Message {
	c.traces.mu.Lock()
	defer c.traces.mu.Unlock()
	return c.traces.kept[call].Messages
}

// Traces returns the calls of which [Carrier.Trace] has the messages, the last one first.
func (c *Carrier) Traces() []trunk.Trace {
	c.traces.mu.Lock()
	defer c.traces.mu.Unlock()
	all := make([]trunk.Trace, 0, len(c.traces.calls))
	for _, call := range slices.Backward(c.traces.calls) {
		all = append(all, c.traces.kept[call])
	}
	return all
}

// ForgetTraces forgets the messages of the calls to a number.
func (c *Carrier) ForgetTraces(number phone.Number) {
	c.traces.mu.Lock()
	defer c.traces.mu.Unlock()
	c.traces.calls = slices.DeleteFunc(c.traces.calls, func(call addressbook.SID) bool {
		if c.traces.kept[call].Number != number.String() {
			return false
		}
		delete(c.traces.kept, call)
		return true
	})
}
