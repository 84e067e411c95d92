package media

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

const (
	// eventType is the payload type of keys in our offers.
	eventType   = 101
	eventCoding = "telephone-event/8000"
)

// Errors of session descriptions that allow no call.
var (
	errNoStream = errors.New("media: the peer takes no sound of this kind")
	errNoCodec  = errors.New("media: the peer has no codec in common with the trunk's settings")
	errNoAddr   = errors.New("media: the peer names no address where it receives")
	errNoCrypto = errors.New("media: the peer does not encrypt as the trunk's settings demand")
)

// peer is what a description of the other side says.
type peer struct {
	addr      netip.AddrPort
	law       *law
	kind      uint8 // the payload type of law
	event     uint8 // that of keys, or 0
	direction direction
	crypto    crypto // if the media is encrypted
}

// held reports whether the peer wants to hear nothing.
func (p *peer) held() bool {
	return p.direction&receives == 0 || p.addr.Addr().IsUnspecified()
}

// protocol is the one of our streams.
func (s *Session) protocol() string {
	if s.settings.SRTP {
		return "RTP/SAVP"
	}
	return "RTP/AVP"
}

// choose returns the stream of a peer's description for the call, as an index, and what it
// says.
func (s *Session) choose(streams []stream) (int, peer, error) {
	i := slices.IndexFunc(streams, func(m stream) bool {
		return m.kind == "audio" && m.protocol == s.protocol() && m.addr.Port() != 0
	})
	if i < 0 {
		return 0, peer{}, errNoStream
	}
	m := &streams[i]
	p := peer{addr: m.addr, direction: m.direction}
	if !p.addr.Addr().IsValid() || p.addr.Addr().Is4() != s.local.Is4() {
		return 0, peer{}, errNoAddr
	}
	var names []string
	for _, codec := range s.settings.Codecs {
		if l := laws[codec]; l != nil {
			names = append(names, l.name)
		}
	}
	name, kind, ok := m.find(names...)
	if !ok {
		return 0, peer{}, errNoCodec
	}
	for _, l := range laws {
		if l.name == name {
			p.law, p.kind = l, kind
		}
	}
	_, p.event, _ = m.find(eventCoding)
	if s.settings.SRTP {
		if len(m.cryptos) == 0 {
			return 0, peer{}, errNoCrypto
		}
		p.crypto = m.cryptos[0]
	}
	return i, p, nil
}

// describe returns our description of the session: one m= line for each of streams. The
// one at index i is the call's and has these attributes; the others are refused. The
// version grows each time. The caller must hold s.mu.
func (s *Session) describe(streams []stream, i int, formats []string, attributes []string) []byte {
	family, addr := "IP4", s.local
	if addr.Is6() {
		family = "IP6"
	}
	s.version++
	b := make([]byte, 0, 512)
	b = fmt.Appendf(b, "v=0\r\no=callbook %d %d IN %s %s\r\ns=-\r\nc=IN %s %s\r\nt=0 0\r\n", s.sdpID, s.version, family, addr, family, addr)
	for at, m := range streams {
		if at != i {
			b = fmt.Appendf(b, "m=%s 0 %s %s\r\n", m.kind, m.protocol, strings.Join(m.formats, " "))
			continue
		}
		b = fmt.Appendf(b, "m=audio %d %s %s\r\n", s.port, s.protocol(), strings.Join(formats, " "))
		for _, a := range attributes {
			b = append(append(append(b, "a="...), a...), "\r\n"...)
		}
	}
	return b
}

// offer returns our offer. The caller must hold s.mu.
func (s *Session) offer() []byte {
	var formats, attributes []string
	for _, codec := range s.settings.Codecs {
		if l := laws[codec]; l != nil {
			kind := strconv.Itoa(int(l.kind))
			formats = append(formats, kind)
			attributes = append(attributes, "rtpmap:"+kind+" "+l.name)
		}
	}
	formats = append(formats, strconv.Itoa(eventType))
	attributes = append(attributes, eventAttributes(eventType)...)
	if s.settings.SRTP {
		attributes = append(attributes, crypto{tag: "1", key: s.key}.attribute())
	}
	attributes = append(attributes, "ptime:20", both.String())
	return s.describe(make([]stream, 1), 0, formats, attributes)
}

// answer returns our answer to an offer whose stream i is the call's. It has the payload
// types of the offer. The caller must hold s.mu.
func (s *Session) answer(streams []stream, i int, p *peer) []byte {
	formats := []string{fmt.Sprint(p.kind)}
	attributes := []string{fmt.Sprintf("rtpmap:%d %s", p.kind, p.law.name)}
	if p.event != 0 {
		formats = append(formats, fmt.Sprint(p.event))
		attributes = append(attributes, eventAttributes(p.event)...)
	}
	if s.settings.SRTP {
		attributes = append(attributes, crypto{tag: p.crypto.tag, key: s.key}.attribute())
	}
	d := p.direction.turned()
	if p.addr.Addr().IsUnspecified() {
		d &= receives
	}
	attributes = append(attributes, "ptime:20", d.String())
	return s.describe(streams, i, formats, attributes)
}

func eventAttributes(kind uint8) []string {
	number := strconv.Itoa(int(kind))
	return []string{"rtpmap:" + number + " " + eventCoding, "fmtp:" + number + " 0-15"}
}
