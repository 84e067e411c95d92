package e2e

import (
	"encoding/json"
	"fmt"
	"html"
	"io"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// killedRows is of how many contacts the tests of this file are: several batches of a
// deletion, and many of an undoing.
const killedRows = 20_000

// TestKilledDeletion kills the server between the batches of a large deletion, and
// between those of its undoing: each goes on when its form is sent again, and all that
// was deleted comes back at once.
func TestKilledDeletion(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, db string) { untilCut(t, db, killedDeletion) })
}

func killedDeletion(k *killed) {
	t := k.t
	list := k.upload(killedRows).List
	before := storedContacts(t, k.c)

	form := k.confirmation()
	k.killWhile(func() { k.send("/contacts/selected/delete", form) }, func() bool { return k.trashed() > 0 })
	done := k.trashed()
	if left := k.count("/contacts"); done+left != killedRows {
		t.Fatalf("%d contacts are in the trash and %d are not, of %d", done, left, killedRows)
	}
	k.cut(done < killedRows)

	// The same form again says what is left, and then deletes it.
	page := k.send("/contacts/selected/delete", form)
	if done < killedRows {
		if want := "contacts are deleted already"; !strings.Contains(page.body, want) {
			t.Fatalf("the page has no %q: %s", want, page.body)
		}
		form = page.form(t)
		form.Set("typed", form.Get("count"))
		page = k.send("/contacts/selected/delete", form)
	}
	if page.at != "/contacts/deleted" || !strings.Contains(page.body, "Deleted 20,000 contacts") {
		t.Fatalf("it led to %s: %s", page.at, page.body)
	}
	if n := k.count("/contacts"); n != 0 || k.trashed() != killedRows {
		t.Fatalf("%d contacts are there, and %d in the trash", n, k.trashed())
	}

	undo := url.Values{"deletion": form["deletion"]}
	k.killWhile(func() { k.send("/trash/restore", undo) }, func() bool { return k.trashed() < killedRows })
	if done, left := k.count("/contacts"), k.trashed(); done+left != killedRows {
		t.Fatalf("%d contacts are restored and %d in the trash, of %d", done, left, killedRows)
	}
	k.cut(k.trashed() > 0)
	k.send("/trash/restore", undo)
	k.restored(before, list)
}

// TestKilledUndoOfImport kills the server between the batches of the undoing of an
// import, which goes on by itself, and can be undone as one deletion.
func TestKilledUndoOfImport(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, db string) { untilCut(t, db, killedUndoOfImport) })
}

func killedUndoOfImport(k *killed) {
	t := k.t
	k.c.mustPost(t, contact{Number: "+919800000000"}) // which the import only puts into its list
	u := k.upload(killedRows)
	before := storedContacts(t, k.c)
	k.killWhile(func() { k.call(http.MethodPost, "/csv-uploads/"+u.ID+"/undo") }, func() bool { return k.trashed() > 0 })
	k.cut(k.trashed() < killedRows-1)
	if !waitFor(patience, func() bool {
		return strings.Contains(string(k.call(http.MethodGet, "/csv-uploads?limit=1").body), `"undo":{"status":"completed"`)
	}) {
		t.Fatal("the undoing does not go on")
	}
	if there, gone, members := k.count("/contacts"), k.trashed(), k.count("/lists/"+u.List+"/contacts"); there != 1 || gone != killedRows-1 || members != 0 {
		t.Errorf("%d contacts are there, %d in the trash, %d in the list; want 1, %d, 0", there, gone, members, killedRows-1)
	}
	var page struct {
		Response []struct {
			Data struct {
				DeletionSID string `json:"deletion_sid"`
			}
		}
	}
	if err := json.Unmarshal(k.call(http.MethodGet, "/trash/contacts?limit=1").body, &page); err != nil || len(page.Response) != 1 {
		t.Fatalf("%+v, %v", page, err)
	}
	k.send("/trash/restore", url.Values{"deletion": {page.Response[0].Data.DeletionSID}})
	k.restored(before, "")
}

// killed is a server that is killed, with a client and a browser.
type killed struct {
	t       *testing.T
	db      string
	auth    credentials
	s       *server
	c       *client
	browser *http.Client
	cuts    int
}

func newKilled(t *testing.T, db, account string) *killed {
	k := &killed{t: t, db: db, auth: newAccount(t, db, account)}
	k.start()
	return k
}

// untilCut does something with one account after the other until a kill has come in the midst
// of it: on a busy machine the test may be late.
func untilCut(t *testing.T, db string, do func(*killed)) {
	t.Helper()
	const tries = 5
	for try := range tries {
		k := newKilled(t, db, fmt.Sprint("killed", try))
		if do(k); k.cuts > 0 || t.Failed() {
			return
		}
	}
	t.Errorf("in %d tries, nothing was cut off: this test has tested nothing", tries)
}

func (k *killed) start() {
	k.s = startServer(k.t, k.db)
	k.c = newClient(k.t, k.s, k.auth)
	jar, err := cookiejar.New(nil)
	if err != nil {
		k.t.Fatal(err)
	}
	k.browser = &http.Client{Jar: jar}
	k.send("/signin", url.Values{"key": {k.auth.APIKey}, "token": {k.auth.APIToken}, "next": {"/contacts"}})
}

// killWhile does something, kills the server once it has begun, and starts it again.
func (k *killed) killWhile(do func(), begun func() bool) {
	k.t.Helper()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		do()
	}()
	if !waitFor(patience, begun) {
		k.t.Fatal("it does not begin")
	}
	k.s.kill(k.t)
	<-ended
	k.start()
}

// cut notes whether the server was killed in the midst of what it did.
func (k *killed) cut(midst bool) {
	if midst {
		k.cuts++
	}
}

// call calls the API; a request that the kill cuts off has no answer.
func (k *killed) call(method, path string) answer {
	got, err := k.c.call(method, path, nil)
	if err == nil && got.status != http.StatusOK {
		k.t.Errorf("%s %s: %d %s", method, path, got.status, got.body)
	}
	return got
}

// count is how many contacts a page of the API says that there are.
func (k *killed) count(path string) int {
	var page envelope
	if err := json.Unmarshal(k.call(http.MethodGet, path+"?limit=1").body, &page); err != nil {
		k.t.Error(err)
	}
	return page.Metadata.Total
}

func (k *killed) trashed() int { return k.count("/trash/contacts") }

// upload imports a file of contacts and waits for its end.
func (k *killed) upload(rows int) upload {
	var file strings.Builder
	file.WriteString("number\n")
	for i := range rows {
		fmt.Fprintf(&file, "+9198%08d\n", i)
	}
	u := k.c.uploadCSV(k.t, "Leads", file.String())
	if !waitFor(patience, func() bool { return k.c.uploadStatus(k.t, u.ID).Status == "completed" }) {
		k.t.Fatal("the import does not end")
	}
	return u
}

// shown is a page that a form led to; the zero one for a form that the kill cut off.
type shown struct{ at, body string }

func (k *killed) send(path string, form url.Values) shown {
	resp, err := k.browser.PostForm(k.s.URL+path, form)
	if err != nil {
		return shown{}
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return shown{}
	}
	return shown{resp.Request.URL.Path, string(body)}
}

var hiddenField = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)">`)

// form is the hidden fields of the page's form.
func (p shown) form(t *testing.T) url.Values {
	t.Helper()
	form := url.Values{}
	for _, field := range hiddenField.FindAllStringSubmatch(p.body, -1) {
		form.Set(field[1], html.UnescapeString(field[2]))
	}
	if form.Get("count") == "" || form.Get("deletion") == "" {
		t.Fatalf("the page has no form to delete with: %s", p.body)
	}
	return form
}

// confirmation is the filled in form that deletes all contacts.
func (k *killed) confirmation() url.Values {
	form := k.send("/contacts/selected", url.Values{"all": {"1"}, "do": {"delete"}}).form(k.t)
	form.Set("typed", form.Get("count"))
	return form
}

// restored checks that all contacts are what they were, with their memberships.
func (k *killed) restored(before []contact, list string) {
	k.t.Helper()
	want := make(map[string]string, len(before))
	for _, c := range before {
		want[c.SID] = c.Number + " " + c.DateCreated
	}
	got := make(map[string]string, len(before))
	for _, c := range storedContacts(k.t, k.c) {
		got[c.SID] = c.Number + " " + c.DateCreated
	}
	if !maps.Equal(got, want) || k.trashed() != 0 {
		k.t.Errorf("%d contacts are there and %d in the trash, or they are others; want %d", len(got), k.trashed(), len(want))
	}
	if list != "" {
		if n := k.count("/lists/" + list + "/contacts"); n != len(want) {
			k.t.Errorf("the list has %d contacts, want %d", n, len(want))
		}
	}
	k.s.stop(k.t)
	checkClean(k.t, k.db)
}
