package browsertest

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestPagingStory sorts by a head, goes to a row, chooses how many rows a page has and
// filters by a custom field that is offered.
func TestPagingStory(t *testing.T) {
	t.Parallel()
	var contacts []string
	for i := range 120 {
		contacts = append(contacts, fmt.Sprintf(`{"number": "+9198%08d", "first_name": "P%03d", "custom_field": {"plan": "p%d"}}`, 10_000_000+i, 120-i, i%60))
	}
	_, b := newBook(t, contacts...)
	b.do(chromedp.EmulateViewport(1280, 800)) // the table has heads where it is wide
	b.open("/contacts")
	b.follow("th.col-name a")
	rows := func(first, status string) {
		t.Helper()
		b.await(fmt.Sprintf(`document.querySelector("#results td.main")?.textContent === %q && document.querySelector(".pagination [role=status]").textContent === %q`, first, status))
	}
	rows("P001", "1 to 50 of 120 contacts")
	b.fill("#row", "1,07")
	b.follow(".inline-field .button")
	rows("P107", "107 to 120 of 120 contacts")
	b.follow("[rel=prev]")
	rows("P057", "57 to 106 of 120 contacts")
	b.do(void(chromedp.Evaluate[bool](`(rows => { rows.value = "25"; return rows.dispatchEvent(new Event("change", {bubbles: true})) })(document.querySelector("#rows"))`)))
	rows("P057", "57 to 81 of 120 contacts")
	b.follow("[rel=last]")
	rows("P101", "101 to 120 of 120 contacts")
	b.open("/contacts")                     // the browser remembers the size, and not the order
	rows("P001", "1 to 25 of 120 contacts") // who was added last
	b.click(".more-filters > summary")
	b.fill("#custom", "plan")
	b.await(`document.querySelector("#custom-keys option")?.value === "plan"`)
	b.fill("#custom_value", "P59")
	b.awaitNames("P001", "P061")
}
