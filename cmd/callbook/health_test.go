package main

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
)

// TestHealth: a server that is ready is exit code 0, with and without TLS, and one that
// has stopped is 1.
func TestHealth(t *testing.T) {
	t.Parallel()
	for _, flags := range [][]string{nil, {"--tls-self-signed"}} {
		s := serveHere(t, append([]string{"--db", filepath.Join(t.TempDir(), "book.db")}, flags...)...)
		if got := mustRunHere(t, "health", s.listening); got.out != "The server at "+s.listening+" is ready.\n" || got.errs != "" {
			t.Errorf("%+v", got)
		}
		_, addr, _ := strings.Cut(s.listening, "://")
		mustRunHere(t, append([]string{"health", "--addr", addr}, flags...)...)
		_, port, _ := strings.Cut(addr, ":")
		mustRunHere(t, append([]string{"health", "--addr", "0.0.0.0:" + port}, flags...)...)
		s.end()
		if got := runHere(t, "health", s.listening); got.code != exitFailed || !strings.HasPrefix(got.errs, "callbook: no answer from "+s.listening+": ") || got.out != "" {
			t.Errorf("after its end: %+v", got)
		}
	}
}

// TestHealthEnvironment: beside a server that is configured by the environment it needs
// no argument.
func TestHealthEnvironment(t *testing.T) {
	s := serveHere(t, "--db", filepath.Join(t.TempDir(), "book.db"))
	_, port, _ := strings.Cut(strings.TrimPrefix(s.listening, "http://"), ":")
	t.Setenv("CALLBOOK_ADDR", ":"+port)
	mustRunHere(t, "health")
}

// TestUnhealthy: what answers and is not ready, or is no callbook server, is exit code 1.
func TestUnhealthy(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]string{
		http.StatusServiceUnavailable: "is not ready: its database is away",
		http.StatusNotFound:           "with status 404, is no callbook server that is ready",
		http.StatusFound:              "with status 302, is no callbook server that is ready",
	} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "/")
			w.WriteHeader(status)
		}))
		if got := runHere(t, "health", s.URL); got.code != exitFailed || !strings.Contains(got.errs, want) {
			t.Errorf("%d: %+v", status, got)
		}
		s.Close()
	}
	for line, want := range map[string]string{
		"health localhost:8080":      "does not begin with http://",
		"health https://a.example/x": "has a path",
		"health --addr 8080":         "has no colon",
		"health --addr :0":           "does not tell the port",
	} {
		if got := runHere(t, strings.Fields(line)...); got.code == exitOK || !strings.Contains(got.errs, want) {
			t.Errorf("%s: %+v", line, got)
		}
	}
}
