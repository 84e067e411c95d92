package api_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"callbook/internal/test/servertest"
)

// TestIdleUploads: a body that does not come keeps nobody out, whether it was
// announced with a length or in chunks.
func TestIdleUploads(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{RequestTimeout: 10 * time.Minute})
	c := s.Account("demo")
	for _, header := range []string{"Transfer-Encoding: chunked", "Content-Length: 33554432"} {
		for range 8 {
			idle := open(t, s)
			// Whoever is asked to go on has been let in.
			post(t, idle, c, header+"\r\nExpect: 100-continue")
			line, err := bufio.NewReader(idle).ReadString('\n')
			if err != nil || !strings.Contains(line, "100 Continue") {
				t.Fatalf("got %q, %v", line, err)
			}
		}
	}
	if got := c.Post(servertest.Contacts(people(0, 2000)...)).Bulk(t).Metadata.Success; got != 2000 {
		t.Errorf("%d contacts were created", got)
	}
}

// TestSlowReaders: an answer that nobody reads keeps nobody out.
func TestSlowReaders(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{RequestTimeout: 10 * time.Minute})
	c := s.Account("demo")
	// An answer is more than a socket's buffers hold, all of them less than the
	// memory for bodies.
	const contacts, size, most = 600, 12_000, 8
	// One more than are worked on at once, on up to four cores.
	for i := range min(most, 2*runtime.GOMAXPROCS(0)+1) {
		slow := open(t, s)
		var body strings.Builder
		for n := range contacts {
			fmt.Fprintf(&body, `,{"number":"+9170%02d%06d","custom_field":{"a":"%s"}}`, i, n, strings.Repeat("x", size))
		}
		text := `{"contacts":[` + body.String()[1:] + `]}`
		post(t, slow, c, fmt.Sprintf("Content-Length: %d", len(text)))
		if _, err := io.WriteString(slow, text); err != nil {
			t.Fatal(err)
		}
		// One byte of the answer is there, so the request was done.
		if _, err := slow.Read(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
	}
	if got := c.Post(servertest.Contacts(people(0, 2000)...)).Bulk(t).Metadata.Success; got != 2000 {
		t.Errorf("%d contacts were created", got)
	}
}

func open(t *testing.T, s *servertest.Server) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// post sends the header of a request to create contacts.
func post(t *testing.T, conn net.Conn, c *servertest.Client, header string) {
	t.Helper()
	_, err := fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: test\r\nAuthorization: %s\r\n%s\r\n\r\n",
		c.Path("/contacts"), c.Authorization(), header)
	if err != nil {
		t.Fatal(err)
	}
}
