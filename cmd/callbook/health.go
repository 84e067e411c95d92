package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"
)

// healthTimeout is how long a server may take to say whether it is ready.
const healthTimeout = 5 * time.Second

// healthCmd asks a server whether it is ready. Its flags and their variables are those of
// serve, so that it needs no argument where the server is configured by the environment.
type healthCmd struct {
	URL  string `arg:"" optional:"" help:"Address of the server, as https://book.example.com; without it, the server on this machine that --addr tells."`
	Addr string `default:"127.0.0.1:8080" placeholder:"HOST:PORT" help:"Address that the server listens on (${default})."`
	tlsFlags
}

// Validate is called by kong after it has parsed the flags. It replaces that of the
// embedded flags, which are about files that this command does not read.
func (c *healthCmd) Validate() error {
	if c.URL == "" {
		return checkAddr("--addr", c.Addr)
	}
	origin, err := parseOrigin(c.URL)
	if err != nil {
		return fmt.Errorf("the address %q %w", c.URL, err)
	}
	c.URL = origin
	return nil
}

// Run prints that the server is ready, or returns an error that says why not.
func (c *healthCmd) Run(ctx context.Context, std streams) error {
	server, err := c.server()
	if err != nil {
		return err
	}
	status, err := probeServer(ctx, server+"/readyz", healthTimeout)
	switch {
	case err != nil:
		return fmt.Errorf("no answer from %s: %w", server, err)
	case status == http.StatusServiceUnavailable:
		return fmt.Errorf("the server at %s is not ready: its database is away or damaged, or it is stopping; its log says more", server)
	case status != http.StatusOK:
		return fmt.Errorf("what answers at %s, with status %d, is no callbook server that is ready", server, status)
	}
	_, err = fmt.Fprintf(std.out, "The server at %s is ready.\n", server)
	return err
}

// server returns the URL of the server to ask.
func (c *healthCmd) server() (string, error) {
	if c.URL != "" {
		return c.URL, nil
	}
	host, port, err := net.SplitHostPort(c.Addr)
	if err != nil {
		return "", fmt.Errorf("--addr %s: %w", c.Addr, err)
	}
	if port == "0" {
		return "", fmt.Errorf("--addr %s does not tell the port that the server has taken: name its address, as \"callbook health http://127.0.0.1:8080\"", c.Addr)
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		host = "127.0.0.1" // a server on all networks is on this one too
	}
	return c.scheme() + "://" + net.JoinHostPort(host, port), nil
}

// probeServer returns the status of the answer at a URL, redirects not followed. It sends
// nothing of value, so it does not verify the server's certificate.
func probeServer(ctx context.Context, address string, timeout time.Duration) (status int, err error) {
	client := &http.Client{
		Timeout:       timeout,
		Transport:     &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return 0, fmt.Errorf("make a request: %w", err)
	}
	answer, err := client.Do(r)
	if err != nil {
		if e, ok := errors.AsType[*url.Error](err); ok {
			err = e.Err // the caller names the server
		}
		return 0, err
	}
	return answer.StatusCode, answer.Body.Close()
}
