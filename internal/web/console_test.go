package web_test

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"callbook/internal/test/servertest"
)

func request(method, path, body string) url.Values {
	return url.Values{"method": {method}, "path": {path}, "body": {body}}
}

func TestConsole(t *testing.T) {
	t.Parallel()
	s, _ := serve(t)
	c := s.Account("demo")
	other := s.Account("other").CreateOne(`{"number":"+14155550123"}`)
	b := s.SignedIn("demo")
	has(t, b.Open("/api/console").PageText(t, 200), "/contacts?limit=5", "The part after /v2/accounts/demo")
	has(t, b.Open("/api/console?method=PUT&path=/lists/x&body=%7B%7D").PageText(t, 200), `<option value="PUT" selected>`, `value="/lists/x"`, ">{}</textarea>")

	created := b.Submit("/api/console", request("POST", "/contacts", "{\r\n\"contacts\": [{\"number\": \"09876543210\",\r\n\"first_name\": \"<b>Asha\"}]}"))
	page := b.Follow(created).PageText(t, 200)
	has(t, page, "207 Multi-Status", "&#43;919876543210", "&lt;b&gt;Asha", created.Header.Get("X-Request-Id"))
	if c.Total() != 1 {
		t.Error("the contact is not there")
	}
	for _, tt := range []struct{ method, path, body, says string }{
		{"GET", "/contacts", "", "200 OK"},
		{"GET", "contacts?limit=1", "", "200 OK"},
		{"GET", "/v2/accounts/demo/contacts?limit=1", "", "200 OK"},
		{"GET", "/contacts?limit=0", "", "400 Bad Request"},
		{"POST", "/contacts", "{", "400 Bad Request"},
		{"GET", "/nothing", "", "404 Not Found"},
		{"GET", "/contacts/../../other/contacts", "", "404 Not Found"},
		{"GET", "/contacts%2F..%2F..%2Fother/contacts", "", "404 Not Found"},
		{"PUT", "/contacts/" + other.SID, `{"first_name":"x"}`, "404 Not Found"},
		{"GET", "/../other/contacts", "", "404 Not Found"},
		{"DELETE", "/lists", "", "405 Method Not Allowed"},
	} {
		page := b.Follow(b.Submit("/api/console", request(tt.method, tt.path, tt.body))).PageText(t, 200)
		if !strings.Contains(page, tt.says) {
			t.Errorf("%s %s: it does not say %q:\n%s", tt.method, tt.path, tt.says, page)
		}
		if strings.Contains(page, "4155550123") {
			t.Errorf("%s %s shows another account's contact", tt.method, tt.path)
		}
	}
	for _, tt := range []struct{ method, path, says string }{
		{"PATCH", "/contacts", "Choose one of these."},
		{"", "/contacts", "Choose one of these."},
		{"GET", "/contacts/%zz", "This is no path"},
		{"GET", "/con\x7ftacts", "This is no path"},
	} {
		has(t, b.Submit("/api/console", request(tt.method, tt.path, "")).PageText(t, 422), tt.says)
	}
}

func TestConsoleByHTMX(t *testing.T) {
	t.Parallel()
	s, _ := serve(t)
	s.Account("demo")
	b := s.SignedIn("demo")
	send := func(form url.Values) servertest.Answer {
		return b.Do("POST", "/api/console", strings.NewReader(form.Encode()),
			"Content-Type", "application/x-www-form-urlencoded", "HX-Request", "true")
	}
	piece := send(request("GET", "/contacts", "")).PageText(t, 200)
	has(t, piece, `<div id="console"`, "200 OK")
	if strings.Contains(piece, "<html") || strings.Contains(piece, "<nav") {
		t.Errorf("it is a whole page:\n%s", piece)
	}
	tooLarge := send(url.Values{"body": {strings.Repeat("x", 2<<20)}})
	has(t, tooLarge.PageText(t, 413), "Too large: A form has at most")
	if tooLarge.Header.Get("HX-Retarget") != "#trouble" || strings.Contains(string(tooLarge.Body), "<html") {
		t.Errorf("the trouble is not said above the page: %v", tooLarge.Header)
	}
	has(t, send(request("GET", "/%zz", "")).PageText(t, 422), `<div id="console"`, "This is no path")
}

// TestConsoleLongAnswer asks for more than a page can show.
func TestConsoleLongAnswer(t *testing.T) {
	t.Parallel()
	s, _ := serve(t)
	c := s.Account("demo")
	contacts := make([]string, 1000)
	for i := range contacts {
		contacts[i] = fmt.Sprintf(`{"number":"+9198765%05d","company_name":"%s"}`, i, strings.Repeat("é", 200))
	}
	c.Create(contacts...)
	b := s.SignedIn("demo")
	page := b.Follow(b.Submit("/api/console", request("GET", "/contacts?limit=1000", ""))).PageText(t, 200)
	has(t, page, "200 OK", "Only the beginning is shown")
	if len(page) > 500<<10 {
		t.Errorf("the page has %d bytes", len(page))
	}
}

// TestConsoleLog: one request, one line, and in it the console's route.
func TestConsoleLog(t *testing.T) {
	t.Parallel()
	log := new(lines)
	s := servertest.Start(t, servertest.Options{Dashboard: true, Log: logTo(log)})
	s.Account("demo")
	a := s.SignedIn("demo").Submit("/api/console", request("POST", "/contacts", servertest.Contacts(`{"number":"98765 43210"}`, `{}`)))
	s.Stop()
	found := regexp.MustCompile("(?m)^.*"+a.Header.Get("X-Request-Id")+".*$").FindAllString(log.String(), -1)
	if len(found) != 1 {
		t.Fatalf("there are %d lines", len(found))
	}
	has(t, found[0], `route="POST /api/console"`, "account=demo", "status=303", "total=2", "failed=1")
	if strings.Contains(log.String(), "9876543210") || strings.Contains(log.String(), "98765 43210") {
		t.Error("the log has a number")
	}
}
