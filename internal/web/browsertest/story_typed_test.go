package browsertest

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"callbook/internal/test/servertest"
)

// questions are what the browser asks before it leaves pages.
type questions struct {
	asked atomic.Int64
	stay  atomic.Bool // is what each is answered
}

// answerQuestions answers what the browser asks before it leaves a page.
func (b *tab) answerQuestions() *questions {
	b.t.Helper()
	q := new(questions)
	dialogs := chromedp.Events(b.ctx, cdppage.JavascriptDialogOpening)
	go func() {
		for _, err := range dialogs {
			if err != nil {
				return
			}
			q.asked.Add(1)
			answer := cdppage.HandleJavaScriptDialogParams{Accept: !q.stay.Load()}
			if _, err := chromedp.Call(b.ctx, cdppage.HandleJavaScriptDialog, answer); err != nil {
				return
			}
		}
	}()
	return q
}

// count returns how many were asked since it was called last.
func (q *questions) count() int64 { return q.asked.Swap(0) }

// signOutElsewhere ends the window's session, which still has its cookie.
func (b *tab) signOutElsewhere(w *world) {
	b.t.Helper()
	other := newTab(b.t, w.server.URL)
	other.signIn(w, "demo")
	other.open("/sessions")
	other.follow("tbody tr:nth-child(2) button")
}

// TestSignedOutWhileTyping: with script the page stays, with what was typed; signed in
// again in another tab, it goes on.
func TestSignedOutWhileTyping(t *testing.T) {
	t.Parallel()
	w, b := newBook(t, asha)
	b.expectFailures.Store(true)
	path := "/contacts/" + w.people[0]
	b.open(path + "/edit")
	b.retype("#company_name", "Infosys")
	b.signOutElsewhere(w)
	b.retype("#number", "98200 98200") // which asks for a preview
	b.await(`document.querySelector("#trouble .notice")`)
	b.click("main form .primary")
	b.await(`document.querySelector("#trouble").textContent.includes("You were signed out.")`)
	if got := run(b, chromedp.Evaluate[string](`location.pathname + " " + document.querySelector("#company_name").value`)); got != path+"/edit Infosys" {
		t.Fatalf("it is at %s", got)
	}
	// A link, followed in another tab of the same browser, is a request with its cookies.
	b.do(void(chromedp.Evaluate[bool](fmt.Sprintf(`fetch(%q, {method: "POST"}).then(() => document.body.dataset.signedIn = 1); true`, w.server.Link("demo")))))
	b.await(`document.body.dataset.signedIn`)
	b.follow("main form .primary")
	if got := b.text("main"); !strings.Contains(got, "Infosys") || !strings.Contains(got, "+91 98200 98200") {
		t.Errorf("the contact is %q", got)
	}
}

// TestSignedOutWithoutScript: the form is there again once somebody is signed in, by a
// link in another tab.
func TestSignedOutWithoutScript(t *testing.T) {
	t.Parallel()
	w, b := newBook(t, asha)
	b.expectFailures.Store(true)
	b.switchScriptOff()
	path := "/contacts/" + w.people[0]
	b.open(path + "/edit")
	b.fill("#company_name", "Infosys")
	b.signOutElsewhere(w)
	b.follow("main form .primary")
	if got := b.text("h1"); got != "You were signed out" {
		t.Fatalf("the page is %q", got)
	}
	b.fill("#key", w.client.Key)
	b.fill("#token", w.client.Token)
	b.follow("main form .primary")
	if got := b.text("h1") + " " + b.text(".notice"); got != "Edit the contact You are signed in again. What you typed is here, and not saved yet." {
		t.Errorf("the page is %q", got)
	}
	b.follow("main form .primary")
	if got := b.text("main"); !strings.Contains(got, "Infosys") {
		t.Errorf("the contact is %q", got)
	}
}

// TestServerAway: what was typed stays, and the page says so.
func TestServerAway(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ page, field string }{
		{"/contacts/new", "#number"}, {"/lists/new", "#name"}, {"/api", "#name"}, {"/api/console", "#path"},
	} {
		t.Run(tt.page, func(t *testing.T) {
			t.Parallel()
			s := servertest.Start(t, servertest.Options{Dashboard: true})
			w := &world{t: t, server: s, client: s.Account("demo")}
			b := newTab(t, s.URL)
			b.expectFailures.Store(true)
			b.signIn(w, "demo")
			b.open(tt.page)
			b.retype(tt.field, "9876543210")
			s.Stop()
			b.click("main form[data-typed] .primary")
			const told = `document.querySelector("#trouble").textContent.includes("The server does not answer. Try again in a moment. What you typed is still here.")`
			b.await(told)
			if got := run(b, chromedp.Evaluate[string](fmt.Sprintf("document.querySelector(%q).value", tt.field))); got != "9876543210" {
				t.Errorf("the field has %q", got)
			}
			if tt.field == "#number" { // whose preview gets no answer either
				b.do(void(chromedp.Evaluate[string](`document.querySelector("#trouble").textContent = ""`)))
				b.retype(tt.field, "9876543211")
				b.await(told)
			}
		})
	}
}

// TestLeavingAsks: a form is left without a question unless something in it is changed,
// and never asks about what was sent.
func TestLeavingAsks(t *testing.T) {
	t.Parallel()
	w, b := newBook(t, asha)
	b.expectFailures.Store(true)
	questions := b.answerQuestions()
	for _, tt := range []struct{ page, field string }{
		{"/contacts/new", "#first_name"}, {"/contacts/" + w.people[0] + "/edit", "[name='line.0.value']"}, {"/lists/new", "#tag"},
		{"/api", "#name"}, {"/api/console", "#body"}, {"/imports", "#list_name"}, {"/contacts/" + w.people[0], "#name"},
		{w.waiting(mixedFile, ""), "#list_name"},
	} {
		b.open(tt.page)
		b.follow("nav[aria-label=Main] li:nth-child(1) a")
		if n := questions.count(); n != 0 {
			t.Errorf("%s: nothing was changed, and it asks", tt.page)
		}
		b.open(tt.page)
		b.retype(tt.field, "changed")
		b.follow("nav[aria-label=Main] li:nth-child(1) a")
		if n := questions.count(); n != 1 {
			t.Errorf("%s: by the menu, it asks %d times", tt.page, n)
		}
		b.open(tt.page)
		b.retype(tt.field, "changed")
		b.leave(func() { b.do(void(chromedp.Evaluate[bool]("history.back(); true"))) })
		if n := questions.count(); n != 1 {
			t.Errorf("%s: by Back, it asks %d times", tt.page, n)
		}
	}
	// Who stays finds everything as it was.
	questions.stay.Store(true)
	b.open("/contacts/new")
	b.fill("#first_name", "Asha")
	b.click("nav[aria-label=Main] li:nth-child(1) a")
	b.await(`document.querySelector("#first_name").value === "Asha"`)
	for questions.asked.Load() == 0 {
		b.await("true")
	}
	questions.count()
	questions.stay.Store(false)
	if got := b.location() + " " + run(b, chromedp.Evaluate[string](`document.querySelector("#first_name").value`)); got != "/contacts/new Asha" {
		t.Errorf("who stays is at %s", got)
	}
	b.follow("nav[aria-label=Main] li:nth-child(1) a")
	questions.count()
	// Sent, it does not ask; refused, it does.
	b.open("/contacts/new")
	b.fill("#number", "12")
	b.click("main form .primary")
	b.await(`document.querySelector("#number-error")`)
	b.follow("nav[aria-label=Main] li:nth-child(1) a")
	if n := questions.count(); n != 1 {
		t.Errorf("a form that was refused asks %d times", n)
	}
	b.open("/contacts/new")
	b.fill("#number", "98200 98200")
	b.follow("main form .primary")
	b.open("/lists/new")
	b.fill("#name", "Diwali")
	b.follow("main form a[data-drop-typed]")
	if n := questions.count(); n != 0 {
		t.Errorf("a form that was sent, or dropped, asks %d times", n)
	}
}
