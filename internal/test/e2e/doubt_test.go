package e2e

import (
	"bytes"
	"net"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
)

// TestCommitInDoubt loses the connection to the database after a commit was
// sent, and before it was confirmed: the client is told to come again, and its
// key has the work done once.
func TestCommitInDoubt(t *testing.T) {
	if testing.Short() {
		t.Skip("it waits for a lease to run out")
	}
	t.Parallel()
	db, auth := newShared(t)
	cut := newCutter(t, db)
	// With prepared statements, the text of a commit would be sent once.
	s := startServer(t, cut.url+"&default_query_exec_mode=exec")
	c := newClient(t, s, auth)
	some := []contact{{Number: "+919876543210"}, {Number: "+919876543211"}}

	cut.armed.Store(true)
	got, err := c.keyed("contacts", some)
	if err == nil {
		err = isUnavailable(got)
	}
	if err != nil {
		t.Fatal(err)
	}
	if got, err = c.keyed("contacts", some); err != nil {
		t.Fatal(err)
	}
	bulk, err := got.bulk(len(some))
	if err != nil || got.header.Get("Idempotency-Replayed") != "true" {
		t.Fatalf("the commit was lost: %s (%v)", got.body, err)
	}
	for _, item := range bulk.Response {
		if item.Code != http.StatusOK {
			t.Errorf("got %+v, want 200", item)
		}
	}

	// An upload that was added, for all that the server knows, keeps its file.
	body, contentType, err := uploadForm("Leads", "number\n+919876543212\n+919876543213\n")
	if err != nil {
		t.Fatal(err)
	}
	send := func() (answer, error) {
		req, err := http.NewRequest(http.MethodPost, c.base+"/contacts/csv-upload", bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.SetBasicAuth(auth.APIKey, auth.APIToken)
		req.Header.Set("Content-Type", contentType)
		req.Header.Set("Idempotency-Key", "upload")
		return send(c.http, req)
	}
	cut.armed.Store(true)
	if got, err = send(); err == nil {
		err = isUnavailable(got)
	}
	if err != nil {
		t.Fatal(err)
	}
	if got, err = send(); err != nil {
		t.Fatal(err)
	}
	u, err := got.upload()
	if err != nil || got.header.Get("Idempotency-Replayed") != "true" {
		t.Fatalf("the commit was lost: %s (%v)", got.body, err)
	}
	if !waitFor(patience, func() bool { u = c.uploadStatus(t, u.ID); return u.Status != "in-progress" }) ||
		u.Status != "completed" || u.Stats != (uploadStats{Total: 2, Success: 2}) {
		t.Errorf("the upload is %+v", u)
	}
	if stored := c.all(t, "/contacts"); len(stored) != 4 {
		t.Errorf("%d contacts are there, want 4", len(stored))
	}
}

// cutter passes on what goes to a database and back. Once armed, it cuts the
// next connection that commits an answer to a request with a key, when the
// database has answered.
type cutter struct {
	url   string // of the database through here
	armed atomic.Bool
	to    string
	conns sync.WaitGroup
}

func newCutter(t *testing.T, db string) *cutter {
	t.Helper()
	u, err := url.Parse(db)
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &cutter{to: u.Host}
	u.Host = ln.Addr().String()
	c.url = u.String()
	c.conns.Go(func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			c.conns.Go(func() { c.pass(conn) })
		}
	})
	t.Cleanup(func() {
		ln.Close()
		c.conns.Wait() // the server, which ends before, has closed its own
	})
	return c
}

// pass serves one connection until either end closes it, or it is cut.
func (c *cutter) pass(conn net.Conn) {
	defer conn.Close()
	db, err := net.Dial("tcp", c.to)
	if err != nil {
		return
	}
	var cut atomic.Bool
	c.conns.Go(func() {
		defer conn.Close()
		defer db.Close()
		copyUntil(conn, db, func([]byte) bool { return cut.Load() })
	})
	defer db.Close()
	kept := false
	copyUntil(db, conn, func(sent []byte) bool {
		kept = kept || bytes.Contains(sent, []byte("INSERT INTO idempotency_keys"))
		if kept && bytes.Contains(sent, []byte("COMMIT")) && c.armed.Swap(false) {
			cut.Store(true)
		}
		return false
	})
}

// copyUntil copies what was read, unless this says that it is enough.
func copyUntil(to, from net.Conn, enough func([]byte) bool) {
	piece := make([]byte, 64<<10)
	for {
		n, err := from.Read(piece)
		if n > 0 {
			if enough(piece[:n]) {
				return
			}
			if _, err := to.Write(piece[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}
