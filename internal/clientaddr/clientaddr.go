// Package clientaddr finds the network address of the client behind reverse
// proxies.
//
// A proxy tells it in the header Forwarded (RFC 7239) or X-Forwarded-For, and so
// can anybody else. Only what a trusted proxy has written counts: the hops are
// read from the right, since each proxy appends the address that it was asked
// from, and the first one that is no trusted proxy is the client.
package clientaddr

import (
	"net/http"
	"net/netip"
	"strings"
)

// Proxies are the networks whose proxies are trusted. A nil Proxies trusts
// nobody.
type Proxies []netip.Prefix

// Of returns the address of the client that sent the request, without port and
// zone, an IPv4-mapped IPv6 address as IPv4. It is the peer of the connection
// unless that is a trusted proxy that names another. A header that is malformed,
// names no address ("unknown") or contradicts the other header names nobody, so
// the peer counts. The zero Addr tells that the connection has no IP address.
func (p Proxies) Of(r *http.Request) netip.Addr {
	peer, ok := parseNode(r.RemoteAddr)
	if !ok || !p.trust(peer) {
		return peer
	}
	standard, legacy := r.Header.Values("Forwarded"), r.Header.Values("X-Forwarded-For")
	switch {
	case len(standard) == 0 && len(legacy) == 0:
		return peer
	case len(legacy) == 0:
		return p.client(peer, forwarded(standard))
	case len(standard) == 0:
		return p.client(peer, list(legacy))
	}
	// A proxy that writes one header may pass the other on as the client sent
	// it, and nobody knows which.
	if client := p.client(peer, list(legacy)); client == p.client(peer, forwarded(standard)) {
		return client
	}
	return peer
}

// Peer returns the address in the request's RemoteAddr: that of the connection, or
// that of the client once the server has put it there. The zero Addr tells that
// there is none.
func Peer(r *http.Request) netip.Addr { return Proxies(nil).Of(r) }

func (p Proxies) trust(addr netip.Addr) bool {
	for _, network := range p {
		if network.Contains(addr) {
			return true
		}
	}
	return false
}

// client returns the rightmost hop that is no trusted proxy, the leftmost one
// when all are, and the peer when a hop on the way there is no address.
func (p Proxies) client(peer netip.Addr, hops []string) netip.Addr {
	client := peer
	for i := len(hops) - 1; i >= 0; i-- {
		hop, ok := parseNode(hops[i])
		if !ok {
			return peer
		}
		if client = hop; !p.trust(hop) {
			break
		}
	}
	return client
}

// list returns the elements of X-Forwarded-For.
func list(values []string) (hops []string) {
	for _, value := range values {
		for hop := range strings.SplitSeq(value, ",") {
			hops = append(hops, strings.Trim(hop, " \t"))
		}
	}
	return hops
}

// forwarded returns the "for" of each element of Forwarded, "" where there is
// none or the element is malformed.
func forwarded(values []string) (hops []string) {
	for _, value := range values {
		for rest, more := value, true; more; {
			var hop string
			hop, rest, more = element(rest)
			hops = append(hops, hop)
		}
	}
	return hops
}

// element reads one element of Forwarded, which is pairs of a name and a token or
// quoted string between semicolons, up to the comma behind it. More tells whether
// there was one.
func element(s string) (node, rest string, more bool) {
	malformed := false
	for {
		name, value, ok := strings.Cut(s, "=")
		if !ok || strings.ContainsAny(name, `,;"`) {
			// Skip to the next element: what is to the right of it still counts.
			_, rest, more = strings.Cut(s, ",")
			return "", rest, more
		}
		text, after, ok := tokenOrQuoted(value)
		if strings.EqualFold(strings.Trim(name, " \t"), "for") {
			malformed = malformed || node != ""
			node = text
		}
		after = strings.TrimLeft(after, " \t")
		switch {
		case !ok || after != "" && after[0] != ';' && after[0] != ',':
			_, rest, more = strings.Cut(after, ",")
			return "", rest, more
		case after == "" || after[0] == ',':
			if malformed {
				node = ""
			}
			return node, strings.TrimPrefix(after, ","), after != ""
		}
		s = after[1:]
	}
}

// tokenOrQuoted reads a value and returns what follows it.
func tokenOrQuoted(s string) (value, rest string, ok bool) {
	if !strings.HasPrefix(s, `"`) {
		end := strings.IndexAny(s, ";, \t\"")
		if end < 0 {
			end = len(s)
		}
		return s[:end], s[end:], end > 0
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '"':
			return b.String(), s[i+1:], true
		case '\\':
			if i++; i == len(s) {
				return "", "", false
			}
		}
		b.WriteByte(s[i])
	}
	return "", "", false
}

// parseNode reads an address that may have a port and a zone, an IPv6 address in
// brackets or without.
func parseNode(s string) (netip.Addr, bool) {
	addr, err := netip.ParseAddr(s)
	if err != nil {
		var withPort netip.AddrPort
		if withPort, err = netip.ParseAddrPort(s); err == nil {
			addr = withPort.Addr()
		} else if inner, ok := strings.CutPrefix(s, "["); ok && strings.HasSuffix(inner, "]") {
			if addr, err = netip.ParseAddr(inner[:len(inner)-1]); err == nil && !addr.Is6() {
				return netip.Addr{}, false
			}
		}
	}
	return addr.Unmap().WithZone(""), err == nil
}
