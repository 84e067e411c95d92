package browsertest

import (
	"regexp"
	"strings"
	"testing"

	"callbook/internal/test/servertest"
)

// TestKeyStory creates a key, uses it, and revokes it.
func TestKeyStory(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{Dashboard: true})
	w := &world{t: t, server: s, client: s.Account("demo")}
	b := newTab(t, s.URL)
	b.signIn(w, "demo")
	b.open("/api")
	b.fill("#name", "nightly sync")
	b.fill("#expires", "In 30 days")
	b.follow("#new button")
	key, token := b.text("#api-key"), b.text("#api-token")
	if !regexp.MustCompile(`^[0-9a-f]{32} [0-9a-f]{64}$`).MatchString(key + " " + token) {
		t.Fatalf("the key is %q, its token %q", key, token)
	}
	if got := b.text("#sample"); !strings.Contains(got, key+":"+token) {
		t.Errorf("the sample has not the new key: %s", got)
	}
	program := w.client.As(key, token)
	program.List("").Page(t)

	b.follow("main > p a")
	b.follow("tbody tr:nth-child(1) .row-actions a[href$=revoke]")
	if got := b.text("h1"); got != "Revoke “nightly sync”?" {
		t.Fatalf("the page is %q", got)
	}
	b.follow("main form button")
	if got := b.text(".notice"); !strings.Contains(got, "The key is revoked.") {
		t.Errorf("the notice is %q", got)
	}
	if fault := program.List("").Fault(t, 401); fault.Code != 1010 {
		t.Errorf("with the revoked key: %+v", fault)
	}
}
