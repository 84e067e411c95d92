package web_test

import (
	"html"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

var operationLink = regexp.MustCompile(`href="(/api/reference/[^"]+)"`)

func TestReference(t *testing.T) {
	t.Parallel()
	s, _ := serve(t)
	s.Account("demo")
	b := s.SignedIn("demo")
	index := b.Open("/api/reference").PageText(t, 200)
	has(t, index, "Create contacts, 1 to 5,000 in one request", `href="/openapi.yaml"`, "<strong>Answers</strong> are always JSON")
	links := operationLink.FindAllStringSubmatch(index, -1)
	if len(links) < 20 {
		t.Errorf("there are %d operations", len(links))
	}
	for _, link := range links {
		page := b.Open(link[1]).PageText(t, 200)
		if strings.Contains(page, "**") {
			t.Errorf("%s: Markdown is left", link[1])
		}
		if packed := b.Do("GET", link[1], nil, "Accept-Encoding", "gzip"); len(packed.Body) > 60<<10 {
			t.Errorf("%s: %d bytes packed", link[1], len(packed.Body))
		}
	}
	has(t, b.Open("/api/reference/nothing").PageText(t, 404), "no such operation")

	page := b.Open("/api/reference/createContacts").PageText(t, 200)
	has(t, page, "on_duplicate", "custom_field", "client_ref", "207", "required")
	try := regexp.MustCompile(`href="(/api/console[^"]+)"`).FindStringSubmatch(page)
	if try == nil {
		t.Fatal("it cannot be tried")
	}
	console := b.Open(html.UnescapeString(try[1])).PageText(t, 200)
	has(t, console, `<option value="POST" selected>`, `value="/contacts"`, "&#43;919876543210")
}

// TestReferenceSearch finds operations, fields and error codes, without script, and each
// find leads to where it stands.
func TestReferenceSearch(t *testing.T) {
	t.Parallel()
	s, _ := serve(t)
	s.Account("demo")
	b := s.SignedIn("demo")
	search := func(query string) string {
		t.Helper()
		return b.Open("/api/reference?q="+url.QueryEscape(query)).PageText(t, 200)
	}
	for query, want := range map[string]string{
		"on_duplicate":        `href="/api/reference/createContacts#parameter-`,
		"  ON_Duplicate ":     `href="/api/reference/createContacts#parameter-`,
		"create contacts":     `<h2><a href="/api/reference/createContacts">`,
		"1422":                "Idempotency-Key reused",
		"reused":              "1422",
		"custom_field object": "custom_field",
		"preflight":           "For all operations",
		"unicorn":             "Nothing in the reference has “unicorn”.",
		"<script>":            "Nothing in the reference has “&lt;script&gt;”.",
	} {
		has(t, search(query), want)
	}
	for query, not := range map[string]string{"on_duplicate": "getList", "unicorn": "<h2>"} {
		_, found, _ := strings.Cut(search(query), `id="reference"`)
		if strings.Contains(found, not) {
			t.Errorf("%s finds %s", query, not)
		}
	}
	for _, link := range regexp.MustCompile(`href="(/api/reference/\w+)#([^"]+)"`).FindAllStringSubmatch(search("contact"), -1) {
		has(t, b.Open(link[1]).PageText(t, 200), `id="`+link[2]+`"`)
	}
	has(t, b.Open("/api/reference?q="+strings.Repeat("%C3%A9", 4000)).PageText(t, 200), "Nothing in the reference has")
	// What htmx asks for as somebody types is the finds alone, and the address of their page.
	piece := b.Do("GET", "/api/reference?q=on_duplicate", nil, "Hx-Request", "true")
	if strings.Contains(string(piece.Body), "<html") || piece.Header.Get("Hx-Replace-Url")+piece.Header.Get("Hx-Push-Url") != "/api/reference?q=on_duplicate" {
		t.Errorf("htmx gets %v, %s", piece.Header, piece.Body)
	}
}

// TestReferenceIndex lists every operation beside each page, and marks the one that is shown.
func TestReferenceIndex(t *testing.T) {
	t.Parallel()
	s, _ := serve(t)
	s.Account("demo")
	b := s.SignedIn("demo")
	for _, path := range []string{"/api/reference", "/api/reference/createContacts", "/api/reference?q=tag"} {
		page := b.Open(path).PageText(t, 200)
		has(t, page, `aria-label="Operations"`, `href="/api/reference/deleteList"`, `id="reference-q"`)
		if marked := strings.Contains(page, `href="/api/reference/createContacts" aria-current="page"`); marked != strings.HasSuffix(path, "createContacts") {
			t.Errorf("%s: the operation is marked: %t", path, marked)
		}
	}
}
