package server_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"callbook/internal/test/servertest"
)

const app = "https://app.example.com"

// send sends a request with these headers, names and values in turn, and the
// client's credentials, as a browser that has cached them. It is not held against
// the document, which has no OPTIONS.
func send(t *testing.T, c *servertest.Client, base, method, path, body string, headers ...string) servertest.Answer {
	t.Helper()
	req, err := http.NewRequest(method, base+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if c != nil {
		req.Header.Set("Authorization", c.Authorization())
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return servertest.Answer{Status: resp.StatusCode, Header: resp.Header, Body: text}
}

// TestWritesFromOtherSites: a write that another site's page has sent with cached
// credentials does nothing, on every route.
func TestWritesFromOtherSites(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{Dashboard: true, BaseURL: "http://book.example.com", AllowOrigins: []string{app}})
	c := s.Account("demo")
	const body = `{"contacts":[{"number":"+919876543210"}]}`
	for _, tt := range []struct {
		site, origin string
		allowed      bool
	}{
		{"cross-site", "https://evil.example", false},
		{"same-site", "https://evil.example.com", false},
		{"cross-site", "", false},
		{"cross-site", "null", false},
		{"", "https://evil.example", false}, // an old browser
		{"", "null", false},
		{"cross-site", app + ".evil.example", false},
		{"cross-site", "http://app.example.com", false},
		{"cross-site", app, true},
		{"same-site", app, true},
		{"", app, true},
		{"", "http://book.example.com", true}, // as a proxy passes it on
		{"", s.URL, true},
		{"same-origin", "", true},
		{"none", "", true},
		{"", "", true}, // no browser
	} {
		var headers []string
		if tt.site != "" {
			headers = append(headers, "Sec-Fetch-Site", tt.site)
		}
		if tt.origin != "" {
			headers = append(headers, "Origin", tt.origin)
		}
		// Such a form is what a page can send without a preflight.
		form := append([]string{"Content-Type", "application/x-www-form-urlencoded"}, headers...)
		a := c.Do("POST", c.Path("/contacts"), strings.NewReader(body), form...)
		total := c.Total()
		if tt.allowed {
			if total != 1 || a.Status != 207 {
				t.Errorf("%q from %q: got %d, and there are %d contacts", tt.site, tt.origin, a.Status, total)
			}
			page := c.List("").Page(t)
			c.Do("DELETE", c.Path("/contacts/"+page.Response[0].Data.SID), nil).Contact(t)
			continue
		}
		fault := a.Fault(t, 403)
		if fault.Code != 1003 || !strings.Contains(fault.Description, "--allow-origin") || total != 0 {
			t.Errorf("%q from %q: got %+v, and there are %d contacts", tt.site, tt.origin, fault, total)
		}
		if got := a.Header.Get("Access-Control-Allow-Origin"); got != "" {
			t.Errorf("%q may read the answer: %q", tt.origin, got)
		}
		// A read does no harm, and the browser does not show it to the page.
		read := c.Do("GET", c.Path("/contacts"), nil, headers...)
		if read.Status != 200 || read.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("a read from %q: got %d, %v", tt.origin, read.Status, read.Header)
		}
	}
	for _, pattern := range s.Handler.Patterns() {
		method, path, _ := strings.Cut(pattern, " ")
		if method == "GET" {
			continue
		}
		path = strings.NewReplacer("{account_sid}", "demo").Replace(path)
		if a := send(t, c, s.URL, method, path, "{}", "Sec-Fetch-Site", "cross-site"); a.Status != 403 {
			t.Errorf("%s: got %d", pattern, a.Status)
		}
	}
}

// TestCORS: a page of an origin that is allowed can send what the API takes, and
// read what it answers, errors too.
func TestCORS(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{AllowOrigins: []string{"https://first.example", app}})
	c := s.Account("demo")
	preflight := func(origin, method, headers string) servertest.Answer {
		t.Helper()
		return send(t, nil, s.URL, "OPTIONS", c.Path("/contacts"), "",
			"Origin", origin, "Access-Control-Request-Method", method, "Access-Control-Request-Headers", headers)
	}
	for _, method := range []string{"GET", "POST", "PUT", "DELETE"} {
		a := preflight(app, method, "authorization,content-type,idempotency-key")
		h := a.Header
		if a.Status != 200 || h.Get("Access-Control-Allow-Origin") != app || h.Get("Access-Control-Allow-Methods") != method ||
			h.Get("Access-Control-Allow-Headers") != "authorization,content-type,idempotency-key" ||
			h.Get("Access-Control-Allow-Credentials") != "true" || h.Get("Access-Control-Max-Age") != "600" ||
			!strings.Contains(h.Get("Vary"), "Origin") {
			t.Errorf("preflight of %s: got %d, %v", method, a.Status, h)
		}
		if want := `"method":"OPTIONS","http_code":200,"response":{"code":200,"error_data":null,"status":"success","data":null}}`; !strings.HasSuffix(string(a.Body), want) {
			t.Errorf("preflight of %s: got %s", method, a.Body)
		}
	}
	for name, a := range map[string]servertest.Answer{
		"another origin":  preflight("https://evil.example", "POST", "authorization"),
		"another header":  preflight(app, "POST", "x-other"),
		"another method":  preflight(app, "BREW", ""),
		"an origin alone": send(t, nil, s.URL, "OPTIONS", c.Path("/contacts"), "", "Origin", "https://evil.example"),
	} {
		if h := a.Header; a.Status != 401 || h.Get("Access-Control-Allow-Methods") != "" {
			t.Errorf("preflight of %s: got %d, %v", name, a.Status, h)
		}
	}
	from := func(c *servertest.Client, method, path, body string) servertest.Answer {
		return c.Do(method, c.Path(path), strings.NewReader(body), "Origin", app, "Sec-Fetch-Site", "cross-site", "Content-Type", "application/json")
	}
	for name, a := range map[string]servertest.Answer{
		"write":     from(c, "POST", "/contacts", `{"contacts":[{"number":"+919876543210"}]}`),
		"read":      from(c, "GET", "/contacts", ""),
		"export":    from(c, "GET", "/contacts/export", ""),
		"no key":    from(c.As("", ""), "GET", "/contacts", ""),
		"no route":  from(c, "GET", "/nothing", ""),
		"bad write": from(c, "POST", "/contacts", `{`),
	} {
		h := a.Header
		if h.Get("Access-Control-Allow-Origin") != app || h.Get("Access-Control-Allow-Credentials") != "true" || !strings.Contains(h.Get("Vary"), "Origin") {
			t.Errorf("%s: got %v", name, h)
		}
		for _, exposed := range []string{"X-Request-Id", "Retry-After", "Idempotency-Replayed", "Content-Disposition"} {
			if !strings.Contains(h.Get("Access-Control-Expose-Headers"), exposed) {
				t.Errorf("%s: a page may not see %s: %v", name, exposed, h)
			}
		}
	}
	// One answer must not be kept for another origin.
	if got := c.List("").Header.Get("Vary"); !strings.Contains(got, "Origin") {
		t.Errorf("without an origin: Vary is %q", got)
	}

	plain := servertest.Start(t, servertest.Options{})
	other := plain.Account("demo")
	a := send(t, other, plain.URL, "OPTIONS", other.Path("/contacts"), "", "Origin", app, "Access-Control-Request-Method", "GET")
	if a.Status != 405 || a.Header.Get("Access-Control-Allow-Origin") != "" || a.Header.Get("Vary") != "" {
		t.Errorf("where no origin is allowed: got %d, %v", a.Status, a.Header)
	}
}
