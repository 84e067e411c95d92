package siptest

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// SDP is a description of the callee's media. Zero fields stand for what a well-behaved
// callee says.
type SDP struct {
	// Codecs are the payload types; 8 is A-law and 0 µ-law. None means the first that
	// the caller offered.
	Codecs []int
	// Events is the payload type of digits, or negative for none; 101 if it is 0.
	Events    int
	Direction string // such as "sendonly"
	Address   string // of c=
	Port      int
	Version   int // of o=
}

// SDP returns the text of a description.
func (m *Media) SDP(s SDP) string {
	addr := m.Addr()
	if s.Address == "" {
		s.Address = addr.Addr().String()
	}
	if s.Port == 0 {
		s.Port = int(addr.Port())
	}
	if s.Codecs == nil {
		s.Codecs = []int{m.Codec()}
	}
	if s.Events == 0 {
		s.Events = 101
	}
	var types, maps strings.Builder
	for _, codec := range s.Codecs {
		fmt.Fprintf(&types, " %d", codec)
		if name, ok := map[int]string{0: "PCMU", 8: "PCMA", 18: "G729"}[codec]; ok {
			fmt.Fprintf(&maps, "a=rtpmap:%d %s/8000\r\n", codec, name)
		}
	}
	if s.Events > 0 {
		fmt.Fprintf(&types, " %d", s.Events)
		fmt.Fprintf(&maps, "a=rtpmap:%d telephone-event/8000\r\na=fmtp:%d 0-15\r\n", s.Events, s.Events)
	}
	if s.Direction != "" {
		fmt.Fprintf(&maps, "a=%s\r\n", s.Direction)
	}
	family := "IP4"
	if addr.Addr().Is6() {
		family = "IP6"
	}
	return fmt.Sprintf("v=0\r\no=callee 1 %d IN %s %s\r\ns=-\r\nc=IN %s %s\r\nt=0 0\r\nm=audio %d RTP/AVP%s\r\n%s",
		s.Version+1, family, addr.Addr(), family, s.Address, s.Port, types.String(), maps.String())
}

// remote is what a description of the caller says.
type remote struct {
	addr   netip.AddrPort
	codecs []int
	events int // the payload type of digits
}

func parseSDP(body string) (r remote) {
	var host string
	for line := range strings.Lines(body) {
		line = strings.TrimSpace(line)
		if words := strings.Fields(line); len(words) == 3 && words[0] == "c=IN" {
			host = words[2]
		}
		if rest, ok := strings.CutPrefix(line, "m=audio "); ok {
			words := strings.Fields(rest)
			port, _ := strconv.Atoi(words[0])
			for _, word := range words[2:] {
				n, _ := strconv.Atoi(word)
				r.codecs = append(r.codecs, n)
			}
			r.addr = netip.AddrPortFrom(netip.Addr{}, uint16(port))
		}
		if rest, ok := strings.CutPrefix(line, "a=rtpmap:"); ok {
			number, name, _ := strings.Cut(rest, " ")
			if strings.HasPrefix(name, "telephone-event/") {
				r.events, _ = strconv.Atoi(number)
			}
		}
	}
	addr, _ := netip.ParseAddr(host)
	r.addr = netip.AddrPortFrom(addr, r.addr.Port())
	r.codecs = slices.DeleteFunc(r.codecs, func(codec int) bool { return codec != 0 && codec != 8 })
	return r
}
