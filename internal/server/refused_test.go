package server_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"callbook/internal/test/servertest"
	"callbook/openapi"
)

// TestRefusedBeforeRouting sends what the HTTP layer refuses by itself, byte by
// byte. What reaches a handler is answered in JSON; what does not is answered as
// the document says.
func TestRefusedBeforeRouting(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{})
	c := s.Account("demo")
	auth := "Authorization: " + c.Authorization() + "\r\n"
	path := c.Path("/contacts")
	const inJSON, plain = "json", "text"
	large := "GET " + path + " HTTP/1.1\r\nHost: x\r\nA: " + strings.Repeat("a", 128<<10)
	for _, tt := range []struct {
		name, raw string
		status    int
		kind      string
	}{
		{"no request line", "nonsense\r\n\r\n", 400, plain},
		{"TLS on the plain port", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400, plain},
		{"a header without a colon", "GET " + path + " HTTP/1.1\r\nHost: x\r\nnonsense\r\n\r\n", 400, plain},
		{"a blank in a header's name", "GET " + path + " HTTP/1.1\r\nHost: x\r\nA b: c\r\n\r\n", 400, plain},
		{"no Host", "GET " + path + " HTTP/1.1\r\n" + auth + "\r\n", 400, plain},
		{"two Hosts", "GET " + path + " HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400, plain},
		{"a bad Host", "GET " + path + " HTTP/1.1\r\nHost: a b\r\n\r\n", 400, plain},
		{"a bad Content-Length", "POST " + path + " HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400, plain},
		{"two Content-Lengths", "POST " + path + " HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}", 400, plain},
		{"a bad escape in the path", "GET /v2/%zz HTTP/1.1\r\nHost: x\r\n\r\n", 400, plain},
		{"headers too large", large, 431, plain},
		{"an unknown transfer encoding", "POST " + path + " HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", 501, plain},
		{"an HTTP version that is not spoken", "GET " + path + " HTTP/3.0\r\nHost: x\r\n\r\n", 505, plain},
		{"an unknown Expect", "POST " + path + " HTTP/1.1\r\nHost: x\r\n" + auth + "Expect: tea\r\nContent-Length: 2\r\n\r\n{}", 417, ""},

		{"HTTP/2 without TLS", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 404, inJSON},
		{"OPTIONS *", "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", 404, inJSON},
		{"CONNECT", "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n", 404, inJSON},
		{"an absolute address", "GET http://example.com/nothing HTTP/1.1\r\nHost: x\r\n\r\n", 404, inJSON},
		{"a method of any name", "BREW " + path + " HTTP/1.1\r\nHost: x\r\n" + auth + "\r\n", 405, inJSON},
		{"HTTP/1.0 without Host", "GET " + path + " HTTP/1.0\r\n\r\n", 401, inJSON},
		{"a broken chunk", "POST " + path + " HTTP/1.1\r\nHost: x\r\n" + auth + "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400, inJSON},
		{"a path of NUL", "GET /v2/accounts/demo/contacts/%00 HTTP/1.1\r\nHost: x\r\n" + auth + "\r\n", 404, inJSON},
		{"an asterisk as path", "GET * HTTP/1.1\r\nHost: x\r\n\r\n", 404, inJSON},
	} {
		resp, body := sendRaw(t, s, tt.raw)
		kind := resp.Header.Get("Content-Type")
		if resp.StatusCode != tt.status {
			t.Errorf("%s: got %d %s, want %d: %s", tt.name, resp.StatusCode, kind, tt.status, body)
			continue
		}
		switch tt.kind {
		case inJSON:
			var envelope struct {
				RequestID string `json:"request_id"`
				HTTPCode  int    `json:"http_code"`
			}
			if err := json.Unmarshal([]byte(body), &envelope); err != nil || envelope.HTTPCode != tt.status || len(envelope.RequestID) != 32 {
				t.Errorf("%s: got %s, %s, %v", tt.name, kind, body, err)
			}
		case plain:
			want := fmt.Sprintf("%d %s", tt.status, http.StatusText(tt.status))
			if tt.status == http.StatusNotImplemented {
				want = "Unsupported transfer encoding"
			}
			if kind != "text/plain; charset=utf-8" || !strings.HasPrefix(body, want) || !resp.Close {
				t.Errorf("%s: got %s, %q, closes: %t", tt.name, kind, body, resp.Close)
			}
		default:
			if body != "" || !resp.Close {
				t.Errorf("%s: got %q, closes: %t", tt.name, body, resp.Close)
			}
		}
		// Whoever reads the document knows of it.
		if tt.kind != inJSON && !strings.Contains(string(openapi.Document), fmt.Sprintf("\n    - %d:", tt.status)) {
			t.Errorf("%s: the document does not tell of %d", tt.name, tt.status)
		}
	}
}
