package web_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/journal"
	"callbook/internal/test/servertest"
	"callbook/internal/web/words"
)

// tiring is a store that fails every write after so many of them.
type tiring struct {
	addressbook.Store
	left atomic.Int64
}

var errTired = errors.New("secret of the inside")

func (s *tiring) tired() error {
	if s.left.Add(-1) < 0 {
		return errTired
	}
	return nil
}

func (s *tiring) UpdateContacts(ctx context.Context, account account.ID, patches []addressbook.Patch, ready journal.Ready[[]addressbook.Result]) error {
	if err := s.tired(); err != nil {
		return err
	}
	return s.Store.UpdateContacts(ctx, account, patches, ready)
}

func (s *tiring) DeleteContacts(ctx context.Context, account account.ID, deletion addressbook.SID, sids []addressbook.SID, ready journal.Ready[[]addressbook.Result]) error {
	if err := s.tired(); err != nil {
		return err
	}
	return s.Store.DeleteContacts(ctx, account, deletion, sids, ready)
}

func (s *tiring) AddMembers(ctx context.Context, account account.ID, list addressbook.SID, members []addressbook.Membership, ready journal.Ready[[]addressbook.MembershipResult]) error {
	if err := s.tired(); err != nil {
		return err
	}
	return s.Store.AddMembers(ctx, account, list, members, ready)
}

func (s *tiring) RemoveMembers(ctx context.Context, account account.ID, list addressbook.SID, contacts []addressbook.SID, ready journal.Ready[[]addressbook.MembershipResult]) error {
	if err := s.tired(); err != nil {
		return err
	}
	return s.Store.RemoveMembers(ctx, account, list, contacts, ready)
}

// tiringBook is an account whose store fails as left says.
func tiringBook(t *testing.T) (*tiring, *servertest.Client, *servertest.Browser) {
	t.Helper()
	store := new(tiring)
	store.left.Store(1 << 40)
	s := servertest.Start(t, servertest.Options{Dashboard: true, Contacts: func(real addressbook.Store) addressbook.Store {
		store.Store = real
		return store
	}})
	return store, s.Account("demo"), s.SignedIn("demo")
}

// restOf is the form of a page that stopped, as its button sends it.
func restOf(t *testing.T, page string) (path string, form url.Values) {
	t.Helper()
	_, rest, ok := strings.Cut(page, `<form class="actions" method="post" action="`)
	if !ok {
		t.Fatalf("the page offers nothing to do:\n%s", page)
	}
	path, rest, _ = strings.Cut(rest, `"`)
	rest, _, _ = strings.Cut(rest, "</form>")
	form = url.Values{}
	for _, part := range strings.Split(rest, `<input type="hidden" name="`)[1:] {
		name, value, _ := strings.Cut(part, `" value="`)
		value, _, _ = strings.Cut(value, `"`)
		form.Add(name, value)
	}
	return path, form
}

// TestSelectedStops works more contacts than one bulk, and the store fails
// after the first: the page tells how many are done, and its button does the
// rest.
func TestSelectedStops(t *testing.T) {
	t.Parallel()
	store, c, b := tiringBook(t)
	const n, bulk = 5_100, 5_000
	for from := 0; from < n; from += bulk {
		var contacts []string
		for i := from; i < min(n, from+bulk); i++ {
			contacts = append(contacts, fmt.Sprintf(`{"number": "+9198%08d"}`, 10_000_000+i))
		}
		c.Create(contacts...)
	}
	var kept, deletion string // what undoes what was done before it stopped
	// stops sends a form, of which only one bulk is worked, and returns the path
	// and form of the rest.
	stops := func(path string, form url.Values, title string) (string, url.Values) {
		t.Helper()
		store.left.Store(1)
		page := b.Submit(path, form).PageText(t, 500)
		store.left.Store(1 << 40)
		has(t, page, "<h1>"+title+" stopped on the way</h1>", "<dt>Done</dt><dd>5,000</dd>", "<dt>Still to do</dt><dd>100</dd>",
			"What is done stays done", "Something went wrong", "Do the rest", "Back to the table")
		if strings.Contains(page, "secret") {
			t.Errorf("the page tells of the inside:\n%s", page)
		}
		if path == "/contacts/selected/delete" {
			has(t, page, `action="/trash/restore"`, "Undo what is done")
			deletion = hidden(t, page, "deletion")
		} else {
			kept = hidden(t, page, "undo")
		}
		return restOf(t, page)
	}
	undo := func(n int) {
		t.Helper()
		a := b.Submit("/contacts/selected/undo", url.Values{"undo": {kept}})
		has(t, b.Open(a.Header.Get("Location")).PageText(t, 200), "Undone for "+words.Count(n)+" contacts.")
	}

	path, form := stops("/contacts/selected/tag", url.Values{"all": {"1"}, "country": {"91"}, "value": {"x"}}, "Tagging")
	if got := tagged(t, c, "x"); got != bulk {
		t.Errorf("%d contacts are tagged", got)
	}
	undo(5_000)
	if got := tagged(t, c, "x"); got != 0 {
		t.Errorf("%d contacts are tagged after the undo", got)
	}
	b.Submit(path, form).Redirect(t, "/contacts?country=91")
	if got := tagged(t, c, "x"); got != n {
		t.Errorf("%d contacts are tagged", got)
	}

	path, form = stops("/contacts/selected/list", url.Values{"all": {"1"}, "name": {"All"}}, "Adding to All")
	a := b.Submit(path, form)
	list := a.Header.Get("Location")
	has(t, b.Open(list).PageText(t, 200), "Added 100 contacts to All. 5,000 were in it already.")

	path, form = stops(list+"/remove", url.Values{"all": {"1"}}, "Removing from the list")
	b.Submit(path, form).Redirect(t, list)
	if got := c.Get(c.Path(list)).List(t).ContactCount; got != 0 {
		t.Errorf("%d contacts are in the list", got)
	}

	all := url.Values{"all": {"1"}, "count": {fmt.Sprint(n)}, "typed": {fmt.Sprint(n)}}
	stops("/contacts/selected/delete", all, "Deleting")
	has(t, b.Follow(b.Submit("/trash/restore", url.Values{"deletion": {deletion}})).PageText(t, 200), "Restored 5,000 contacts.")
	if c.Total() != n {
		t.Errorf("%d contacts are there after the undo, want %d", c.Total(), n)
	}
	path, form = stops("/contacts/selected/delete", all, "Deleting")
	page := b.Follow(b.Submit(path, form)).PageText(t, 200)
	has(t, page, "Delete 100 contacts?", "5,000 contacts are deleted already, and 100 are left.")
	form.Set("count", hidden(t, page, "count"))
	form.Set("typed", "100")
	// It stops a second time, and tells of both.
	store.left.Store(0)
	page = b.Submit("/contacts/selected/delete", form).PageText(t, 500)
	has(t, page, "<dt>Done</dt><dd>5,000</dd>", "<dt>Still to do</dt><dd>100</dd>", "Undo what is done")
	store.left.Store(1 << 40)
	page = b.Follow(b.Submit("/contacts/selected/delete", form)).PageText(t, 200)
	has(t, page, "Deleted 5,100 contacts")
	if c.Total() != 0 {
		t.Errorf("there are %d contacts", c.Total())
	}
	b.Submit("/trash/restore", url.Values{"deletion": {hidden(t, page, "deletion")}})
	if c.Total() != n {
		t.Errorf("%d contacts are restored, want %d", c.Total(), n)
	}

	// What skips the trash cannot be undone, and what is left skips it too.
	all.Set("for_good", "1")
	store.left.Store(1)
	page = b.Submit("/contacts/selected/delete", all).PageText(t, 500)
	store.left.Store(1 << 40)
	if strings.Contains(page, "Undo") {
		t.Errorf("the page offers to undo it:\n%s", page)
	}
	has(t, b.Follow(b.Submit(restOf(t, page))).PageText(t, 200), "Delete 100 contacts?", `name="for_good" value="1" checked`)
}

// TestSelectedDoesNotBegin: when the store fails at once, the page says that
// nothing is done.
func TestSelectedDoesNotBegin(t *testing.T) {
	t.Parallel()
	store, c, b := tiringBook(t)
	sid := c.CreateOne(`{"number": "9876543210"}`).SID
	store.left.Store(0)
	page := b.Submit("/contacts/selected/tag", url.Values{"sid": {sid}, "value": {"x"}}).PageText(t, 500)
	has(t, page, "Tagging did not begin", "<dt>Done</dt><dd>0</dd>", "<dt>Still to do</dt><dd>1</dd>", "Try again")
	store.left.Store(1)
	path, form := restOf(t, page)
	b.Submit(path, form).Redirect(t, "/contacts")
	if got := tagged(t, c, "x"); got != 1 {
		t.Errorf("%d contacts are tagged", got)
	}
}

// TestHalfDone: what makes contacts and then puts them into lists tells when
// only the first could be done.
func TestHalfDone(t *testing.T) {
	t.Parallel()
	store, c, b := tiringBook(t)
	list := "/lists/" + c.CreateList("Diwali").SID
	store.left.Store(0) // which counts no contact that is made
	form := url.Values{"numbers": {"9876543210\n9820098200"}, "create": {"1"}}
	page := b.Submit(list+"/add", form).PageText(t, 500)
	has(t, page, "Not all of it could be done.", "add them again", "9876543210\n9820098200</textarea>")
	store.left.Store(1 << 40)
	has(t, b.Follow(b.Submit(list+"/add", form)).PageText(t, 200), "2 contacts added to Diwali")

}
