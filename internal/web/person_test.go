package web_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
)

// TestPersonPages gives out and erases a person by the pages of a contact.
func TestPersonPages(t *testing.T) {
	t.Parallel()
	c, b := book(t)
	asha := c.CreateOne(`{"number":"+919876543210","first_name":"Asha"}`)
	c.Add(c.CreateList("Members").SID, asha.SID)
	has(t, b.Open("/contacts/"+asha.SID).PageText(t, 200), `href="/contacts/person/export?number=%2B919876543210"`, `href="/contacts/person?number=%2B919876543210"`)

	// A form on the contact's page leads back to the search for the number.
	join := url.Values{"name": {"Friends"}, "once": {hidden(t, b.Open("/contacts/"+asha.SID).PageText(t, 200), "once")}}
	action := "/contacts/" + asha.SID + "/lists?" + url.Values{"from": {"/contacts?q=98765+43210"}}.Encode()
	if to := b.Submit(action, join).Header.Get("Location"); !strings.Contains(to, "43210") {
		t.Fatalf("the form leads to %q", to)
	}

	file := b.Open("/contacts/person/export?number=%2B919876543210")
	var document struct {
		Response struct {
			Data struct{ Contacts []json.RawMessage }
		}
	}
	if err := json.Unmarshal(file.Body, &document); err != nil || len(document.Response.Data.Contacts) != 1 {
		t.Errorf("got %s (%v)", file.Body, err)
	}
	if got := file.Header.Get("Content-Disposition"); !strings.Contains(got, "person.json") {
		t.Errorf("the file is %q", got)
	}

	page := b.Open("/contacts/person?number=098765%2043210").PageText(t, 200)
	reads(t, page, "Asha", "Contact", "Memberships in lists", "Type the number to confirm")
	has(t, b.Open("/contacts/person?number=12").PageText(t, 422), "too short for India")
	reads(t, b.Open("/contacts/person?number=9876543299").PageText(t, 200), "Nothing is stored about +91 98765 43299.")

	form := url.Values{"number": {"+919876543210"}, "confirm": {"9876543211"}}
	has(t, b.Submit("/contacts/person", form).PageText(t, 422), "Nothing was erased")
	if c.Total() != 1 {
		t.Error("another number has erased the person")
	}
	form.Set("confirm", "98765 43210")
	erased := b.Follow(b.Submit("/contacts/person", form)).PageText(t, 200)
	reads(t, erased, "Everything about this person was erased", "Memberships in lists")
	if strings.Contains(erased, "9876543210") || strings.Contains(erased, "98765 43210") || c.Total() != 0 {
		t.Errorf("%d contacts are left, and the page is %s", c.Total(), erased)
	}
	reads(t, b.Follow(b.Submit("/contacts/person", form)).PageText(t, 200), "Nothing was stored about this number")
	b.Submit(action, join).Redirect(t, "/")
}
