package browsertest

import (
	"cmp"
	"context"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/test/servertest"
)

// page is one of the dashboard's to be looked at.
type page struct {
	name string // of its pictures
	// path is where it is, or what makes it so and tells where it is.
	path func(w *world) string
	// signedOut is for those who are not signed in.
	signedOut bool
	// account is whose page it is; "" is demo.
	account string
	// before, when not nil, is done once the page is open.
	before func(b *tab)
}

// world is what the pages show: a server with an account that has some of
// everything.
type world struct {
	t      *testing.T
	server *servertest.Server
	client *servertest.Client // of the account demo
	people []string           // the sids of those of [addPeople]
}

func newWorld(t *testing.T) *world {
	t.Helper()
	s := servertest.Start(t, servertest.Options{Dashboard: true, Contacts: func(real addressbook.Store) addressbook.Store {
		return unluckyStore{real}
	}})
	s.Account("empty")
	w := &world{t: t, server: s, client: s.Account("demo")}
	w.people = addPeople(w.client)
	w.addKeys()
	return w
}

// addKeys makes keys of each sort.
func (w *world) addKeys() {
	for _, k := range []struct {
		name     string
		lifetime time.Duration
		revoked  bool
	}{
		{name: "nightly sync"},
		{name: "a trial for the agency with the very long name, Bengaluru", lifetime: 90 * 24 * time.Hour},
		{name: "old laptop", revoked: true},
		{name: "<script>alert(1)</script>", lifetime: 1},
	} {
		key, _, err := w.server.Directory.CreateKey(w.t.Context(), "demo", account.KeyDraft{Name: k.name, Lifetime: k.lifetime})
		if err != nil {
			w.t.Fatal(err)
		}
		if !k.revoked {
			continue
		}
		if _, err := w.server.Directory.RevokeKey(w.t.Context(), key.ID); err != nil {
			w.t.Fatal(err)
		}
	}
}

// at is a page that is always there.
func at(path string) func(*world) string { return func(*world) string { return path } }

// pages is the table of the pages.
var pages = []page{
	{name: "signin", path: at("/signin"), signedOut: true},
	{name: "signin-wrong", path: at("/signin"), signedOut: true, before: func(b *tab) {
		b.fill("#key", "d70dcdeb7912f250ceb502c9877c5a97")
		b.fill("#token", "wrong")
		b.follow("form button")
	}},
	{name: "link", path: func(w *world) string { return w.server.Link("demo") }, signedOut: true},
	{name: "link-dead", path: at("/signin/link/x"), signedOut: true},
	{name: "sessions", path: at("/sessions")},
	{name: "history", path: at("/history")},
	{name: "history-none", path: at("/history?what=trash.")},
	{name: "keys", path: at("/api"), before: func(b *tab) {
		b.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("details").open = true`))
	}},
	{name: "key-created", path: at("/api"), before: func(b *tab) {
		b.fill("#name", "nightly sync")
		b.follow("#new button")
	}},
	{name: "key-revoke", path: func(w *world) string { return "/api/keys/" + w.client.Key + "/revoke" }},
	{name: "key-rotate", path: func(w *world) string { return "/api/keys/" + w.client.Key + "/rotate" }},
	{name: "samples", path: at("/api/samples?lang=python")},
	{name: "console", path: at("/api/console"), before: func(b *tab) {
		b.click("#console button")
		b.do(chromedp.WaitVisible(chromedp.CSS("#answer")))
	}},
	{name: "reference", path: at("/api/reference")},
	{name: "reference-search", path: at("/api/reference?q=duplicate")},
	{name: "reference-code", path: at("/api/reference?q=1422")},
	{name: "reference-nothing", path: at("/api/reference?q=unicorn")},
	{name: "operation", path: at("/api/reference/createContacts")},
	{name: "not-found", path: at("/nothing")},
	{name: "requests", path: at("/requests")},
	{name: "keyboard", path: at("/keyboard")},
	{name: "search", path: at("/search?q=rao")},
	{name: "search-none", path: at("/search?q=nobody")},
	{name: "search-dialog", path: at("/contacts"), before: func(b *tab) {
		b.await(`document.readyState === "complete"`)
		b.key("/", "/", 0)
		b.fill("#search-for", "rao")
		b.await(`document.querySelector("#search-found").textContent.includes("Asha Rao")`)
	}},
}

// TestPages looks at every page: nothing serious for axe-core, its layout
// right at every width, no complaint of the browser; and takes its picture, but on a build server.
func TestPages(t *testing.T) { newWorld(t).look(t, slices.Concat(pages, contactPages)) }

// look looks at pages of the world.
func (w *world) look(t *testing.T, pages []page) {
	axe := axeSource(t)
	for _, p := range pages {
		t.Run(p.name, func(t *testing.T) {
			b := newTab(t, w.server.URL)
			b.expectFailures.Store(true) // pages that tell of errors are among them
			if !p.signedOut {
				b.signIn(w, cmp.Or(p.account, "demo"))
			}
			b.open(p.path(w))
			if p.before != nil {
				p.before(b)
			}
			b.straight()
			b.do(void(chromedp.Evaluate[bool](axe + "; true")))
			for _, l := range pageLooks {
				b.set(l)
				b.accessible(p.name, l)
				height := run(b, chromedp.Evaluate[int64](pageHeight))
				b.do(chromedp.EmulateViewport(l.width, max(height, l.height)))
				b.picture(p.name + "-" + l.String())
			}
		})
	}
}

// signIn signs the window in to an account of the world.
func (b *tab) signIn(w *world, accountSID string) {
	b.t.Helper()
	b.open(w.server.Link(accountSID))
	b.follow("main form button")
}

// void drops an action's result.
func void[T any](a chromedp.Action[T]) chromedp.Action[chromedp.Void] {
	return func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		_, err := a(ctx, target)
		return chromedp.Void{}, err
	}
}
