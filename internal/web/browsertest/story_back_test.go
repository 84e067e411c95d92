package browsertest

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	history "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// sending is a form on its way: how somebody comes to it, what is filled in, what is
// pressed, and what that makes.
type sending struct {
	name   string
	reach  func() // the page with the form
	fields [][2]string
	press  string
	count  func() int // what the form changes; nil is nothing to count
	by     int        // by how many it does
	back   string     // where Back leads, if not to the page with the form; "." is where sending it led, or the form as it was
}

// TestBackAndReload does so after the forms of contacts, lists, keys, the trash and imports: nothing is asked, and nothing is done
// twice.
func TestBackAndReload(t *testing.T) {
	byScript(t, append(crowd(6), asha), func(t *testing.T, w *world, b *tab) {
		questions := b.answerQuestions()
		list := w.client.CreateList("Members").SID
		contact := "/contacts/" + w.people[6]
		at := func(path string) func() { return func() { b.open(path) } }
		selecting := func(path, do string) func() {
			return func() {
				b.open(path)
				b.click(box(2))
				b.follow("button[value=" + do + "]")
			}
		}
		file, sent := csvFile(t, "two.csv", "Name,Mobile\nLeela,98111 22233\nOmar,98111 22234\n"), ""
		imported := func() int { b.await(`!document.querySelector("#progress")`); return w.client.Total() }
		const primary, danger = "main form .primary", "main form .danger"
		for _, s := range []sending{
			{"add", at("/contacts/new"), [][2]string{{"#number", "98200 98200"}}, primary, w.client.Total, 1, ""},
			{"edit", at(contact + "/edit"), [][2]string{{"#email", "a@example.com"}}, primary, nil, 0, ""},
			{"join a list", at(contact), [][2]string{{"#name", "Holi"}}, "main form .with-button button", w.lists, 1, ""},
			{"add a list", at("/lists/new"), [][2]string{{"#name", "Diwali"}}, primary, w.lists, 1, ""},
			{"edit a list", at("/lists/" + list + "/edit"), [][2]string{{"#tag", "x"}}, primary, nil, 0, ""},
			{"add numbers", at("/lists/" + list + "/add"), [][2]string{{"#numbers", "98200 98201"}}, primary, w.client.Total, 1, ""},
			{"create a key", at("/api"), [][2]string{{"#name", "sync"}}, "#new button", w.keys, 1, ""},
			{"tag", selecting("/contacts", "tag"), [][2]string{{"#value", "VIP"}}, primary, func() int { return w.tagged("VIP") }, 1, ""},
			{"undo", func() { selecting("/contacts", "tag")(); b.fill("#value", "Gold"); b.follow(primary) }, nil, ".notice button", func() int { return w.tagged("Gold") }, -1, ""},
			{"put into a list", selecting("/contacts", "list"), [][2]string{{"#name", "Bulk"}}, primary, w.lists, 1, ""},
			{"delete selected", selecting("/contacts", "delete"), nil, danger, w.client.Total, -1, ""},
			{"restore what was deleted", func() {}, nil, ".empty button", w.client.Total, 1, ""},
			{"delete one", at(contact), nil, ".page-header .danger", w.client.Total, -1, ""},
			{"restore from the trash", func() { b.open("/trash"); b.click(box(1)) }, nil, "#results button[value=restore]", w.client.Total, 1, ""},
			{"delete again", selecting("/contacts", "delete"), nil, danger, w.client.Total, -1, ""},
			{"delete for good", func() { b.open("/trash"); b.click(box(1)); b.follow("button[value=erase]") }, nil, danger, w.trash, -1, ""},
			{"delete once more", selecting("/contacts", "delete"), nil, danger, w.trash, 1, ""},
			{"empty the trash", at("/trash/empty"), nil, danger, w.trash, -1, "/trash"},
			{"send a file", func() { b.open("/imports"); b.choose(file) }, nil, "#new-import .primary", nil, 0, ""},
			{"check it", func() { sent = b.location(); b.open(sent) }, nil, "button[value=try]", imported, 0, ""},
			{"import it", func() { b.open(sent) }, nil, "button[value=start]", imported, 2, "."},
			{"undo an import", func() { b.open(b.location() + "/undo") }, nil, danger, imported, -2, "."},
			{"delete a list", at("/lists/" + list + "/delete"), nil, danger, w.lists, -1, ""},
		} {
			b.sendOnce(s)
		}
		if n := questions.count(); n != 0 {
			t.Errorf("the browser asked %d times", n)
		}
	})
}

// sendOnce sends a form, reloads what follows, goes back, reloads the form, and goes
// forward again.
func (b *tab) sendOnce(s sending) {
	b.t.Helper()
	s.reach()
	form, want := b.location(), 0
	if s.count != nil {
		want = s.count() + s.by
	}
	for _, f := range s.fields {
		b.fill(f[0], f[1])
	}
	b.follow(s.press)
	at := b.location()
	b.do(chromedp.Reload())
	b.awaitPage()
	if got := b.location(); got != at {
		b.t.Errorf("%s: reloaded, it is at %s and not at %s", s.name, got, at)
	}
	if at != form { // else there is nothing to go back to
		back := []string{cmp.Or(s.back, form)}
		if s.back == "." {
			back = []string{form, at}
		}
		b.travel(-1, back...)
		b.do(chromedp.Reload())
		b.awaitPage()
		b.travel(1, at)
	}
	if s.count != nil && s.count() != want {
		b.t.Errorf("%s: then there are %d, and not %d", s.name, s.count(), want)
	}
}

// travel presses Back, or Forward, and waits for the page at one of these addresses. It
// may be the very page that was left.
func (b *tab) travel(by int64, to ...string) {
	b.t.Helper()
	// The address does not tell: both pages may have it.
	const entry = "navigation.currentEntry.key"
	left := run(b, chromedp.Evaluate[string](entry))
	b.eventually(fmt.Sprintf("there is nowhere to travel by %d", by), func(ctx context.Context) bool {
		past, err := chromedp.Call(ctx, history.GetNavigationHistory, cdp.Empty{})
		at := past.CurrentIndex + by
		if err != nil || at < 0 || at >= int64(len(past.Entries)) {
			return false
		}
		_, err = chromedp.Call(ctx, history.NavigateToHistoryEntry, history.NavigateToHistoryEntryParams{EntryID: past.Entries[at].ID})
		return err == nil
	})
	b.await(fmt.Sprintf(`%s !== %q && %q.split(" ").includes(location.pathname + location.search) && document.readyState === "complete"`, entry, left, strings.Join(to, " ")))
}

// eventually tries something until it succeeds. While a page is being left, the browser
// answers some commands with an error.
func (b *tab) eventually(otherwise string, try func(context.Context) bool) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, limit)
	defer cancel()
	for !try(ctx) {
		if ctx.Err() != nil {
			b.t.Fatalf("at %s: %s", b.whereabouts(), otherwise)
		}
		runtime.Gosched()
	}
}

// lists, keys and trash are how many the account has: lists, keys, deleted contacts.
func (w *world) lists() int {
	return w.client.Get(w.client.Path("/lists?limit=1")).ListPage(w.t).Metadata.Total
}

func (w *world) keys() int {
	keys, err := w.server.Directory.Keys(w.t.Context(), "demo")
	if err != nil {
		w.t.Fatal(err)
	}
	return len(keys)
}

func (w *world) trash() int {
	return w.client.Get(w.client.Path("/trash/contacts?limit=1")).Page(w.t).Metadata.Total
}
