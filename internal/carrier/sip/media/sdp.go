package media

import (
	"bytes"
	"errors"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// The limits of session descriptions. Those of real trunks have some hundred bytes.
const (
	mostSDP     = 16 << 10
	mostStreams = 8
	mostFormats = 64
)

// direction says who sends in a stream, as seen by the side that describes it.
type direction uint8

const (
	inactive direction = 0
	sends    direction = 1
	receives direction = 2
	both               = sends | receives
)

// directions are the attributes of SDP (RFC 8866).
var directions = map[string]direction{"sendrecv": both, "sendonly": sends, "recvonly": receives, "inactive": inactive}

// turned returns the direction as the other side sees it.
func (d direction) turned() direction { return d>>1&1 | d<<1&2 }

// String returns the attribute.
func (d direction) String() string {
	for name, of := range directions {
		if of == d {
			return name
		}
	}
	return ""
}

// stream is what a session description says of one stream of media.
type stream struct {
	kind, protocol string // such as "audio" and "RTP/AVP"
	formats        []string
	// addr is where the peer receives. Its IP is invalid if the description has none
	// that could be used. It is unspecified in the old way to say that a call is on hold.
	addr      netip.AddrPort
	direction direction
	codings   map[string]string // by format, such as "PCMU/8000"
	cryptos   []crypto
}

var errNoSDP = errors.New("media: this is no session description (SDP)")

// parseSDP reads a session description. It reads what calls need and passes over
// everything else. Lines may stand in any order within their part, and may end without a
// carriage return, because peers are careless.
func parseSDP(text []byte) ([]stream, error) {
	if len(text) > mostSDP {
		return nil, errors.New("media: the session description is too long")
	}
	if !bytes.HasPrefix(text, []byte("v=")) {
		return nil, errNoSDP
	}
	session := stream{direction: both}
	var streams []stream
	at := &session
	for line := range strings.Lines(string(text)) {
		kind, value, ok := strings.Cut(strings.TrimRight(line, " \t\r\n"), "=")
		if !ok {
			continue
		}
		switch kind {
		case "m":
			if len(streams) == mostStreams {
				return nil, errors.New("media: the session description has too many streams")
			}
			s, err := parseStream(value)
			if err != nil {
				return nil, err
			}
			s.direction = session.direction
			s.addr = netip.AddrPortFrom(session.addr.Addr(), s.addr.Port())
			streams = append(streams, s)
			at = &streams[len(streams)-1]
		case "c":
			at.addr = netip.AddrPortFrom(parseConnection(value), at.addr.Port())
		case "a":
			at.attribute(value)
		}
	}
	return streams, nil
}

// parseStream reads the value of an m= line, such as "audio 4000 RTP/AVP 8 0 101".
func parseStream(value string) (stream, error) {
	fields := strings.Fields(value)
	if len(fields) < 4 || len(fields) > 3+mostFormats {
		return stream{}, errNoSDP
	}
	number, _, _ := strings.Cut(fields[1], "/") // a count of ports may follow
	port, err := strconv.ParseUint(number, 10, 16)
	if err != nil {
		return stream{}, errNoSDP
	}
	return stream{
		kind: fields[0], protocol: fields[2], formats: fields[3:],
		addr:    netip.AddrPortFrom(netip.Addr{}, uint16(port)),
		codings: map[string]string{"0": "PCMU/8000", "8": "PCMA/8000"},
	}, nil
}

// parseConnection reads the value of a c= line, such as "IN IP4 192.0.2.1". It returns an
// invalid address for one that is of no use: a name, or an address of many hosts.
func parseConnection(value string) netip.Addr {
	fields := strings.Fields(value)
	if len(fields) != 3 {
		return netip.Addr{}
	}
	addr, err := netip.ParseAddr(fields[2])
	if err != nil || addr.Zone() != "" || addr.IsMulticast() || addr == netip.AddrFrom4([4]byte{255, 255, 255, 255}) {
		return netip.Addr{}
	}
	return addr.Unmap()
}

// attribute reads the value of an a= line.
func (s *stream) attribute(value string) {
	if d, ok := directions[value]; ok {
		s.direction = d
		return
	}
	name, value, _ := strings.Cut(value, ":")
	switch name {
	case "rtpmap":
		format, coding, ok := strings.Cut(value, " ")
		if ok && slices.Contains(s.formats, format) {
			coding = strings.TrimSuffix(strings.TrimSpace(coding), "/1") // the number of channels
			s.codings[format] = coding
		}
	case "crypto":
		if c, ok := parseCrypto(value); ok && len(s.cryptos) < mostFormats {
			s.cryptos = append(s.cryptos, c)
		}
	}
}

// find returns the first format whose coding is one of these, and its payload type. The
// names of codings are compared without regard to case.
func (s *stream) find(codings ...string) (coding string, kind uint8, ok bool) {
	for _, format := range s.formats {
		n, err := strconv.ParseUint(format, 10, 7)
		if err != nil {
			continue
		}
		for _, coding := range codings {
			if strings.EqualFold(s.codings[format], coding) {
				return coding, uint8(n), true
			}
		}
	}
	return "", 0, false
}
