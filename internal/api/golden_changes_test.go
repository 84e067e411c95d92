package api_test

import (
	"strings"
	"testing"
	"time"

	"callbook/internal/clock/clocktest"
	"callbook/internal/test/servertest"
)

// TestGoldenChanges asks once each time, an hour after an account got two
// contacts and two lists, the first in the first.
func TestGoldenChanges(t *testing.T) {
	t.Parallel()
	const unknown = "0198f2c4a1b27d3e9f405162738495a6"
	long := strings.Repeat("x", 256)
	open := func(t *testing.T) (*servertest.Client, *strings.Replacer) {
		clock := clocktest.New(goldenTime)
		c := servertest.Start(t, servertest.Options{Clock: clock}).Account("demo")
		asha := c.CreateOne(`{"number":"+919876543210","first_name":"Asha","last_name":"Rao","tag":"Member","custom_field":{"a":1}}`)
		vikram := c.CreateOne(`{"number":"+919876543211","first_name":"Vikram"}`)
		members, guests := c.CreateList("Members"), c.CreateList("Guests")
		c.Add(members.SID, asha.SID)
		clock.Add(time.Hour)
		return c, strings.NewReplacer("{asha}", asha.SID, "{vikram}", vikram.SID, "{members}", members.SID, "{guests}", guests.SID)
	}
	unchanged, its := open(t) // for what changes nothing
	for _, tt := range []struct{ name, request, body string }{
		{"update_contacts", "PUT /contacts", `{"contacts":[
			{"sid":"{asha}","first_name":"Aasha","last_name":null,"email":"","custom_field":{"b": 1.0}},
			{"sid":"{asha}","tag":"Again"},
			{"sid":"{asha}"},
			{"sid":"{vikram}","number":"098765 43212","company_name":"Lotus"},
			{"sid":"{asha}","number":"+919876543212"},
			{"tag":"x"},{"sid":null,"number":"12"},{"sid":""},{"sid":7,"tag":7},7,null,
			{"sid":"` + unknown + `","tag":"x"},{"sid":"x","tag":"x"},{"sid":"` + unknown + `","tag":7},
			{"sid":"{asha}","number":null},{"sid":"{asha}","number":""},{"sid":"{asha}","number":"12"},{"sid":"{asha}","number":7},
			{"sid":"{asha}","tag":true},{"sid":"{asha}","email":"` + long + `"},{"sid":"{asha}","custom":[]}]}`},
		{"update_contact", "PUT /contacts/{asha}", `{"sid":"{vikram}","number":"9876543213","last_name":null,"tag":"","custom":{"a":"b"}}`},
		{"update_contact_same_number", "PUT /contacts/{asha}", `{"number":"+91 98765 43210"}`},
		{"update_contact_nothing", "PUT /contacts/{asha}", `{}`},
		{"update_contact_php_nothing", "PUT /contacts/{asha}", `[]`},
		{"error_update_contact_in_array", "PUT /contacts/{asha}", `{"contacts":[{"first_name":"Aasha"}]}`},
		{"error_update_list_in_array", "PUT /lists/{members}", `{"lists":[{"name":"x"}]}`},
		{"error_update_contact_taken", "PUT /contacts/{asha}", `{"number":"+919876543211","tag":"x"}`},
		{"error_update_contact_number", "PUT /contacts/{asha}", `{"number":null}`},
		{"error_update_contact_text", "PUT /contacts/{asha}", `{"tag":7}`},
		{"error_update_contact_unparsable", "PUT /contacts/{asha}", `[{"tag":"x"}]`},
		{"error_update_contact_unknown", "PUT /contacts/" + unknown, `{"tag":"x"}`},
		{"delete_contacts", "DELETE /contacts", `{"contacts":[{"sid":"{asha}"},{"sid":"{asha}"},{"sid":"` + unknown + `"},{"sid":"x"},` +
			`{},{"sid":""},{"sid":null},{"sid":7},"{vikram}",{"sid":"{vikram}","tag":7}]}`},
		{"error_delete_contacts_missing", "DELETE /contacts", `{"contacts":[]}`},
		{"delete_contact", "DELETE /contacts/{asha}", ""},
		{"error_delete_contact", "DELETE /contacts/" + unknown, ""},
		{"page_with_lists", "GET /contacts?filter=show_list", ""},
		{"error_filter", "GET /contacts?filter=show_lists", ""},

		{"create_lists", "POST /lists", `{"lists":[{"name":"New","tag":"2026"},{"name":" New ","tag":""},{"name":"नया 😀","tag":null,"type":"dynamic"},
			{"name":"Members"},{"name":"new"},{"name":"New"},{},{"name":null},{"name":"","tag":7},{"name":7},{"name":"Tagged","tag":[]},7,
			{"name":"` + long + `"},{"name":"a\u0000"}]}`},
		{"error_lists_missing", "POST /lists", `{"lists":null}`},
		{"error_lists_unparsable", "POST /lists", `{"lists":{}}`},
		{"lists_page", "GET /lists?limit=1", ""},
		{"list", "GET /lists/{members}", ""},
		{"error_no_list", "GET /lists/" + unknown, ""},
		{"update_lists", "PUT /lists", `{"lists":[{"sid":"{members}","tag":"x"},{"sid":"{members}","name":"Old members"},{"sid":"{guests}","name":"Members","tag":null},
			{"sid":"{members}","name":"Members"},{"sid":"` + unknown + `","name":"x"},{"sid":"x"},{"name":"x"},{"sid":"{guests}","name":null},
			{"sid":"{guests}","name":""},{"sid":"{guests}","name":7},{"sid":"{guests}","tag":7},{"sid":7},[],{"sid":"{guests}"}]}`},
		{"update_list", "PUT /lists/{members}", `{"name":"Old members","sid":"{guests}"}`},
		{"update_list_tag", "PUT /lists/{members}", `{"tag":null}`},
		{"update_list_same_name", "PUT /lists/{members}", `{"name":"Members"}`},
		{"error_update_list_taken", "PUT /lists/{members}", `{"name":"Guests"}`},
		{"error_update_list_name", "PUT /lists/{members}", `{"name":""}`},
		{"delete_list", "DELETE /lists/{members}", ""},

		{"add_members", "POST /lists/{members}/contacts", `{"contact_references":[{"contact_sid":"{vikram}"},{"contact_sid":"{asha}"},{"contact_sid":"{vikram}"},
			{"contact_sid":"` + unknown + `"},{"contact_sid":"x"},{},{"contact_sid":null},{"contact_sid":""},{"contact_sid":7},{"sid":"{vikram}"},"{vikram}"]}`},
		{"error_add_members_missing", "POST /lists/{members}/contacts", `{"contact_references":[]}`},
		{"error_add_members_unparsable", "POST /lists/{members}/contacts", `{"contact_references":"x"}`},
		{"error_add_members_no_list", "POST /lists/" + unknown + "/contacts", `{"contact_references":[{"contact_sid":"{asha}"}]}`},
		{"members_page", "GET /lists/{members}/contacts", ""},
		{"members_page_empty", "GET /lists/{guests}/contacts?offset=0&limit=5", ""},
		{"remove_members", "DELETE /lists/{members}/contacts", `{"contact_references":[{"contact_sid":"{asha}"},{"contact_sid":"{asha}"},{"contact_sid":"{vikram}"},
			{"contact_sid":"` + unknown + `"},{"contact_sid":"x"},{},7]}`},
		{"remove_member", "DELETE /lists/{members}/contacts/{asha}", ""},
		{"error_remove_member", "DELETE /lists/{members}/contacts/{vikram}", ""},
		{"error_remove_member_no_list", "DELETE /lists/" + unknown + "/contacts/{asha}", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, names := unchanged.For(t), its
			if method, _, _ := strings.Cut(tt.request, " "); method != "GET" && !strings.HasPrefix(tt.name, "error_") {
				c, names = open(t)
			}
			method, path, _ := strings.Cut(names.Replace(tt.request), " ")
			golden(t, tt.name, c.Send(method, path, names.Replace(tt.body)))
		})
	}
}
