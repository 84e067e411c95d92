package server_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"callbook/internal/test/openapitest"
	"callbook/internal/test/servertest"
	"callbook/openapi"
)

// TestDocument: the routes and the OpenAPI document are the same, and the
// document is served.
func TestDocument(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{})
	patterns := s.Handler.Patterns()
	slices.Sort(patterns)
	if diff := cmp.Diff(openapitest.New(t).Operations(), patterns); diff != "" {
		t.Errorf("the document and the routes part (-document +routes):\n%s", diff)
	}
	a := s.Account("demo").As("", "").Get("/openapi.yaml")
	if a.Status != http.StatusOK || !bytes.Equal(a.Body, openapi.Document) {
		t.Errorf("got %d, %.100s", a.Status, a.Body)
	}
}

// TestProbes need no key.
func TestProbes(t *testing.T) {
	t.Parallel()
	c := servertest.Start(t, servertest.Options{}).Account("demo").As("", "")
	for _, path := range []string{"/healthz", "/readyz"} {
		for _, method := range []string{"GET", "HEAD"} {
			a := c.Do(method, path, nil)
			if want := map[string]string{"GET": `{"status":"ok"}`}[method]; a.Status != http.StatusOK || string(a.Body) != want {
				t.Errorf("%s %s: got %d %s", method, path, a.Status, a.Body)
			}
			if got := a.Header.Get("Cache-Control"); got != "no-store" {
				t.Errorf("%s %s: Cache-Control is %q", method, path, got)
			}
		}
	}
}

// TestDrain: who was let in before the stop is answered and what they sent is
// kept; who comes after is sent away.
func TestDrain(t *testing.T) {
	t.Parallel()
	path := servertest.NewDatabase(t)
	entered, release := make(chan struct{}), make(chan struct{})
	s := servertest.Start(t, servertest.Options{Path: path, Contacts: hook(func(context.Context) error {
		close(entered)
		<-release
		return nil
	})})
	c := s.Account("demo")
	inFlight := make(chan servertest.Answer, 1)
	go func() {
		a, err := c.Try("POST", c.Path("/contacts"), strings.NewReader(`{"contacts":[{"number":"+919876543210"}]}`))
		if err != nil {
			t.Errorf("the request in flight: %v", err)
		}
		inFlight <- a
	}()
	<-entered
	s.BeginStop()
	for c.Get("/readyz").Status != http.StatusServiceUnavailable {
	}
	for name, a := range map[string]servertest.Answer{
		"create":   c.Post(`{"contacts":[{"number":"+919876543211"}]}`),
		"list":     c.List(""),
		"no key":   c.As("", "").List(""),
		"no route": c.Get("/nothing"),
	} {
		if got := a.Fault(t, http.StatusServiceUnavailable); got.Code != 1503 || a.Header.Get("Retry-After") == "" {
			t.Errorf("%s: got %+v, Retry-After %q", name, got, a.Header.Get("Retry-After"))
		}
	}
	if a := c.Get("/healthz"); a.Status != http.StatusOK {
		t.Errorf("healthy: got %d", a.Status)
	}
	close(release)
	a := <-inFlight
	if got := a.Bulk(t).Metadata.Success; got != 1 {
		t.Errorf("the request in flight: got %s", a.Body)
	}
	s.Stop()
	if got := c.At(servertest.Start(t, servertest.Options{Path: path})).Total(); got != 1 {
		t.Errorf("%d contacts were kept", got)
	}
}

// TestRequestIDs: each request has its own, and nobody else chooses it.
func TestRequestIDs(t *testing.T) {
	t.Parallel()
	c := servertest.Start(t, servertest.Options{}).Account("demo")
	seen := make(map[string]bool)
	for range 20 {
		a := c.Do("GET", c.Path("/contacts"), nil, "X-Request-Id", strings.Repeat("0", 32))
		id := a.Header.Get("X-Request-Id")
		if seen[id] || id == strings.Repeat("0", 32) {
			t.Errorf("request id %s came before", id)
		}
		seen[id] = true
	}
}

// TestServerOptions: the request about the server as a whole, which clients in
// Go cannot make, is answered in JSON like any other.
func TestServerOptions(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{})
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || !json.Valid(body) || resp.StatusCode != http.StatusNotFound {
		t.Errorf("got %s, %q, %v", resp.Status, body, err)
	}
}
