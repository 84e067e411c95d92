package sip

import (
	"bytes"
	"regexp"
	"sync"
	"sync/atomic"
)

// observers watch the messages of calls. Nobody does most of the time.
type observers struct {
	some atomic.Int32
	mu   sync.Mutex
	of   map[*observer]struct{}
}

// observer watches the messages with a Call-ID.
type observer struct {
	callID []byte
	told   func(sent bool, message string)
}

// see shows a message to those who watch its call.
func (o *observers) see(sent bool, text func() []byte) {
	if o.some.Load() == 0 {
		return
	}
	message := text()
	o.mu.Lock()
	defer o.mu.Unlock()
	for w := range o.of {
		if bytes.Contains(message, w.callID) {
			w.told(sent, struck(message))
		}
	}
}

// watch shows the messages of a call to told, one after the other, until the function
// that it returns is called. Told returns soon.
func (o *observers) watch(callID string, told func(sent bool, message string)) (leave func()) {
	w := &observer{[]byte(callID), told}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.of == nil {
		o.of = make(map[*observer]struct{})
	}
	o.of[w] = struct{}{}
	o.some.Add(1)
	return func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		delete(o.of, w)
		o.some.Add(-1)
	}
}

// secrets are the parts of messages that nobody may see: credentials, and keys of SRTP.
var secrets = regexp.MustCompile(`(?im)^((?:Proxy-)?Authorization:|a=crypto:\d+ \S+)[^\r\n]*`)

// struck returns a message without its secrets.
func struck(message []byte) string {
	return string(secrets.ReplaceAll(message, []byte("$1 ***")))
}
