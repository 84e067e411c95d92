package api_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/journal"
	"callbook/internal/test/servertest"
)

// heavy are contacts with a custom_field of some bytes.
func heavy(from, count, size int) []string {
	all := make([]string, count)
	for i := range all {
		all[i] = fmt.Sprintf(`{"number":%q,"custom_field":{"a":"%s"}}`, numbered(from+i), strings.Repeat("x", size))
	}
	return all
}

// ask sends the header of a request without a body, on a connection of its own.
func ask(t *testing.T, s *servertest.Server, c *servertest.Client, line string) net.Conn {
	t.Helper()
	conn := open(t, s)
	_, err := fmt.Fprintf(conn, "%s HTTP/1.1\r\nHost: test\r\nAuthorization: %s\r\n\r\n", line, c.Authorization())
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

// await waits until a condition holds.
func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	const patience = 2 * time.Minute
	for begun := time.Now(); !holds(); {
		if time.Since(begun) > patience {
			t.Fatalf("waited in vain: %s", what)
		}
		time.Sleep(time.Millisecond)
	}
}

// TestUnreadAnswers: an account's answers that nobody reads hold its own share of
// the memory and no more. The next is refused, another account is served, and
// what is read or given up is free again.
func TestUnreadAnswers(t *testing.T) {
	t.Parallel()
	const memory = 64 << 20
	s := servertest.Start(t, servertest.Options{Memory: memory, RequestTimeout: 10 * time.Minute})
	c, other := s.Account("demo"), s.Account("other")
	c.Create(heavy(0, 500, 12_000)...) // a page of 6 MB, which no socket's buffers hold
	other.Create(people(0, 50)...)
	var unread []net.Conn
	refused := func() bool {
		a := c.List("limit=500")
		if a.Status == http.StatusOK {
			return false
		}
		if fault := a.Fault(t, http.StatusTooManyRequests); fault.Code != 1429 || a.Header.Get("Retry-After") == "" {
			t.Errorf("got %+v, %v", fault, a.Header)
		}
		return true
	}
	await(t, "the share is used up", func() bool {
		if len(unread) < 20 {
			unread = append(unread, ask(t, s, c, "GET "+c.Path("/contacts?limit=500")))
		}
		return refused()
	})
	if held, _ := s.Budget.InUse(); held > memory/2 {
		t.Errorf("one account holds %d bytes of %d", held, memory)
	}
	if got := other.List("limit=1000"); got.Status != http.StatusOK {
		t.Errorf("the other account's page: got %d", got.Status)
	}
	other.Create(people(1000, 2000)...)
	for _, conn := range unread {
		conn.Close()
	}
	s.AwaitIdle()
	if refused() {
		t.Error("the account is refused after it let go")
	}
}

// TestUnfinishedBodies: an account's bodies that are never ended hold its own
// share, and another account's bulk requests go on.
func TestUnfinishedBodies(t *testing.T) {
	t.Parallel()
	const memory, size = 64 << 20, 8 << 20
	s := servertest.Start(t, servertest.Options{Memory: memory, RequestTimeout: 10 * time.Minute})
	c, other := s.Account("demo"), s.Account("other")
	part := `{"contacts":[{"number":"` + strings.Repeat("9", size)
	var unfinished []net.Conn
	for range 8 {
		conn := open(t, s)
		unfinished = append(unfinished, conn)
		post(t, conn, c, fmt.Sprintf("Content-Length: %d", 2*size))
		go io.WriteString(conn, part) // until the server takes no more, or the end
	}
	await(t, "the bodies are there", func() bool {
		held, _ := s.Budget.InUse()
		return held > memory/4
	})
	for range 3 {
		other.Create(people(0, 2000)...)
	}
	if held, _ := s.Budget.InUse(); held > memory*3/4 {
		t.Errorf("%d bytes of %d are held", held, memory)
	}
	for _, conn := range unfinished {
		conn.Close()
	}
	s.AwaitIdle()
}

// TestLargeResults: what a small bulk request would answer with counts too. One
// that finds no room changes nothing.
func TestLargeResults(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{Memory: 4 << 20})
	c := s.Account("demo")
	var sids []string
	for from := 0; from < 200; from += 20 {
		for _, item := range c.Create(heavy(from, 20, 12_000)...) {
			sids = append(sids, item.Data.SID)
		}
	}
	bodies := func(count int) map[string]string {
		var named, numbers []string
		for i, sid := range sids[:count] {
			named = append(named, fmt.Sprintf(`{"sid":%q}`, sid))
			numbers = append(numbers, fmt.Sprintf(`{"number":%q}`, numbered(i)))
		}
		return map[string]string{
			"PUT":    servertest.Contacts(named...),
			"POST":   servertest.Contacts(numbers...),
			"DELETE": servertest.Contacts(named...),
		}
	}
	before := c.Get(c.Path("/contacts/" + sids[0])).Body
	for method, body := range bodies(200) { // 5 MB of contacts and answer
		a := c.Do(method, c.Path("/contacts"), strings.NewReader(body))
		if fault := a.Fault(t, http.StatusTooManyRequests); fault.Code != 1429 {
			t.Errorf("%s: got %+v", method, fault)
		}
	}
	if got := c.Total(); got != 200 {
		t.Errorf("%d contacts are left", got)
	}
	after := c.Get(c.Path("/contacts/" + sids[0])).Body
	if _, a, _ := strings.Cut(string(after), "response"); !strings.HasSuffix(string(before), a) {
		t.Errorf("was %s, is %s", before, after)
	}
	for _, method := range []string{"PUT", "POST", "DELETE"} {
		if got := c.Do(method, c.Path("/contacts"), strings.NewReader(bodies(20)[method])).Status; got != http.StatusMultiStatus {
			t.Errorf("%s of fewer: got %d", method, got)
		}
	}
	s.AwaitIdle()
}

// TestInFlight: an account has so many requests in flight, and another has its
// own.
func TestInFlight(t *testing.T) {
	t.Parallel()
	entered, leave := make(chan struct{}, 1), make(chan struct{})
	s := servertest.Start(t, servertest.Options{Requests: 8, Contacts: func(store addressbook.Store) addressbook.Store {
		return &slowReads{Store: store, entered: entered, leave: leave}
	}})
	c, other := s.Account("demo"), s.Account("other")
	for range 4 { // half
		ask(t, s, c, "GET "+c.Path("/contacts"))
		<-entered
	}
	a := c.Get(c.Path("/contacts/" + strings.Repeat("0", 32)))
	if fault := a.Fault(t, http.StatusTooManyRequests); fault.Code != 1429 || a.Header.Get("Retry-After") == "" {
		t.Errorf("got %+v, %v", fault, a.Header)
	}
	if got := other.Post(servertest.Contacts(people(0, 1)...)).Status; got != http.StatusMultiStatus {
		t.Errorf("the other account: got %d", got)
	}
	close(leave)
	s.AwaitIdle()
}

// slowReads makes pages wait.
type slowReads struct {
	addressbook.Store
	entered chan<- struct{}
	leave   <-chan struct{}
}

func (s *slowReads) Contacts(ctx context.Context, account account.ID, q addressbook.Query) (addressbook.Page, error) {
	s.entered <- struct{}{}
	<-s.leave
	return s.Store.Contacts(ctx, account, q)
}

// TestSharesComeBack: however a request ends, it holds nothing afterwards.
func TestSharesComeBack(t *testing.T) {
	t.Parallel()
	const maxBody = 1 << 20
	s := servertest.Start(t, servertest.Options{MaxBody: maxBody, Contacts: func(store addressbook.Store) addressbook.Store {
		return &panicking{store}
	}})
	c := s.Account("demo")
	bulk := servertest.Contacts(people(0, 3000)...)
	for name, request := range map[string]func(){
		"panic":        func() { c.Do("PUT", c.Path("/contacts"), strings.NewReader(`{"contacts":[{"sid":"x"}]}`)) },
		"bad JSON":     func() { c.Post(bulk[:len(bulk)-1]) },
		"good":         func() { c.Post(bulk) },
		"again":        func() { c.Under("key").Post(bulk); c.Under("key").Post(bulk) },
		"too large":    func() { c.Do("POST", c.Path("/contacts"), io.LimitReader(zeros{}, 2*maxBody)) },
		"no form":      func() { c.Do("POST", c.Path("/contacts/csv-upload"), strings.NewReader("x")) },
		"export":       func() { c.Get(c.Path("/contacts/export")) },
		"nobody":       func() { c.As("x", "y").Post(bulk) },
		"no such page": func() { c.List("limit=0") },
		"broken off": func() {
			conn := open(t, s)
			post(t, conn, c, "Content-Length: 1000000")
			io.WriteString(conn, bulk[:100_000])
			conn.Close()
		},
	} {
		request()
		s.AwaitIdle()
		if t.Failed() {
			t.Fatal(name)
		}
	}
}

// panicking is a store with a bug.
type panicking struct{ addressbook.Store }

func (*panicking) UpdateContacts(context.Context, account.ID, []addressbook.Patch, journal.Ready[[]addressbook.Result]) error {
	panic("a bug")
}
