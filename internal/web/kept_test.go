package web_test

import (
	"net/url"
	"strings"
	"testing"

	"callbook/internal/test/servertest"
)

// TestFormsWithReceiptsFull fills the room of the answers that are kept under keys by the
// API. Forms go on: one is good once, a selection is worked, and what was typed survives
// signing in.
func TestFormsWithReceiptsFull(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{Dashboard: true, ReceiptQuota: 1})
	c := s.Account("demo")
	b := s.SignedIn("demo")
	contact := c.CreateOne(`{"number": "9876543210", "first_name": "Asha"}`).SID
	full := 0
	for _, key := range []string{"one", "two"} {
		full = c.Under(key).Post(servertest.Contacts(`{"number":"+919820098200"}`)).Status
	}
	if full != 429 {
		t.Fatalf("the answers are not full: got %d", full)
	}

	form := url.Values{"name": {"sync"}, "once": {hidden(t, b.Open("/api").PageText(t, 200), "once")}}
	first := b.Submit("/api/keys", form)
	b.Submit("/api/keys", form).Redirect(t, first.Header.Get("Location"))

	asked := b.Submit("/contacts/selected", url.Values{"sid": {contact}, "do": {"tag"}})
	has(t, b.Follow(asked).PageText(t, 200), "1 contact is selected.")
	deleted := b.Submit("/contacts/"+contact+"/delete", nil)
	has(t, b.Follow(deleted).PageText(t, 200), "Undo")

	signOutElsewhere(t, s, b)
	typed := pageFields(b.Submit("/contacts", url.Values{"number": {"98200"}}).PageText(t, 403))
	typed.Set("key", c.Key)
	typed.Set("token", c.Token)
	has(t, b.Follow(b.Submit("/signin/again", typed)).PageText(t, 200), `value="98200"`)
}

// TestKeptPageOfAnother asks pages for what was kept for another page, and for what a
// program kept under a name like theirs: it is not there.
func TestKeptPageOfAnother(t *testing.T) {
	t.Parallel()
	s, _ := serve(t)
	c := s.Account("demo")
	b := s.SignedIn("demo")
	contact := c.CreateOne(`{"number": "9876543210", "first_name": "Asha"}`).SID
	list := c.CreateList("Diwali").SID
	c.Under("page:forged").Post(servertest.Contacts(`{"number":"+919820098200"}`))
	names := []string{"forged"}
	for _, a := range []servertest.Answer{
		b.Submit("/contacts/selected", url.Values{"sid": {contact}, "do": {"tag"}}),
		b.Submit("/api/console", request("GET", "/contacts", "")),
		b.Submit("/lists/"+list+"/add", url.Values{"numbers": {"9820098201"}, "create": {"1"}}),
		b.Submit("/contacts/"+contact+"/delete", nil),
	} {
		to := strings.TrimSuffix(a.Header.Get("Location"), "#answer")
		names = append(names, to[strings.LastIndexAny(to, "/=")+1:])
	}
	for _, name := range names {
		for _, page := range []string{
			"/contacts/new?typed=", "/contacts/selected?page=", "/contacts/deleted?page=", "/api/console?sent=", "/lists/" + list + "/added/",
		} {
			if a := b.Open(page + name); a.Status != 200 && a.Status != 303 {
				t.Errorf("%s%s: got %d", page, name, a.Status)
			}
		}
		if a := b.Submit("/contacts/selected/undo", url.Values{"undo": {name}}); a.Status != 303 {
			t.Errorf("undo %s: got %d", name, a.Status)
		}
	}
}

// TestFormIsGoodOnceAfterARestart sends one form to a server, and then to another of the
// same database.
func TestFormIsGoodOnceAfterARestart(t *testing.T) {
	t.Parallel()
	path := servertest.NewDatabase(t)
	s := servertest.Start(t, servertest.Options{Dashboard: true, Path: path})
	s.Account("demo")
	b := s.SignedIn("demo")
	form := url.Values{"name": {"sync"}, "once": {hidden(t, b.Open("/api").PageText(t, 200), "once")}}
	first := b.Submit("/api/keys", form).Header.Get("Location")
	s.Stop()
	next := servertest.Start(t, servertest.Options{Dashboard: true, Path: path})
	next.SignedIn("demo").Submit("/api/keys", form).Redirect(t, first)
	if keys, err := next.Directory.Keys(t.Context(), "demo"); err != nil || len(keys) != 2 {
		t.Errorf("there are %d keys, %v", len(keys), err)
	}
}
