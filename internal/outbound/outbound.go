// Package outbound makes HTTP clients for URLs that API clients have given: receivers of
// callbacks, and the URLs of flows.
package outbound

import (
	"errors"
	"net"
	"net/http"
	"time"

	"code.dny.dev/ssrf"
)

// maxHeader bounds the header of an answer, in bytes.
const maxHeader = 16 << 10

// Options configure a client.
type Options struct {
	// Private lets requests go to private, loopback and link-local addresses.
	Private bool
	// Timeout bounds the time to connect and the time of the TLS handshake, each by
	// itself.
	Timeout time.Duration
	// Idle bounds the idle connections in total, and PerHost those to one host.
	Idle, PerHost int
}

// NewClient returns a client that follows no redirects. Unless Private is set, the client
// connects only to public internet addresses. The client checks the address when it
// connects, after the DNS lookup, so a later lookup cannot change it. The client uses no
// proxy: the check would see the proxy's address.
func NewClient(opts Options) *http.Client {
	dialer := &net.Dialer{Timeout: opts.Timeout}
	if !opts.Private {
		dialer.Control = ssrf.New(ssrf.WithAnyPort()).Safe
	}
	return &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext: dialer.DialContext, ForceAttemptHTTP2: true, DisableCompression: true,
			MaxIdleConns: opts.Idle, MaxIdleConnsPerHost: opts.PerHost, IdleConnTimeout: time.Minute,
			TLSHandshakeTimeout: opts.Timeout, MaxResponseHeaderBytes: maxHeader,
		},
	}
}

// Forbidden reports whether a request failed because its address is not public.
func Forbidden(err error) bool {
	return errors.Is(err, ssrf.ErrProhibitedIP) || errors.Is(err, ssrf.ErrProhibitedNetwork)
}
