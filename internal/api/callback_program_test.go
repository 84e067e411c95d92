package api_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// program is a caller's program, which is told of campaigns.
type program struct {
	*httptest.Server
	requests chan string // path and body
}

func newProgram(t *testing.T) *program {
	p := &program{requests: make(chan string, 100)}
	p.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.Header.Get("Webhook-Signature") == "" || r.Header.Get("X-Callbook-Event-Id") == "" {
			t.Errorf("a callback has %v, %v", r.Header, err)
		}
		p.requests <- r.URL.Path + " " + string(body)
	}))
	t.Cleanup(p.Close)
	return p
}

// until returns all requests up to the one that has a text.
func (p *program) until(t *testing.T, text string) (got []string) {
	t.Helper()
	for limit := time.After(2 * time.Minute); ; {
		select {
		case r := <-p.requests:
			if got = append(got, r); strings.Contains(r, text) && strings.HasPrefix(r, "/campaign ") {
				return got
			}
		case <-limit:
			t.Fatalf("there came only %q", got)
		}
	}
}
