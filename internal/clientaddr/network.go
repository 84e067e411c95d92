package clientaddr

import (
	"fmt"
	"net/netip"
)

// ParseNetwork parses a network, as "10.0.0.0/8", or a single address. The error has the
// text in quotes, and says how to write it.
func ParseNetwork(text string) (netip.Prefix, error) {
	network, err := netip.ParsePrefix(text)
	if err != nil {
		addr, err := netip.ParseAddr(text)
		if err != nil || addr.Zone() != "" {
			return netip.Prefix{}, fmt.Errorf("%q is no network and no address: write it as 10.0.0.0/8, 192.0.2.10 or fd00::/8", text)
		}
		addr = addr.Unmap()
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	switch {
	case network.Addr().Is4In6():
		return netip.Prefix{}, fmt.Errorf("%q is an IPv4 network in IPv6: write it as 10.0.0.0/8", text)
	case network != network.Masked():
		return netip.Prefix{}, fmt.Errorf("%q has an address within the network: write the network as %s", text, network.Masked())
	}
	return network, nil
}
