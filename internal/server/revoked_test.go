package server_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"callbook/internal/account"
	"callbook/internal/clock/clocktest"
	"callbook/internal/test/servertest"
)

// slowDownload begins a download and takes no more than its first bytes.
func slowDownload(t *testing.T, s *servertest.Server, path string, headers ...string) (*http.Response, *bufio.Reader) {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.(*net.TCPConn).SetReadBuffer(16 << 10); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: callbook\r\n%s\r\n\r\n", path, strings.Join(headers, "\r\n"))
	r := bufio.NewReader(conn)
	resp, err := http.ReadResponse(r, nil)
	if err != nil || resp.StatusCode != 200 {
		t.Fatal(resp, err)
	}
	return resp, r
}

// TestExportEnds: a file that is being sent is broken off when the one who asked
// for it may not have it any more, also while nobody takes it.
func TestExportEnds(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		end  func(s *servertest.Server, c *servertest.Client, b *servertest.Browser, clock *clocktest.Clock)
		page bool // the dashboard's export
	}{
		{"key revoked", func(s *servertest.Server, c *servertest.Client, _ *servertest.Browser, _ *clocktest.Clock) {
			if _, err := s.Directory.RevokeKey(t.Context(), c.Key); err != nil {
				t.Error(err)
			}
		}, false},
		{"key expired", func(_ *servertest.Server, _ *servertest.Client, _ *servertest.Browser, clock *clocktest.Clock) {
			clock.Add(time.Hour)
		}, false},
		{"session ended", func(s *servertest.Server, _ *servertest.Client, b *servertest.Browser, _ *clocktest.Clock) {
			b.Submit("/signout", nil).Redirect(t, "/signin")
		}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			log, ended := &records{}, make(chan struct{})
			lines := io.MultiWriter(log, closesOn{`contacts/export"`, ended}) // the line of the access log
			clock := clocktest.New(time.Now())
			s := servertest.Start(t, servertest.Options{Dashboard: true, Log: slog.NewJSONHandler(lines, nil), Clock: clock})
			c := s.Account("demo")
			key, token, err := s.Directory.CreateKey(t.Context(), "demo", account.KeyDraft{Lifetime: time.Hour})
			if err != nil {
				t.Fatal(err)
			}
			c = c.As(key.ID, token)
			var contacts []string
			for i := range 1000 { // more than what stands between the server and one who reads nothing
				contacts = append(contacts, fmt.Sprintf(`{"number":"+9198765%05d","custom_field":{"x":%q}}`, i, strings.Repeat("x", 15<<10)))
			}
			c.Create(contacts...)
			b := s.SignedIn("demo")
			path, header := c.Path("/contacts/export?format=ndjson"), "Authorization: "+c.Authorization()
			if tt.page {
				path, header = "/contacts/export", "Cookie: callbook="+b.Cookie("callbook")
			}
			resp, _ := slowDownload(t, s, path, header)
			tt.end(s, c, b, clock)
			clock.Add(time.Second) // it looks now
			<-ended
			if !strings.Contains(log.String(), `"broken_off":"the key or session has ended"`) {
				t.Errorf("it was not broken off:\n%s", log)
			}
			n, err := io.Copy(io.Discard, resp.Body)
			if !errors.Is(err, io.ErrUnexpectedEOF) || n > 14<<20 {
				t.Errorf("%d bytes came, and the end was %v", n, err)
			}
			if strings.Contains(log.String(), "ERROR") {
				t.Errorf("it counts as the server's fault:\n%s", log)
			}
		})
	}
}
