package web_test

import (
	"net/url"
	"testing"
)

// TestUndoBulk undoes a tag of many contacts over the pages of a filter, a list that they
// were put into, and that they were taken out of it; what changed since stays.
func TestUndoBulk(t *testing.T) {
	t.Parallel()
	c, b, sids := crowd(t, 330)
	// undo presses the button of the page's notice.
	undo := func(at, said string) {
		t.Helper()
		page := b.Open(at).PageText(t, 200)
		has(t, page, said, `action="/contacts/selected/undo"`, `name="from" value="`+at+`"`)
		form := url.Values{"undo": {hidden(t, page, "undo")}, "from": {at}}
		b.Submit("/contacts/selected/undo", form).Redirect(t, at)
		// A second time there is nothing left to do.
		done := b.Open(at).PageText(t, 200)
		has(t, done, "Undone for ")
		b.Submit("/contacts/selected/undo", form).Redirect(t, at)
		has(t, b.Open(at).PageText(t, 200), "Undone for 0 contacts.")
	}
	b.Submit("/contacts/selected/tag", url.Values{"all": {"1"}, "q": {"P"}, "value": {"VIP"}}).Redirect(t, "/contacts?q=P")
	c.Send("PUT", "/contacts/"+sids[0], `{"tag": "Own"}`)
	undo("/contacts?q=P", "Tagged 330 contacts “VIP”.")
	if vip, zero, own := tagged(t, c, "VIP"), tagged(t, c, "T0"), tagged(t, c, "Own"); vip != 0 || zero != 109 || own != 1 {
		t.Errorf("after the undo, %d, %d and %d contacts have the tags", vip, zero, own)
	}
	// Some had no tag, and some the new one.
	c.Send("PUT", "/contacts/"+sids[1], `{"tag": null}`)
	b.Submit("/contacts/selected/tag", url.Values{"sid": sids[:3], "value": {"Own"}}).Redirect(t, "/contacts")
	undo("/contacts", "Tagged 3 contacts “Own”.")
	if own, none := tagged(t, c, "Own"), c.Get(c.Path("/contacts/"+sids[1])).Contact(t); own != 1 || none.Tag != nil {
		t.Errorf("%d have the tag, and the one without has %v", own, none.Tag)
	}

	list := c.CreateList("There")
	c.Add(list.SID, sids[0])
	members := func() int { return c.Get(c.Path("/lists/" + list.SID)).List(t).ContactCount }
	b.Submit("/contacts/selected/list", url.Values{"all": {"1"}, "name": {"There"}}).Redirect(t, "/lists/"+list.SID)
	undo("/lists/"+list.SID, "Added 329 contacts to There.")
	if n := members(); n != 1 {
		t.Errorf("the list has %d contacts", n)
	}
	b.Submit("/lists/"+list.SID+"/remove", url.Values{"sid": sids[:2]}).Redirect(t, "/lists/"+list.SID)
	undo("/lists/"+list.SID, "Removed 1 contact from the list.")
	if n := members(); n != 1 {
		t.Errorf("the list has %d contacts", n)
	}

	// What was never kept undoes nothing.
	b.Submit("/contacts/selected/undo", url.Values{"undo": {"x"}, "from": {"https://example.com"}}).Redirect(t, "/contacts")
	has(t, b.Open("/contacts").PageText(t, 200), "This cannot be undone any more.")
}
