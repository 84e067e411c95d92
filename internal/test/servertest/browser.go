package servertest

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
)

// Browser asks for the dashboard's pages as a browser does, without script: it
// keeps cookies and says where a form comes from. It follows no redirects.
type Browser struct {
	// Origin is what the browser says of where a form comes from, "" for
	// nothing, as an old browser does.
	Origin string

	t    testing.TB
	url  string
	http *http.Client
}

// Browser returns a browser that is not signed in. The server must have been
// started with a dashboard.
func (s *Server) Browser() *Browser {
	s.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return &Browser{
		Origin: "same-origin",
		t:      s.t,
		url:    s.URL,
		http: &http.Client{
			Transport:     s.http,
			Jar:           jar,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// SignedIn returns a browser that is signed in to the account.
func (s *Server) SignedIn(accountSID string) *Browser {
	s.t.Helper()
	b := s.Browser()
	b.Submit(s.Link(accountSID), nil).Redirect(s.t, "/")
	return b
}

// Link makes a link into the account and returns its path.
func (s *Server) Link(accountSID string) string {
	s.t.Helper()
	acct, err := s.Directory.Account(s.t.Context(), accountSID)
	if err != nil {
		s.t.Fatal(err)
	}
	token, err := s.Sessions.NewLink(s.t.Context(), acct)
	if err != nil {
		s.t.Fatal(err)
	}
	return "/signin/link/" + token
}

// Open gets a page, from "/" on.
func (b *Browser) Open(path string) Answer {
	b.t.Helper()
	return b.Do("GET", path, nil)
}

// Submit sends a form.
func (b *Browser) Submit(path string, form url.Values) Answer {
	b.t.Helper()
	return b.Do("POST", path, strings.NewReader(form.Encode()), "Content-Type", "application/x-www-form-urlencoded")
}

// Do sends any request. The headers are names and values in turn.
func (b *Browser) Do(method, path string, body io.Reader, headers ...string) Answer {
	b.t.Helper()
	req, err := http.NewRequest(method, b.url+path, body)
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
	req.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
	if b.Origin != "" {
		req.Header.Set("Sec-Fetch-Site", b.Origin)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := b.http.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return Answer{Status: resp.StatusCode, Header: resp.Header, Body: text}
}

// Cookie returns the browser's cookie of this name, "" for none.
func (b *Browser) Cookie(name string) string {
	u, err := url.Parse(b.url)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, c := range b.http.Jar.Cookies(u) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

// Follow opens the page that an answer leads to, as a browser does after a form; an
// answer that leads nowhere ends the test.
func (b *Browser) Follow(a Answer) Answer {
	b.t.Helper()
	to := a.Header.Get("Location")
	if a.Status != http.StatusSeeOther || to == "" {
		b.t.Fatalf("got status %d, want %d; body: %.500s", a.Status, http.StatusSeeOther, a.Body)
	}
	return b.Open(to)
}

// Redirect checks that the answer leads to this path; another ends the test.
func (a Answer) Redirect(t testing.TB, want string) {
	t.Helper()
	if got := a.Header.Get("Location"); a.Status != http.StatusSeeOther || got != want {
		t.Fatalf("got status %d to %q, want %d to %q; body: %.500s", a.Status, got, http.StatusSeeOther, want, a.Body)
	}
}

// PageText returns the text of a page; another status ends the test.
func (a Answer) PageText(t testing.TB, status int) string {
	t.Helper()
	if kind := a.Header.Get("Content-Type"); a.Status != status || !strings.HasPrefix(kind, "text/html") {
		t.Fatalf("got status %d, %s, want a page with %d; body: %.500s", a.Status, kind, status, a.Body)
	}
	return string(a.Body)
}
