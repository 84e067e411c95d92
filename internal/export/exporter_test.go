package export_test

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/test/servertest"
)

func numbered(i int) string { return fmt.Sprintf("+9198765%05d", i) }

var anyNumber = regexp.MustCompile(`\+91\d{10}`)

func people(from, n int) []string {
	contacts := make([]string, n)
	for i := range contacts {
		contacts[i] = fmt.Sprintf(`{"number":%q,"first_name":"P%d","custom_field":{"n":%d}}`, numbered(from+i), from+i, from+i)
	}
	return contacts
}

// TestWhileOthersWrite: what is there from beginning to end is in the file
// once, whatever comes and goes meanwhile.
func TestWhileOthersWrite(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{})
	c := s.Account("demo")
	const n = 3000
	items := c.Create(people(0, n)...)
	list := c.CreateList("Leads")
	sids := make([]string, n)
	for i, item := range items {
		sids[i] = item.Data.SID
	}
	c.Add(list.SID, sids...)

	stop := make(chan struct{})
	var writers sync.WaitGroup
	var writes atomic.Int64
	writers.Go(func() { // deletes and adds, one of ten each
		for round := 0; ; round++ {
			select {
			case <-stop:
				return
			default:
			}
			if gone := sids[(round*10+3)%n]; round < n/10 {
				c.Do("DELETE", c.Path("/contacts/"+gone), nil)
			}
			fresh := c.CreateOne(people(n+round, 1)[0])
			c.Add(list.SID, fresh.SID)
			writes.Add(1)
		}
	})
	for round := range 8 {
		before := writes.Load()
		path := []string{"/contacts/export?format=csv", "/contacts/export?format=ndjson&sort_by=date_created:desc",
			"/lists/" + list.SID + "/export?format=ndjson", "/lists/" + list.SID + "/export?sort_by=date_created:desc"}[round%4]
		file := c.Get(c.Path(path)).Body
		times := make(map[string]int)
		for _, number := range anyNumber.FindAll(file, -1) {
			times[string(number)]++
		}
		for i := range n {
			if got := times[numbered(i)]; got != 1 && (i%10 != 3 || got > 1) {
				t.Fatalf("%s: contact %d is there %d times", path, i, got)
			}
		}
		for writes.Load() == before { // some between two exports, too
			runtime.Gosched()
		}
	}
	close(stop)
	writers.Wait()
}

// counting is a store that knows how many of its pages are still held.
type counting struct {
	addressbook.Store
	t     *testing.T
	held  atomic.Int64
	pages atomic.Int64
}

// maxHeld is how many pages an export may hold while it reads another: the
// first, which it keeps, and the one that it has just written.
const maxHeld = 2

func (s *counting) Contacts(ctx context.Context, account account.ID, q addressbook.Query) (addressbook.Page, error) {
	if q.After != nil {
		// What is not held goes with the next collections, if not with this one.
		for deadline := time.Now().Add(2 * time.Minute); ; {
			if runtime.GC(); s.held.Load() <= maxHeld || s.t.Failed() {
				break
			}
			if time.Now().After(deadline) {
				s.t.Errorf("%d pages are held", s.held.Load())
				break
			}
		}
	}
	page, err := s.Store.Contacts(ctx, account, q)
	if len(page.Contacts) > 1000 || q.Offset > 0 || page.Total > 0 {
		s.t.Errorf("the query %+v brought %d contacts, total %d", q, len(page.Contacts), page.Total)
	}
	if len(page.Contacts) > 0 {
		s.held.Add(1)
		s.pages.Add(1)
		runtime.AddCleanup(&page.Contacts[0], func(held *atomic.Int64) { held.Add(-1) }, &s.held)
	}
	return page, err
}

// TestHeldPages: however many contacts there are, few are held.
func TestHeldPages(t *testing.T) {
	if testing.Short() {
		t.Skip("long, and one step after the other")
	}
	t.Parallel()
	var store *counting
	s := servertest.Start(t, servertest.Options{Contacts: func(under addressbook.Store) addressbook.Store {
		store = &counting{Store: under, t: t}
		return store
	}})
	c := s.Account("demo")
	const pages = 12
	for i := range pages / 4 {
		c.Create(people(i*4000, 4000)...)
	}
	for query, reads := range map[string]int64{"format=csv": 2*pages - 1, "format=ndjson": pages, "q=P": 2*pages - 1} {
		store.pages.Store(0)
		file := string(c.Get(c.Path("/contacts/export?" + query)).Body)
		if got := strings.Count(file, "\n"); got < pages*1000 {
			t.Errorf("%s: %d lines", query, got)
		}
		if got := store.pages.Load(); got != reads {
			t.Errorf("%s: %d pages were read, want %d", query, got, reads)
		}
	}
	// What fits one page is read once.
	for _, query := range []string{"tag=x", "q=P1199"} {
		store.pages.Store(0)
		if c.Get(c.Path("/contacts/export?" + query)); store.pages.Load() > 1 {
			t.Errorf("%s: %d pages were read", query, store.pages.Load())
		}
	}
}

// TestNDJSONLines: a contact is a line, whatever is in it, and its values are
// those of other answers.
func TestNDJSONLines(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{})
	c := s.AccountIn("demo", "US", "America/New_York")
	want := c.CreateOne("{\"number\":\"+14155550123\",\"tag\":\"a\\nb\\r\\n\",\"custom_field\":{\n\"a\":\r\n[1,\n\"\\n\"]\r\n}}")
	file := string(c.Get(c.Path("/contacts/export?format=ndjson")).Body)
	line, rest, _ := strings.Cut(file, "\n")
	var got servertest.Contact
	if err := json.Unmarshal([]byte(line), &got); err != nil || rest != "" {
		t.Fatalf("%v in %q", err, file)
	}
	if custom := string(got.CustomField); custom != `{"a":[1,"\n"]}` {
		t.Errorf("custom_field is %q", custom)
	}
	if got.SID != want.SID || *got.Tag != *want.Tag || got.DateCreated != want.DateCreated || !strings.Contains(got.DateCreated, "-0") {
		t.Errorf("got %+v, want %+v", got, want)
	}
	row := string(c.Get(c.Path("/contacts/export")).Body)
	if !strings.Contains(row, ","+want.SID+","+want.DateCreated+","+want.DateUpdated+"\n") {
		t.Errorf("the CSV has another sid or other dates: %s", row)
	}
}
