package web_test

import (
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"callbook/internal/account"
	"callbook/internal/clientaddr"
	"callbook/internal/session"
	"callbook/internal/test/servertest"
)

func TestSessionCookie(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ baseURL, name, attributes string }{
		{"", "callbook", "; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax"},
		{"http://book.example.com", "callbook", "; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax"},
		{"https://book.example.com", "__Host-callbook", "; Path=/; Max-Age=2592000; HttpOnly; Secure; SameSite=Lax"},
	} {
		s := servertest.Start(t, servertest.Options{Dashboard: true, BaseURL: tt.baseURL})
		s.Account("demo")
		got := s.Browser().Submit(s.Link("demo"), nil).Header.Values("Set-Cookie")
		want := regexp.MustCompile("^" + tt.name + "=[0-9a-f]{64}" + regexp.QuoteMeta(tt.attributes) + "$")
		if len(got) != 1 || !want.MatchString(got[0]) {
			t.Errorf("base URL %q: the cookies are %q", tt.baseURL, got)
		}
	}
}

// TestSecretsAreNotStored looks for secrets in every byte of the database's
// files.
func TestSecretsAreNotStored(t *testing.T) {
	servertest.EmbeddedOnly(t, "files to look into")
	t.Parallel()
	s, _ := serve(t)
	s.Account("demo")
	unused := strings.TrimPrefix(s.Link("demo"), "/signin/link/")
	secret := s.SignedIn("demo").Cookie("callbook")
	if len(secret) != 64 {
		t.Fatalf("the secret is %q", secret)
	}
	s.Stop()
	files, err := filepath.Glob(s.Path + "*")
	if err != nil {
		t.Fatal(err)
	}
	read := 0
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			continue // a folder
		}
		read += len(content)
		for _, s := range []string{unused, secret} {
			if strings.Contains(string(content), s) {
				t.Errorf("%s has a secret in it", file)
			}
		}
	}
	if read == 0 {
		t.Error("no file was read")
	}
}

func TestSessionLifetime(t *testing.T) {
	t.Parallel()
	s, clock := serve(t)
	s.Account("demo")
	b, idle := s.SignedIn("demo"), s.SignedIn("demo")
	// Every use prolongs it.
	for range 3 {
		clock.Add(session.Lifetime - time.Second)
		b.Open("/sessions").PageText(t, 200)
	}
	idle.Open("/sessions").Redirect(t, "/signin?next=%2Fsessions")
	if page := b.Open("/sessions").PageText(t, 200); strings.Count(page, "<tr>") != 2 {
		t.Errorf("a session that is over is shown:\n%s", page)
	}
	clock.Add(session.Lifetime)
	b.Open("/sessions").Redirect(t, "/signin?next=%2Fsessions")
}

func TestSignOut(t *testing.T) {
	t.Parallel()
	s, _ := serve(t)
	s.Account("demo")
	b := s.SignedIn("demo")
	secret := b.Cookie("callbook")
	b.Submit("/signout", nil).Redirect(t, "/signin")
	if b.Cookie("callbook") != "" {
		t.Error("the browser has its cookie still")
	}
	has(t, b.Open("/signin").PageText(t, 200), "You are signed out.")
	if page := b.Open("/signin").PageText(t, 200); strings.Contains(page, "You are signed out.") {
		t.Error("a notice is shown twice")
	}
	// Nor does somebody get in who has kept the cookie.
	b.Do("GET", "/sessions", nil, "Cookie", "callbook="+secret).Redirect(t, "/signin?next=%2Fsessions")
	s.Browser().Submit("/signout", nil).Redirect(t, "/signin")
}

var endForm = regexp.MustCompile(`action="(/sessions/[0-9a-f]{64}/end)"`)

func TestEndSession(t *testing.T) {
	t.Parallel()
	s, clock := serve(t)
	s.Account("demo")
	s.Account("other")
	stolen := s.SignedIn("demo")
	clock.Add(time.Hour)
	mine, foreign := s.SignedIn("demo"), s.SignedIn("other")
	page := mine.Open("/sessions").PageText(t, 200)
	ends := endForm.FindAllStringSubmatch(page, -1)
	if len(ends) != 2 {
		t.Fatalf("there are %d sessions to end:\n%s", len(ends), page)
	}
	// The other account's browser knows the address, and may not.
	foreign.Submit(ends[1][1], nil).PageText(t, 404)
	stolen.Open("/sessions").PageText(t, 200)
	for _, path := range []string{"/sessions/x/end", "/sessions/" + strings.Repeat("0", 64) + "/end", "/sessions/" + strings.Repeat("0", 66) + "/end"} {
		has(t, mine.Submit(path, nil).PageText(t, 404), "There is no such session")
	}

	mine.Submit(ends[1][1], nil).Redirect(t, "/sessions")
	stolen.Open("/sessions").Redirect(t, "/signin?next=%2Fsessions")
	has(t, mine.Open("/sessions").PageText(t, 200), "The session has ended.")
	mine.Submit(ends[0][1], nil).Redirect(t, "/signin")
	mine.Open("/sessions").Redirect(t, "/signin?next=%2Fsessions")
}

// TestEndOtherSessions ends the sessions of all browsers but the one that asks.
func TestEndOtherSessions(t *testing.T) {
	t.Parallel()
	s, _ := serve(t)
	s.Account("demo")
	s.Account("other")
	mine, foreign := s.SignedIn("demo"), s.SignedIn("other")
	if page := mine.Open("/sessions").PageText(t, 200); strings.Contains(page, "End all other sessions") {
		t.Error("with one session there are others to end")
	}
	stolen, left := s.SignedIn("demo"), s.SignedIn("demo")
	has(t, mine.Open("/sessions").PageText(t, 200), "End all other sessions")
	mine.Submit("/sessions/end-others", nil).Redirect(t, "/sessions")
	has(t, mine.Open("/sessions").PageText(t, 200), "2 other sessions have ended. Only this browser is signed in.")
	for _, b := range []*servertest.Browser{stolen, left} {
		b.Open("/sessions").Redirect(t, "/signin?next=%2Fsessions")
	}
	foreign.Open("/sessions").PageText(t, 200)
}

// TestSessionAddress shows where each session was last used from, behind a trusted proxy
// too.
func TestSessionAddress(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{Dashboard: true, Proxies: clientaddr.Proxies{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}})
	s.Account("demo")
	b := s.Browser()
	b.Do("POST", s.Link("demo"), nil, "X-Forwarded-For", "198.51.100.7, 203.0.113.9").Redirect(t, "/")
	page := b.Open("/sessions").PageText(t, 200)
	has(t, page, "203.0.113.9")
	if strings.Contains(page, "198.51.100.7") {
		t.Error("what the client said of itself is shown")
	}
}

func TestSessionEndsWithItsKey(t *testing.T) {
	t.Parallel()
	s, _ := serve(t)
	c := s.Account("demo")
	b := s.Browser()
	b.Submit("/signin", url.Values{"key": {c.Key}, "token": {c.Token}}).Redirect(t, "/")
	b.Open("/sessions").PageText(t, 200)
	if _, err := s.Directory.RevokeKey(t.Context(), c.Key); err != nil {
		t.Fatal(err)
	}
	b.Open("/sessions").Redirect(t, "/signin?next=%2Fsessions")
}

// TestSessionNetworks: a session is good only where its key is.
func TestSessionNetworks(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{Dashboard: true, Proxies: clientaddr.Proxies{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}})
	s.Account("demo")
	access, err := account.ParseAccess(nil, []string{"203.0.113.0/24"})
	if err != nil {
		t.Fatal(err)
	}
	key, token, err := s.Directory.CreateKey(t.Context(), "demo", account.KeyDraft{Access: access})
	if err != nil {
		t.Fatal(err)
	}
	b := s.Browser()
	from := func(address, method, path, body string) servertest.Answer {
		return b.Do(method, path, strings.NewReader(body), "X-Forwarded-For", address, "Content-Type", "application/x-www-form-urlencoded")
	}
	form := url.Values{"key": {key.ID}, "token": {token}}.Encode()
	if a := from("198.51.100.7", "POST", "/signin", form); a.Status == 303 {
		t.Error("the key is good elsewhere")
	}
	from("203.0.113.9", "POST", "/signin", form).Redirect(t, "/")
	from("203.0.113.9", "GET", "/sessions", "").PageText(t, 200)
	from("198.51.100.7", "GET", "/sessions", "").Redirect(t, "/signin?next=%2Fsessions")
	from("::ffff:203.0.113.9", "GET", "/sessions", "").PageText(t, 200)
}

func TestHostileAgent(t *testing.T) {
	t.Parallel()
	s, _ := serve(t)
	s.Account("demo")
	for _, agent := range []string{`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, "", strings.Repeat("é", 4000)} {
		b := s.Browser()
		b.Do("POST", s.Link("demo"), nil, "User-Agent", agent).Redirect(t, "/")
		page := b.Open("/sessions").PageText(t, 200)
		for _, bad := range []string{"<script>alert", "<img src=x"} {
			if strings.Contains(page, bad) {
				t.Errorf("the page has %s in it", bad)
			}
		}
	}
}

// TestSessionsOfAKey: a key has 20 sessions at most; the one used longest ago ends.
func TestSessionsOfAKey(t *testing.T) {
	t.Parallel()
	s, clock := serve(t)
	c := s.Account("demo")
	byLink := s.SignedIn("demo")
	var browsers []*servertest.Browser
	for range session.MaxPerKey + 1 {
		clock.Add(time.Second)
		b := s.Browser()
		b.Submit("/signin", url.Values{"key": {c.Key}, "token": {c.Token}}).Redirect(t, "/")
		browsers = append(browsers, b)
	}
	browsers[0].Open("/sessions").Redirect(t, "/signin?next=%2Fsessions")
	for _, b := range append(browsers[1:], byLink) {
		b.Open("/sessions").PageText(t, 200)
	}
}
