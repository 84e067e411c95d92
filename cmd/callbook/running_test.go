package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// served is a server of this process.
type served struct {
	listening string // what it says first
	stop      context.CancelFunc
	ended     chan int
}

func serveHere(t *testing.T, args ...string) *served {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	r, w := io.Pipe()
	s := &served{stop: stop, ended: make(chan int, 1)}
	go func() {
		s.ended <- run(ctx, append([]string{"serve", "--addr", "127.0.0.1:0"}, args...), streams{out: w, err: io.Discard})
		_ = w.Close() // returns no error
	}()
	out := bufio.NewReader(r)
	line, err := out.ReadString('\n')
	if err != nil {
		t.Fatalf("the server said %q, %v", line, err)
	}
	go io.Copy(io.Discard, out) // until the server has ended
	s.listening = strings.TrimSpace(strings.TrimPrefix(line, "callbook is listening on "))
	t.Cleanup(s.end)
	return s
}

func (s *served) end() {
	s.stop()
	s.ended <- <-s.ended
}

// TestLoginLinkKnowsServer: the link is one into the server that runs on the database, on
// whatever port; when none does, that is said.
func TestLoginLinkKnowsServer(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "book.db")
	mustRunHere(t, "account", "create", "acme", "--db", db)
	link := func(args ...string) (url, note string) {
		t.Helper()
		got := mustRunHere(t, append([]string{"login-link", "--account", "acme", "--json", "--db", db}, args...)...)
		var made struct{ URL string }
		if err := json.Unmarshal([]byte(got.out), &made); err != nil {
			t.Fatalf("%v: %s", err, got.out)
		}
		return made.URL, got.errs
	}
	const notRunning = "no server with a dashboard runs on this database"
	if url, note := link(); !strings.HasPrefix(url, defaultServer+"/signin/link/") || !strings.Contains(note, notRunning) {
		t.Errorf("before there is a server: %s, %s", url, note)
	}

	s := serveHere(t, "--db", db)
	url, note := link()
	if !strings.HasPrefix(url, s.listening+"/signin/link/") || note != "" {
		t.Errorf("the server is at %s, and the link %s, %s", s.listening, url, note)
	}
	page, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(page.Body)
	if err != nil || page.StatusCode != http.StatusOK || !strings.Contains(string(body), "Sign in to acme") {
		t.Errorf("the link leads to %d, %v: %s", page.StatusCode, err, body)
	}
	if err := page.Body.Close(); err != nil {
		t.Error(err)
	}
	if url, note := link("--base-url", "https://book.example.com/"); !strings.HasPrefix(url, "https://book.example.com/signin/link/") || note != "" {
		t.Errorf("with --base-url: %s, %s", url, note)
	}
	s.end()
	if _, note := link(); !strings.Contains(note, notRunning) {
		t.Errorf("after the server has stopped: %s", note)
	}

	serveHere(t, "--db", db, "--base-url", "http://127.0.0.1:1").end()
	s = serveHere(t, "--db", db, "--base-url", "http://127.0.0.1:1") // a proxy that does not run
	if url, note := link(); !strings.HasPrefix(url, "http://127.0.0.1:1/signin/link/") || !strings.Contains(note, "no server answers at http://127.0.0.1:1 from here") {
		t.Errorf("behind a proxy: %s, %s", url, note)
	}
	s.end()

	s = serveHere(t, "--db", db, "--no-dashboard")
	if _, note := link(); !strings.Contains(note, notRunning) {
		t.Errorf("of a server without a dashboard: %s", note)
	}
	s.end()
}

// TestTrunkAccountsMissing: a server says which account of --trunk-accounts there is not,
// and runs: it may be created or renamed later.
func TestTrunkAccountsMissing(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithTimeout(t.Context(), 2*time.Minute)
	defer stop()
	var said strings.Builder
	code := run(ctx, []string{"serve", "--addr", "127.0.0.1:0", "--db", filepath.Join(t.TempDir(), "book.db"), "--trunk-accounts", "demo,nobody"},
		streams{out: io.Discard, err: io.MultiWriter(&said, stopAt{"account=nobody", stop})})
	if text := said.String(); code != exitOK || !strings.Contains(text, "--trunk-accounts names an account that does not exist") || !strings.Contains(text, "account=nobody") || strings.Contains(text, "account=demo") {
		t.Errorf("exit code %d, %s", code, text)
	}
}

// TestNotifyReady: a service manager that waits for the server is told when it answers.
func TestNotifyReady(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "notify")
	manager, err := net.ListenPacket("unixgram", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer manager.Close()
	t.Setenv("NOTIFY_SOCKET", socket)
	s := serveHere(t, "--db", filepath.Join(t.TempDir(), "book.db"))
	told := make([]byte, 100)
	n, _, err := manager.ReadFrom(told)
	if err != nil || string(told[:n]) != "READY=1" {
		t.Fatalf("the manager was told %q, %v", told[:n], err)
	}
	mustRunHere(t, "health", s.listening)
}
