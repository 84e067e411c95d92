package web_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"callbook/internal/account"
)

func TestRotateKey(t *testing.T) {
	t.Parallel()
	s, clock := serve(t)
	c := s.Account("demo")
	access, err := account.ParseAccess([]string{"contacts:read"}, []string{"127.0.0.0/8", "::1"})
	if err != nil {
		t.Fatal(err)
	}
	old, oldToken, err := s.Directory.CreateKey(t.Context(), "demo", account.KeyDraft{Name: "nightly sync", Access: access})
	if err != nil {
		t.Fatal(err)
	}
	other := s.Account("other")
	b := s.SignedIn("demo")
	has(t, b.Open("/api").PageText(t, 200), `href="/api/keys/`+old.ID+`/rotate"`)
	path := "/api/keys/" + old.ID + "/rotate"
	page := b.Open(path).PageText(t, 200)
	has(t, page, "Rotate “nightly sync”?", old.ID, "Read contacts, from 127.0.0.0/8, ::1/128", "For a day")
	has(t, b.Submit(path, url.Values{"overlap": {"2d"}}).PageText(t, 422), "Choose one of these.")
	for _, key := range []string{other.Key, strings.Repeat("0", 32)} {
		b.Open("/api/keys/"+key+"/rotate").PageText(t, 404)
		b.Submit("/api/keys/"+key+"/rotate", url.Values{"overlap": {"1d"}}).PageText(t, 404)
	}

	form := url.Values{"overlap": {"1d"}, "once": {hidden(t, page, "once")}}
	made := b.Submit(path, form)
	text := b.Follow(made).PageText(t, 200)
	found := newCredentials.FindStringSubmatch(text)
	if found == nil {
		t.Fatalf("no key and token:\n%s", text)
	}
	has(t, text, "nightly sync", "Read contacts, from 127.0.0.0/8", "The old key works for another day.")
	if again := b.Submit(path, form); again.Header.Get("Location") != made.Header.Get("Location") {
		t.Errorf("sent again, the form leads to %q", again.Header.Get("Location"))
	}
	keys, err := s.Directory.Keys(t.Context(), "demo")
	if err != nil || len(keys) != 3 {
		t.Errorf("there are %d keys, %v", len(keys), err)
	}

	fresh := c.As(found[1], found[2])
	fresh.List("").Page(t)
	fresh.Send("POST", "/lists", `{"lists":[{"name":"x"}]}`).Fault(t, 403)
	c.As(old.ID, oldToken).List("").Page(t)
	clock.Add(24 * time.Hour)
	fresh.List("").Page(t)
	c.As(old.ID, oldToken).List("").Fault(t, 401)
	b.Open(path).Redirect(t, "/api")
	b.Submit(path, url.Values{"overlap": {"1d"}}).Redirect(t, "/api")
}

// TestRotateOwnKey lets nobody end the session in which the new token is shown.
func TestRotateOwnKey(t *testing.T) {
	t.Parallel()
	s, _ := serve(t)
	c := s.Account("demo")
	b := s.Browser()
	b.Submit("/signin", url.Values{"key": {c.Key}, "token": {c.Token}}).Redirect(t, "/")
	path := "/api/keys/" + c.Key + "/rotate"
	page := b.Open(path).PageText(t, 200)
	has(t, page, "will be signed out when it ends")
	if strings.Contains(page, "Not at all") {
		t.Error("the key of the session may end at once")
	}
	b.Submit(path, url.Values{"overlap": {"0"}}).PageText(t, 422)
	has(t, b.Follow(b.Submit(path, url.Values{"overlap": {"1h"}})).PageText(t, 200), "The old key works for another hour.")
}
