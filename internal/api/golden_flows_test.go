package api_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"callbook/internal/clock/clocktest"
	"callbook/internal/test/servertest"
)

// rentSteps are the steps of a flow, without the braces around them.
const rentSteps = `"start":"hello","steps":{
	"hello":{"kind":"say","text":"Hello @@first_name, this is <callbook>.","next":"menu"},
	"menu":{"kind":"gather","text":"Press 1 for a person, 9 never to be called again.","digits":1,"tries":2,"branches":{"1":"ask","9":"never"},"silent":"bye","wrong":"bye"},
	"ask":{"kind":"ask","url":"https://app.example.in/open?x=1","next":"open","other":"bye","failed":"bye"},
	"open":{"kind":"mark","word":"wants a person","next":"bye"},
	"never":{"kind":"suppress","next":"bye"},
	"bye":{"kind":"hangup"}}`

// TestGoldenFlows asks once each time.
func TestGoldenFlows(t *testing.T) {
	t.Parallel()
	step := func(json string) string { return `{"name":"new","start":"a","steps":{"a":` + json + `}}` }
	for _, tt := range []struct{ name, request, body string }{
		{"flow", "GET /flows/rent", ""},
		{"flows", "GET /flows", ""},
		{"flows_page", "GET /flows?offset=1&limit=500", ""},
		{"flow_create", "POST /flows", `{"name":"new","title":" New \"ü\" ",` + rentSteps + `}`},
		{"flow_replace", "PUT /flows/rent", `{"name":"rent","start":"a","steps":{"a":{"kind":"say","text":"Hello."}},"date_created":"yesterday"}`},
		{"flow_delete", "DELETE /flows/greeting", ""},
		{"error_flow_unknown", "GET /flows/nobody", ""},
		{"error_flow_no_name", "GET /flows/a%20b", ""},
		{"error_flow_replace_unknown", "PUT /flows/nobody", `{` + rentSteps + `}`},
		{"error_flow_renamed", "PUT /flows/rent", `{"name":"other",` + rentSteps + `}`},
		{"error_flow_delete_unknown", "DELETE /flows/nobody", ""},
		{"error_flow_in_use", "DELETE /flows/rent", ""},
		{"error_flow_taken", "POST /flows", `{"name":"rent",` + rentSteps + `}`},
		{"error_flow_missing", "POST /flows", `{}`},
		{"error_flow_without_steps", "POST /flows", `{"start":"a"}`},
		{"error_flow_without_name", "POST /flows", `{` + rentSteps + `}`},
		{"error_flow_name", "POST /flows", `{"name":"a b",` + rentSteps + `}`},
		{"error_flow_title", "POST /flows", `{"name":"new","title":"` + strings.Repeat("x", 256) + `",` + rentSteps + `}`},
		{"error_flow_type", "POST /flows", `{"name":7}`},
		{"error_flow_twice", "POST /flows", `{"name":"new","start":"a","steps":{"a":{"kind":"hangup"},"a":{"kind":"hangup"}}}`},
		{"error_flow_step_field", "POST /flows", step(`{"kind":"say","text":"Hello.","nxt":"b"}`)},
		{"error_flow_step_field_of_another_kind", "POST /flows", step(`{"kind":"hangup","text":"Goodbye."}`)},
		{"error_flow_step_field_long", "POST /flows", step(`{"kind":"hangup","` + strings.Repeat("x", 100_000) + `":1}`)},
		{"error_flow_step_type", "POST /flows", step(`{"kind":"gather","text":"Hello.","digits":"1"}`)},
		{"error_flow_step", "POST /flows", step(`"hangup"`)},
		{"error_flow_branch", "POST /flows", step(`{"kind":"gather","text":"Hello.","digits":1,"branches":{"1":"b"}}`)},
		{"error_flow_loop", "POST /flows", step(`{"kind":"say","text":"Hello.","next":"a"}`)},
		{"error_flow_variable", "POST /flows", step(`{"kind":"say","text":"Hello @@nobody."}`)},
		{"error_flow_large", "POST /flows", largeFlow()},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			clock := clocktest.New(goldenTime)
			c := servertest.Start(t, servertest.Options{Clock: clock}).Account("demo")
			c.Send("POST", "/flows", `{"name":"rent","title":"Rent",`+rentSteps+`}`)
			clock.Add(time.Minute)
			c.Send("POST", "/flows", `{"name":"greeting","start":"a","steps":{"a":{"kind":"say","text":"Hello."}}}`)
			c.NewCampaign(`{"campaigns":[{"name":"Rent June","caller_id":"1234","from":["9876543210"],"url":"http://my.exotel.com/demo/exoml/start_voice/rent",` + muchLater + `}]}`)
			method, path, _ := strings.Cut(tt.request, " ")
			golden(t, tt.name, c.Send(method, path, tt.body))
		})
	}
}

// largeFlow is one that takes more than a flow may.
func largeFlow() string {
	var b strings.Builder
	for i := range 30 {
		fmt.Fprintf(&b, `"s%d":{"kind":"say","text":%q,"next":"s%d"},`, i, strings.Repeat("Hello. ", 400), i+1)
	}
	return `{"name":"new","start":"s0","steps":{` + b.String() + `"s30":{"kind":"hangup"}}}`
}
