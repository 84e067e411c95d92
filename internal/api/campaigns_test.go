package api_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"callbook/internal/clock/clocktest"
	"callbook/internal/test/servertest"
)

const flowURL = `http://my.exotel.com/demo/exoml/start_voice/42`

// campaignWith is a request for a campaign that calls one number, with these fields in
// place of the usual ones; a field that is "" is left out.
func campaignWith(fields ...string) string {
	all := map[string]string{"caller_id": `"08047000001"`, "from": `["+919876543210"]`, "url": `"` + flowURL + `"`}
	for i := 0; i < len(fields); i += 2 {
		all[fields[i]] = fields[i+1]
	}
	var parts []string
	for name, value := range all {
		if value != "" {
			parts = append(parts, fmt.Sprintf("%q:%s", name, value))
		}
	}
	return `{"campaigns":[{` + strings.Join(parts, ",") + `}]}`
}

// campaignFault is the error of an answer about campaigns, which must be one item of an
// array.
func campaignFault(t *testing.T, a servertest.Answer, status int) servertest.Error {
	t.Helper()
	var got struct {
		Response []servertest.ItemOf[json.RawMessage]
	}
	if err := json.Unmarshal(a.Body, &got); err != nil || a.Status != status || len(got.Response) != 1 || got.Response[0].Error == nil {
		t.Errorf("got %d %s (%v), want a fault with %d", a.Status, a.Body, err, status)
		return servertest.Error{}
	}
	return *got.Response[0].Error
}

// TestCampaignRefusals has the rows of the contract of campaigns, sections 1 to 7, in
// which a request is refused.
func TestCampaignRefusals(t *testing.T) {
	t.Parallel()
	clock := clocktest.New(goldenTime)
	c := servertest.Start(t, servertest.Options{Clock: clock}).Account("demo")
	in := c.CreateOne(`{"number":"+919876543210"}`)
	var lists []string
	for i := range 6 {
		lists = append(lists, c.CreateList(fmt.Sprintf("List %d", i)).SID)
		c.Add(lists[i], in.SID)
	}
	empty := c.CreateList("Empty").SID
	upload := c.Upload("Variables", "number,city\n+919876543211,Pune\n", "type", "dynamic")
	c.Await(upload)
	dynamic := upload.List
	array := func(items ...string) string { return `["` + strings.Join(items, `","`) + `"]` }
	numbers := strings.Repeat(`"+919876543210",`, 5000) + `"+919876543210"`
	for _, tt := range []struct {
		row, body   string
		status      int
		code        int
		description string
	}{
		{"1 #18 two items", `{"campaigns":[{},{}]}`, 400, 1002, "Maximum allowed length for Campaigns is 1"},
		{"2 body missing", `{}`, 400, 1001, "Campaigns is mandatory"},
		{"2 body empty", `{"campaigns":[]}`, 400, 1001, "Campaigns is mandatory"},
		{"2 body null", `{"campaigns":null}`, 400, 1001, "Campaigns is mandatory"},
		{"2 wrong type", campaignWith("throttle", `"30"`), 400, 1007, "json: cannot unmarshal string into Go struct field Campaign.throttle of type int"},
		{"2 wrong type inside", campaignWith("retries", `{"number_of_retries":"2"}`), 400, 1007, "json: cannot unmarshal string into Go struct field Campaign.retries.number_of_retries of type int"},
		{"2 wrong type of an object", campaignWith("retries", `"2"`), 400, 1007, "json: cannot unmarshal string into Go struct field Campaign.retries of type Retries"},
		{"2 wrong type in an array", campaignWith("from", `[919876543210]`), 400, 1007, "json: cannot unmarshal number into Go struct field Campaign.from of type string"},
		{"2 campaigns is no array", `{"campaigns":"x"}`, 400, 1007, "json: cannot unmarshal string into Go struct field Campaign.campaigns of type []Campaign"},
		{"2 body is no object", `["x"]`, 400, 1007, "json: cannot unmarshal array into Go value of type Request"},
		{"2 no JSON", `{"campaigns":[`, 400, 1007, "unexpected end of JSON input"},
		{"2 no body", ``, 400, 1007, "unexpected end of JSON input"},
		{"2 null", `null`, 400, 1007, "the body must be a JSON object"},
		{"2 first error only", campaignWith("from", `["x"]`, "caller_id", "", "url", ""), 400, 1001, "CallerId is mandatory"},
		{"2 caller_id absent", campaignWith("caller_id", ""), 400, 1001, "CallerId is mandatory"},
		{"2 caller_id null", campaignWith("caller_id", "null"), 400, 1001, "CallerId is mandatory"},
		{"2 caller_id long", campaignWith("caller_id", `"080`+strings.Repeat("-", 62)+`47000001"`), 400, 1002, "Invalid CallerId"},
		{"2 caller_id wrong", campaignWith("caller_id", `"abc"`), 400, 1002, "Invalid CallerId"},
		{"2 from invalid", campaignWith("from", `["+919876543210","98450"]`), 400, 1002, "Invalid PhoneNumber 98450"},
		{"2 from with commas, invalid", campaignWith("from", `"+919876543210,98450"`), 400, 1002, "Invalid PhoneNumber 98450"},
		{"2 from too many", campaignWith("from", `[`+numbers+`]`), 400, 1002, "Maximum allowed length for From is 5000"},
		{"2 neither from nor lists", campaignWith("from", ""), 400, 1001, "From or Lists is mandatory"},
		{"2 from empty", campaignWith("from", "[]"), 400, 1001, "From or Lists is mandatory"},
		{"2 both", campaignWith("lists", array(lists[0])), 400, 1002, "Only one of From and Lists is allowed"},
		{"2 both, list is no sid", campaignWith("lists", array("x")), 400, 1002, "Only one of From and Lists is allowed"},
		{"2 lists too many", campaignWith("from", "", "lists", array(lists...)), 400, 1002, "Maximum allowed length for Lists is 5"},
		{"2 lists too many, dynamic", campaignWith("from", "", "campaign_type", `"dynamic"`, "lists", array(dynamic, lists[0])), 400, 1002, "Maximum allowed length for Lists is 1"},
		{"2 list unknown", campaignWith("from", "", "lists", array("0198f2c4a1b27d3e9f405162738495a6")), 404, 1000, "There is no list with this sid"},
		{"2 list is no sid", campaignWith("from", "", "lists", array("x")), 404, 1000, "There is no list with this sid"},
		{"2 list empty", campaignWith("from", "", "lists", array(empty)), 400, 1002, "Lists has no contacts"},
		{"2 campaign_type word", campaignWith("campaign_type", `"both"`), 400, 1002, "Invalid CampaignType: it must be static or dynamic"},
		{"2 campaign_type static, list dynamic", campaignWith("from", "", "lists", array(dynamic)), 400, 1002, "Invalid CampaignType: list " + dynamic + " is dynamic"},
		{"2 campaign_type dynamic, from", campaignWith("campaign_type", `"dynamic"`), 400, 1002, "Invalid CampaignType: a campaign with from is static"},
		{"2 neither url nor text", campaignWith("url", ""), 400, 1001, "Url is mandatory"},
		{"2 url and text", campaignWith("read_via_text", `"Hello to all of you"`), 400, 1002, "Only one of Url and ReadViaText is allowed"},
		{"2.1 url form", campaignWith("url", `"http://my.exotel.com/demo/42"`), 400, 1002, "Invalid Url"},
		{"2.1 url of another account", campaignWith("url", `"http://my.exotel.com/other/exoml/start_voice/42"`), 400, 1002, "Invalid Url"},
		{"2 read_via_text short", campaignWith("url", "", "read_via_text", `" too short  "`), 400, 1002, "Invalid ReadViaText: it has less than 10 characters"},
		{"2 read_via_text long", campaignWith("url", "", "read_via_text", `"`+strings.Repeat("x", 3001)+`"`), 400, 1002, "Maximum allowed length for ReadViaText is 3000"},
		{"8 unknown variable", campaignWith("url", "", "read_via_text", `"Hello @@nobody, hello"`), 400, 1002, "Invalid ReadViaText: there is no @@nobody"},
		{"2 flow_type", campaignWith("flow_type", `"menu"`), 400, 1002, "Invalid FlowType: it must be ivr or greeting"},
		{"2 repeat_menu_attempts", campaignWith("repeat_menu_attempts", `6`), 400, 1002, "Invalid RepeatMenuAttempts: it must be 0 to 5"},
		{"2 name short", campaignWith("name", `"ab"`), 400, 1002, "Invalid Name: it has less than 3 characters"},
		{"2 name long", campaignWith("name", `"`+strings.Repeat("é", 256)+`"`), 400, 1002, "Maximum allowed length for Name is 255"},
		{"2 type", campaignWith("type", `"promo"`), 400, 1002, "Invalid type: it must be trans"},
		{"2 call_duplicate_numbers", campaignWith("call_duplicate_numbers", `"perhaps"`), 400, 1007, "json: cannot unmarshal string into Go struct field Campaign.call_duplicate_numbers of type bool"},
		{"2 schedule, two of them", campaignWith("schedule", `[{},{}]`), 400, 1007, "json: cannot unmarshal array into Go struct field Campaign.schedule of type Schedule"},
		{"6 retries, two of them", campaignWith("retries", `[{},{}]`), 400, 1007, "json: cannot unmarshal array into Go struct field Campaign.retries of type Retries"},
		{"2 call_status_callback", campaignWith("call_status_callback", `"ftp://example.com"`), 400, 1002, "Invalid CallStatusCallback"},
		{"2 call_schedule_callback", campaignWith("call_schedule_callback", `"/relative"`), 400, 1002, "Invalid CallScheduleCallback"},
		{"2 status_callback", campaignWith("status_callback", `"http://`+strings.Repeat("x", 2048)+`"`), 400, 1002, "Invalid StatusCallback"},
		{"2 mode", campaignWith("mode", `"fast"`), 400, 1002, "Invalid Mode: it must be auto or custom"},
		{"2 throttle absent", campaignWith("mode", `"custom"`), 400, 1001, "Throttle is mandatory"},
		{"2 throttle at the limit", campaignWith("mode", `"custom"`, "throttle", "60"), 400, 1002, "Invalid Throttle: it must be below the account's limit of 60 calls a minute"},
		{"2 throttle none", campaignWith("mode", `"custom"`, "throttle", "0"), 400, 1002, "Invalid Throttle: it must be 1 or more"},
		{"2 custom_field", campaignWith("custom_field", `"`+strings.Repeat("x", 4097)+`"`), 400, 1002, "Maximum allowed length for CustomField is 4096"},
		{"6 number_of_retries", campaignWith("retries", `{"number_of_retries":4,"interval_mins":5}`), 400, 1002, "number_of_retries should be in-between 0 and 3"},
		{"6 interval_mins", campaignWith("retries", `{"number_of_retries":1,"interval_mins":1441}`), 400, 1002, "interval_mins should be in-between 1 and 1440"},
		{"6 mechanism", campaignWith("retries", `{"number_of_retries":1,"mechanism":"Square"}`), 400, 1002, "mechanism should be Linear or Exponential"},
		{"6 on_status", campaignWith("retries", `{"number_of_retries":1,"on_status":["failure"]}`), 400, 1002, "Invalid OnStatus"},
		{"7 no offset", campaignWith("schedule", `{"send_at":"2026-03-15T10:00:00"}`), 400, 1002, "Invalid SendAt"},
		{"7 send_at past", campaignWith("schedule", `{"send_at":"2026-03-14T09:20:00+05:30"}`), 400, 1002, "send_at should be in the future"},
		{"7 end_at", campaignWith("schedule", `{"end_at":"tomorrow"}`), 400, 1002, "Invalid EndAt"},
		{"7 send_at too far", campaignWith("schedule", `{"send_at":"2300-03-15T10:00:00+05:30"}`), 400, 1002, "Invalid SendAt"},
		{"7 end_at too far", campaignWith("schedule", `{"send_at":"2200-12-15T10:00:00+05:30"}`), 400, 1002, "Invalid EndAt"},
		{"7 end_at before", campaignWith("schedule", `{"send_at":"2026-03-15T10:00:00+05:30","end_at":"2026-03-15T09:00:00+05:30"}`), 400, 1002, "end_at should be after send_at"},
		{"7 end_at far", campaignWith("schedule", `{"end_at":"2027-04-15T09:00:00+05:30"}`), 400, 1002, "end_at should be at most 366 days after send_at"},
		{"ours: language", campaignWith("language", `"--help"`), 400, 1002, "Invalid Language: it must be a code like hi or en-IN"},
		{"ours: record", campaignWith("record", `"perhaps"`), 400, 1007, "json: cannot unmarshal string into Go struct field Campaign.record of type bool"},
		{"ours: hours", campaignWith("calling_hours", `{"hours":"9 to 5","reason":"x"}`), 400, 1002, "Invalid CallingHours: write hours as 09:00-21:00, or always"},
		{"ours: days", campaignWith("calling_hours", `{"days":"montag","reason":"x"}`), 400, 1002, "Invalid CallingHours: write days as mon-sat, or as mon,wed, or always"},
		{"ours: neither", campaignWith("calling_hours", `{"reason":"x"}`), 400, 1002, "Invalid CallingHours: hours or days are needed"},
		{"ours: no reason", campaignWith("calling_hours", `{"days":"mon","reason":" "}`), 400, 1001, "Reason is mandatory"},
		{"ours: long reason", campaignWith("calling_hours", `{"days":"mon","reason":"`+strings.Repeat("é", 256)+`"}`), 400, 1002, "Maximum allowed length for Reason is 255"},
		{"11 body", campaignWith("custom_field", `"`+strings.Repeat("x", 1<<20)+`"`), 413, 1413, "Maximum allowed size of a request about campaigns is 1048576 bytes"},
		{"UTF-8", campaignWith("name", "\"abc\xff\""), 400, 1002, "Invalid Campaigns: not valid UTF-8"},
		{"NUL", campaignWith("name", `"abc\u0000"`), 400, 1002, "Invalid Name: the NUL character is not allowed"},
	} {
		got := campaignFault(t, c.Send("POST", "/campaigns", tt.body), tt.status)
		if got.Code != tt.code || got.Description != tt.description {
			t.Errorf("%s: got %+v, want %d %s", tt.row, got, tt.code, tt.description)
		}
	}
	if a := c.Get(c.Path("/campaigns")); !strings.Contains(string(a.Body), `"total":0`) {
		t.Errorf("something was made: %s", a.Body)
	}
}
