package web_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"callbook/internal/test/servertest"
	"callbook/internal/upload"
)

// undone opens an import's page until it is undone.
func undone(t *testing.T, b *servertest.Browser, path string) string {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); {
		if page := b.Open(path).PageText(t, 200); strings.Contains(page, "This import is undone") {
			return page
		}
	}
	t.Fatalf("%s is not undone", path)
	return ""
}

// TestUndoImport: the page says what happens and what stays, and it does.
func TestUndoImport(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{Dashboard: true}) // whose clock goes on
	c := s.Account("demo")
	c.CreateOne(`{"number":"+919876543210"}`)
	b := s.SignedIn("demo")
	u := c.Upload("Leads", "number,first_name\n9876543210,Asha\n9876543211,Vikram\n9876543212,<b>\n", "on_duplicate", "update")
	c.Await(u)
	path := "/imports/" + u.ID
	reads(t, b.Open(path).PageText(t, 200), "Undo this import")
	changed := c.List("limit=3").Page(t).Response[1].Data.SID
	c.Send("PUT", "/contacts/"+changed, `{"tag":"VIP"}`)
	page := b.Open(path+"/undo").PageText(t, 200)
	reads(t, page, "The 2 contacts that it added go into the trash, but for those below.", "1 contact that was there before leaves the list Leads, and stays in the address book.",
		"What the import wrote over contacts that were there before is not taken back", "1 contact was changed since or is in another list by now: Vikram .", "Keep them")
	b.Submit(path+"/undo", url.Values{"used": {"keep"}}).Redirect(t, path)
	page = undone(t, b, path)
	reads(t, page, "Of the 2 contacts that it added, 1 was kept. See those in the trash", "Kept, since they were changed or are in another list: Vikram .")
	if has(t, page, `<span class="badge ">Undone</span>`, `href="/trash?deletion=`); strings.Contains(page, "Undo this import") {
		t.Error("it can be undone again")
	}
	if n := c.Total(); n != 2 {
		t.Errorf("there are %d contacts, want 2", n)
	}
	if got := c.Get(c.Path("/lists/" + u.List)).List(t).ContactCount; got != 0 {
		t.Errorf("the list has %d contacts", got)
	}
	b.Open(path+"/undo").Redirect(t, path)
	b.Open(path+"/undo/progress").Redirect(t, path)
	s.Account("other")
	s.SignedIn("other").Open(path+"/undo").PageText(t, 404)
	s.SignedIn("other").Submit(path+"/undo", nil).PageText(t, 404)
}

// TestUndoLargeImport: of many contacts, the number is typed.
func TestUndoLargeImport(t *testing.T) {
	t.Parallel()
	s, _ := serve(t)
	c := s.Account("demo")
	b := s.SignedIn("demo")
	u := c.Upload("Leads", manyNumbers(120))
	c.Await(u)
	path := "/imports/" + u.ID
	reads(t, b.Open(path+"/undo").PageText(t, 200), "type how many contacts it added: 120")
	for _, wrong := range []string{"", "121", "yes"} {
		reads(t, b.Submit(path+"/undo", url.Values{"typed": {wrong}}).PageText(t, 422), "Type 120 to undo the import.")
	}
	if n := c.Total(); n != 120 {
		t.Fatalf("there are %d contacts", n)
	}
	b.Submit(path+"/undo", url.Values{"typed": {" 120 "}}).Redirect(t, path)
	reads(t, undone(t, b, path), "Of the 120 contacts that it added, none is left.")
	if n := c.Total(); n != 0 {
		t.Errorf("there are %d contacts", n)
	}
}

func manyNumbers(n int) string {
	var b strings.Builder
	b.WriteString("number\n")
	for i := range n {
		b.WriteString("98765" + string([]byte{byte('0' + i/10000%10), byte('0' + i/1000%10), byte('0' + i/100%10), byte('0' + i/10%10), byte('0' + i%10)}) + "\n")
	}
	return b.String()
}

// TestUndoVeryLargeImport: the page looks at the first contacts of it only, and says
// so; the undoing looks at all of them.
func TestUndoVeryLargeImport(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{Dashboard: true}) // whose clock goes on
	c := s.Account("demo")
	b := s.SignedIn("demo")
	u := c.Upload("Leads", manyNumbers(upload.UsedLooked+10))
	c.Await(u)
	path := "/imports/" + u.ID
	change := func(order string) {
		sid := c.List("limit=1&sort_by=date_created:" + order).Page(t).Response[0].Data.SID
		c.Send("PUT", "/contacts/"+sid, `{"first_name":"`+order+`"}`)
	}
	change("desc") // which is not looked at
	reads(t, b.Open(path+"/undo").PageText(t, 200), "but for those below.", "Some of them may have been changed since or be in another list by now.", "Keep them")
	change("asc")
	reads(t, b.Open(path+"/undo").PageText(t, 200), "At least 1 contact was changed since or is in another list by now: asc and more.")
	b.Submit(path+"/undo", url.Values{"typed": {"5010"}, "used": {"keep"}}).Redirect(t, path)
	reads(t, undone(t, b, path), "2 were kept", "Kept, since they were changed or are in another list: asc , desc .")
}

// TestUndoWithoutList undoes what was done with a list that is gone by now.
func TestUndoWithoutList(t *testing.T) {
	t.Parallel()
	c, b, sids := crowd(t, 3)
	done := b.Submit("/contacts/selected/list", url.Values{"sid": sids, "name": {"Diwali"}})
	undo := hidden(t, b.Follow(done).PageText(t, 200), "undo")
	c.Send("DELETE", "/lists/"+c.Get(c.Path("/lists")).Page(t).Response[0].Data.SID, "")
	b.Submit("/contacts/selected/undo", url.Values{"undo": {undo}}).Redirect(t, "/lists")
	reads(t, b.Open("/lists").PageText(t, 200), "This cannot be undone any more: the list was deleted.")
}

// TestListOfNUL names a list as none can be called: PostgreSQL has no such texts.
func TestListOfNUL(t *testing.T) {
	t.Parallel()
	_, b, sids := crowd(t, 1)
	for _, name := range []string{"a\x00b", "a\xff\x00b"} {
		b.Submit("/contacts/selected/list", url.Values{"sid": sids, "name": {name}}).PageText(t, 422)
		b.Submit("/contacts/"+sids[0]+"/lists", url.Values{"name": {name}}).PageText(t, 422)
	}
}
