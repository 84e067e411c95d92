package main

import (
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"testing"
)

// TestWarnOpen: which servers warn that keys can be read on the way.
func TestWarnOpen(t *testing.T) {
	t.Parallel()
	secure := tlsFlags{TLSCert: "cert.pem", TLSKey: "key.pem"}
	for _, tt := range []struct {
		at      string
		flags   tlsFlags
		baseURL string
		want    bool
	}{
		{"127.0.0.1:80", tlsFlags{}, "", false},
		{"127.7.7.7:80", tlsFlags{}, "", false},
		{"[::1]:80", tlsFlags{}, "", false},
		{"0.0.0.0:80", tlsFlags{}, "", true},
		{"[::]:80", tlsFlags{}, "", true},
		{"192.0.2.10:80", tlsFlags{}, "", true},
		{"192.0.2.10:80", tlsFlags{}, "http://book.example.com", true},
		{"192.0.2.10:80", tlsFlags{}, "https://book.example.com", false}, // a proxy has TLS
		{"0.0.0.0:80", secure, "", false},
		{"0.0.0.0:80", tlsFlags{TLSSelfSigned: true}, "", false},
	} {
		var log strings.Builder
		c := serveCmd{tlsFlags: tt.flags, baseURL: baseURL{BaseURL: tt.baseURL}}
		c.warnOpen(net.TCPAddrFromAddrPort(netip.MustParseAddrPort(tt.at)), slog.New(slog.NewTextHandler(&log, nil)))
		if got := strings.Contains(log.String(), "level=WARN"); got != tt.want {
			t.Errorf("at %s with %+v and %q: it warns: %v", tt.at, tt.flags, tt.baseURL, got)
		}
	}
}
