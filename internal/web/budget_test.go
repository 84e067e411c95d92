package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"callbook/internal/test/servertest"
)

// TestPagesOfDeepJSON are not much larger than the JSON: on lines of its own, what
// is nested deep begins with many blanks.
func TestPagesOfDeepJSON(t *testing.T) {
	t.Parallel()
	c, b := book(t)
	deep := `{"a":` + strings.Repeat("[", 90) + strings.Repeat("1,", 7500) + "1" + strings.Repeat("]", 90) + `}`
	var all []string
	for i := range 50 {
		all = append(all, fmt.Sprintf(`{"number":"+9198100%05d","custom_field":%s}`, i, deep))
	}
	item := c.Create(all...)[0]
	const most = 1 << 20
	if a := b.Open("/contacts/" + item.Data.SID); a.Status != http.StatusOK || len(a.Body) > most {
		t.Errorf("the contact's page: got %d with %d bytes", a.Status, len(a.Body))
	}
	a := b.Follow(b.Submit("/api/console", url.Values{"method": {"GET"}, "path": {"/contacts?limit=50"}}))
	if a.Status != http.StatusOK || len(a.Body) > most {
		t.Errorf("the console: got %d with %d bytes", a.Status, len(a.Body))
	}
}

// TestPagesCount: a page takes of the same memory as the API's answers, and is
// refused with a page when there is none left.
func TestPagesCount(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{Dashboard: true, Memory: 256 << 10})
	c := s.Account("demo")
	var long []string
	for i := range 100 {
		long = append(long, fmt.Sprintf(`{"number":"+9198100%05d","first_name":"%s"}`, i, strings.Repeat("x", 255)))
	}
	for i := 0; i < len(long); i += 20 {
		c.Create(long[i : i+20]...)
	}
	b := s.SignedIn("demo")
	if a := b.Open("/contacts"); a.Status != http.StatusTooManyRequests || a.Header.Get("Retry-After") == "" ||
		!strings.Contains(string(a.Body), "share of the server") {
		t.Errorf("got %d, %.500s", a.Status, a.Body)
	}
	if a := b.Open("/signin"); a.Status >= 500 {
		t.Errorf("a small page: got %d", a.Status)
	}
	s.AwaitIdle()
	// Who is not signed in sends no more than a sign-in takes.
	stranger := s.Browser()
	if a := stranger.Submit("/signin", url.Values{"key": {strings.Repeat("x", 10_000)}}); a.Status != http.StatusRequestEntityTooLarge {
		t.Errorf("a stranger's form: got %d", a.Status)
	}
}
