package browsertest

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// widths are the windows that the table is for.
var widths = []look{{"light", 1440, 900}, {"dark", 1440, 900}, {"light", 1024, 768}, {"light", 768, 1024}, {"dark", 768, 1024}, {"light", 390, 844}, {"dark", 390, 844}}

// crowd is n contacts as JSON, of two tags in turn.
func crowd(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf(`{"number": "+9198%08d", "first_name": "P%03d", "tag": %q}`, 10_000_000+i, i, []string{"Odd", "Even"}[i%2])
	}
	return all
}

// selected is what the bar says of the selection.
const selected = `document.querySelector("[data-selected]").textContent`

func (b *tab) awaitSelected(want string) {
	b.t.Helper()
	b.await(fmt.Sprintf(`document.readyState === "complete" && document.querySelector("[data-selected]") && %s === %q`, selected, want))
}

// box is the checkbox of a row.
func box(row int) string { return fmt.Sprintf("tbody tr:nth-child(%d) input", row) }

// TestSelectionWhilePaging: what is selected stays while somebody turns pages, filters
// and sorts, and what is done is done with all of it.
func TestSelectionWhilePaging(t *testing.T) {
	t.Parallel()
	w, b := newBook(t, crowd(120)...)
	b.open("/contacts")
	b.awaitSelected("")
	b.click("[data-select-page]")
	b.awaitSelected("50 selected")
	b.follow("[rel=next]")
	b.awaitSelected("50 selected, all on other pages")
	b.click(box(1))
	b.awaitSelected("51 selected, 50 on other pages")
	b.fill("#q", "P119")
	b.awaitNames("P119")
	b.awaitSelected("51 selected, 50 on other pages")
	if !run(b, chromedp.Evaluate[bool](`document.querySelector("tbody input").checked`)) {
		t.Error("the row is selected, and nobody sees it")
	}
	b.follow("button[value=tag]")
	if got := b.text(".page-header p"); got != "51 contacts are selected." {
		t.Errorf("it says %q", got)
	}
	b.follow("main form .quiet") // thought better of it
	b.awaitSelected("51 selected, 50 on other pages")
	b.follow("button[value=tag]")
	b.fill("#value", "VIP")
	b.follow("main form .primary")
	if n := w.client.List(url.Values{"tag": {"VIP"}}.Encode()).Page(t).Metadata.Total; n != 51 {
		t.Errorf("%d contacts are tagged", n)
	}
	b.awaitSelected("") // done

	// Esc gives it up, and so does the button.
	b.open("/contacts")
	b.click(box(3))
	b.awaitSelected("1 selected")
	b.do(chromedp.KeyEvent(kb.Escape))
	b.awaitSelected("")
	b.click(box(3))
	b.click("[data-clear-selection]")
	b.awaitSelected("")
	b.do(chromedp.Reload())
	b.awaitSelected("")
}

// TestSelectionOfAll: all that match is shown as such, stays over the pages of one
// filter, and ends with it.
func TestSelectionOfAll(t *testing.T) {
	t.Parallel()
	w, b := newBook(t, crowd(240)...)
	b.open("/contacts?tag=Odd")
	b.click("[name=all]")
	const all = "All 120 that match tag “Odd” are selected"
	b.awaitSelected(all)
	b.follow("[rel=next]")
	b.awaitSelected(all)
	if n := run(b, chromedp.Evaluate[int64](`document.querySelectorAll("tbody input:checked").length`)); n != 50 {
		t.Errorf("%d rows are seen as selected", n)
	}
	b.do(chromedp.SetValue(chromedp.CSS("#sort"), "name"))
	b.await(`location.search.includes("sort=name")`)
	b.awaitSelected(all)
	// Who takes one out has the others of the page.
	b.click(box(2))
	b.awaitSelected("49 selected")
	b.click("[name=all]")
	b.awaitSelected(all)
	b.fill("#q", "P2")
	b.awaitSelected("All that match were selected. The filter is another now, so nothing is.")
	if n := run(b, chromedp.Evaluate[int64](`document.querySelectorAll("input:checked:not([name=column])").length`)); n != 0 {
		t.Errorf("%d rows are still selected", n)
	}
	b.open("/contacts?tag=Odd")
	b.click("[name=all]")
	b.follow("button[value=list]")
	b.fill("#name", "Odd ones")
	b.follow("main form .primary")
	if got := b.text(".notice"); !strings.HasPrefix(got, "Added 120 contacts to Odd ones, which is a new list.") {
		t.Errorf("the notice is %q", got)
	}
	b.click("[data-select-page]")
	b.follow("[rel=next]")
	b.click(box(1))
	b.awaitSelected("51 selected, 50 on other pages")
	b.follow("button[formaction$=remove]")
	if got := b.text(".notice"); !strings.HasPrefix(got, "Removed 51 contacts from the list.") || w.client.Total() != 240 {
		t.Errorf("the notice is %q", got)
	}
	b.awaitSelected("")
}

// TestSelectionByKeyboard selects ranges, with the mouse and without, and opens rows.
func TestSelectionByKeyboard(t *testing.T) {
	t.Parallel()
	w, b := newBook(t, crowd(60)...)
	b.open("/contacts")
	shiftClick := func(row int) {
		t.Helper()
		b.do(void(chromedp.Evaluate[bool](fmt.Sprintf(
			`document.querySelector(%q).dispatchEvent(new MouseEvent("click", {bubbles: true, cancelable: true, shiftKey: true}))`, box(row)))))
	}
	b.click(box(3))
	shiftClick(8)
	b.awaitSelected("6 selected")
	shiftClick(8)
	b.awaitSelected("") // a range is taken out the same way
	b.do(chromedp.Focus(chromedp.CSS(box(2))), chromedp.KeyEvent(" "))
	b.awaitSelected("1 selected")
	b.do(chromedp.Focus(chromedp.CSS(box(5))), chromedp.KeyEvent(" ", chromedp.KeyModifiers(chromedp.ModifierShift)))
	b.awaitSelected("4 selected")
	b.do(chromedp.KeyEvent(kb.ArrowDown))
	if got := run(b, chromedp.Evaluate[string](`document.activeElement.value`)); got != w.people[60-6] {
		t.Errorf("the focus went to %s", got)
	}
	b.leave(func() { b.do(chromedp.KeyEvent("\r")) })
	if got := b.text("h1"); got != "P054" {
		t.Errorf("Enter opened %q", got)
	}

	b.open("/contacts")
	b.awaitSelected("4 selected")
	b.follow("tbody tr:nth-child(1) .digits") // anywhere in the row
	if got := b.text("h1"); got != "P059" {
		t.Errorf("the row opened %q", got)
	}
	// Not while somebody selects a text in it.
	b.open("/contacts")
	b.do(void(chromedp.Evaluate[bool](`getSelection().selectAllChildren(document.querySelector("tbody .digits")), document.querySelector("tbody .digits").click(), true`)))
	if got := b.location(); got != "/contacts" {
		t.Errorf("it went to %s", got)
	}
}
