package main

import (
	"fmt"

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
		network, err := clientaddr.ParseNetwork(text)
		if err != nil {
			return fmt.Errorf("--trusted-proxy %w", err)
		}
		f.trusted = append(f.trusted, network)
	}
	return nil
}
