package sip

import (
	"strings"

	gosip "github.com/emiago/sipgo/sip"
)

// informed reads a key from an INFO request: "Signal=5" of application/dtmf-relay, or the
// key itself of application/dtmf.
func (l *call) informed(req *gosip.Request, tx gosip.ServerTransaction) {
	if key, ok := keyOf(string(req.Body())); ok {
		l.media.Key(key)
	}
	l.c.answer(req, tx, gosip.StatusOK, "OK", nil, nil)
}

// keyOf returns the key that the body of an INFO request names.
func keyOf(body string) (byte, bool) {
	signal := strings.TrimSpace(body)
	for line := range strings.Lines(body) {
		name, value, found := strings.Cut(line, "=")
		if found && strings.EqualFold(strings.TrimSpace(name), "Signal") {
			signal = strings.TrimSpace(value)
			break
		}
	}
	switch signal {
	case "10":
		return '*', true
	case "11":
		return '#', true
	}
	if len(signal) == 1 && strings.Contains("0123456789*#", signal) {
		return signal[0], true
	}
	return 0, false
}
