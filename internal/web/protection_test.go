package web_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"callbook/internal/account"
	"callbook/internal/session"
	"callbook/internal/test/servertest"
)

// paths are pages to check what holds for all.
var paths = []string{
	"/signin", "/signin/link/x", "/sessions", "/nothing", "/",
	"/imports",
	"/api", "/api/samples", "/api/console", "/api/console?method=POST&path=/contacts&body={}",
	"/api/reference", "/api/reference/createContacts", "/api/reference/nothing",
}

const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self'; connect-src 'self'; " +
	"form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// forbidden is what the policy would not let work.
var forbidden = regexp.MustCompile(`(?i)<script>|<style|\sstyle=|\son[a-z]+=|javascript:|hx-on|hx-vals=.js|https?://[^"]*\.(js|css)`)

func TestEveryPage(t *testing.T) {
	t.Parallel()
	s, _ := serve(t)
	s.Account("demo")
	for _, b := range []*servertest.Browser{s.Browser(), s.SignedIn("demo")} {
		for _, path := range paths {
			a := b.Open(path)
			for name, want := range map[string]string{
				"Content-Security-Policy":    policy,
				"X-Content-Type-Options":     "nosniff",
				"Referrer-Policy":            "same-origin",
				"Cross-Origin-Opener-Policy": "same-origin",
				"Cache-Control":              "no-store",
			} {
				if got := a.Header.Get(name); got != want {
					t.Errorf("%s: %s is %q", path, name, got)
				}
			}
			if len(a.Header.Get("X-Request-Id")) != 32 {
				t.Errorf("%s: the request id is %q", path, a.Header.Get("X-Request-Id"))
			}
			if found := forbidden.Find(a.Body); found != nil {
				t.Errorf("%s: the page has %q", path, found)
			}
			head := b.Do("HEAD", path, nil)
			if head.Status != a.Status || len(head.Body) > 0 {
				t.Errorf("HEAD %s: got %d with %d bytes, GET has %d", path, head.Status, len(head.Body), a.Status)
			}
		}
	}
}

// TestPagesNeedASession asks every route that is for accounts, without one.
func TestPagesNeedASession(t *testing.T) {
	t.Parallel()
	s, _ := serve(t)
	for _, pattern := range s.Dashboard.Patterns() {
		method, path, _ := strings.Cut(pattern, " ")
		if strings.HasPrefix(path, "/static/") || strings.HasPrefix(path, "/signin") || path == "/signout" {
			continue
		}
		if path == "/trunks/traces" { // is for a command, which signs its request
			if a := s.Browser().Open(path); a.Status != 403 {
				t.Errorf("%s: got %d", pattern, a.Status)
			}
			continue
		}
		path = strings.ReplaceAll(path, "{$}", "")
		path = regexp.MustCompile(`\{[a-z_]+\}`).ReplaceAllString(path, "x")
		for _, cookie := range []string{"", "callbook=" + strings.Repeat("0", 64), "callbook=", "callbook=\"x y\""} {
			a := s.Browser().Do(method, path, nil, "Cookie", cookie)
			if a.Status != 303 || !strings.HasPrefix(a.Header.Get("Location"), "/signin") {
				t.Errorf("%s with cookie %q: got %d to %q", pattern, cookie, a.Status, a.Header.Get("Location"))
			}
		}
		// A page that asks by htmx stays, and says so.
		a := s.Browser().Do(method, path, nil, "HX-Request", "true")
		if a.Status != 403 || a.Header.Get("HX-Retarget") != "#trouble" || !strings.Contains(string(a.Body), "You were signed out.") {
			t.Errorf("%s by htmx: got %d, %v", pattern, a.Status, a.Header)
		}
	}
}

func TestCrossOrigin(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{Dashboard: true, BaseURL: "http://book.example.com"})
	s.Account("demo")
	for _, tt := range []struct {
		site, origin string
		status       int
	}{
		{"cross-site", "https://evil.example", 403},
		{"same-site", "https://evil.example.com", 403},
		{"cross-site", "", 403},
		{"", "https://evil.example", 403},
		{"", "null", 403},
		{"", s.URL, 303},
		{"", "http://book.example.com", 303}, // as a proxy passes it on
		{"same-origin", "", 303},
		{"none", "", 303},
		{"", "", 303},
	} {
		b := s.SignedIn("demo")
		b.Origin = tt.site
		headers := []string{}
		if tt.origin != "" {
			headers = append(headers, "Origin", tt.origin)
		}
		a := b.Do("POST", "/signout", nil, headers...)
		b.Origin = "same-origin"
		signedIn := b.Open("/sessions").Status == 200
		if a.Status != tt.status || signedIn != (tt.status == 403) {
			t.Errorf("%q from %q: got %d, signed in still: %t", tt.site, tt.origin, a.Status, signedIn)
		}
		if tt.status == 403 {
			has(t, a.PageText(t, 403), "another site")
		}
	}
	// A link from another site to a page is no harm.
	b := s.SignedIn("demo")
	b.Origin = "cross-site"
	b.Open("/sessions").PageText(t, 200)
}

func TestUnknownPages(t *testing.T) {
	t.Parallel()
	s, _ := serve(t)
	c := s.Account("demo")
	b := s.SignedIn("demo")
	for _, path := range []string{"/nothing", "/sessions/", "/sessions/x", "//sessions", "/./sessions", "/static/", "/static/style.css", "/V2/accounts"} {
		page := b.Open(path).PageText(t, 404)
		has(t, page, "There is no page at this address.", "demo")
	}
	for path, allow := range map[string]string{"/signin": "GET, HEAD, POST", "/sessions": "GET, HEAD", "/signout": "POST"} {
		a := b.Do("DELETE", path, nil)
		a.PageText(t, 405)
		if got := a.Header.Get("Allow"); got != allow {
			t.Errorf("%s: Allow is %q, want %q", path, got, allow)
		}
	}
	// Programs get what they got without a dashboard.
	for _, path := range []string{"/nothing", "/v1/accounts/demo/contacts", "/v2/", "/v2/accounts/demo/nothing"} {
		if fault := c.Get(path).Fault(t, 404); fault.Code != 1000 {
			t.Errorf("%s: got %+v", path, fault)
		}
	}
	if fault := b.Open("/v2/accounts/demo/contacts").Fault(t, 401); fault.Code != 1010 {
		t.Errorf("a session lets a browser into the API: %+v", fault)
	}
}

var assetURL = regexp.MustCompile(`(?:href|src)="(/static/[^"]+)"`)

func TestStaticFiles(t *testing.T) {
	t.Parallel()
	s, _ := serve(t)
	s.Account("demo")
	b := s.SignedIn("demo")
	total := 0
	seen := make(map[string]bool)
	for _, found := range assetURL.FindAllStringSubmatch(string(b.Open("/sessions").Body), -1) {
		if seen[found[1]] {
			continue
		}
		seen[found[1]] = true
		packed := b.Do("GET", found[1], nil, "Accept-Encoding", "gzip")
		plain := b.Do("GET", found[1], nil, "Accept-Encoding", "identity")
		if packed.Status != 200 || plain.Status != 200 || packed.Header.Get("Cache-Control") != "public, max-age=31536000, immutable" {
			t.Errorf("%s: got %d and %d, %q", found[1], packed.Status, plain.Status, packed.Header.Get("Cache-Control"))
		}
		total += len(packed.Body)
		if packed.Header.Get("Content-Encoding") == "gzip" {
			z, err := gzip.NewReader(bytes.NewReader(packed.Body))
			if err != nil {
				t.Fatal(err)
			}
			if unpacked, err := io.ReadAll(z); err != nil || !bytes.Equal(unpacked, plain.Body) {
				t.Errorf("%s: the packed file is another: %v", found[1], err)
			}
		}
		again := b.Do("GET", found[1], nil, "Accept-Encoding", "identity", "If-None-Match", plain.Header.Get("Etag"))
		if again.Status != http.StatusNotModified || len(again.Body) > 0 {
			t.Errorf("%s: asked again, got %d", found[1], again.Status)
		}
	}
	if len(seen) < 6 {
		t.Errorf("the page names the files %v", seen)
	}
	if page := b.Do("GET", "/sessions", nil, "Accept-Encoding", "gzip"); total+len(page.Body) > 120<<10 {
		t.Errorf("a page weighs %d bytes with its files", total+len(page.Body))
	}
}

// lines is what was logged. A request's line is written after its answer: stop
// the server before reading.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func logTo(l *lines) slog.Handler { return slog.NewTextHandler(l, nil) }

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// failing is a store of sessions that fails when it is told to.
type failing struct {
	session.Store
	mu    sync.Mutex
	panic bool
}

func (f *failing) Sessions(context.Context, account.ID, time.Time) ([]session.Session, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.panic {
		panic("secret of the inside")
	}
	return nil, errors.New("secret of the inside")
}

func TestTrouble(t *testing.T) {
	t.Parallel()
	log := new(lines)
	store := new(failing)
	s := servertest.Start(t, servertest.Options{
		Dashboard: true,
		Log:       logTo(log),
		Sessions:  func(real session.Store) session.Store { store.Store = real; return store },
	})
	s.Account("demo")
	b := s.SignedIn("demo")
	var ids []string
	for _, panics := range []bool{false, true} {
		store.mu.Lock()
		store.panic = panics
		store.mu.Unlock()
		a := b.Open("/sessions")
		page := a.PageText(t, 500)
		id := a.Header.Get("X-Request-Id")
		has(t, page, "Something went wrong", id)
		if strings.Contains(page, "secret") {
			t.Errorf("the page tells of the inside:\n%s", page)
		}
		ids = append(ids, id)
	}
	s.Stop()
	for i, id := range ids {
		line := regexp.MustCompile("(?m)^.*" + id + ".*$").FindString(log.String())
		has(t, line, "level=ERROR", `route="GET /sessions"`, "account=demo")
		// A panic is told by its type and place: its value may be a caller's.
		has(t, line, []string{"secret of the inside", "panic: a string"}[i])
		if i == 1 && strings.Contains(line, "secret of the inside") {
			t.Errorf("the log has the value of a panic: %s", line)
		}
	}
}

func TestStoreDoesNotAnswer(t *testing.T) {
	t.Parallel()
	s, _ := serve(t)
	s.Account("demo")
	b := s.SignedIn("demo")
	s.BreakDatabase()
	for _, path := range []string{"/sessions", "/signin"} {
		if got := b.Open(path).Status; got < 500 {
			t.Errorf("%s: got %d", path, got)
		}
	}
	b.Open("/nothing").PageText(t, 404)
}

// TestWithoutDashboard: nothing of it is there.
func TestWithoutDashboard(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{})
	b := s.Browser()
	for _, path := range []string{"/", "/signin", "/sessions", "/nothing"} {
		if fault := b.Open(path).Fault(t, 404); fault.Code != 1000 {
			t.Errorf("%s: got %+v", path, fault)
		}
	}
}
