package main

import (
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"callbook/internal/certificate"
	"callbook/internal/clock/clocktest"
)

// TestServerRenews: clients of a server that runs for years can trust the certificate in
// its file at any time, whose fingerprint it prints at the start.
func TestServerRenews(t *testing.T) {
	t.Parallel()
	c := serveCmd{database: database{DB: filepath.Join(t.TempDir(), "book.db")}, tlsFlags: tlsFlags{TLSSelfSigned: true}}
	clock := clocktest.New(time.Now())
	config, stop, err := c.secure(t.Context(), clock, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	ln, err := tls.Listen("tcp", "127.0.0.1:0", config)
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			conn.(*tls.Conn).Handshake()
			conn.Close()
		}
	}()
	// trusted reports whether a client that reads the file now can connect.
	trusted := func() bool {
		t.Helper()
		pem, err := os.ReadFile(c.TLSCert)
		if err != nil {
			t.Fatal(err)
		}
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM(pem)
		conn, err := tls.Dial("tcp", ln.Addr().String(), &tls.Config{RootCAs: roots, Time: clock.Now, MinVersion: tls.VersionTLS12})
		if err != nil {
			return false
		}
		conn.Close()
		return true
	}
	var printed strings.Builder
	fingerprint, err := certificate.Fingerprint(c.TLSCert)
	if err != nil || c.printTrust(&printed) != nil || !strings.Contains(printed.String(), fingerprint) || len(fingerprint) != 95 {
		t.Errorf("the fingerprint %s is not printed (%v): %s", fingerprint, err, &printed)
	}
	if !trusted() {
		t.Error("the first certificate is not trusted")
	}
	clock.Add(826 * 24 * time.Hour) // it has ended
	for limit := time.Now().Add(time.Minute); !trusted(); clock.Add(time.Second) {
		if time.Now().After(limit) {
			t.Fatal("it was not renewed")
		}
	}
}

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
