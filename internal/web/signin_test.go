package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"callbook/internal/clock/clocktest"
	"callbook/internal/session"
	"callbook/internal/test/servertest"
)

// start is when the tests' clocks begin.
var start = time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC)

// serve starts a server with a dashboard whose clock the test sets.
func serve(t *testing.T) (*servertest.Server, *clocktest.Clock) {
	t.Helper()
	clock := clocktest.New(start)
	return servertest.Start(t, servertest.Options{Dashboard: true, Clock: clock}), clock
}

// has checks that a page says something.
func has(t *testing.T, page string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q:\n%s", want, page)
		}
	}
}

func TestLink(t *testing.T) {
	t.Parallel()
	s, _ := serve(t)
	s.Account("demo")
	link := s.Link("demo")
	// Looking at it, however often, does not use it up.
	for range 3 {
		has(t, s.Browser().Open(link).PageText(t, 200), "Sign in to demo", `action="`+link+`"`)
	}
	s.Browser().Do("HEAD", link, nil)
	b := s.Browser()
	b.Submit(link, nil).Redirect(t, "/")
	has(t, b.Open("/sessions").PageText(t, 200), "Firefox on Linux", "this browser", "demo")

	// A second time it leads nowhere, and neither does one that never was.
	for _, path := range []string{link, "/signin/link/" + strings.Repeat("0", 64), "/signin/link/x"} {
		other := s.Browser()
		has(t, other.Open(path).PageText(t, 404), "This link does not work", "callbook login-link")
		has(t, other.Submit(path, nil).PageText(t, 404), "This link does not work")
		other.Open("/sessions").Redirect(t, "/signin?next=%2Fsessions")
	}
	has(t, b.Open("/sessions").PageText(t, 200), "demo")
}

func TestLinkExpires(t *testing.T) {
	t.Parallel()
	s, clock := serve(t)
	s.Account("demo")
	inTime, late := s.Link("demo"), s.Link("demo")
	clock.Add(session.LinkLifetime - 1)
	s.Browser().Submit(inTime, nil).Redirect(t, "/")
	clock.Add(1)
	s.Browser().Open(late).PageText(t, 404)
	b := s.Browser()
	b.Submit(late, nil).PageText(t, 404)
	b.Open("/sessions").Redirect(t, "/signin?next=%2Fsessions")
}

func TestKeyAndToken(t *testing.T) {
	t.Parallel()
	s, _ := serve(t)
	demo, other := s.Account("demo"), s.Account("other")
	form := func(key, token string) url.Values { return url.Values{"key": {key}, "token": {token}} }
	b := s.Browser()
	has(t, b.Open("/signin").PageText(t, 200), `name="key"`, `name="token"`, "callbook login-link")
	for _, tt := range []struct{ key, token, says string }{
		{"", "", "Enter the API key."},
		{demo.Key, "", "Enter the token"},
		{"", demo.Token, "Enter the API key."},
		{demo.Key, other.Token, "do not match"},
		{demo.Key, demo.Token + "0", "do not match"},
		{"unknown", demo.Token, "do not match"},
	} {
		page := b.Submit("/signin", form(tt.key, tt.token)).PageText(t, 422)
		has(t, page, tt.says)
		if tt.token != "" && strings.Contains(page, tt.token) {
			t.Error("the page says the token")
		}
		b.Open("/sessions").Redirect(t, "/signin?next=%2Fsessions")
	}
	// As pasted, with blanks around.
	b.Submit("/signin", form(" "+demo.Key+"\n", " "+demo.Token+" ")).Redirect(t, "/")
	has(t, b.Open("/sessions").PageText(t, 200), "demo", "Key <code")
	b.Open("/signin?next=/sessions").Redirect(t, "/sessions")
}

func TestReturnPath(t *testing.T) {
	t.Parallel()
	s, _ := serve(t)
	c := s.Account("demo")
	s.Browser().Open("/sessions?a=1&b=2").Redirect(t, "/signin?next=%2Fsessions%3Fa%3D1%26b%3D2")
	s.Browser().Open("/").Redirect(t, "/signin")
	s.Browser().Submit("/sessions/x/end", nil).Redirect(t, "/signin")
	for next, want := range map[string]string{
		"":                        "/",
		"/sessions":               "/sessions",
		"/sessions?a=1&b=2":       "/sessions?a=1&b=2",
		"//evil.example":          "/",
		`/\evil.example`:          "/",
		`\\evil.example`:          "/",
		"/%09/evil.example":       "/%09/evil.example",
		"/\t/evil.example":        "/",
		"///evil.example":         "/",
		"https://evil.example/":   "/",
		"https:evil.example":      "/",
		"javascript:alert(1)":     "/",
		"sessions":                "/",
		"/sessions\r\nX-Evil: 1":  "/",
		"http:///evil.example":    "/",
		"/..//evil.example":       "/evil.example",
		"https://user@evil.test/": "/",
	} {
		a := s.Browser().Submit("/signin", url.Values{"key": {c.Key}, "token": {c.Token}, "next": {next}})
		if got := a.Header.Get("Location"); a.Status != 303 || got != want {
			t.Errorf("next %q: got %d to %q, want %q", next, a.Status, got, want)
		}
	}
}

func TestTooManyFailures(t *testing.T) {
	t.Parallel()
	s, clock := serve(t)
	c := s.Account("demo")
	wrong := url.Values{"key": {c.Key}, "token": {"wrong"}}
	good := url.Values{"key": {c.Key}, "token": {c.Token}}
	for range 10 {
		s.Browser().Submit("/signin", good).Redirect(t, "/") // does not count
		s.Browser().Submit("/signin", wrong).PageText(t, 422)
	}
	a := s.Browser().Submit("/signin", good)
	has(t, a.PageText(t, http.StatusTooManyRequests), "too often")
	if a.Header.Get("Retry-After") == "" {
		t.Error("it does not say when to try again")
	}
	s.Browser().Open("/signin/link/x").PageText(t, http.StatusTooManyRequests)
	clock.Add(7 * time.Second)
	s.Browser().Submit("/signin", wrong).PageText(t, 422)
	s.Browser().Submit("/signin", wrong).PageText(t, http.StatusTooManyRequests)
}
