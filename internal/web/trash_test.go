package web_test

import (
	"net/url"
	"strings"
	"testing"
	"time"
)

// TestTrash finds what was deleted, restores it, and deletes it for good.
func TestTrash(t *testing.T) {
	t.Parallel()
	s, clock := serve(t)
	c, b := s.Account("demo"), s.SignedIn("demo")
	has(t, b.Open("/trash").PageText(t, 200), "There is no deleted contact here")
	asha := c.CreateOne(`{"number": "9876543210", "first_name": "Asha", "last_name": "Nair"}`)
	ravi := c.CreateOne(`{"number": "9876543211", "first_name": "Ravi"}`)
	list := c.CreateList("Diwali")
	c.Add(list.SID, asha.SID)
	c.Send("DELETE", "/contacts/"+asha.SID, "")
	clock.Add(time.Second)
	c.Send("DELETE", "/contacts/"+ravi.SID, "")
	c.Send("DELETE", "/lists/"+list.SID, "")

	page := b.Open("/trash").PageText(t, 200)
	has(t, page, "Asha Nair", "Ravi", "30 days", "2 contacts")
	if strings.Index(page, "Ravi") > strings.Index(page, "Asha") {
		t.Error("what was deleted last does not come first")
	}
	for _, q := range []string{"nair asha", "98765 43210", "ASHA"} {
		page := b.Open("/trash?q="+url.QueryEscape(q)).PageText(t, 200)
		if has(t, page, "Asha Nair"); strings.Contains(page, "Ravi") {
			t.Errorf("%s finds somebody else", q)
		}
	}
	// What was deleted up to a day begins there, the day of the account.
	today := start.In(time.FixedZone("IST", 5*3600+1800))
	reads(t, b.Open("/trash?until="+today.Format(time.DateOnly)).PageText(t, 200), "Asha Nair", "2 contacts in all")
	has(t, b.Open("/trash?until="+today.AddDate(0, 0, -1).Format(time.DateOnly)).PageText(t, 200), "Nothing in the trash matches")
	has(t, b.Open("/trash?q=nobody").PageText(t, 200), "Nothing in the trash matches")
	has(t, b.Open("/trash/lists").PageText(t, 200), "Diwali", "0 contacts")

	// The list comes back without its contact, which then joins it.
	b.Submit("/trash/lists", url.Values{"sid": {list.SID}, "do": {"restore"}}).Redirect(t, "/lists/"+list.SID)
	b.Submit("/trash", url.Values{"sid": {asha.SID}, "do": {"restore"}}).Redirect(t, "/contacts/"+asha.SID)
	if n := c.Get(c.Path("/lists/" + list.SID)).List(t).ContactCount; n != 1 {
		t.Errorf("the list has %d contacts", n)
	}

	// A name that is taken is told.
	c.Send("DELETE", "/lists/"+list.SID, "")
	c.CreateList("Diwali")
	b.Submit("/trash/lists", url.Values{"sid": {list.SID}, "do": {"restore"}}).Redirect(t, "/trash/lists")
	has(t, b.Open("/trash/lists").PageText(t, 200), "Restored nothing. Still in the trash: 1 list, since others have the names by now.")

	// A number that is taken is told, and changes nothing.
	c.CreateOne(`{"number": "9876543211"}`)
	b.Submit("/trash", url.Values{"sid": {ravi.SID}, "do": {"restore"}}).Redirect(t, "/trash")
	has(t, b.Open("/trash").PageText(t, 200), "Still in the trash: 1 contact, since others have the numbers by now.", "Ravi")

	// Deleting for good asks first.
	form := url.Values{"sid": {ravi.SID}, "do": {"erase"}}
	has(t, b.Submit("/trash", form).PageText(t, 200), "Delete 1 contact for good?", "This cannot be undone.")
	form.Set("sure", "1")
	b.Submit("/trash", form).Redirect(t, "/trash")
	has(t, b.Open("/trash").PageText(t, 200), "Deleted 1 contact for good.", "There is no deleted contact here")
	for _, path := range []string{"/trash", "/trash/lists"} {
		b.Submit(path, nil).Redirect(t, path)
	}
}

// TestEmptyTrash deletes everything in the trash, and asks for its number when that is
// large.
func TestEmptyTrash(t *testing.T) {
	t.Parallel()
	_, b, sids := crowd(t, 120)
	b.Open("/trash/empty").Redirect(t, "/trash")
	b.Follow(b.Submit("/contacts/selected/delete", url.Values{"sid": sids[:60], "count": {"60"}})).PageText(t, 200)
	form := url.Values{"count": {hidden(t, b.Open("/trash/empty").PageText(t, 200), "count")}}
	b.Follow(b.Submit("/contacts/selected/delete", url.Values{"sid": sids[60:], "count": {"60"}})).PageText(t, 200)
	page := b.Submit("/trash/empty", form).PageText(t, 422) // by now there are more
	has(t, page, "There are 120 contacts in the trash", "Type 120 to delete")
	form.Set("count", hidden(t, page, "count"))
	b.Submit("/trash/empty", form).PageText(t, 422)
	has(t, b.Open("/trash?after=x").PageText(t, 200), "120 contacts", `rel="next"`)
	form.Set("typed", "120")
	b.Submit("/trash/empty", form).Redirect(t, "/trash")
	has(t, b.Open("/trash").PageText(t, 200), "Deleted 120 contacts for good.", "There is no deleted contact here")
}
