package api_test

import (
	"strings"
	"testing"
	"time"

	"callbook/internal/clock/clocktest"
	"callbook/internal/test/servertest"
)

// TestGoldenTrash asks once each time, an hour after an account deleted two contacts and
// a list, and got another contact with the number of the second one and another list
// with the list's name.
func TestGoldenTrash(t *testing.T) {
	t.Parallel()
	const unknown = "0198f2c4a1b27d3e9f405162738495a6"
	for _, tt := range []struct{ name, request, body string }{
		{"trash_contacts", "GET /trash/contacts", ""},
		{"trash_contacts_page", "GET /trash/contacts?limit=1", ""},
		{"trash_contacts_search", "GET /trash/contacts?q=rao+asha", ""},
		{"trash_contacts_none", "GET /trash/contacts?deletion_sid=" + unknown, ""},
		{"error_trash_offset", "GET /trash/contacts?offset=0", ""},
		{"error_trash_cursor", "GET /trash/contacts?cursor=x", ""},
		{"error_trash_deletion", "GET /trash/contacts?deletion_sid=x", ""},
		{"trash_lists", "GET /trash/lists", ""},
		{"trash_lists_none", "GET /trash/lists?name=x", ""},
		{"restore_contacts", "POST /trash/contacts/restore", `{"contacts":[{"sid":"{asha}"},{"sid":"{asha}"},{"sid":"{vikram}"},{"sid":"` + unknown + `"},{"sid":"x"},{},{"sid":7},7]}`},
		{"error_restore_contacts", "POST /trash/contacts/restore", `{"contacts":[]}`},
		{"erase_contacts", "DELETE /trash/contacts", `{"contacts":[{"sid":"{asha}"},{"sid":"{asha}"},{"sid":"x"}]}`},
		{"restore_lists", "POST /trash/lists/restore", `{"lists":[{"sid":"{members}"},{"sid":"{guests}"},{"sid":"{guests}"},{"sid":"` + unknown + `"},{"sid":"x"},{},7]}`},
		{"error_restore_lists", "POST /trash/lists/restore", `{"contacts":[{"sid":"{asha}"}]}`},
		{"erase_lists", "DELETE /trash/lists", `{"lists":[{"sid":"{members}"},{"sid":"{members}"}]}`},
		{"delete_for_good", "DELETE /contacts/{other}?for_good=true", ""},
		{"error_for_good", "DELETE /contacts/{other}?for_good=yes", ""},
		{"error_for_good_twice", "DELETE /contacts/{other}?for_good=true&for_good=false", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			clock := clocktest.New(goldenTime)
			c := servertest.Start(t, servertest.Options{Clock: clock}).Account("demo")
			asha := c.CreateOne(`{"number":"+919876543210","first_name":"Asha","last_name":"Rao","tag":"Member","custom_field":{"a":1}}`)
			vikram := c.CreateOne(`{"number":"+919876543211","first_name":"Vikram"}`)
			members, guests := c.CreateList("Members"), c.CreateList("Guests")
			c.Add(members.SID, asha.SID)
			c.Add(guests.SID, asha.SID)
			clock.Add(time.Hour)
			for _, path := range []string{"/lists/" + members.SID, "/contacts/" + vikram.SID, "/contacts/" + asha.SID, "/lists/" + guests.SID} {
				c.Send("DELETE", path, "")
				clock.Add(time.Minute)
			}
			other := c.CreateOne(`{"number":"+919876543211","first_name":"Other"}`)
			c.CreateList("Members")
			clock.Add(time.Hour)
			names := strings.NewReplacer("{asha}", asha.SID, "{vikram}", vikram.SID, "{members}", members.SID, "{guests}", guests.SID, "{other}", other.SID)
			method, path, _ := strings.Cut(names.Replace(tt.request), " ")
			golden(t, tt.name, c.Send(method, path, names.Replace(tt.body)))
		})
	}
}
