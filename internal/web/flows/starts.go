package flows

import "callbook/internal/callflow"

// start is a starting point of a new flow.
type start struct {
	Value, Label, Hint string
	Chosen             bool
	flow               callflow.Flow
}

// pasted is the starting point from JSON.
const pasted = "json"

var starts = []start{
	{Value: "greeting", Label: "A greeting", Hint: "A text, then the call ends", flow: callflow.Flow{Start: "greeting", Steps: map[string]callflow.Step{
		"greeting": {Kind: callflow.Say, Text: "Hello @@first_name. This is a message for you."},
	}}},
	{Value: "menu", Label: "A menu", Hint: "Press 1 or 2", flow: callflow.Flow{Start: "menu", Steps: map[string]callflow.Step{
		"menu":   menu("Hello @@first_name. Press 1 for the first, or 2 for the second.", map[string]string{"1": "first", "2": "second"}, ""),
		"first":  {Kind: callflow.Mark, Word: "first", Next: "thanks"},
		"second": {Kind: callflow.Mark, Word: "second", Next: "thanks"},
		"thanks": {Kind: callflow.Say, Text: "Thank you. Goodbye."},
	}}},
	{Value: "stop", Label: "A message that can be stopped", Hint: "Press 9, and the number is never called again", flow: callflow.Flow{Start: "message", Steps: map[string]callflow.Step{
		"message":  menu("Hello @@first_name. This is a message for you. Press 9 if you do not want to be called again.", map[string]string{"9": "suppress"}, ""),
		"suppress": {Kind: callflow.Suppress, Next: "goodbye"},
		"goodbye":  {Kind: callflow.Say, Text: "We do not call you again. Goodbye."},
	}}},
	{Value: "appointment", Label: "An appointment to confirm", Hint: "Press 1 to confirm, 2 to be called back, 9 to stop", flow: callflow.Flow{Start: "ask", Steps: map[string]callflow.Step{
		"ask": menu("Hello @@first_name. You have an appointment with us tomorrow. Press 1 to confirm it, 2 if we should call you back, or 9 if you do not want to be called again.",
			map[string]string{"1": "confirmed", "2": "callback", "9": "suppress"}, "unanswered"),
		"confirmed":  {Kind: callflow.Mark, Word: "confirmed", Next: "thanks"},
		"thanks":     {Kind: callflow.Say, Text: "Thank you. We look forward to seeing you."},
		"callback":   {Kind: callflow.Mark, Word: "call back", Next: "later"},
		"later":      {Kind: callflow.Say, Text: "We call you back soon. Goodbye."},
		"suppress":   {Kind: callflow.Suppress, Next: "goodbye"},
		"goodbye":    {Kind: callflow.Say, Text: "We do not call you again. Goodbye."},
		"unanswered": {Kind: callflow.Mark, Word: "no key"},
	}}},
	{Value: pasted, Label: "A flow that was exported", Hint: "Paste its JSON below"},
}

func menu(text string, branches map[string]string, silent string) callflow.Step {
	return callflow.Step{Kind: callflow.Gather, Text: text, Digits: 1, Timeout: callflow.DefaultTimeout, Tries: 2, Branches: branches, Silent: silent}
}

// startOf returns the flow of a starting point.
func startOf(value string) callflow.Flow {
	for _, s := range starts {
		if s.Value == value {
			return s.flow
		}
	}
	return starts[0].flow
}
