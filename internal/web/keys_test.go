package web_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"callbook/internal/test/servertest"
)

var newCredentials = regexp.MustCompile(`(?s)id="api-key">([0-9a-f]{32})<.*id="api-token">([0-9a-f]{64})<`)

// createKey sends the form of a new key, and returns the page that it leads to.
func createKey(t *testing.T, b *servertest.Browser, form url.Values) string {
	t.Helper()
	return b.Follow(b.Submit("/api/keys", form)).PageText(t, 200)
}

func TestCreateKey(t *testing.T) {
	t.Parallel()
	s, clock := serve(t)
	c := s.Account("demo")
	b := s.SignedIn("demo")
	has(t, b.Open("/api").PageText(t, 200), "demo", s.URL, c.Key, "never")
	page := createKey(t, b, url.Values{"name": {" nightly sync "}, "expires": {"30"}})
	found := newCredentials.FindStringSubmatch(page)
	if found == nil {
		t.Fatalf("no key and token:\n%s", page)
	}
	key, token := found[1], found[2]
	has(t, page, "nightly sync", "--user &#39;"+key+":"+token+"&#39;", "13 Apr 2026")
	c.As(key, token).List("").Page(t)

	// The token is nowhere to be had again.
	list := b.Open("/api").PageText(t, 200)
	has(t, list, "nightly sync", key, "13 Apr 2026")
	for _, path := range []string{"/api", "/api/keys/" + key + "/created", "/api/samples?key=" + key, "/api/keys/" + key + "/revoke"} {
		if strings.Contains(string(b.Open(path).Body), token) {
			t.Errorf("%s says the token", path)
		}
	}

	clock.Add(30*24*time.Hour - 1)
	c.As(key, token).List("").Page(t)
	clock.Add(1)
	c.As(key, token).List("").Fault(t, 401)
	list = s.SignedIn("demo").Open("/api").PageText(t, 200)
	has(t, list, "Revoked and expired keys (1)", "expired")
}

func TestCreateKeyRefused(t *testing.T) {
	t.Parallel()
	s, _ := serve(t)
	s.Account("demo")
	b := s.SignedIn("demo")
	long := strings.Repeat("a", 256)
	for _, tt := range []struct {
		form url.Values
		says []string
	}{
		{url.Values{"name": {long}}, []string{"at most 255 characters", long, `aria-invalid="true"`}},
		{url.Values{"name": {"sync"}, "expires": {"31"}}, []string{"Choose one of these.", `value="sync"`}},
	} {
		has(t, b.Submit("/api/keys", tt.form).PageText(t, 422), tt.says...)
	}
	has(t, b.Submit("/api/keys", url.Values{"name": {strings.Repeat("a", 2<<20)}}).PageText(t, 413), "at most 1024 KiB")
	b.Do("POST", "/api/keys", strings.NewReader("name=%zz"), "Content-Type", "application/x-www-form-urlencoded").PageText(t, 400)
	if keys, err := s.Directory.Keys(t.Context(), "demo"); err != nil || len(keys) != 1 {
		t.Errorf("there are %d keys, %v", len(keys), err)
	}
}

func TestRevokeKey(t *testing.T) {
	t.Parallel()
	s, _ := serve(t)
	c, other := s.Account("demo"), s.Account("other")
	b := s.SignedIn("demo")
	// Looking is not revoking.
	has(t, b.Open("/api/keys/"+c.Key+"/revoke").PageText(t, 200), c.Key, "Revoke this key?")
	c.List("").Page(t)
	// Another account's key is as one that is not there.
	for _, key := range []string{other.Key, strings.Repeat("0", 32), "x"} {
		b.Open("/api/keys/"+key+"/revoke").PageText(t, 404)
		b.Submit("/api/keys/"+key+"/revoke", nil).PageText(t, 404)
	}
	other.List("").Page(t)

	b.Submit("/api/keys/"+c.Key+"/revoke", nil).Redirect(t, "/api")
	has(t, b.Open("/api").PageText(t, 200), "The key is revoked.", "revoked", "There is no active key")
	c.List("").Fault(t, 401)
	b.Open("/api/keys/"+c.Key+"/revoke").Redirect(t, "/api")
	b.Submit("/api/keys/"+c.Key+"/revoke", nil).Redirect(t, "/api") // again, as with a second press
}

func TestRevokeOwnKey(t *testing.T) {
	t.Parallel()
	s, _ := serve(t)
	c := s.Account("demo")
	b := s.Browser()
	b.Submit("/signin", url.Values{"key": {c.Key}, "token": {c.Token}}).Redirect(t, "/")
	has(t, b.Open("/api/keys/"+c.Key+"/revoke").PageText(t, 200), "will be signed out")
	b.Submit("/api/keys/"+c.Key+"/revoke", nil).Redirect(t, "/signin")
	has(t, b.Open("/signin").PageText(t, 200), "signed out with it")
}

func TestHostileKeyName(t *testing.T) {
	t.Parallel()
	s, _ := serve(t)
	s.Account("demo")
	b := s.SignedIn("demo")
	for _, name := range []string{`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `{{.}}`, "=1+1", "नाम 𝄞"} {
		created := createKey(t, b, url.Values{"name": {name}})
		key := newCredentials.FindStringSubmatch(created)[1]
		for _, page := range []string{
			created, string(b.Open("/api").Body), string(b.Open("/api/samples?key=" + key).Body), string(b.Open("/api/keys/" + key + "/revoke").Body),
		} {
			if found := regexp.MustCompile(`<script>|<img src=x|\sonerror=alert\(1\)>[^&]`).FindString(page); found != "" {
				t.Errorf("the page has %s in it", found)
			}
		}
	}
}

func TestSamples(t *testing.T) {
	t.Parallel()
	s, _ := serve(t)
	c := s.Account("demo")
	b := s.SignedIn("demo")
	for _, lang := range []string{"curl", "go", "node", "php", "python"} {
		has(t, b.Open("/api/samples?lang="+lang).PageText(t, 200), s.URL+"/v2/accounts/demo/contacts", c.Key, "&lt;your_api_token&gt;")
	}
	b.Open("/api/samples?lang=cobol").PageText(t, 404)
	// A key that is another's, or none, is not taken over.
	for _, key := range []string{"unknown", `"><script>`, `'; rm -rf /; '`} {
		page := b.Open("/api/samples?key="+url.QueryEscape(key)).PageText(t, 200)
		has(t, page, c.Key)
		if strings.Contains(page, "<script>") || strings.Contains(page, "rm -rf /;") {
			t.Errorf("key %q is in the page", key)
		}
	}
	// Nor does a host that a request made up get into a shell.
	for _, host := range []string{"evil.example'; rm -rf ~; '", "a b", "<script>"} {
		a := b.Do("GET", "/api/samples", nil, "Host", host)
		if strings.Contains(string(a.Body), "rm -rf ~") || strings.Contains(string(a.Body), "<script>") {
			t.Errorf("host %q is in the page", host)
		}
	}
	if _, err := s.Directory.RevokeKey(t.Context(), c.Key); err != nil {
		t.Fatal(err)
	}
	has(t, b.Open("/api/samples").PageText(t, 200), "&lt;your_api_key&gt;", "There is no key yet")

	behind := servertest.Start(t, servertest.Options{Dashboard: true, BaseURL: "https://book.example.com"})
	behind.Account("demo")
	link := behind.Link("demo")
	cookie := behind.Browser().Submit(link, nil).Header.Get("Set-Cookie")
	page := behind.Browser().Do("GET", "/api/samples", nil, "Cookie", strings.Split(cookie, ";")[0]).PageText(t, 200)
	has(t, page, "https://book.example.com/v2/accounts/demo/contacts")
}
