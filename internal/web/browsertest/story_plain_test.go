package browsertest

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"callbook/internal/test/servertest"
)

// switchScriptOff makes the window one in which no page runs script.
func (b *tab) switchScriptOff() {
	b.t.Helper()
	call(b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
}

// TestWithoutScript does what the key story does, and asks in the console, in a
// browser whose script is off.
func TestWithoutScript(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{Dashboard: true})
	w := &world{t: t, server: s, client: s.Account("demo")}
	b := newTab(t, s.URL)
	b.switchScriptOff()
	b.open("/signin")
	b.fill("#key", w.client.Key)
	b.fill("#token", w.client.Token)
	b.follow("main form button")
	b.open("/api")
	b.fill("#name", "nightly sync")
	b.follow("#new button")
	key := b.text("#api-key")
	b.do(chromedp.WaitNotVisible(chromedp.CSS("button[data-copy]"))) // they would do nothing
	b.open("/api/samples")
	b.follow("main nav[aria-label=Language] a:nth-child(2)")
	if got := b.text("#sample"); !strings.Contains(got, "package main") || !strings.Contains(got, key) {
		t.Errorf("the sample is %q", got)
	}
	b.open("/api/console")
	b.follow("#console button")
	if got := b.text("#answer"); !strings.Contains(got, `"http_code": 200`) {
		t.Errorf("the answer is %q", got)
	}
	b.open("/api/keys/" + key + "/revoke")
	b.follow("main form button")
	if got := b.text(".notice"); !strings.Contains(got, "The key is revoked.") {
		t.Errorf("the notice is %q", got)
	}
	b.follow(".who button")
	if got := b.location(); got != "/signin" {
		t.Errorf("signed out, it is at %s", got)
	}
}

// TestKeyboard goes through a page with the keyboard alone.
func TestKeyboard(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{Dashboard: true})
	w := &world{t: t, server: s, client: s.Account("demo")}
	b := newTab(t, s.URL)
	b.signIn(w, "demo")
	b.open("/api")
	focused := func() string {
		t.Helper()
		return run(b, chromedp.Evaluate[string]("document.activeElement.textContent.trim() || document.activeElement.id"))
	}
	b.do(chromedp.KeyEvent("\t"))
	if got := focused(); got != "Skip to the content" {
		t.Fatalf("the first stop is %q", got)
	}
	b.do(chromedp.KeyEvent("\r"))
	if got := run(b, chromedp.Evaluate[string]("document.activeElement.id")); got != "main" {
		t.Errorf("the link leads to %q", got)
	}
	b.do(chromedp.KeyEvent("\t"))
	if got := focused(); got != "Keys" {
		t.Errorf("the first stop in the content is %q", got)
	}
	// Every stop can be seen.
	for range 20 {
		b.do(chromedp.KeyEvent("\t"))
		const outlined = `getComputedStyle(document.activeElement).outlineStyle !== "none" || document.activeElement === document.body`
		if !run(b, chromedp.Evaluate[bool](outlined)) {
			t.Errorf("%q does not show that it has the focus", focused())
		}
	}
	b.do(chromedp.Focus(chromedp.CSS("#name")), chromedp.KeyEvent("by keyboard"))
	b.leave(func() { b.do(chromedp.KeyEvent("\r")) })
	if got := b.text("h1"); got != "API key created" {
		t.Errorf("the form was not sent: %q", got)
	}
}
