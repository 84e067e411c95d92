package browsertest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"

	"callbook/internal/test/servertest"
)

// The modifiers of a key.
const (
	ctrl  = 2
	meta  = 4
	shift = 8
)

// key presses a key as a keyboard does: a page that takes it keeps it from typing.
func (b *tab) key(key, text string, modifiers int64) {
	b.t.Helper()
	down := input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeRawKeyDown, Key: key, Modifiers: modifiers}
	up := down
	up.Type = input.DispatchKeyEventTypeKeyUp
	codes := map[string]int64{"Enter": 13, "Escape": 27, "ArrowDown": 40, "ArrowUp": 38}
	down.WindowsVirtualKeyCode, up.WindowsVirtualKeyCode = codes[key], codes[key]
	call(b, input.DispatchKeyEvent, down)
	if text != "" {
		call(b, input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeChar, Key: key, Text: text, UnmodifiedText: text, Modifiers: modifiers, WindowsVirtualKeyCode: codes[key]})
	}
	call(b, input.DispatchKeyEvent, up)
}

const (
	searchOpen  = `document.getElementById("search").open`
	inSearch    = `document.activeElement.id === "search-for"`
	searchValue = `document.getElementById("search-for").value`
)

// TestSearchEverything finds a contact by keys alone, at every width.
func TestSearchEverything(t *testing.T) {
	t.Parallel()
	w, b := newBook(t, append(crowd(60), asha, rohan)...)
	list := w.client.CreateList("Asha's people").SID
	for _, l := range widths {
		t.Run(l.String(), func(t *testing.T) {
			b.t = t
			b.set(l)
			b.open("/lists")
			b.key("/", "/", 0)
			b.await(searchOpen + " && " + inSearch)
			b.await(`document.querySelector("#search-found a[href='/contacts/new']")`) // what one may go to
			b.fill("#search-for", "asha")
			if got := run(b, chromedp.Evaluate[string](searchValue)); got != "asha" {
				t.Errorf("in the field stands %q", got)
			}
			b.await(fmt.Sprintf(`document.querySelectorAll("#search-found .found a").length === 2 && document.querySelector("#search-found a[href='/lists/%s']")`, list))
			b.key("ArrowDown", "", 0)
			b.key("ArrowDown", "", 0)
			b.await(fmt.Sprintf(`document.activeElement.getAttribute("href") === "/lists/%s"`, list))
			b.key("ArrowUp", "", 0)
			b.key("ArrowUp", "", 0)
			b.await(inSearch)
			b.key("ArrowDown", "", 0)
			b.key("x", "x", 0) // who types on, types on
			b.await(inSearch + ` && ` + searchValue + ` === "ashax"`)
			b.await(`document.querySelector("#search-found").textContent.includes("Nothing has")`)
			b.key("Escape", "", 0)
			b.await("!" + searchOpen)
			// Opened again, what was typed is selected, so that it can be typed over.
			b.key("k", "", ctrl)
			b.await(searchOpen + " && " + inSearch)
			b.fill("#search-for", "rohan")
			// Enter waits for what is found.
			b.leave(func() { b.key("Enter", "\r", 0) })
			if got := b.text("h1"); got != "Rohan" {
				t.Errorf("it led to %q", got)
			}
		})
	}
	b.t = t
}

// TestKeys: keys that are typed into a field do nothing else, Ctrl-Enter sends a form, ?
// tells of the keys, and single keys can be turned off.
func TestKeys(t *testing.T) {
	t.Parallel()
	_, b := newBook(t, asha)
	b.open("/contacts/new")
	if got := run(b, chromedp.Evaluate[string]("document.activeElement.id")); got != "number" {
		t.Errorf("the form begins in %q", got)
	}
	b.do(chromedp.Focus(chromedp.CSS("#company_name")))
	b.key("/", "/", 0)
	b.key("?", "?", shift)
	b.await(`document.getElementById("company_name").value === "/?"`)
	if run(b, chromedp.Evaluate[bool](searchOpen)) {
		t.Error("a slash in a field opens the search")
	}
	b.fill("#number", "98200 98200")
	b.leave(func() { b.key("Enter", "", ctrl) })
	if got := b.text("h1"); got != "/?" {
		t.Errorf("Ctrl-Enter led to %q", got)
	}
	b.leave(func() { b.key("e", "e", 0) })
	b.await(`document.activeElement.id === "number"`)
	b.open("/contacts")
	b.leave(func() { b.key("?", "?", shift) })
	if got := b.location(); got != "/keyboard" {
		t.Errorf("? led to %s", got)
	}
	b.click("[data-single-keys]")
	b.open("/lists")
	b.key("/", "/", 0)
	b.key("k", "", meta)
	b.await(searchOpen)
	b.key("Escape", "", 0)
	b.await("!" + searchOpen)
	b.key("/", "/", 0)
	b.key("?", "?", shift)
	if got := b.location(); got != "/lists" || run(b, chromedp.Evaluate[bool](searchOpen)) {
		t.Errorf("keys that are off lead to %s", got)
	}
}

// small are controls on a phone that are lower than a thumb, and how high they are.
const small = `Array.from(document.querySelectorAll(
	".button, button, input:not([type=hidden], [type=checkbox], [type=radio]), select, textarea, summary, nav a, .find, .check, .details a, .bars a, .rows a, .figure a, .table.stacked:not(.people) .main a, .found a"))
	.filter(el => el.checkVisibility() && el.getClientRects().length && !el.matches(".unseen *, p a, pre *") && getComputedStyle(el).clipPath === "none")
	.map(el => [Math.max(el.getBoundingClientRect().height, el.parentElement.matches("dt") ? el.closest(".figure, dt").getBoundingClientRect().height : 0), el])
	.filter(([height]) => height < 43.5)
	.map(([height, el]) => Math.round(height) + " " + el.outerHTML.slice(0, 120)).join("\n")`

// TestOnAPhone: the first contact is in the upper half, what is touched is 44 px high,
// and no page is wider than the phone.
func TestOnAPhone(t *testing.T) {
	t.Parallel()
	w, b := newBook(t, append(crowd(60), asha, rohan)...)
	list := w.client.CreateList("Diwali 2026").SID
	sid := w.client.CreateOne(`{"number":"+442079460123","first_name":"Zoë","email":"zoe@example.com","tag":"VIP"}`).SID
	w.client.Add(list, sid)
	w.client.Await(w.client.Upload("Diwali 2026", "number\n+919876543210\nx\n"))
	phone := look{"light", 390, 844}
	b.set(phone)
	for _, page := range []string{"/contacts", "/lists/" + list} {
		b.open(page)
		if at := run(b, chromedp.Evaluate[float64](`document.querySelector(".people tbody tr").getBoundingClientRect().top`)); at > 844/2 {
			t.Errorf("%s: the first contact is at %.0f", page, at)
		}
	}
	b.open("/contacts")
	b.click(".filters > summary")
	b.await(`document.querySelector("#tag").checkVisibility()`)
	b.fill("#tag", "Odd")
	b.await(`location.search.includes("tag=Odd")`)
	for _, page := range []string{
		"/", "/contacts", "/contacts/new", "/contacts/" + sid, "/contacts/" + sid + "/edit", "/lists", "/lists/new", "/lists/" + list, "/lists/" + list + "/add",
		"/imports", "/api", "/api/samples", "/api/console", "/api/reference", "/api/reference/createContacts", "/sessions", "/requests", "/search?q=a", "/keyboard",
	} {
		b.open(page)
		if got := run(b, chromedp.Evaluate[string](small)); got != "" {
			t.Errorf("%s: lower than a thumb:\n%s", page, got)
		}
		if wide := run(b, chromedp.Evaluate[int64]("document.documentElement.scrollWidth")); wide > phone.width {
			t.Errorf("%s: it is %d wide", page, wide)
		}
		b.picture("phone" + strings.ReplaceAll(strings.NewReplacer(sid, "SID", list, "LIST").Replace(strings.Split(page, "?")[0]), "/", "-"))
	}
	b.open("/contacts/" + sid)
	for _, link := range []string{"tel:+442079460123", "mailto:zoe@example.com", "/contacts?tag_is=VIP"} {
		if !run(b, chromedp.Evaluate[bool](fmt.Sprintf(`!!document.querySelector("main a[href^='%s']")`, link))) {
			t.Errorf("there is no link %s", link)
		}
	}
}

// TestFiltersWithoutScript: a phone whose script is off unfolds the filters and uses them,
// and searches everything on a page.
func TestFiltersWithoutScript(t *testing.T) {
	t.Parallel()
	_, b := newBook(t, asha, rohan)
	b.set(look{"light", 390, 844})
	b.switchScriptOff()
	b.open("/contacts")
	b.await(`!document.querySelector("#tag").checkVisibility()`)
	b.click(".filters > summary")
	b.await(`document.querySelector("#tag").checkVisibility()`)
	b.fill("#tag", "Member")
	b.leave(func() { b.do(chromedp.SendKeys(chromedp.CSS("#tag"), "\r")) })
	if got := b.location(); !strings.Contains(got, "tag=Member") {
		t.Errorf("it led to %s", got)
	}
	b.follow(".find")
	b.fill("#everything", "asha")
	b.follow("main form button")
	b.follow(".found a")
	if got := b.text("h1"); got != "Asha Rao" {
		t.Errorf("it led to %q", got)
	}
}

// TestOverviewLeadsOn follows a bar, a column and a figure.
func TestOverviewLeadsOn(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{Dashboard: true})
	w := &world{t: t, server: s, client: s.Account("demo")}
	w.client.Create(append(crowd(5), asha, `{"number":"+442079460123","tag":"London"}`)...)
	b := newTab(t, s.URL)
	b.signIn(w, "demo")
	for _, l := range widths {
		b.set(l)
		b.open("/")
		b.follow(`.bars a[href="/contacts?tag_is=London"]`)
		b.await(`document.querySelectorAll(".people tbody tr").length === 1`)
		b.open("/")
		b.follow(`.bars a[href="/contacts?country=GB"]`)
		b.await(`document.querySelectorAll(".people tbody tr").length === 1`)
		b.open("/")
		b.leave(func() {
			b.do(void(chromedp.Evaluate[bool](`document.querySelector(".plot a[href*=added_from]").dispatchEvent(new MouseEvent("click", {bubbles: true, cancelable: true})); true`)))
		})
		b.await(`document.querySelectorAll(".people tbody tr").length === 7`)
	}
}
