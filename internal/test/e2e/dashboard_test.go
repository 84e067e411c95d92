package e2e

import (
	"net/http"
	"strings"
	"testing"
)

// TestDashboardSwitch: the dashboard is there unless it is left out, and then
// no link leads to it.
func TestDashboardSwitch(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		args  []string
		kind  string
		links bool
	}{
		{"by default", nil, "text/html; charset=utf-8", true},
		{"left out", []string{"--no-dashboard"}, "application/json", false},
	} {
		s := startServer(t, newDB(t), tt.args...)
		if !waitFor(startLimit, func() bool { return strings.Contains(s.stdout.String(), "curl -X POST") }) {
			t.Fatalf("%s: no credentials were printed:\n%s", tt.name, s.stdout)
		}
		resp, err := http.Get(s.URL + "/")
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if got := resp.Header.Get("Content-Type"); got != tt.kind {
			t.Errorf("%s: / is %s", tt.name, got)
		}
		// All of it was printed before the first request was answered.
		if got := strings.Contains(s.stdout.String(), "/signin/link/"); got != tt.links {
			t.Errorf("%s: a link was printed: %t", tt.name, got)
		}
	}
}
