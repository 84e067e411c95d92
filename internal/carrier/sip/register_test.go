package sip

import (
	"testing"
	"time"

	gosip "github.com/emiago/sipgo/sip"
)

// TestGranted reads how long a registration lasts: this endpoint's, and not that of another
// telephone of the same user.
func TestGranted(t *testing.T) {
	t.Parallel()
	d := &Dialog{SentBy: "127.0.0.1:5062"}
	for header, want := range map[string]time.Duration{
		"Expires: 120":  2 * time.Minute,
		"Expires: 9999": 5 * time.Minute,
		"Expires: x":    5 * time.Minute,
		"Contact: <sip:callbook@127.0.0.1:5062>;expires=60\r\nExpires: 120":                             time.Minute,
		"Contact: <sip:callbook@192.0.2.1:1024>;expires=60":                                             time.Minute, // a NAT's
		"Contact: <sip:desk@192.0.2.7>;expires=250, <sip:callbook@127.0.0.1:5062>;expires=30":           30 * time.Second,
		"Contact: <sip:callbook@127.0.0.1:5062>;expires=30\r\nContact: <sip:desk@192.0.2.7>;expires=10": 30 * time.Second,
	} {
		m, err := gosip.ParseMessage([]byte("SIP/2.0 200 OK\r\n" + header + "\r\nContent-Length: 0\r\n\r\n"))
		if err != nil {
			t.Fatal(err)
		}
		if got := granted(m.(*gosip.Response), d, registerFor); got != want {
			t.Errorf("%q: %v, want %v", header, got, want)
		}
	}
}
