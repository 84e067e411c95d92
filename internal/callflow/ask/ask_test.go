package ask

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"callbook/internal/account"
	"callbook/internal/callflow"
)

// program is a server whose paths are the cases of the tests.
type program struct {
	*httptest.Server
	mu      sync.Mutex
	methods []string
	came    chan struct{} // gets a value with each request for /hang
}

func serve(t *testing.T) *program {
	t.Parallel()
	p := &program{came: make(chan struct{}, places)}
	p.Server = httptest.NewServer(http.HandlerFunc(p.answer))
	t.Cleanup(p.Close)
	return p
}

func (p *program) answer(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.methods = append(p.methods, r.Method)
	p.mu.Unlock()
	kind, text := "text/plain; charset=utf-8", "Hello."
	switch r.URL.Path {
	case "/html":
		kind = "text/html"
	case "/no-kind":
		kind = ""
	case "/full":
		text = strings.Repeat("é", callflow.MaxText)
	case "/long":
		text = strings.Repeat("é", callflow.MaxText+1)
	case "/huge":
		text = strings.Repeat("x", maxAnswer+1)
	case "/no-head", "/unknown-head":
		if r.Method == http.MethodHead {
			w.WriteHeader(map[string]int{"/no-head": 405, "/unknown-head": 501}[r.URL.Path])
			return
		}
	case "/moved":
		w.Header().Set("Location", "/text")
		w.WriteHeader(http.StatusFound)
		return
	case "/gone":
		w.WriteHeader(http.StatusGone)
		return
	case "/hang":
		p.came <- struct{}{}
		<-r.Context().Done()
		return
	}
	w.Header()["Content-Type"] = []string{kind}
	_, _ = io.WriteString(w, text)
}

// asked returns the methods of the requests since the last call.
func (p *program) asked() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	methods := strings.Join(p.methods, " ")
	p.methods = nil
	return methods
}

func aCall(id account.ID) *Call {
	return &Call{Account: account.Account{ID: id, SID: "demo", Region: "IN", TimeZone: time.UTC}, CallerID: "1234", Flow: "rent"}
}

// TestAnswers asks for what is heard and for the way of a call.
func TestAnswers(t *testing.T) {
	p := serve(t)
	a := New(Options{Log: slog.New(slog.DiscardHandler), Private: true})
	for _, tt := range []struct {
		path   string
		play   bool
		status int
		body   string
		asked  string
	}{
		{"/text", true, 200, "Hello.", "HEAD GET"},
		{"/full", true, 200, strings.Repeat("é", callflow.MaxText), "HEAD GET"},
		{"/no-head", true, 200, "Hello.", "HEAD GET"},
		{"/unknown-head", true, 200, "Hello.", "HEAD GET"},
		{"/long", true, 0, "", "HEAD GET"},
		{"/huge", true, 0, "", "HEAD GET"},
		{"/html", true, 0, "", "HEAD"},
		{"/no-kind", true, 0, "", "HEAD"},
		{"/moved", true, 302, "", "HEAD"},
		{"/gone", true, 410, "", "HEAD"},
		{"/text", false, 200, "", "GET"},
		{"/html", false, 200, "", "GET"},
		{"/huge", false, 200, "", "GET"},
		{"/moved", false, 302, "", "GET"},
		{"/gone", false, 410, "", "GET"},
	} {
		in := a.Ask(t.Context(), aCall(1), callflow.URL{URL: p.URL + tt.path, Play: tt.play}, "")
		if in.Status != tt.status || in.Body != tt.body {
			t.Errorf("%s, play %t: status %d and %d bytes, want %d and %d", tt.path, tt.play, in.Status, len(in.Body), tt.status, len(tt.body))
		}
		if asked := p.asked(); asked != tt.asked {
			t.Errorf("%s, play %t: got %s, want %s", tt.path, tt.play, asked, tt.asked)
		}
	}
}

// TestPrivate refuses the address of a private network, and says so in the log, once.
func TestPrivate(t *testing.T) {
	p := serve(t)
	var log bytes.Buffer
	a := New(Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
	for range 2 {
		if in := a.Ask(t.Context(), aCall(1), callflow.URL{URL: p.URL + "/text?token=secret"}, ""); in.Status != 0 {
			t.Errorf("status %d", in.Status)
		}
	}
	if asked := p.asked(); asked != "" {
		t.Errorf("%s came", asked)
	}
	if text := log.String(); strings.Count(text, "\n") != 1 || !strings.Contains(text, "--callback-private allows it") ||
		strings.Contains(text, "secret") || strings.Contains(text, "127.0.0.1") {
		t.Errorf("the log has %q", text)
	}
}

// TestCallEnds cancels a request with its call, and tells the log nothing.
func TestCallEnds(t *testing.T) {
	p := serve(t)
	var log bytes.Buffer
	a := New(Options{Log: slog.New(slog.NewTextHandler(&log, nil)), Private: true})
	ctx, hangUp := context.WithCancel(t.Context())
	answer := make(chan callflow.Input)
	go func() { answer <- a.Ask(ctx, aCall(1), callflow.URL{URL: p.URL + "/hang"}, "") }()
	<-p.came
	hangUp()
	if in := <-answer; in.Status != 0 || log.Len() > 0 {
		t.Errorf("status %d, and the log has %q", in.Status, log.String())
	}
}

// TestSlowHost lets one host hang with all that it may have: calls of the same account
// ask other hosts, and other accounts ask the same host. Then it forgets the hosts.
func TestSlowHost(t *testing.T) {
	p := serve(t)
	a := New(Options{Log: slog.New(slog.DiscardHandler), Private: true})
	ctx, hangUp := context.WithCancel(t.Context())
	var calls sync.WaitGroup
	for range perHost {
		calls.Go(func() { a.Ask(ctx, aCall(1), callflow.URL{URL: p.URL + "/hang"}, "") })
	}
	for range perHost / 2 { // one account alone has half
		<-p.came
	}
	other := httptest.NewServer(http.HandlerFunc(p.answer))
	t.Cleanup(other.Close)
	for _, tt := range []struct {
		account account.ID
		url     string
	}{{1, other.URL}, {2, p.URL}} {
		if in := a.Ask(t.Context(), aCall(tt.account), callflow.URL{URL: tt.url + "/text"}, ""); in.Status != 200 {
			t.Errorf("account %d at %s: status %d", tt.account, tt.url, in.Status)
		}
	}
	select {
	case <-p.came:
		t.Error("one account has more than half of a host's places")
	default:
	}
	hangUp()
	calls.Wait()
	if n, free := len(a.lines.hosts), a.lines.all.Free(); n != 0 || free != places {
		t.Errorf("it keeps %d hosts, and %d of %d places are free", n, free, places)
	}
}
