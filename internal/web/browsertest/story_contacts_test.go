package browsertest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"callbook/internal/test/servertest"
)

// retype types into a field over what is there; "" empties it.
func (b *tab) retype(selector, text string) {
	b.t.Helper()
	if text == "" {
		text = "\b"
	}
	b.do(void(chromedp.Evaluate[bool](fmt.Sprintf("document.querySelector(%q).select(); true", selector))), chromedp.KeyEvent(text))
}

// names are those in the page's table of contacts, one a line.
const names = `Array.from(document.querySelectorAll("#results td.main")).map(td => td.textContent).join("\n")`

// unfoldFilters opens the filters of a table, which are folded on a phone.
func (b *tab) unfoldFilters() {
	b.t.Helper()
	if !run(b, chromedp.Evaluate[bool](`document.querySelector("#tag").checkVisibility()`)) {
		b.click(".filters > summary")
	}
}

func (b *tab) awaitNames(want ...string) {
	b.t.Helper()
	b.await(fmt.Sprintf(`%s === %q`, names, strings.Join(want, "\n")))
}

// newBook starts a server whose account demo has contacts, each written as
// JSON, and opens a window that is signed in.
func newBook(t *testing.T, contacts ...string) (*world, *tab) {
	t.Helper()
	s := servertest.Start(t, servertest.Options{Dashboard: true})
	w := &world{t: t, server: s, client: s.Account("demo")}
	for _, item := range w.client.Create(contacts...) {
		w.people = append(w.people, item.Data.SID)
	}
	b := newTab(t, s.URL)
	b.signIn(w, "demo")
	return w, b
}

const (
	asha  = `{"number": "9876543210", "first_name": "Asha", "last_name": "Rao", "tag": "Member", "custom_field": {"plan": "gold"}}`
	rohan = `{"number": "9820098200", "first_name": "Rohan", "company_name": "Blue Dart"}`
	zoe   = `{"number": "+442079460123", "first_name": "Zoë", "tag": "Member"}`
)

// TestSearchStory finds contacts while somebody types.
func TestSearchStory(t *testing.T) {
	t.Parallel()
	_, b := newBook(t, asha, rohan, zoe)
	b.open("/contacts")
	b.awaitNames("Zoë", "Rohan", "Asha Rao")
	b.fill("#q", "blue d")
	b.awaitNames("Rohan") // who is found by "b" too, while the rest is typed
	b.await(`location.pathname + location.search === "/contacts?q=blue+d"`)
	if got := run(b, chromedp.Evaluate[string]("document.activeElement.id")); got != "q" {
		t.Errorf("the focus went to %q", got)
	}
	b.unfoldFilters()
	b.do(chromedp.SetValue(chromedp.CSS("#country"), "GB"))
	b.retype("#q", "")
	b.fill("#tag", "Member")
	b.awaitNames("Zoë")
	b.await(`document.querySelector("#tags option")?.value === "Member"`) // it is offered
	b.do(setValue("#country", ""), chromedp.SetValue(chromedp.CSS("#sort"), "name"))
	b.fill("#q", "a")
	b.awaitNames("Asha Rao")
	b.await(`location.pathname + location.search === "/contacts?q=a&sort=name&tag=Member"`)
	// The address makes the same page, and the way back is there.
	b.do(chromedp.Reload())
	b.awaitNames("Asha Rao")
	b.do(chromedp.NavigateBack())
	b.await(`location.search !== "?q=a&sort=name&tag=Member" && document.readyState === "complete" &&
		document.querySelector("#q").value === (new URLSearchParams(location.search).get("q") || "")`)
	b.open("/contacts")
	b.fill("#q", "nobody")
	// "nob" matches none either: wait until no answer is on its way any more.
	b.await(`document.querySelector("#results h2")?.innerText === "No contact matches" && location.search === "?q=nobody"`)
	b.follow("#results .button")
	b.awaitNames("Zoë", "Rohan", "Asha Rao")
}

// TestContactStory adds a contact, edits it, deletes it and brings it back.
func TestContactStory(t *testing.T) {
	t.Parallel()
	w, b := newBook(t, rohan)
	b.expectFailures.Store(true) // a form that is wrong is answered with 422
	b.open("/contacts/new")
	preview := func(want string) {
		t.Helper()
		b.await(fmt.Sprintf(`document.querySelector(".preview").innerText.includes(%q)`, want))
	}
	b.fill("#number", "98200 98")
	preview("Too short for India (+91)")
	b.retype("#number", "98200 98200")
	preview("It belongs to Rohan already.")
	b.retype("#number", "+1 242 365 1234")
	preview("+12423651234")
	preview("Bahamas")
	b.fill("#first_name", "Carol")
	b.click(".custom-lines summary")
	b.fill("#custom_field", `{"plan": {"name": "gold"}`)
	b.click("main form .primary")
	b.await(`document.querySelector("#custom_field-error")`)
	if got := b.text("#custom_field-error"); !strings.Contains(got, "The JSON ends too early") {
		t.Errorf("the error is %q", got)
	}
	b.retype("#custom_field", `{"plan": {"name": "gold"}}`)
	b.follow("main form .primary")
	if got := strings.Join(strings.Fields(b.text(".tree")), " "); got != "plan 1 field name gold" {
		t.Errorf("the custom field is shown as %q", got)
	}
	b.fill("#name", "Diwali")
	b.follow(".with-button button")
	if got := b.text(".notice"); got != "Added to Diwali, which is a new list." {
		t.Errorf("the notice is %q", got)
	}
	b.follow(".page-header a.primary")
	b.fill("#email", "carol@example.com")
	b.follow("main form .primary")
	if got := b.text(".details"); !strings.Contains(got, "carol@example.com") {
		t.Errorf("the contact is %q", got)
	}
	b.follow(".page-header .danger")
	if got := b.text("h1"); got != "Deleted Carol" || w.client.Total() != 1 {
		t.Fatalf("it says %q, and there are %d contacts", got, w.client.Total())
	}
	b.follow(".empty button")
	if got := b.text(".notice"); got != "Restored 1 contact." {
		t.Errorf("the notice is %q", got)
	}
	if got := b.text("main"); !strings.Contains(got, "carol@example.com") || !strings.Contains(got, "Diwali") {
		t.Errorf("the contact is %q", got)
	}
}

// TestSelectStory selects contacts and puts them into a list, tags them and
// deletes them.
func TestSelectStory(t *testing.T) {
	t.Parallel()
	w, b := newBook(t, asha, rohan, zoe)
	b.open("/contacts")
	if !run(b, chromedp.Evaluate[bool](`document.querySelector("[data-with-selected]").disabled`)) {
		t.Error("something can be done with nothing")
	}
	b.click("tbody tr:nth-child(1) input")
	b.click("tbody tr:nth-child(3) input")
	b.follow("button[value=list]")
	b.fill("#name", "Diwali")
	b.follow("main form .primary")
	b.awaitNames("Zoë", "Asha Rao")
	b.click("[data-select-page]")
	b.follow("button[value=tag]")
	b.fill("#value", "VIP")
	b.follow("main form .primary")
	if got := b.text(".notice"); got != "Tagged 2 contacts “VIP”.\nUndo" {
		t.Errorf("the notice is %q", got)
	}
	b.click("tbody tr:nth-child(2) input")
	b.follow("button[formaction$=remove]")
	b.awaitNames("Zoë")

	// Rows that came while somebody typed can be selected as well.
	b.open("/contacts")
	b.fill("#q", "o")
	b.awaitNames("Zoë", "Rohan", "Asha Rao")
	b.retype("#q", "ohan")
	b.awaitNames("Rohan")
	b.click("[data-select-page]")
	b.follow("button[value=delete]")
	b.follow("main form .danger")
	if got := b.text("h1"); got != "Deleted Rohan" || w.client.Total() != 2 {
		t.Errorf("it says %q, and there are %d contacts", got, w.client.Total())
	}
}

// TestListStory makes a list, pastes numbers into it, renames and deletes it.
func TestListStory(t *testing.T) {
	t.Parallel()
	w, b := newBook(t, asha)
	b.open("/lists")
	b.follow(".empty .primary")
	b.fill("#name", "Diwali")
	b.follow("main form .primary")
	b.follow(".empty .primary")
	b.fill("#numbers", "098765 43210\n+44 20 7946 0123\nrubbish")
	b.follow("main form .primary")
	if got := b.text("h1"); got != "2 contacts added to Diwali" {
		t.Errorf("it says %q", got)
	}
	b.follow(".page-header .primary")
	b.awaitNames("+44 20 7946 0123, without a name", "Asha Rao")
	b.follow(".page-header .actions a:nth-child(2)")
	b.retype("#name", "Diwali 2026")
	b.follow("main form .primary")
	if got := b.text("h1"); got != "Diwali 2026" {
		t.Errorf("the list is called %q", got)
	}
	b.follow(".page-header .actions a:nth-child(1)")
	b.follow("main form .danger")
	if got := b.text(".notice"); !strings.Contains(got, "Its contacts are still in the address book.") || w.client.Total() != 2 {
		t.Errorf("it says %q, and there are %d contacts", got, w.client.Total())
	}
}

// TestBookWithoutScript does the stories of the address book in a browser whose
// script is off.
func TestBookWithoutScript(t *testing.T) {
	t.Parallel()
	w, b := newBook(t, asha, rohan, zoe)
	b.expectFailures.Store(true)
	b.switchScriptOff()
	b.open("/contacts")
	b.fill("#q", "rohan")
	b.follow("noscript button")
	b.awaitNames("Rohan")
	b.follow("tbody .main a")
	b.follow(".page-header a.primary")
	w.client.Send("PUT", "/contacts/"+w.people[1], `{"tag": "Lead"}`)
	b.fill("#email", "rohan@example.com")
	b.follow("main form .primary")
	if got := b.text(".notice"); got != "Saved. Somebody else changed Tag meanwhile, and that is kept." {
		t.Errorf("it says %q", got)
	}
	b.follow(".page-header .danger")
	b.follow(".empty button")
	if got := b.text(".details"); !strings.Contains(got, "rohan@example.com") {
		t.Errorf("the contact is %q", got)
	}
	b.open("/contacts/new")
	b.fill("#number", "98200 98200")
	b.follow("main form .primary")
	if got := b.text(".taken"); !strings.Contains(got, "Rohan") {
		t.Errorf("it says %q", got)
	}
	b.open("/contacts")
	b.click("tbody tr:nth-child(1) input")
	b.click("tbody tr:nth-child(2) input")
	b.follow("button[value=list]")
	b.fill("#name", "Diwali")
	b.follow("main form .primary")
	b.awaitNames("Zoë", "Rohan")
	b.follow(".page-header .primary")
	b.fill("#numbers", "98765 43210")
	b.follow("main form .primary")
	if got := b.text("h1"); got != "1 contact added to Diwali" {
		t.Errorf("it says %q", got)
	}
	b.open("/contacts")
	b.click("tbody tr:nth-child(1) input")
	b.follow("button[value=delete]")
	b.follow("main form .danger")
	if got := b.text("h1"); got != "Deleted Zoë" || w.client.Total() != 2 {
		t.Errorf("it says %q, and there are %d contacts", got, w.client.Total())
	}
}
