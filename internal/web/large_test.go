package web_test

import (
	"fmt"
	"net/url"
	"testing"

	"callbook/internal/test/servertest"
)

// TestLargeDeletion deletes and restores more contacts than the request's share of the
// memory has room for at once.
func TestLargeDeletion(t *testing.T) {
	t.Parallel()
	const n = 15_000
	s := servertest.Start(t, servertest.Options{Dashboard: true, Memory: 32 << 20})
	c, b := s.Account("demo"), s.SignedIn("demo")
	for from := 0; from < n; from += 5_000 {
		some := make([]string, 5_000)
		for i := range some {
			some[i] = fmt.Sprintf(`{"number": "+9198%08d", "first_name": "P%d"}`, 10_000_000+from+i, i)
		}
		c.Create(some...)
	}
	count := func(path string, want int) {
		t.Helper()
		if total := c.Get(c.Path(path + "?limit=1")).Page(t).Metadata.Total; total != want {
			t.Errorf("%s has %d, want %d", path, total, want)
		}
	}
	b.Submit("/contacts/selected/tag", url.Values{"all": {"1"}, "value": {"All"}}).Redirect(t, "/contacts")
	page := b.Follow(b.Submit("/contacts/selected/delete", url.Values{"all": {"1"}, "count": {fmt.Sprint(n)}, "typed": {fmt.Sprint(n)}})).PageText(t, 200)
	count("/contacts", 0)
	count("/trash/contacts", n)
	b.Submit("/trash/restore", url.Values{"deletion": {hidden(t, page, "deletion")}}).Redirect(t, "/contacts")
	count("/contacts", n)
	count("/trash/contacts", 0)
}
