// Package clientaddr finds the network address of the client behind reverse
// proxies.
//
// Proxies pass it on in the header Forwarded (RFC 7239) or X-Forwarded-For, which
// a client can forge. Each proxy appends the address of its peer, so the package
// reads the hops from right to left: the first hop that is not a trusted proxy is
// the client, and it ignores everything left of that.
package clientaddr

import (
	"net/http"
	"net/netip"
	"strings"
)

// Proxies are the networks of trusted proxies. A nil Proxies trusts none.
type Proxies []netip.Prefix

// Of returns the address of the client that sent the request, without port and
// zone; an IPv4-mapped IPv6 address becomes IPv4. Without a trusted proxy that is
// the peer of the connection.
//
// Of returns the zero Addr if the connection has no IP address, and if a trusted
// proxy's header is malformed, holds something other than an address ("unknown"),
// or contradicts the other header. Then the client is unknown. The proxy's address
// must not stand for it: a client who sends a header of its own would pass for the
// proxy, which may be in a network from which more is allowed.
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
		return p.client(forwarded(standard))
	case len(standard) == 0:
		return p.client(list(legacy))
	}
	// A proxy that writes one header may pass the other through from the client,
	// and which of the two it writes is unknown.
	if client := p.client(list(legacy)); client == p.client(forwarded(standard)) {
		return client
	}
	return netip.Addr{}
}

// Peer returns the address in the request's RemoteAddr, or the zero Addr if there
// is none. It is the client's address once the server has stored that there.
func Peer(r *http.Request) netip.Addr { return Proxies(nil).Of(r) }

func (p Proxies) trust(addr netip.Addr) bool {
	for _, network := range p {
		if network.Contains(addr) {
			return true
		}
	}
	return false
}

// client returns the rightmost hop that is not a trusted proxy, or the leftmost
// hop if all are trusted. If it meets a hop that is not an address, it returns the
// zero Addr.
func (p Proxies) client(hops []string) (client netip.Addr) {
	for i := len(hops) - 1; i >= 0; i-- {
		hop, ok := parseNode(hops[i])
		if !ok {
			return netip.Addr{}
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

// forwarded returns the "for" parameter of each element of Forwarded, or "" for
// an element that is malformed or has none.
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

// element parses one element of Forwarded: name=value pairs that are separated by
// semicolons and end at a comma. It returns the "for" parameter and the text after
// the comma; more reports whether there was a comma.
func element(s string) (node, rest string, more bool) {
	malformed := false
	for {
		name, value, ok := strings.Cut(s, "=")
		if !ok || strings.ContainsAny(name, `,;"`) {
			// The elements to the right are still valid.
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

// tokenOrQuoted parses a token or a quoted string and returns the text after it.
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

// parseNode parses an address with an optional port and zone. An IPv6 address may
// be in brackets.
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
