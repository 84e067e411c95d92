package media

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"callbook/internal/trunk"
)

// FuzzPackets looks for packets of a peer that stop the program, or that press keys which
// are on no telephone.
func FuzzPackets(f *testing.F) {
	f.Add([]byte("\x80\x65\x00\x01\x00\x00\x10\x00\x00\x00\x00\x01\x05\x0a\x00\xa0"), byte(101))
	f.Add([]byte("\xb2\x08\x00\x01\x00\x00\x10\x00\x00\x00\x00\x01\xbe\xde\x00\x01\x10\xff\x00\x00\x05\x0a\x00\x09"), byte(0))
	from := netip.MustParseAddrPort("192.0.2.9:4000")
	f.Fuzz(func(t *testing.T, packet []byte, event byte) {
		for _, secure := range []bool{false, true} {
			s := &Session{keys: make(chan byte, mostKeys), started: true, event: event & 0x7f}
			s.peer = peer{addr: from, law: laws[trunk.PCMA], kind: laws[trunk.PCMA].kind, event: event & 0x7f, direction: both}
			if secure {
				s.decrypt = &decipher{}
			}
			for range 2 {
				s.take(packet, from, time.Now())
			}
			if len(s.keys) > 1 {
				t.Fatal("the same packet is two keys")
			}
			if len(s.keys) == 1 && strings.IndexByte(telephoneKeys, <-s.keys) < 0 {
				t.Fatal("the key is on no telephone")
			}
		}
	})
}
