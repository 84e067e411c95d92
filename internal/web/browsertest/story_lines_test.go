package browsertest

import (
	"fmt"
	"strings"
	"testing"
)

// TestCustomLines edits a custom field line by line: one is changed, one is removed and
// one is added, and what was not touched stays as it was.
func TestCustomLines(t *testing.T) {
	t.Parallel()
	const contact = `{"number": "9876543210", "first_name": "Asha", "custom_field": {"plan": "gold", "since": 2019.0, "news": true, "city": {"pin": "560001"}}}`
	for name, script := range map[string]bool{"with script": true, "without script": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, b := newBook(t, contact)
			b.expectFailures.Store(true) // what is wrong is answered with 422
			if !script {
				b.switchScriptOff()
			}
			b.open("/contacts/" + w.people[0] + "/edit")
			b.retype("[name='line.0.value']", "silver")
			b.retype("[name='line.1.value']", "soon")
			added := "[name='line.4.%s']"
			if script {
				b.click("[data-line]:nth-child(3) [data-remove-line]")
				b.click("[data-add-line]")
			} else {
				b.click("[name='line.2.remove']")
				b.follow("[name=more_lines]")
				added = "[name='line.8.%s']" // of which there are six by now
			}
			b.fill(fmt.Sprintf(added, "value"), "12")
			b.click("main form .primary")
			b.await(`document.querySelectorAll("[data-line] .error").length === 2`)
			if got := b.text("[data-line]:nth-child(2) .error"); !strings.HasPrefix(got, "This is a number.") {
				t.Errorf("beside the line stands %q", got)
			}
			b.retype("[name='line.1.value']", "2020")
			b.fill("[data-line].wrong:last-of-type .line-name, [name='line.3.name'][value='']", "seats")
			b.follow("main form .primary")
			b.await(`document.querySelector("h1").textContent === "Asha"`)
			if got := string(w.client.Get(w.client.Path("/contacts/" + w.people[0])).Contact(t).CustomField); got != `{"plan":"silver","since":2020,"city":{"pin":"560001"},"seats":"12"}` {
				t.Errorf("the custom field is %s", got)
			}
		})
	}
}

// TestCustomLinesOrJSON: who changes the JSON cannot change the lines beside it.
func TestCustomLinesOrJSON(t *testing.T) {
	t.Parallel()
	w, b := newBook(t, asha)
	b.open("/contacts/" + w.people[0] + "/edit")
	b.click(".custom-lines summary")
	b.retype("#custom_field", `{"plan": "bronze"}`)
	b.await(`document.querySelector("[name='line.0.value']").matches(":disabled")`)
	b.follow("main form .primary")
	b.follow(".page-header a.primary")
	b.click(".custom-lines summary")
	b.click("[data-remove-line]")
	b.await(`document.querySelector("#custom_field").disabled && document.activeElement.matches("[data-add-line]")`)
	b.follow("main form .primary")
	if got := b.text("main"); strings.Contains(got, "bronze") || !strings.Contains(got, "Saved.") {
		t.Errorf("the contact is %q", got)
	}
}
