package browsertest

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestTwoBrowsers edits one contact in two windows: three fields that both change, and
// one that each changes alone. It is the same without script.
func TestTwoBrowsers(t *testing.T) {
	t.Parallel()
	for name, script := range map[string]bool{"with script": true, "without script": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, first := newBook(t, asha)
			first.expectFailures.Store(true) // a conflict is answered with 409
			second := newTab(t, w.server.URL)
			second.signIn(w, "demo")
			if !script {
				first.switchScriptOff()
			}
			path := "/contacts/" + w.people[0]
			first.open(path + "/edit")
			second.open(path + "/edit")
			for _, both := range []struct{ field, theirs, mine string }{
				{"#first_name", "Aasha", "Ash"}, {"#tag", "Lead", "VIP"}, {"[name='line.0.value']", "silver", "bronze"},
			} {
				second.retype(both.field, both.theirs)
				first.retype(both.field, both.mine)
			}
			second.retype("#email", "asha@example.com")
			first.retype("#company_name", "Infosys")
			second.follow("main form .primary")
			first.click("main form .primary")
			first.await(`document.querySelectorAll("fieldset.choice").length === 3`)
			if got := first.text("h1"); got != "Somebody else changed this contact meanwhile" {
				t.Fatalf("the second one is told %q", got)
			}
			if got := first.text("main"); !strings.Contains(got, "The rest is merged. Theirs: E-mail. Yours: Company.") {
				t.Errorf("it says %q", got)
			}
			first.click(`[name="choose.first_name"][value=theirs]`)
			first.click(`[name="choose.tag"][value=mine]`)
			first.click(`[name="choose.custom_field.plan"][value=mine]`)
			first.follow("main form .primary")
			got := first.text("main")
			for _, want := range []string{"Aasha", "VIP", "bronze", "asha@example.com", "Infosys"} {
				if !strings.Contains(got, want) {
					t.Errorf("%s is lost: %q", want, got)
				}
			}
		})
	}
}

// TestTwoBrowsersMerge: what was not touched is not asked about.
func TestTwoBrowsersMerge(t *testing.T) {
	t.Parallel()
	w, first := newBook(t, asha)
	second := newTab(t, w.server.URL)
	second.signIn(w, "demo")
	path := "/contacts/" + w.people[0]
	first.open(path + "/edit")
	second.open(path + "/edit")
	second.retype("#email", "asha@example.com")
	second.follow("main form .primary")
	first.retype("#company_name", "Infosys")
	first.follow("main form .primary")
	if got := first.text(".notice"); got != "Saved. Somebody else changed E-mail meanwhile, and that is kept." {
		t.Errorf("it says %q", got)
	}
	if got := first.text("main"); !strings.Contains(got, "asha@example.com") || !strings.Contains(got, "Infosys") {
		t.Errorf("the contact is %q", got)
	}
	first.do(chromedp.NavigateBack())
	first.awaitPage()
	if got := first.text("h1"); got != "Edit the contact" {
		t.Errorf("Back leads to %q", got)
	}
}
