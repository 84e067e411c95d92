package web_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"callbook/internal/test/servertest"
)

// crowd is an account with contacts of three tags, and their sids.
func crowd(t *testing.T, n int) (*servertest.Client, *servertest.Browser, []string) {
	t.Helper()
	c, b := book(t)
	contacts := make([]string, n)
	for i := range contacts {
		contacts[i] = fmt.Sprintf(`{"number": "+9198%08d", "first_name": "P%03d", "tag": "T%d"}`, 10_000_000+i, i, i%3)
	}
	var sids []string
	for _, item := range c.Create(contacts...) {
		sids = append(sids, item.Data.SID)
	}
	return c, b, sids
}

// tagged is how many contacts have the tag.
func tagged(t *testing.T, c *servertest.Client, tag string) int {
	t.Helper()
	return c.List(url.Values{"tag": {tag}, "limit": {"1"}}.Encode()).Page(t).Metadata.Total
}

func TestSelectedToList(t *testing.T) {
	t.Parallel()
	c, b, sids := crowd(t, 60)
	there := c.CreateList("There")
	c.Add(there.SID, sids[0])
	form := url.Values{"sid": {sids[0], sids[1], sids[1], "x", strings.Repeat("0", 32)}, "do": {"list"}, "q": {"P"}}
	page := b.Follow(b.Submit("/contacts/selected", form)).PageText(t, 200)
	has(t, page, "3 contacts are selected.", `action="/contacts/selected/list"`, `value="`+sids[1]+`"`, `hx-get="/contacts/lists"`, `name="q" value="P"`)

	form.Set("name", " There ")
	b.Submit("/contacts/selected/list", form).Redirect(t, "/lists/"+there.SID)
	has(t, b.Open("/lists/"+there.SID).PageText(t, 200), "Added 1 contact to There. 1 was in it already. 1 contact had been deleted meanwhile.", "2 contacts")

	form.Set("name", "")
	has(t, b.Submit("/contacts/selected/list", form).PageText(t, 422), "Enter the list&#39;s name.")
	form.Set("name", strings.Repeat("x", 256))
	has(t, b.Submit("/contacts/selected/list", form).PageText(t, 422), "This is too long")

	// All that match, into a list that is made for them.
	all := url.Values{"all": {"1"}, "tag": {"T1"}, "name": {"New"}, "sid": {sids[0]}}
	a := b.Submit("/contacts/selected/list", all)
	sid := strings.TrimPrefix(a.Header.Get("Location"), "/lists/")
	has(t, b.Open("/lists/"+sid).PageText(t, 200), "Added 20 contacts to New, which is a new list.", "20 contacts")

	// Nothing is selected.
	b.Submit("/contacts/selected", url.Values{"do": {"list"}, "tag": {"T1"}}).Redirect(t, "/contacts?tag=T1")
	has(t, b.Open("/contacts?tag=T1").PageText(t, 200), "No contact is selected.")
	b.Submit("/contacts/selected/list", url.Values{"all": {"1"}, "tag": {"none"}, "name": {"Never"}}).Redirect(t, "/contacts?tag=none")
	b.Follow(b.Submit("/contacts/selected", url.Values{"do": {"nothing"}, "sid": {sids[0]}})).PageText(t, 400)
	b.Open("/contacts/selected?page=unknown").Redirect(t, "/contacts")
	if n := c.Get(c.Path("/lists?name=Never")).ListPage(t).Metadata.Total; n != 0 {
		t.Error("a list was made for nobody")
	}
}

func TestTagSelected(t *testing.T) {
	t.Parallel()
	c, b, sids := crowd(t, 60)
	form := url.Values{"sid": sids[:4], "do": {"tag"}}
	has(t, b.Follow(b.Submit("/contacts/selected", form)).PageText(t, 200), "4 contacts are selected.", `name="value"`)
	form.Set("value", "VIP")
	b.Submit("/contacts/selected/tag", form).Redirect(t, "/contacts")
	has(t, b.Open("/contacts").PageText(t, 200), "Tagged 4 contacts “VIP”.")
	if n := tagged(t, c, "VIP"); n != 4 {
		t.Errorf("%d contacts have the tag", n)
	}
	form.Set("value", strings.Repeat("x", 256))
	has(t, b.Submit("/contacts/selected/tag", form).PageText(t, 422), "This is too long")
	if n := tagged(t, c, "VIP"); n != 4 {
		t.Errorf("%d contacts have the tag", n)
	}
	// The tag that the filter asks for goes away while they are worked.
	b.Submit("/contacts/selected/tag", url.Values{"all": {"1"}, "tag": {"T2"}, "value": {""}}).Redirect(t, "/contacts?tag=T2")
	has(t, b.Open("/contacts").PageText(t, 200), "Removed the tags of 19 contacts.")
	if n := tagged(t, c, "T2"); n != 0 {
		t.Errorf("%d contacts have the old tag", n)
	}
}

func TestDeleteSelected(t *testing.T) {
	t.Parallel()
	c, b, sids := crowd(t, 330)
	list := c.CreateList("list")
	c.Add(list.SID, sids[0])
	form := url.Values{"sid": sids[:2], "do": {"delete"}}
	page := b.Follow(b.Submit("/contacts/selected", form)).PageText(t, 200)
	has(t, page, "Delete 2 contacts?", "you can restore them from there")
	form.Set("count", hidden(t, page, "count"))
	page = b.Follow(b.Submit("/contacts/selected/delete", form)).PageText(t, 200)
	has(t, page, "Deleted 2 contacts")
	b.Submit("/trash/restore", url.Values{"deletion": {hidden(t, page, "deletion")}}).Redirect(t, "/contacts")
	has(t, b.Open("/contacts").PageText(t, 200), "Restored 2 contacts.", "330 contacts")
	if n := c.Get(c.Path("/lists/" + list.SID)).List(t).ContactCount; n != 1 {
		t.Errorf("the list has %d contacts", n)
	}

	// So many that their number is to be typed.
	all := url.Values{"all": {"1"}, "tag": {"T1"}, "do": {"delete"}}
	page = b.Follow(b.Submit("/contacts/selected", all)).PageText(t, 200)
	has(t, page, "Delete 110 contacts?", "Type 110 to delete")
	all.Set("count", hidden(t, page, "count"))
	// Meanwhile there is one more: that is to be confirmed again.
	c.CreateOne(`{"number": "9820098200", "tag": "T1"}`)
	page = b.Submit("/contacts/selected/delete", all).PageText(t, 422)
	has(t, page, "By now 111 contacts match, not 110. Nothing was deleted yet.")
	if c.Total() != 331 {
		t.Fatalf("there are %d contacts", c.Total())
	}
	all.Set("count", hidden(t, page, "count"))
	for _, typed := range []string{"", "110", "x"} {
		all.Set("typed", typed)
		has(t, b.Submit("/contacts/selected/delete", all).PageText(t, 422), "The number below is not 111. Nothing was deleted yet.")
	}
	all.Set("typed", " 111")
	page = b.Follow(b.Submit("/contacts/selected/delete", all)).PageText(t, 200)
	has(t, page, "Deleted 111 contacts", `href="/contacts?tag=T1"`)
	if c.Total() != 220 || tagged(t, c, "T1") != 0 {
		t.Errorf("there are %d contacts:\n%s", c.Total(), page)
	}
	b.Submit("/trash/restore", url.Values{"deletion": {hidden(t, page, "deletion")}}).Redirect(t, "/contacts")
	if c.Total() != 331 || tagged(t, c, "T1") != 111 {
		t.Errorf("there are %d contacts", c.Total())
	}
	// For good, nothing can be restored.
	all.Set("for_good", "1")
	has(t, b.Follow(b.Submit("/contacts/selected/delete", all)).PageText(t, 200), "Deleted 111 contacts for good.")
	has(t, b.Open("/trash").PageText(t, 200), "There is no deleted contact here")
	// A list that is not there is not the whole account.
	b.Submit("/contacts/selected/delete", url.Values{"all": {"1"}, "of": {"x"}, "count": {"220"}}).Redirect(t, "/lists/"+strings.Repeat("0", 32))
	// Without the number that was confirmed nothing is deleted.
	b.Submit("/contacts/selected/delete", url.Values{"all": {"1"}}).PageText(t, 422)
	if c.Total() != 220 {
		t.Errorf("there are %d contacts", c.Total())
	}
}

// TestSelectedBulks selects more than are worked at once.
func TestSelectedBulks(t *testing.T) {
	if testing.Short() {
		t.Skip("long, and one step after the other")
	}
	t.Parallel()
	c, b := book(t)
	const n = 5_100
	for from := 0; from < n; from += 5_000 {
		var contacts []string
		for i := from; i < min(n, from+5_000); i++ {
			contacts = append(contacts, fmt.Sprintf(`{"number": "+9198%08d"}`, 10_000_000+i))
		}
		c.Create(contacts...)
	}
	b.Submit("/contacts/selected/tag", url.Values{"all": {"1"}, "value": {"x"}}).Redirect(t, "/contacts")
	if got := tagged(t, c, "x"); got != n {
		t.Errorf("%d contacts are tagged", got)
	}
	a := b.Submit("/contacts/selected/list", url.Values{"all": {"1"}, "name": {"all"}, "sort": {"-name"}})
	list := strings.TrimPrefix(a.Header.Get("Location"), "/lists/")
	if got := c.Get(c.Path("/lists/" + list)).List(t).ContactCount; got != n {
		t.Errorf("%d contacts are in the list", got)
	}
	b.Submit("/lists/"+list+"/remove", url.Values{"all": {"1"}}).Redirect(t, "/lists/"+list)
	has(t, b.Open("/lists/"+list).PageText(t, 200), "Removed 5,100 contacts from the list.", "Nobody is in this list yet")
	b.Follow(b.Submit("/contacts/selected/delete", url.Values{"all": {"1"}, "country": {"91"}, "count": {fmt.Sprint(n)}, "typed": {"5,100"}})).PageText(t, 200)
	if c.Total() != 0 {
		t.Errorf("there are %d contacts", c.Total())
	}
}
