package trunk

import (
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"strconv"
	"strings"

	"callbook/internal/fault"
)

// domainPattern matches a domain with letters, digits and hyphens.
var domainPattern = regexp.MustCompile(`^([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$`)

// maxDomain is how long a domain may be (RFC 1035).
const maxDomain = 253

// addressForm is how an address is written.
const addressForm = `write it as sip:host:5060;transport=udp, with the transport udp, tcp or tls`

// invalid returns the fault of a field of a trunk.
func invalid(field fault.Field, format string, args ...any) error {
	return fault.InvalidField(field, fmt.Sprintf(format, args...))
}

// SetAddress sets Host, Port and Transport from a URI such as
// "sip:pbx.example.com:5060;transport=tcp" or "sips:[2001:db8::1]" (RFC 3261, section 19.1).
// The transport is UDP by default, and TLS for sips. The error is a fault.
func (t *Trunk) SetAddress(uri string) error {
	scheme, rest, ok := strings.Cut(uri, ":")
	secure := strings.EqualFold(scheme, "sips")
	if !ok || !secure && !strings.EqualFold(scheme, "sip") {
		return invalid(FieldAddress, "the address does not begin with sip: or sips:; %s", addressForm)
	}
	if strings.ContainsAny(rest, "@") {
		return invalid(FieldAddress, "the address has a user in it; give the user separately, and %s", addressForm)
	}
	if strings.ContainsAny(rest, "?<>\"/ ") {
		return invalid(FieldAddress, "the address has more than a host, a port and a transport; %s", addressForm)
	}
	hostPort, params, _ := strings.Cut(rest, ";")
	transport, err := transportOf(params, secure)
	if err != nil {
		return err
	}
	host, port, err := splitHost(hostPort)
	if err != nil {
		return err
	}
	t.Host, t.Port, t.Transport = host, port, transport
	return nil
}

// transportOf reads the parameters of an address.
func transportOf(params string, secure bool) (Transport, error) {
	transport := UDP
	if secure {
		transport = TLS
	}
	seen := false
	for param := range strings.SplitSeq(params, ";") {
		if param == "" {
			continue
		}
		name, value, _ := strings.Cut(param, "=")
		if !strings.EqualFold(name, "transport") || seen {
			return "", invalid(FieldAddress, "the address has a parameter that callbook does not know, or one twice; %s", addressForm)
		}
		seen = true
		switch given := Transport(strings.ToLower(value)); {
		case given != UDP && given != TCP && given != TLS:
			return "", invalid(FieldAddress, "the address has a transport that callbook does not know; %s", addressForm)
		case secure && given == UDP:
			return "", invalid(FieldAddress, "the address is sips:, which goes over TLS and not over UDP; write sip: for UDP")
		case !secure:
			transport = given
		}
	}
	return transport, nil
}

// splitHost reads a host and a port. Port is 0 if there is none.
func splitHost(text string) (host string, port int, err error) {
	host, portText := text, ""
	if strings.HasPrefix(text, "[") {
		end := strings.IndexByte(text, ']')
		if end < 0 {
			return "", 0, invalid(FieldAddress, "the address has a [ without its ]; write an IPv6 address as sip:[2001:db8::1]:5060")
		}
		host, portText = text[1:end], text[end+1:]
		ip, err := netip.ParseAddr(host)
		if err != nil || !ip.Is6() || ip.Zone() != "" || ip.Is4In6() {
			return "", 0, invalid(FieldAddress, "the address has no IPv6 address between [ and ]; write it as sip:[2001:db8::1]:5060")
		}
		host = ip.String()
	} else if i := strings.IndexByte(text, ':'); i >= 0 {
		host, portText = text[:i], text[i:]
	}
	if strings.Count(portText, ":") > 1 {
		return "", 0, invalid(FieldAddress, "the address has too many colons; write an IPv6 address in brackets, as sip:[2001:db8::1]:5060")
	}
	if portText != "" {
		port, err = strconv.Atoi(strings.TrimPrefix(portText, ":"))
		if err != nil || portText[0] != ':' || port < 1 || port > 65535 || strconv.Itoa(port) != portText[1:] {
			return "", 0, invalid(FieldAddress, "the address has a wrong port; a port is a number from 1 to 65535")
		}
	}
	return host, port, checkHost(host)
}

// checkHost returns a fault unless host is an IP address or a domain.
func checkHost(host string) error {
	ip, err := netip.ParseAddr(host)
	switch {
	case host == "":
		return invalid(FieldAddress, "the address has no host; %s", addressForm)
	case err == nil && (ip.IsUnspecified() || ip.IsMulticast() || ip.Zone() != "" || ip.Is4In6()):
		return invalid(FieldAddress, "the address has an IP address that no trunk can have")
	case err == nil:
		return nil
	}
	last := host[strings.LastIndexByte(host, '.')+1:]
	if len(host) > maxDomain || !domainPattern.MatchString(host) || strings.Trim(last, "0123456789") == "" {
		return invalid(FieldAddress, "the address has a host that is neither a domain nor an IP address; %s", addressForm)
	}
	return nil
}

// Address returns the URI of the trunk, as [Trunk.SetAddress] reads it.
func (t Trunk) Address() string {
	host := t.Host
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if t.Port != 0 {
		host = net.JoinHostPort(t.Host, strconv.Itoa(t.Port))
	}
	return "sip:" + host + ";transport=" + string(t.Transport)
}
