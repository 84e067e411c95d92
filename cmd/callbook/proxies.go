package main

import (
	"fmt"
	"net/netip"

	"callbook/internal/clientaddr"
)

// proxyFlags are the flags about proxies in front of the server.
type proxyFlags struct {
	TrustedProxy []string `placeholder:"CIDR" help:"Network of a proxy whose Forwarded or X-Forwarded-For header tells the client's address, as 10.0.0.0/8 or 127.0.0.1; may be given more than once. Without it, all clients behind a proxy count as one address."`

	trusted clientaddr.Proxies
}

// Validate is called by kong after it has parsed the flags.
func (f *proxyFlags) Validate() error {
	f.trusted = nil
	for _, text := range f.TrustedProxy {
		network, err := netip.ParsePrefix(text)
		if err != nil {
			addr, addrErr := netip.ParseAddr(text)
			if addrErr != nil || addr.Zone() != "" {
				return fmt.Errorf("--trusted-proxy %q is no network and no address: write it as 10.0.0.0/8, 127.0.0.1 or fd00::/8", text)
			}
			network = netip.PrefixFrom(addr, addr.BitLen())
		}
		if network.Addr().Is4In6() {
			return fmt.Errorf("--trusted-proxy %q: write an IPv4 network as 10.0.0.0/8", text)
		}
		if network != network.Masked() {
			return fmt.Errorf("--trusted-proxy %q has an address within the network: write the network as %s", text, network.Masked())
		}
		f.trusted = append(f.trusted, network)
	}
	return nil
}
