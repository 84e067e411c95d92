package e2e

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestKilledServerKeepsItsWord kills the server at random moments under load
// and starts it again on the same file, many times over. Whatever it had
// answered 200 must be there, once, and no request may be there in part.
func TestKilledServerKeepsItsWord(t *testing.T) {
	t.Parallel()
	rounds := 24
	if testing.Short() {
		rounds = 4
	}
	db := newDB(t)
	auth := newAccount(t, db, "durable")
	seen := newLedger()

	s := startServer(t, db)
	var answered, unanswered, survived int
	for round := range rounds {
		kept := round%2 == 0
		sent := loadUntilKilled(t, s, newClient(t, s, auth), kept, seen)
		s = startServer(t, db)
		c := newClient(t, s, auth)
		seen.check(t, storedContacts(t, c))
		for _, r := range sent {
			if r.sids != nil {
				answered++
				continue
			}
			unanswered++
			if r.stored {
				survived++
			}
			// A client without an answer sends the same again.
			seen.retry(t, c, r)
		}
		if t.Failed() {
			t.Fatalf("in round %d of %d", round+1, rounds)
		}
	}
	seen.check(t, storedContacts(t, newClient(t, s, auth)))
	t.Logf("%d rounds: %d requests answered; %d cut off, %d of them stored; %d contacts",
		rounds, answered, unanswered, survived, len(seen.numbers))
	if answered == 0 || unanswered == 0 {
		t.Error("the load was never cut off in the middle: this test has tested nothing")
	}
}

// request is one bulk request of the load. Its tag is on each of its contacts,
// and on no other.
type request struct {
	tag      string
	contacts []contact
	sids     []string // of its contacts, once it was answered
	stored   bool     // found in the store after a restart
}

// ledger knows all that was ever sent.
type ledger struct {
	mu       sync.Mutex
	requests map[string]*request // by tag
	numbers  map[string]bool
}

func newLedger() *ledger {
	return &ledger{requests: map[string]*request{}, numbers: map[string]bool{}}
}

// next makes up a request: a random size, and random numbers never used before.
func (l *ledger) next() *request {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := &request{tag: fmt.Sprintf("request-%d", len(l.requests))}
	for range []int{1, 1, 1, 50, 50, 500}[rand.IntN(6)] {
		number := fmt.Sprintf("+919%09d", rand.IntN(1e9))
		for l.numbers[number] {
			number = fmt.Sprintf("+919%09d", rand.IntN(1e9))
		}
		l.numbers[number] = true
		r.contacts = append(r.contacts, contact{Number: number, FirstName: "Asha", Tag: r.tag})
	}
	l.requests[r.tag] = r
	return r
}

// loadUntilKilled sends requests from several goroutines, kills the server at a
// random moment, and returns all the requests that were begun.
func loadUntilKilled(t *testing.T, s *server, c *client, keepConnections bool, seen *ledger) []*request {
	t.Helper()
	c.http.Transport.(*http.Transport).DisableKeepAlives = !keepConnections
	moment := newMoment()

	var (
		mu   sync.Mutex
		sent []*request
		wg   sync.WaitGroup
	)
	for range 4 {
		wg.Go(func() {
			for {
				r := seen.next()
				mu.Lock()
				sent = append(sent, r)
				mu.Unlock()
				body := contactsBody(r.contacts)
				got, err := c.stream(http.MethodPost, "/contacts", countedBody{bytes.NewReader(body), moment}, len(body))
				if err != nil {
					return // the server is gone
				}
				if err := r.answered(got); err != nil {
					t.Errorf("%s: %v", r.tag, err)
					moment.come()
					return
				}
				moment.count(&moment.contacts, len(r.contacts))
			}
		})
	}
	select {
	case <-moment.now:
	case <-time.After(patience):
		t.Error("the load did not get on")
	}
	s.kill(t)
	wg.Wait()
	return sent
}

// moment is when to kill: after so many contacts were answered, after so many
// bytes of requests went out, which is most often within one, or as soon as so
// many requests are out whole, so that the server is at work on the last.
type moment struct {
	now  chan struct{}
	once sync.Once
	// Still to go.
	contacts, bytes, requests atomic.Int64
}

func newMoment() *moment {
	m := &moment{now: make(chan struct{})}
	const never = 1 << 60
	m.contacts.Store(never)
	m.bytes.Store(never)
	m.requests.Store(never)
	switch rand.IntN(3) {
	case 0:
		m.contacts.Store(1 + rand.Int64N(2000))
	case 1:
		m.bytes.Store(1 + rand.Int64N(200_000))
	case 2:
		m.requests.Store(1 + rand.Int64N(30))
	}
	return m
}

func (m *moment) come() { m.once.Do(func() { close(m.now) }) }

// count takes n off one of the moment's countdowns.
func (m *moment) count(left *atomic.Int64, n int) {
	if left.Add(-int64(n)) <= 0 {
		m.come()
	}
}

// countedBody tells a moment what was read from a request's body.
type countedBody struct {
	io.Reader
	moment *moment
}

func (b countedBody) Read(p []byte) (int, error) {
	// In small pieces, so that a moment can fall within a body.
	n, err := b.Reader.Read(p[:min(len(p), 1024)])
	b.moment.count(&b.moment.bytes, n)
	if err == io.EOF {
		b.moment.count(&b.moment.requests, 1)
	}
	return n, err
}

// answered takes note of a request's answer; all its contacts must be new.
func (r *request) answered(got answer) error {
	bulk, err := got.bulk(len(r.contacts))
	if err != nil {
		return err
	}
	for i, item := range bulk.Response {
		if item.Code != 200 || item.Data == nil || item.Data.Number != r.contacts[i].Number {
			return fmt.Errorf("contact %d, a new one, was answered with %+v", i, item)
		}
		r.sids = append(r.sids, item.Data.SID)
	}
	return nil
}

// storedContacts reads the whole address book, page by page.
func storedContacts(t *testing.T, c *client) []contact {
	t.Helper()
	const limit = 1000
	var all []contact
	for {
		got, err := c.call(http.MethodGet, fmt.Sprintf("/contacts?limit=%d&offset=%d", limit, len(all)), nil)
		if err != nil {
			t.Fatal(err)
		}
		page, err := got.page()
		if err != nil {
			t.Fatal(err)
		}
		for _, item := range page.Response {
			all = append(all, *item.Data)
		}
		if len(page.Response) < limit {
			if page.Metadata.Total != len(all) {
				t.Errorf("metadata.total is %d, and the pages have %d contacts", page.Metadata.Total, len(all))
			}
			return all
		}
	}
}

// check compares the store with all that was ever sent.
func (l *ledger) check(t *testing.T, stored []contact) {
	t.Helper()
	sids, numbers := map[string]bool{}, map[string]bool{}
	byTag := map[string]map[string]contact{} // tag, number
	for _, c := range stored {
		if sids[c.SID] || numbers[c.Number] {
			t.Errorf("contact %s, %s is there twice", c.SID, c.Number)
		}
		sids[c.SID], numbers[c.Number] = true, true
		if byTag[c.Tag] == nil {
			byTag[c.Tag] = map[string]contact{}
		}
		byTag[c.Tag][c.Number] = c
	}
	for tag := range byTag {
		if l.requests[tag] == nil {
			t.Errorf("contacts with tag %q are there, which was never sent", tag)
		}
	}
	for _, r := range l.requests {
		if err := r.compare(byTag[r.tag]); err != nil {
			t.Errorf("%s: %v", r.tag, err)
		}
	}
}

// compare compares a request with what is stored of it, by number.
func (r *request) compare(stored map[string]contact) error {
	if len(stored) == 0 && r.sids == nil && !r.stored {
		return nil
	}
	if len(stored) != len(r.contacts) {
		return fmt.Errorf("%d of %d contacts are there (answered: %t)", len(stored), len(r.contacts), r.sids != nil)
	}
	r.stored = true
	for i, sent := range r.contacts {
		c, ok := stored[sent.Number]
		if !ok {
			return fmt.Errorf("%s is not there, another number is", sent.Number)
		}
		if r.sids != nil && c.SID != r.sids[i] {
			return fmt.Errorf("%s has sid %s, and %s was answered", sent.Number, c.SID, r.sids[i])
		}
		if c.FirstName != sent.FirstName {
			return fmt.Errorf("%s is called %q, sent was %q", sent.Number, c.FirstName, sent.FirstName)
		}
	}
	return nil
}

// retry sends a request again that had no answer. All its contacts must be new
// now, or all be there already.
func (l *ledger) retry(t *testing.T, c *client, r *request) {
	t.Helper()
	want := 200
	if r.stored {
		want = 409
	}
	bulk := c.mustPost(t, r.contacts...)
	for i, item := range bulk.Response {
		if item.Code != want || item.Data == nil || item.Data.Number != r.contacts[i].Number {
			t.Fatalf("%s sent again: contact %d was answered with %+v, want %d", r.tag, i, item, want)
		}
		r.sids = append(r.sids, item.Data.SID)
	}
	if sorted := slices.Sorted(slices.Values(r.sids)); len(slices.Compact(sorted)) != len(r.sids) {
		t.Fatalf("%s sent again: a sid comes twice", r.tag)
	}
}
