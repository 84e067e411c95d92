package e2e

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestStopAnswersRequestInFlight stops the server while it reads a request, of
// which the rest comes only when the server takes no new ones any more.
func TestStopAnswersRequestInFlight(t *testing.T) {
	t.Parallel()
	db := newDB(t)
	auth := newAccount(t, db, "inflight")
	s := startServer(t, db)
	held := holdPost(t, s, auth, []contact{{Number: "+919876543210"}, {Number: "+919876543211"}})

	s.terminate(t)
	if !waitFor(stopLimit, func() bool { return refusesNew(t, s, auth) }) {
		t.Fatal("the server goes on taking new requests")
	}
	if s.hasEnded() {
		t.Fatal("the server did not wait for a request in flight")
	}
	got, err := held.finish()
	if err != nil {
		t.Fatalf("the request in flight was cut: %v", err)
	}
	if _, err := got.bulk(2); err != nil {
		t.Error(err)
	}
	s.awaitCleanExit(t)
}

// heldPost is a request that a server has begun to serve, and of whose body it
// waits for the second half.
type heldPost struct {
	conn   net.Conn
	reader *bufio.Reader
	req    *http.Request
	rest   []byte
}

// holdPost sends contacts up to the middle of the body.
func holdPost(t *testing.T, s *server, auth credentials, contacts []contact) *heldPost {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequest(http.MethodPost, s.URL+"/v2/accounts/"+auth.AccountSID+"/contacts", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth(auth.APIKey, auth.APIToken)
	body := contactsBody(contacts)
	fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: %s\r\nAuthorization: %s\r\nContent-Type: application/json\r\n"+
		"Content-Length: %d\r\nExpect: 100-continue\r\n\r\n",
		req.URL.Path, req.URL.Host, req.Header.Get("Authorization"), len(body))

	// A server asks for the rest when it begins to read the body: now the
	// request is in its hands.
	reader := bufio.NewReader(conn)
	line, err := reader.ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "HTTP/1.1 100 ") {
		t.Fatalf("got %q (%v), want 100 Continue", line, err)
	}
	if _, err := reader.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write(body[:len(body)/2]); err != nil {
		t.Fatal(err)
	}
	return &heldPost{conn, reader, req, body[len(body)/2:]}
}

// finish sends the rest of the body, reads the answer and closes the connection.
func (h *heldPost) finish() (answer, error) {
	defer h.conn.Close()
	if _, err := h.conn.Write(h.rest); err != nil {
		return answer{}, err
	}
	resp, err := http.ReadResponse(h.reader, h.req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, resp.Header, text}, err
}

// refusesNew tells whether a request on a new connection is refused: with a 503
// in JSON, or because nobody takes the connection.
func refusesNew(t *testing.T, s *server, auth credentials) bool {
	t.Helper()
	got, err := newClient(t, s, auth).call(http.MethodGet, "/contacts", nil)
	if err != nil {
		return true
	}
	if got.status != http.StatusServiceUnavailable {
		return false
	}
	if refused, err := got.refusal(); err != nil || refused.Response.ErrorData.Code != 1503 {
		t.Errorf("%v in %s, want code 1503", err, got.body)
	}
	if got.header.Get("Retry-After") == "" {
		t.Error("a 503 without Retry-After")
	}
	return true
}

// TestStopUnderLoad stops the server under load. Each request that it has begun
// to read is answered in full, and none is stored without an answer.
func TestStopUnderLoad(t *testing.T) {
	t.Parallel()
	db := newDB(t)
	auth := newAccount(t, db, "load")
	s := startServer(t, db)
	var (
		wg          sync.WaitGroup
		done, taken atomic.Int64
		enough      = make(chan struct{})
		seen        = newLedger()
	)
	for range 8 {
		c := newClient(t, s, auth)
		wg.Go(func() {
			for {
				r := seen.next()
				got, err := c.postWhenAsked(r.contacts, &taken)
				switch {
				case errors.Is(err, errNotTaken):
					return
				case err != nil:
					t.Errorf("%s was cut: %v", r.tag, err)
					return
				case got.status == http.StatusServiceUnavailable:
					if _, err := got.refusal(); err != nil {
						t.Errorf("%s: %v", r.tag, err)
					}
					return
				}
				if err := r.answered(got); err != nil {
					t.Errorf("%s: %v", r.tag, err)
					return
				}
				if done.Add(1) == 40 {
					close(enough)
				}
			}
		})
	}
	select {
	case <-enough:
	case <-time.After(patience):
		t.Error("the load did not get on")
	}
	t.Logf("told to stop with %d requests in flight", taken.Load())
	s.stop(t)
	wg.Wait()

	s = startServer(t, db)
	seen.check(t, storedContacts(t, newClient(t, s, auth)))
	for _, r := range seen.requests {
		if r.stored && r.sids == nil {
			t.Errorf("%s was stored, and its client got no answer", r.tag)
		}
	}
}

// errNotTaken is the error of a request that no server has begun to read. A stop
// can always meet one that is still on its way.
var errNotTaken = errors.New("no server took the request")

// postWhenAsked posts contacts and holds the body back until the server asks for
// it, which it does when it begins to read. Taken counts the requests that were
// asked for and wait for their answer.
func (c *client) postWhenAsked(contacts []contact, taken *atomic.Int64) (answer, error) {
	var asked atomic.Bool
	ctx := httptrace.WithClientTrace(context.Background(), &httptrace.ClientTrace{
		Got100Continue: func() {
			asked.Store(true)
			taken.Add(1)
		},
	})
	body := contactsBody(contacts)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+"/contacts", bytes.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	req.SetBasicAuth(c.auth.APIKey, c.auth.APIToken)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Expect", "100-continue")
	c.http.Transport.(*http.Transport).ExpectContinueTimeout = patience
	got, err := send(c.http, req)
	if asked.Load() {
		taken.Add(-1)
	} else if err != nil {
		return got, fmt.Errorf("%w: %w", errNotTaken, err)
	}
	return got, err
}
