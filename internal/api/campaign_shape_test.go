package api_test

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"callbook/internal/test/servertest"
)

// TestCampaignFaultsAreArrays asks each route about campaigns, and paths below them that
// are no route, in wrong ways: the response of every answer is an array, which clients
// loop over.
func TestCampaignFaultsAreArrays(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{})
	c := s.Account("demo")
	stranger := *c
	stranger.Key, stranger.Token = "", ""

	isArray := func(name string, a servertest.Answer, status int) {
		t.Helper()
		var body struct {
			HTTPCode int `json:"http_code"`
			Response []struct {
				Code      int
				ErrorData *struct{ Code int } `json:"error_data"`
				Data      any
			}
		}
		err := json.Unmarshal(a.Body, &body)
		if err != nil || a.Status != status || body.HTTPCode != status || len(body.Response) != 1 ||
			body.Response[0].Code != status || body.Response[0].ErrorData == nil || body.Response[0].Data != nil {
			t.Errorf("%s: got %d %s (%v), want %d with one element", name, a.Status, a.Body, err, status)
		}
	}

	type target struct{ method, path string }
	var routes, unknown []target
	wildcard := regexp.MustCompile(`\{[a-z_]+\}`)
	for _, pattern := range s.Handler.Patterns() {
		method, path, _ := strings.Cut(pattern, " ")
		path, ours := strings.CutPrefix(path, "/v2/accounts/{account_sid}")
		if ours && (strings.HasPrefix(path, "/campaigns") || strings.HasPrefix(path, "/campaign/")) {
			routes = append(routes, target{method, wildcard.ReplaceAllString(path, strings.Repeat("0", 31)+"1")})
		}
	}
	if len(routes) < 10 {
		t.Fatalf("there are only %d routes about campaigns", len(routes))
	}
	for _, path := range []string{"/campaign", "/campaigns/x/y", "/campaigns/x/y/z/a", "/campaign/x", "/campaign/x/y", "/campaigns//", "/campaign/x/call-details/y"} {
		unknown = append(unknown, target{"GET", path}, target{"POST", path})
	}
	for _, r := range slices.Concat(routes, unknown) {
		isArray("no key "+r.method+" "+r.path, stranger.Send(r.method, r.path, ""), 401)
	}
	for _, r := range unknown {
		isArray("unknown "+r.method+" "+r.path, c.Send(r.method, r.path, ""), 404)
	}
	for _, r := range routes {
		isArray("method "+r.path, c.Send("PATCH", r.path, ""), 405)
		if r.path != "/campaigns" && r.method == "GET" {
			isArray("unknown id "+r.path, c.Send(r.method, r.path, ""), 404)
		}
	}
	for _, r := range []target{{"POST", "/campaigns"}, {"PUT", "/campaigns/{sid}"}, {"POST", "/campaigns/{sid}"}, {"POST", "/campaigns/{sid}/copy"}} {
		path := wildcard.ReplaceAllString(r.path, strings.Repeat("0", 31)+"1")
		if !slices.Contains(routes, target{r.method, path}) {
			t.Errorf("%s %s is no route", r.method, r.path)
		}
		isArray("type "+r.method+" "+path, c.Do(r.method, c.Path(path), strings.NewReader(`{}`), "Content-Type", "application/xml"), 415)
		for _, body := range []string{`{`, `[`, `{"campaigns":`, `{"campaigns":[{]}`} {
			isArray("body "+r.method+" "+path+" "+body, c.Send(r.method, path, body), 400)
		}
	}
}
