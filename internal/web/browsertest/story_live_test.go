package browsertest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"callbook/internal/app"
	"callbook/internal/test/servertest"
)

// TestLiveTables watches the numbers and calls of a campaign that runs: the tables renew
// themselves, the focus and the scroll stay, and nothing changes under a selected text.
func TestLiveTables(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{Dashboard: true, Simulator: app.Simulator{Speed: 4}})
	w := &world{t: t, server: s, client: s.Account("demo")}
	var numbers []string
	for i := range 45 {
		numbers = append(numbers, fmt.Sprintf(`"+9198765000%02d"`, i))
	}
	id := w.client.NewCampaign(`{"campaigns":[{"caller_id":"08047112233","name":"Rent June","mode":"custom","throttle":20,"read_via_text":"Hello, the rent is due.","from":[` + strings.Join(numbers, ",") + `]}]}`).ID
	b := newTab(t, s.URL)
	b.signIn(w, "demo")
	for tab, row := range map[string]int{"numbers": 40, "calls": 1} {
		b.open("/campaigns/" + id + "/" + tab)
		b.await(fmt.Sprintf(`document.querySelectorAll("tbody tr").length >= %d`, row))
		link := fmt.Sprintf("tbody tr:nth-child(%d) a", row)
		const remember = `window.before = document.querySelector("#results"); true`
		const renewed = `document.querySelector("#results") !== window.before`
		const there = `document.activeElement.getAttribute("href") === window.href && Math.abs(document.activeElement.getBoundingClientRect().top - window.stood) <= 2`
		b.do(void(chromedp.Evaluate[bool](`(link => { link.focus(); window.href = link.getAttribute("href"); window.stood = link.getBoundingClientRect().top })(document.querySelector("` + link + `")); ` + remember)))
		b.await(renewed)
		if !run(b, chromedp.Evaluate[bool](there)) {
			t.Errorf("%s: the focus is not where it was, but on %s", tab, run(b, chromedp.Evaluate[string](`document.activeElement.outerHTML`)))
		}
		b.do(void(chromedp.Evaluate[bool](`getSelection().selectAllChildren(document.querySelector("tbody td"));
			window.polls = 0; document.addEventListener("htmx:afterRequest", () => window.polls++); ` + remember)))
		b.await(`window.polls >= 2`)
		if run(b, chromedp.Evaluate[bool](renewed)) {
			t.Errorf("%s: the table was renewed under a selected text", tab)
		}
		b.do(void(chromedp.Evaluate[bool](`getSelection().removeAllRanges(); true`)))
		b.await(renewed)
	}
	w.client.Send("PUT", "/campaigns/"+id, `{"campaigns":[{"action":"complete"}]}`)
	b.await(`document.querySelector("h1 .badge").textContent === "Completed"`)
	b.await(`!document.querySelector("#results").matches("[hx-trigger]")`)
}
