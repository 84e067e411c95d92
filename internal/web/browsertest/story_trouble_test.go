package browsertest

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"callbook/internal/test/servertest"
)

// TestTroubleByScript: what fails while script asks is said above the page,
// which stays as it is.
func TestTroubleByScript(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{Dashboard: true})
	w := &world{t: t, server: s, client: s.Account("demo")}
	b := newTab(t, s.URL)
	b.expectFailures.Store(true)
	b.signIn(w, "demo")
	b.open("/api/console")
	b.do(chromedp.Focus(chromedp.CSS("#send")), chromedp.KeyEvent("\r"), chromedp.WaitVisible(chromedp.CSS("#answer")))
	if got := run(b, chromedp.Evaluate[string]("document.activeElement.id")); got != "send" {
		t.Errorf("after sending, the focus is on %q", got)
	}
	said := func(what string) {
		t.Helper()
		b.click("#send")
		b.do(chromedp.WaitVisible(chromedp.CSS("#trouble .notice")))
		if got := b.text("#trouble"); !strings.Contains(got, what) {
			t.Errorf("it says %q, want %q", got, what)
		}
		if got := b.text("#answer"); !strings.Contains(got, "request_id") {
			t.Errorf("the answer before is gone: %q", got)
		}
	}
	s.BreakDatabase()
	said("Something went wrong")
	s.Stop()
	said("The server does not answer.")
}
