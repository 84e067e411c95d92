package upload_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"callbook/internal/test/servertest"
	"callbook/internal/upload"
)

// numbers is a file of n rows with numbers from first on.
func numbers(first, n int) string {
	var b strings.Builder
	b.WriteString("number,first_name\n")
	for i := range n {
		fmt.Fprintf(&b, "+9198%08d,P%d\n", first+i, i)
	}
	return b.String()
}

// TestExistingContacts: a number of the address book is added to the list, its
// contact untouched.
func TestExistingContacts(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{})
	c := s.Account("demo")
	old := c.CreateOne(`{"number":"` + asha + `","first_name":"Asha","custom_field":{"a":1}}`)
	u := c.Upload("first", "number,first_name,custom_field.a\n"+asha+",Other,2\n"+vikram+",Vikram,\n")
	if got := c.Await(u); got.Stats != (servertest.Stats{Total: 2, Success: 2}) {
		t.Errorf("got %+v", got)
	}
	if got := c.Get(old.URI).Contact(t); seen(got) != seen(old) || got.DateUpdated != old.DateUpdated {
		t.Errorf("the contact is %+v now", got)
	}
	// The same file again adds nothing; for another list it adds both.
	again := c.Upload("first", "number\n"+asha+"\n"+vikram+"\n+919876543212\n")
	if got := c.Await(again); got.Stats != (servertest.Stats{Total: 3, Success: 1, Duplicate: 2}) || again.List != u.List {
		t.Errorf("got %+v", got)
	}
	other := c.Upload("second", "number\n"+asha+"\n"+vikram+"\n"+asha+"\n")
	if got := c.Await(other); got.Stats != (servertest.Stats{Total: 3, Success: 2, Duplicate: 1}) {
		t.Errorf("got %+v", got)
	}
	for sid, want := range map[string]int{u.List: 3, other.List: 2} {
		if got := getList(t, c, sid); got.ContactCount != want {
			t.Errorf("the list is %+v, want %d contacts", got, want)
		}
		if got := c.Get(c.Path("/lists/" + sid + "/contacts")).Page(t); got.Metadata.Total != want || len(got.Response) != want {
			t.Errorf("the list has %+v", got.Metadata)
		}
	}
	if total := c.Total(); total != 3 {
		t.Errorf("there are %d contacts", total)
	}
}

// TestFull: a list takes 100,000 contacts, old and new.
func TestFull(t *testing.T) {
	if testing.Short() {
		t.Skip("it imports 100,000 rows")
	}
	t.Parallel()
	s := servertest.Start(t, servertest.Options{})
	c := s.Account("demo")
	const room = upload.MaxStatic
	first := c.Upload("Leads", numbers(0, room-10))
	if got := c.Await(first); got.Stats.Success != room-10 {
		t.Fatalf("got %+v", got)
	}
	c.CreateOne(`{"number":"+919800100010"}`) // in the address book, and beyond the cap
	more := numbers(room-15, 20) + "+919800100010\nx\n+919800000000\n+919800100010\n"
	dry := c.Upload("Leads", more, "dry_run", "true")
	if got := c.Await(dry); got.Stats != (servertest.Stats{Total: 24, Success: 10, Duplicate: 6, Failed: 8}) || *got.DryRun != (servertest.Tried{New: 10}) {
		t.Errorf("got %+v", got)
	}
	u := c.Upload("Leads", more)
	if got := c.Await(u); got.Stats != (servertest.Stats{Total: 24, Success: 10, Duplicate: 6, Failed: 8}) {
		t.Errorf("got %+v", got)
	}
	// Members are updated, and others are not.
	updated := c.Upload("Leads", "number,first_name\n+919800000000,Member\n+919800100010,Stranger\n", "on_duplicate", "update")
	if got := c.Await(updated); got.Stats != (servertest.Stats{Total: 2, Success: 1, Failed: 1}) {
		t.Errorf("got %+v", got)
	}
	for number, want := range map[string]string{"%2B919800000000": "Member", "%2B919800100010": "-"} {
		item := c.List("number=" + number).Page(t).Response[0]
		if got := strings.Split(seen(*item.Data), "|")[1]; got != want {
			t.Errorf("%s is %q, want %q", number, got, want)
		}
	}
	if got := getList(t, c, u.List); got.ContactCount != room {
		t.Errorf("the list has %d contacts", got.ContactCount)
	}
	if total := c.Total(); total != room+1 {
		t.Errorf("there are %d contacts", total)
	}
	_, records := c.Errors(u)
	const full = "The list is full: a static list has at most 100000 contacts"
	if last := records[len(records)-1]; last[1] != "1002" || last[2] != full {
		t.Errorf("got %q", last)
	}
}

// TestFair: of several uploads that run, none has another batch while one waits
// for as many.
func TestFair(t *testing.T) {
	t.Parallel()
	const uploads, batches, workers = 4, 5, 2
	next := make(chan struct{}, uploads*batches)
	g := &gate{before: func(int) error {
		<-next
		return nil
	}}
	s := servertest.Start(t, servertest.Options{BatchRows: 10, Imports: g.over})
	t.Cleanup(func() { close(next) })
	clients := []*servertest.Client{s.Account("demo"), s.Account("other")}
	var taken []servertest.Upload
	for i := range uploads {
		taken = append(taken, clients[i%2].Upload(fmt.Sprint("list ", i), numbers(1000*i, 10*batches-1)))
	}
	// One batch is let through at a time, when every worker has one.
	for done := range uploads * batches {
		waitFor(t, "the batches", func() bool { return g.count() == min(done+workers, uploads*batches) })
		next <- struct{}{}
	}
	for i, u := range taken {
		if got := clients[i%2].Await(u); got.Stats.Success != 10*batches-1 {
			t.Errorf("got %+v", got)
		}
	}
	begun := make(map[string]int)
	for at, sid := range g.begun {
		begun[sid.String()]++
		most, least := 0, batches
		for _, u := range taken {
			most, least = max(most, begun[u.ID]), min(least, begun[u.ID])
		}
		if most-least > 1 {
			t.Fatalf("after %d batches they are %v", at+1, begun)
		}
	}
}

// TestCancel: what is in stays in, and no more comes.
func TestCancel(t *testing.T) {
	t.Parallel()
	held, release := make(chan struct{}), make(chan struct{})
	free := sync.OnceFunc(func() { close(release) })
	t.Cleanup(free)
	g := &gate{before: func(n int) error {
		if n == 3 {
			close(held)
			<-release
		}
		return nil
	}}
	s := servertest.Start(t, servertest.Options{BatchRows: 10, Imports: g.over})
	c, other := s.Account("demo"), s.Account("other")
	u := c.Upload("Leads", numbers(0, 100))
	<-held
	if got := c.Status(u); got.Status != "in-progress" || got.Stats.Success != 20 || got.Stats.Total != 20 {
		t.Errorf("got %+v", got)
	}
	if a := other.Do(http.MethodDelete, other.Path("/csv-uploads/"+u.ID), nil); a.Status != 404 {
		t.Errorf("another account's: got %d", a.Status)
	}
	cancelled := c.Do(http.MethodDelete, c.Path("/csv-uploads/"+u.ID), nil).Upload(t)
	if cancelled.Status != "failed" || cancelled.Reason == nil || *cancelled.Reason != "cancelled" || cancelled.Stats.Success != 20 {
		t.Errorf("got %+v", cancelled)
	}
	free()
	nothingLeft(t, s, c, 1)
	if got := c.Status(u); got.Status != "failed" || got.Stats.Total != 20 || c.Total() != 20 || getList(t, c, u.List).ContactCount != 20 {
		t.Errorf("got %+v, and %d contacts", got, c.Total())
	}
	// Again, and of one that is done: it stays as it is.
	done := c.Upload("Leads", numbers(500, 5))
	c.Await(done)
	for id, want := range map[string]string{u.ID: "failed", done.ID: "completed"} {
		if got := c.Do(http.MethodDelete, c.Path("/csv-uploads/"+id), nil).Upload(t); got.Status != want {
			t.Errorf("got %+v, want %s", got, want)
		}
	}
}

// TestListDeleted: an upload fails when its list goes.
func TestListDeleted(t *testing.T) {
	t.Parallel()
	var c *servertest.Client
	var u servertest.Upload
	known := make(chan struct{})
	g := &gate{before: func(n int) error {
		if n == 3 {
			<-known
			if a, err := c.Try(http.MethodDelete, c.Path("/lists/"+u.List), nil); err != nil || a.Status != 200 {
				return fmt.Errorf("got %d %w", a.Status, err)
			}
		}
		return nil
	}}
	s := servertest.Start(t, servertest.Options{BatchRows: 10, Imports: g.over})
	c = s.Account("demo")
	u = c.Upload("Leads", numbers(0, 100))
	close(known)
	if got := c.Await(u); got.Status != "failed" || got.Stats.Total != 20 || got.List != u.List {
		t.Errorf("got %+v", got)
	}
	all, _ := c.Get(c.Path("/csv-uploads")).Uploads(t)
	if len(all) != 1 || *all[0].Reason != "list deleted" || all[0].ListName != "Leads" {
		t.Errorf("got %+v", all)
	}
	if total := c.Total(); total != 20 {
		t.Errorf("there are %d contacts", total)
	}
	nothingLeft(t, s, c, 1)
}

// TestUploads pages through the account's uploads.
func TestUploads(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{})
	c, other := s.Account("demo"), s.Account("other")
	var ids []string
	for i := range 5 {
		u := c.Upload(fmt.Sprint("list ", i), numbers(i, 1), "type", []string{"static", "dynamic"}[i%2])
		c.Await(u)
		ids = append([]string{u.ID}, ids...)
	}
	var got []string
	for offset := 0; offset < 6; offset += 2 {
		page, total := c.Get(c.Path(fmt.Sprintf("/csv-uploads?limit=2&offset=%d", offset))).Uploads(t)
		if total != 5 {
			t.Errorf("the total is %d", total)
		}
		for _, u := range page {
			got = append(got, u.ID)
			if u.URL != c.Path("/csv-status/"+u.ID) || u.ErrorsURL != u.URL+"/errors" || u.Status != "completed" {
				t.Errorf("got %+v", u)
			}
		}
	}
	if diff := cmp.Diff(ids, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	got = nil
	// They have no sort_by, so that it is as ignored on the second page as on the first.
	for path := c.Path("/csv-uploads?limit=2&sort_by=name"); ; {
		a := c.Get(path)
		page, _ := a.Uploads(t)
		for _, u := range page {
			got = append(got, u.ID)
		}
		cursor := a.NextCursor(t)
		if cursor == "" {
			break
		}
		path = c.Path("/csv-uploads?limit=2&sort_by=name&cursor=" + cursor)
	}
	if diff := cmp.Diff(ids, got); diff != "" {
		t.Errorf("by cursor (-want +got):\n%s", diff)
	}
	c.CreateOne(`{"number":"+14155550123"}`)
	ofContacts := c.List("limit=1").NextCursor(t)
	c.Get(c.Path("/csv-uploads?cursor="+ofContacts)).Fault(t, 400)
	if page, total := other.Get(other.Path("/csv-uploads")).Uploads(t); len(page) != 0 || total != 0 {
		t.Errorf("the other account has %+v", page)
	}
	for _, path := range []string{"/csv-status/" + ids[0], "/csv-status/" + ids[0] + "/errors"} {
		other.Get(other.Path(path)).Fault(t, 404)
		if a := c.Do(http.MethodHead, c.Path(path), nil); a.Status != 200 || len(a.Body) != 0 {
			t.Errorf("HEAD %s: got %d", path, a.Status)
		}
	}
	c.Get(c.Path("/csv-status/x")).Fault(t, 404)
	c.Get(c.Path("/csv-status/x/errors")).Fault(t, 404)
	c.Do(http.MethodDelete, c.Path("/csv-uploads/x"), nil).Fault(t, 404)
}

// TestBusy: an account has so many uploads at a time, and other accounts have
// theirs.
func TestBusy(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	free := sync.OnceFunc(func() { close(release) })
	t.Cleanup(free)
	g := &gate{before: func(int) error {
		<-release
		return nil
	}}
	s := servertest.Start(t, servertest.Options{Imports: g.over})
	c, other := s.Account("demo"), s.Account("other")
	var last servertest.Upload
	for range 32 {
		last = c.Upload("Leads", numbers(0, 1))
	}
	refused := c.UploadForm(servertest.NewForm("list_name", "x").File(numbers(0, 1)))
	if fault := refused.Fault(t, 503); fault.Code != 1503 || refused.Header.Get("Retry-After") == "" {
		t.Errorf("got %+v", fault)
	}
	theirs := other.Upload("Leads", numbers(0, 1))
	free()
	other.Await(theirs)
	c.Await(last)
	waitFor(t, "the files to go", func() bool { return len(s.UploadFiles()) == 0 })
	c.Await(c.Upload("Leads", numbers(0, 1)))
}
