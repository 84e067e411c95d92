package browsertest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// overlapping are cells of the table that lie over each other or out of the window, as
// a text.
const overlapping = `(() => {
	const wrong = []
	const wide = document.querySelector("table").getBoundingClientRect()
	document.querySelectorAll("tbody tr").forEach((tr, n) => {
		const cells = Array.from(tr.children).filter(td => td.getClientRects().length)
		const boxes = cells.map(td => td.getBoundingClientRect())
		boxes.forEach((a, i) => {
			if (a.left < wide.left - 1 || a.right > wide.right + 1) wrong.push(n + ": " + cells[i].textContent + " is outside")
			boxes.forEach((b, j) => {
				if (i < j && Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1)
					wrong.push(n + ": " + cells[i].textContent + " over " + cells[j].textContent)
			})
		})
	})
	return wrong.join("\n")
})()`

// TestTableWidths: whatever is in it, nothing of the table is cut without a word, lies
// over something else or makes the page wider than the window.
func TestTableWidths(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("Donaudampfschifffahrtsgesellschaft", 6)
	w, b := newBook(t, append(crowd(60), asha, rohan, zoe,
		fmt.Sprintf(`{"number": "+4930123456", "first_name": %q, "last_name": %q, "company_name": %q, "email": %q, "tag": %q, "custom_field": {"plan": %q}}`,
			long[:200], long[:200], long[:200], long[:180]+"@example.com", long[:200], long),
		`{"number": "+442079460999", "tag": "A tag of several words, as people write them in a hurry"}`,
		fmt.Sprintf(`{"number": "+442079460998", "first_name": "Short", "tag": %q}`, strings.Repeat("x", 255)))...)
	b.open("/contacts")
	b.click("[data-select-page]")
	b.follow("[rel=next]")
	b.do(void(chromedp.Evaluate[bool](axeSource(t) + "; true")))
	look := func(name string) {
		t.Helper()
		for _, l := range widths {
			b.set(l)
			if got := run(b, chromedp.Evaluate[string](overlapping)); got != "" {
				t.Errorf("%s, %s:\n%s", name, l, got)
			}
			if wide := run(b, chromedp.Evaluate[int64]("document.documentElement.scrollWidth")); wide > l.width {
				t.Errorf("%s, %s: the page is %d wide", name, l, wide)
			}
			b.accessible(name + " " + l.String())
			b.picture("table-" + name + "-" + l.String())
		}
	}
	look("some-selected")
	b.open("/contacts")
	b.do(void(chromedp.Evaluate[bool](axeSource(t) + "; true")))
	look("long")
	b.click(".menu summary")
	look("columns")
	// The bar stays in sight.
	b.click("[data-select-page]")
	for _, l := range widths {
		b.set(l)
		b.do(void(chromedp.Evaluate[bool](`scrollTo(0, document.body.scrollHeight), true`)))
		b.await(`scrollY > 300`)
		b.await(`(() => { const box = document.querySelector(".selecting").getBoundingClientRect(); return box.top >= 0 && box.bottom <= innerHeight })()`)
	}
	// What a contact has is on its page, whatever its length.
	b.open("/contacts/" + w.people[63])
	for _, l := range widths {
		b.set(l)
		if wide := run(b, chromedp.Evaluate[int64]("document.documentElement.scrollWidth")); wide > l.width {
			t.Errorf("a contact, %s: the page is %d wide", l, wide)
		}
	}
}
