package server_test

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"callbook/internal/certificate"
	"callbook/internal/clock"
	"callbook/internal/server"
)

// TestHTTP2 bounds the requests of all connections of HTTP/2, as it bounds connections.
func TestHTTP2(t *testing.T) {
	t.Parallel()
	const most = 3
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	if _, err := certificate.SelfSigned(cert, key, []string{"127.0.0.1"}, nil, clock.System); err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	files, err := certificate.Open(cert, key, clock.System, log)
	if err != nil {
		t.Fatal(err)
	}
	entered, leave := make(chan struct{}), make(chan struct{})
	s := server.New(server.Config{
		Log: log, Connections: most, TLS: files.Config(), Refuse: io.EOF,
		Ready: func(context.Context) error {
			entered <- struct{}{}
			<-leave
			return nil
		},
	})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx, ln) }()
	t.Cleanup(func() {
		stop()
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
	})

	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: true}
	t.Cleanup(transport.CloseIdleConnections)
	client := &http.Client{Transport: transport}
	get := func(path string) (*http.Response, error) {
		res, err := client.Get("https://" + ln.Addr().String() + path)
		if err == nil {
			err = res.Body.Close()
		}
		return res, err
	}
	var all sync.WaitGroup
	for range most {
		all.Go(func() {
			if res, err := get("/readyz"); err != nil || res.StatusCode != http.StatusOK || res.ProtoMajor != 2 {
				t.Errorf("got %v, %v", res, err)
			}
		})
		<-entered
	}
	if res, err := get("/healthz"); err == nil {
		t.Errorf("got %s for one request too many", res.Status)
	}
	close(leave)
	all.Wait()
	if res, err := get("/healthz"); err != nil || res.StatusCode != http.StatusOK {
		t.Errorf("got %v, %v when there was room again", res, err)
	}

	res, err := http.Get("http://" + ln.Addr().String() + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusBadRequest || !strings.Contains(string(body), "HTTP request to an HTTPS server") {
		t.Errorf("to a request without TLS it answers %s, %q, %v", res.Status, body, err)
	}
	if _, err := tls.Dial("tcp", ln.Addr().String(), &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS11}); err == nil {
		t.Error("it speaks TLS 1.1")
	}
	const maxConcurrentStreams, initialWindowSize = 3, 4
	if got := settings(t, ln.Addr().String()); got[maxConcurrentStreams] != 100 || got[initialWindowSize] != 256<<10 {
		t.Errorf("got the settings %v", got)
	}
}

// settings returns the settings of HTTP/2 with which the server begins a connection:
// https://www.rfc-editor.org/rfc/rfc9113.html#name-settings
func settings(t *testing.T, addr string) map[uint16]uint32 {
	t.Helper()
	conn, err := tls.Dial("tcp", addr, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	const noSettings = "\x00\x00\x00\x04\x00\x00\x00\x00\x00"
	if _, err := io.WriteString(conn, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"+noSettings); err != nil {
		t.Fatal(err)
	}
	header := make([]byte, len(noSettings))
	if _, err := io.ReadFull(conn, header); err != nil {
		t.Fatal(err)
	}
	body := make([]byte, int(header[1])<<8|int(header[2]))
	if _, err := io.ReadFull(conn, body); err != nil {
		t.Fatal(err)
	}
	got := make(map[uint16]uint32)
	for ; len(body) >= 6; body = body[6:] {
		got[binary.BigEndian.Uint16(body)] = binary.BigEndian.Uint32(body[2:])
	}
	return got
}
