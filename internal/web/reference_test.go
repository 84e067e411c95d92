package web_test

import (
	"html"
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
