package browsertest

import (
	"strings"
	"testing"

	"callbook/internal/wav"
)

// flowPages are the pages of flows and recordings. The second one makes what the others
// show.
var flowPages = []page{
	{name: "flows-empty", path: at("/flows")},
	{name: "flow", path: at("/flows"), before: func(b *tab) {
		b.fill("#title", "Appointment tomorrow")
		b.click("input[name=start][value=appointment]")
		b.follow("#new .primary")
	}},
	{name: "flows", path: at("/flows")},
	{name: "flow-step", path: at("/flows/appointment-tomorrow/steps/ask")},
	{name: "flow-step-wrong", path: at("/flows/appointment-tomorrow/steps/thanks"), before: func(b *tab) {
		b.retype("#text", " ")
		b.click("main form .primary")
		b.await(`document.querySelector("#text-error")`)
	}},
	{name: "flow-add", path: at("/flows/appointment-tomorrow/add?at=thanks&branch=next")},
	{name: "flow-json", path: at("/flows/appointment-tomorrow/json")},
	{name: "recordings", path: at("/prompts")},
}

func TestFlowPages(t *testing.T) {
	w := newWorld(t)
	w.client.Do("POST", w.client.Path("/prompts?name=welcome&title=Greeting+in+June"), strings.NewReader(string(wav.Encode(make([]int16, 3*wav.Rate)))), "Content-Type", wav.ContentType)
	w.look(t, flowPages)
}

// TestBuildFlow builds a flow of a menu: a step is changed, and another added at a key.
func TestBuildFlow(t *testing.T) {
	t.Parallel()
	for name, script := range map[string]bool{"with script": true, "without script": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, b := newBook(t, asha)
			if !script {
				b.switchScriptOff()
			}
			b.open("/flows")
			b.fill("#title", "Survey")
			b.click("input[name=start][value=menu]")
			b.follow("#new .primary")
			b.follow("#step-menu > .flow-card")
			b.retype("#text", "Press 1 for yes.")
			b.follow("main form .primary")
			b.await(`document.querySelector("#step-menu").textContent.includes("Press 1 for yes.")`)
			b.follow("#step-thanks ~ .flow-end a.button")
			b.follow("main .rows li:first-child a")
			b.fill("#text", "One more thing.")
			b.follow("main form .primary")
			b.await(`document.querySelector("#step-thanks ~ .flow-step").textContent.includes("One more thing.")`)
		})
	}
}
