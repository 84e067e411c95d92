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

// crooked is what is wrong with the page as it is laid out, as a text: what a window is
// too narrow for, what lies over something else, and what is cut without dots.
const crooked = `(() => {
	const wrong = [], name = el => el.outerHTML.slice(0, 100)
	const wide = document.documentElement.clientWidth
	if (document.documentElement.scrollWidth > wide) wrong.push("the page is " + document.documentElement.scrollWidth + " wide")
	const seen = el => el.checkVisibility({visibilityProperty: true, opacityProperty: true}) && !el.closest(".unseen, .skip, dialog:not([open])")
	const above = document.querySelector("dialog[open]") || document
	const parts = Array.from(above.querySelectorAll("main a, main button, main input:not([type=hidden]), main select, main textarea, main h1, main h2, main label, main .notice, main td, main p, .who *, dialog a, dialog input"))
		.filter(el => seen(el) && !el.closest("svg, .selecting, details.menu[open] .menu-body, pre") && !el.parentElement.closest(".cut"))
	const boxes = parts.flatMap(el => Array.from(el.getClientRects()).filter(box => box.width > 2 && box.height > 2).map(box => [el, box]))
	boxes.forEach(([a, r], i) => {
		const scroller = a.closest(".table-wrap, [tabindex='0']")
		if (r.right > wide + 1 && !(scroller && scroller.scrollWidth > scroller.clientWidth)) wrong.push("outside: " + name(a))
		for (let j = i + 1; j < boxes.length; j++) {
			const [b, s] = boxes[j]
			if (a === b || a.contains(b) || b.contains(a)) continue
			if (a.matches("label") && a.control === b || b.matches("label") && b.control === a) continue
			if (Math.min(r.right, s.right) - Math.max(r.left, s.left) > 2 && Math.min(r.bottom, s.bottom) - Math.max(r.top, s.top) > 4)
				wrong.push(name(a) + " lies over " + name(b))
		}
	})
	for (const el of document.querySelectorAll("main *, nav *, header *")) {
		if (!seen(el) || el.clientWidth <= 1 || el.closest("svg, select, progress") || el.matches("input, textarea")) continue
		const style = getComputedStyle(el)
		if (!/hidden|clip/.test(style.overflowX) || style.textOverflow === "ellipsis" || style.webkitLineClamp !== "none") continue
		if (el.scrollWidth > el.clientWidth + 1 || el.scrollHeight > el.clientHeight + 2) wrong.push("cut: " + name(el))
	}
	return wrong.slice(0, 12).join("\n")
})()`

// straight checks the layout of the page at the four widths that pages are made for,
// and on a phone that what is touched is high enough.
func (b *tab) straight() {
	b.t.Helper()
	for _, l := range []look{{"light", 1440, 900}, {"light", 1024, 768}, {"light", 768, 1024}, {"light", 390, 844}} {
		b.set(l)
		if got := run(b, chromedp.Evaluate[string](crooked)); got != "" {
			b.t.Errorf("at %d px:\n%s", l.width, got)
			b.picture("crooked-" + strings.ReplaceAll(b.t.Name(), "/", "-") + "-" + l.String())
		}
	}
	if got := run(b, chromedp.Evaluate[string](small)); got != "" {
		b.t.Errorf("lower than a thumb:\n%s", got)
	}
}

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
			b.accessible(name, l)
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
