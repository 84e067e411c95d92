package server_test

import (
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"callbook/internal/test/servertest"
)

// TestConnections: idle connections, and those whose header never ends, make room
// for new ones, the oldest first; one that is being answered stays.
func TestConnections(t *testing.T) {
	t.Parallel()
	const most = 8
	s := servertest.Start(t, servertest.Options{Connections: most})
	dial := func() net.Conn {
		conn, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		return conn
	}
	c := s.Account("demo")
	// It is served: its body is waited for.
	served := dial()
	body := `{"contacts":[{"number":"+919876543210"}]}`
	_, err := io.WriteString(served, "POST "+c.Path("/contacts")+" HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 41\r\nExpect: 100-continue\r\n"+
		"Authorization: "+c.Authorization()+"\r\n\r\n")
	if err != nil || len(body) != 41 {
		t.Fatal(err, len(body))
	}
	if _, err := served.Read(make([]byte, len("HTTP/1.1 100 Continue\r\n\r\n"))); err != nil {
		t.Fatal(err)
	}
	first := dial()
	for i := range 5 * most {
		conn := dial()
		if i%2 == 0 {
			if _, err := io.WriteString(conn, "GET /healthz HTTP/1.1\r\nHost: x\r\n"); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := first.Read(make([]byte, 1)); err == nil {
		t.Error("the connection that was idle for longest got something")
	}
	if got := c.Get("/healthz"); got.Status != http.StatusOK {
		t.Errorf("a new connection: got %d", got.Status)
	}
	if _, err := io.WriteString(served, body); err != nil {
		t.Fatal(err)
	}
	if answer, err := io.ReadAll(served); err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 207") {
		t.Errorf("the one that was served: got %q, %v", answer, err)
	}
}

// TestRefusedWhileSending has clients go on sending after the server has refused
// their request: they get the whole answer and its end, and no reset.
func TestRefusedWhileSending(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{})
	c := s.Account("demo")
	head := "POST " + c.Path("/contacts") + " HTTP/1.1\r\nHost: x\r\nAuthorization: " + c.Authorization() + "\r\n"
	const more = 512 << 10 // than net/http reads of a body that nobody wants
	for _, tt := range []struct{ name, request, status string }{
		{"a header that is too large", head + "A: " + strings.Repeat("a", more), "431"},
		{"a body that is too large", head + "Content-Type: application/json\r\nContent-Length: 1000000000\r\n\r\n" + strings.Repeat("x", more), "413"},
	} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := io.WriteString(conn, tt.request); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		answer, err := io.ReadAll(conn)
		if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 "+tt.status) {
			t.Errorf("%s: got %q, %v", tt.name, answer, err)
		}
	}
}
