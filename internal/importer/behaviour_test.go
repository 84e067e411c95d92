package importer_test

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"callbook/internal/importer"
	"callbook/internal/servertest"
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
	const room = importer.MaxStatic
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

// TestErrorsRoundTrip mends the error rows and uploads them as they came.
func TestErrorsRoundTrip(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{})
	c := s.Account("demo")
	u := c.Upload("Leads", "\ufefffirst_name,Number,notes\r\n"+
		"Asha,"+asha+",kept\r\n"+
		"\"Jos\xe9, Jr\",9876543211,\"two\r\nlines\"\r\n"+
		"Vikram,98765x,\"a \"\"b\"\"\"\r\n"+
		"\r\n"+
		"Again,"+asha+"\r\n"+
		"Many,+919876543213,b,c,d\r\n"+
		"\"Open,+919876543214,e\r\n"+
		"Ba\"re,+919876543215,f\r\n")
	c.Await(u)
	text, records := c.Errors(u)
	want := [][]string{
		{"callbook_line", "callbook_code", "callbook_reason", "first_name", "Number", "notes"},
		{"3", "1002", "Invalid FirstName: not valid UTF-8", "José, Jr", "9876543211", "two\nlines"},
		{"5", "1002", "Invalid Number", "Vikram", "98765x", `a "b"`},
		{"7", "1008", "The contact is in the list already", "Again", asha},
		{"8", "1002", "The row has 5 cells, and the header 3", "Many", "+919876543213", "b", "c", "d"},
		{"9", "1002", `The row is not valid CSV: a quote (") is not closed, or something follows a closing one`, "Open,+919876543214,e"},
		{"10", "1002", `The row is not valid CSV: a cell that has a quote (") in it must be in quotes, and the quote doubled`, `Ba"re`, "+919876543215", "f"},
	}
	if diff := cmp.Diff(want, records); diff != "" {
		t.Fatalf("error rows (-want +got):\n%s", diff)
	}
	mended := strings.NewReplacer("98765x", "9876543212", ",b,c,d", ",b", `"Open,+919876543214,e"`, `Open,+919876543214,e`, "Again,"+asha, "Again,+919876543216").Replace(text)
	again := c.Upload("Leads", mended)
	if got := c.Await(again); got.Stats != (servertest.Stats{Total: 6, Success: 6}) {
		_, records := c.Errors(again)
		t.Errorf("got %+v: %q", got, records)
	}
	if got := stored(t, c); len(got) != 7 || got[1] != "+919876543211|José, Jr|-|-|-|-|-" {
		t.Errorf("got %q", got)
	}
	// What fails again has the columns of ours once.
	twice := c.Upload("Leads", text)
	c.Await(twice)
	if _, records := c.Errors(twice); len(records[0]) != 6 {
		t.Errorf("got %q", records[0])
	}
	a := c.Get(c.Path("/csv-status/" + u.ID + "/errors"))
	if got := a.Header.Get("Content-Type"); got != "text/csv; charset=utf-8" {
		t.Errorf("content type is %q", got)
	}
}

// TestErrorsKeepCells: what is in the cells of an error row is there when they
// are uploaded again.
func TestErrorsKeepCells(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{})
	c := s.Account("demo")
	u := c.Upload("Leads", "number,first_name,last_name,tag,custom_field.a,custom_field,callbook_sid\n"+
		"x,'=1+1,','' a,-5,,7\n"+
		"y,' Asha ,\"a\r\r\nb\",\"'\r\r\n\",,\"{\"\"k\"\":\r\r\n1}\",8\n")
	c.Await(u)
	text, _ := c.Errors(u)
	again := c.Upload("Leads", strings.NewReplacer(",x,", ","+asha+",", ",y,", ","+vikram+",").Replace(text))
	if got := c.Await(again); got.Stats != (servertest.Stats{Total: 2, Success: 2}) {
		t.Errorf("got %+v of %s", got, text)
	}
	want := []string{asha + `|=1+1||-|-|' a|{"a":-5}`, vikram + "| Asha |a\r\nb|-|-|\r\n|{\"k\":\r\n1}"}
	if diff := cmp.Diff(want, stored(t, c)); diff != "" {
		t.Errorf("contacts (-want +got):\n%s", diff)
	}
}

// TestManyErrors reads more error rows than are read at once.
func TestManyErrors(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{})
	c := s.Account("demo")
	const n = 3500
	u := c.Upload("Leads", "number,first_name\n"+strings.Repeat("x,\"A\nB\"\n", n))
	if got := c.Await(u); got.Stats != (servertest.Stats{Total: n, Failed: n}) {
		t.Errorf("got %+v", got)
	}
	text, records := c.Errors(u)
	for i, record := range records[1:] {
		if record[0] != fmt.Sprint(2+2*i) || record[4] != "A\nB" {
			t.Fatalf("row %d is %q", i, record)
		}
	}
	if len(records) != 1+n {
		t.Errorf("there are %d error rows", len(records)-1)
	}
	if got := c.Await(c.Upload("Leads", text)); got.Stats.Failed != n {
		t.Errorf("got %+v", got)
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

// TestErrorsAreCSV: whatever the names and cells are, the errors are good CSV.
func TestErrorsAreCSV(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{})
	c := s.Account("demo")
	u := c.Upload("Leads", "number,\"a, \"\"b\"\"\ncolumn\",c\nx,\"1,\"\"2\"\"\",\"\r\"\n\"\",,\n")
	c.Await(u)
	text, _ := c.Errors(u)
	r := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, "\ufeff")))
	r.FieldsPerRecord = 6
	records, err := r.ReadAll()
	if err != nil || len(records) != 3 || records[0][4] != "a, \"b\"\ncolumn" || records[1][4] != `1,"2"` || records[2][3] != "" {
		t.Errorf("got %v, %q", err, records)
	}
}
