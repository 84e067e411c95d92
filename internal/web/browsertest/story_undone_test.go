package browsertest

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// byScript runs a story twice: with script, and in a window where it is off.
func byScript(t *testing.T, contacts []string, story func(t *testing.T, w *world, b *tab)) {
	t.Parallel()
	for name, off := range map[string]bool{"with script": false, "without script": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, b := newBook(t, contacts...)
			b.expectFailures.Store(true)
			if off {
				b.switchScriptOff()
			}
			story(t, w, b)
		})
	}
}

// says checks that a part of the page has this text.
func (b *tab) says(selector, want string) {
	b.t.Helper()
	if got := b.text(selector); !strings.Contains(got, want) {
		b.t.Errorf("at %s: %s says %q, and not %q", b.location(), selector, got, want)
	}
}

// tagged is how many contacts have a tag.
func (w *world) tagged(tag string) int {
	w.t.Helper()
	return w.client.List(url.Values{"tag": {tag}}.Encode()).Page(w.t).Metadata.Total
}

// TestUndoOfTag tags 300 that match a filter, over their pages, and takes it back.
func TestUndoOfTag(t *testing.T) {
	byScript(t, crowd(600), func(t *testing.T, w *world, b *tab) {
		b.open("/contacts?tag=Odd")
		b.click("[name=all]")
		b.follow("button[value=tag]")
		b.says(".page-header", "All 300 that match.")
		b.fill("#value", "Diwali")
		b.follow("main form .primary")
		b.says(".notice", "Tagged 300 contacts “Diwali”.")
		if odd, diwali := w.tagged("Odd"), w.tagged("Diwali"); odd != 0 || diwali != 300 {
			t.Errorf("%d are odd and %d Diwali", odd, diwali)
		}
		b.follow(".notice button")
		if odd, even, diwali := w.tagged("Odd"), w.tagged("Even"), w.tagged("Diwali"); odd != 300 || even != 300 || diwali != 0 {
			t.Errorf("undone, %d are odd, %d even and %d Diwali", odd, even, diwali)
		}
	})
}

// TestUndoOfImport takes an import back: what it added is in the trash, and what was
// there before only leaves the list.
func TestUndoOfImport(t *testing.T) {
	byScript(t, []string{asha}, func(t *testing.T, w *world, b *tab) {
		list := w.client.CreateList("Spring").SID
		upload := w.client.Upload("Spring", "number,first_name\n+919876543210,Asha\n9820098200,Rohan\n9820098201,Meera\n")
		w.client.Await(upload)
		if n := w.client.Total(); n != 3 {
			t.Fatalf("there are %d contacts", n)
		}
		b.open("/imports/" + upload.ID)
		b.follow("a[href$='/undo']")
		b.says("main form", "The 2 contacts that it added go into the trash")
		b.follow("main form .danger")
		b.awaitReloading("main", "This import is undone.")
		if n := w.client.Total(); n != 1 {
			t.Errorf("undone, there are %d contacts", n)
		}
		b.open("/lists/" + list)
		b.says("main", "0 contacts")
		b.open("/trash")
		b.says("tbody", "Rohan")
		b.says("tbody", "Meera")
	})
}

// TestTrashStory finds what was deleted, brings it back with its list, deletes one
// contact for good, and empties the rest, which asks for its number.
func TestTrashStory(t *testing.T) {
	byScript(t, append(crowd(100), asha, rohan), func(t *testing.T, w *world, b *tab) {
		list := w.client.CreateList("Members").SID
		w.client.Add(list, w.people[100])
		b.open("/contacts")
		b.click("[name=all]")
		b.follow("button[value=delete]")
		b.fill("#typed", "102")
		b.follow("main form .danger")
		find := func(words string) {
			t.Helper()
			b.open("/trash")
			b.fill("#q", words)
			b.do(chromedp.KeyEvent("\r"))
			b.await(`document.readyState === "complete" && document.querySelectorAll("#results tbody tr").length === 1`)
			b.click("#results tbody input")
		}
		find("rao asha")
		b.follow("#results button[value=restore]")
		b.says(".notice", "Restored, with the lists that are still there.")
		b.open("/lists/" + list)
		b.awaitNames("Asha Rao")
		find("rohan")
		b.follow("#results button[value=erase]")
		b.follow("main form .danger")
		b.open("/trash")
		b.says("#results [role=status]", "100 contacts")
		b.follow(".page-header a")
		b.fill("#typed", "10")
		b.follow("main form .danger")
		b.says("main .notice.bad", "Nothing was deleted yet.")
		b.fill("#typed", "100")
		b.follow("main form .danger")
		b.says(".empty", "There is no deleted contact here")
		if n := w.client.Total(); n != 1 {
			t.Errorf("there are %d contacts", n)
		}
	})
}

// TestColumnsStory chooses columns, a custom field among them: they are there on other
// pages too, and after a reload.
func TestColumnsStory(t *testing.T) {
	byScript(t, []string{asha, rohan}, func(t *testing.T, w *world, b *tab) {
		b.set(look{"light", 1440, 900})
		b.open("/contacts")
		b.click(".menu summary")
		b.click(`[name=column][value=company_name]`)
		b.click(`[name=column][value="custom_field.plan"]`)
		b.follow(".menu-body .primary")
		shown := func(plan, company bool) {
			t.Helper()
			heads := b.text("thead")
			if strings.Contains(heads, "plan") != plan || strings.Contains(heads, "Company") != company {
				t.Errorf("at %s the heads are %q", b.location(), heads)
			}
		}
		shown(true, false)
		b.says("tbody", "gold")
		b.do(chromedp.Reload())
		b.awaitPage()
		shown(true, false)
		list := w.client.CreateList("Members").SID
		w.client.Add(list, w.people[0])
		b.open("/lists/" + list)
		shown(true, false)
		b.click(".menu summary")
		b.follow(".menu-body [name=reset]")
		shown(false, true)
	})
}

// TestFindingPriya finds "nair priya" in the table and in the search over everything.
func TestFindingPriya(t *testing.T) {
	priya := `{"number": "+919811198111", "first_name": "Priya", "last_name": "Nair"}`
	byScript(t, append(crowd(60), priya), func(t *testing.T, w *world, b *tab) {
		for _, words := range []string{"nair priya", "NAIR  pri", "98111 98111"} {
			b.open("/contacts")
			b.fill("#q", words)
			b.do(chromedp.KeyEvent("\r"))
			b.awaitNames("Priya Nair")
			b.open("/search")
			b.fill("#everything", words)
			b.follow("main form button")
			b.follow(".found a")
			if got := b.text("h1"); got != "Priya Nair" {
				t.Errorf("%q led to %q", words, got)
			}
		}
		b.follow(".page-header a.primary")
		b.retype("#number", "98111 98112")
		b.follow("main form .primary")
		b.says("main", "+91 98111 98112")
	})
}

// TestReferenceSearch finds an operation by a word, and an error by its code.
func TestReferenceSearch(t *testing.T) {
	byScript(t, []string{asha}, func(t *testing.T, w *world, b *tab) {
		b.open("/api/reference")
		b.fill("#reference-q", "1422")
		b.do(chromedp.KeyEvent("\r"))
		b.await(`location.search.includes("1422") && document.readyState === "complete" && document.querySelector("#reference").textContent.includes("1422")`)
		b.open("/api/reference?q=duplicate")
		b.follow("#reference a[href^='/api/reference/']") // an operation, and not an error
		b.await(`document.querySelector(".reference-index [aria-current=page]")`)
	})
}

// TestEndingSessions ends all the others at once.
func TestEndingSessions(t *testing.T) {
	byScript(t, []string{asha}, func(t *testing.T, w *world, b *tab) {
		other := newTab(t, w.server.URL)
		other.signIn(w, "demo")
		b.open("/sessions")
		b.await(`document.querySelectorAll("tbody tr").length === 2`)
		b.says("tbody", "127.0.0.1")
		b.follow(".page-header button")
		b.await(`document.querySelectorAll("tbody tr").length === 1`)
		other.open("/contacts")
		if got := other.location(); !strings.HasPrefix(got, "/signin") {
			t.Errorf("the other window is at %s", got)
		}
	})
}

// TestTagOffers: the field of a filter offers tags in any case, while somebody types.
func TestTagOffers(t *testing.T) {
	t.Parallel()
	_, b := newBook(t, append(crowd(4), asha)...)
	b.set(look{"light", 1440, 900})
	b.open("/contacts")
	b.fill("#tag", "MEM")
	b.await(`document.querySelector("#tags option")?.value === "Member"`)
	b.awaitNames("Asha Rao")
	b.await(fmt.Sprintf(`!document.querySelector(%q)`, ".toolbar .wrong, .toolbar [aria-invalid=true]"))
}

// TestClosingTheTab asks when something in a form is changed.
func TestClosingTheTab(t *testing.T) {
	t.Parallel()
	w, b := newBook(t, asha)
	questions := b.answerQuestions()
	questions.stay.Store(true)
	b.open("/contacts/" + w.people[0] + "/edit")
	b.retype("#company_name", "Infosys")
	call(b, cdppage.Close, cdp.Empty{}) // as its × does
	for questions.asked.Load() == 0 {
		b.await("true")
	}
	if got := run(b, chromedp.Evaluate[string](`document.querySelector("#company_name").value`)); got != "Infosys" {
		t.Errorf("the field has %q", got)
	}
}
