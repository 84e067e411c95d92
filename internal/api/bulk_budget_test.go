package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"callbook/internal/budget"
	"callbook/internal/test/servertest"
)

// patient has requests wait for however long a slow machine takes.
var patient = budget.Waits{First: time.Hour, All: time.Hour, More: time.Hour}

// TestParallelBulk: large requests of one account queue for its share of the
// memory instead of being refused, also when each item is answered with the
// contact that is there already.
func TestParallelBulk(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	t.Parallel()
	const requests, items = 24, 2000
	s := servertest.Start(t, servertest.Options{Memory: 32 << 20, Waits: patient})
	c := s.Account("demo")
	all := make([]string, requests)
	for i := range all {
		all[i] = servertest.Contacts(people(i*items, items)...)
	}
	for _, query := range []string{"", "", "?on_duplicate=update"} {
		together(t, c, "POST", query, all)
	}
	if got := c.Total(); got != requests*items {
		t.Errorf("%d contacts are there", got)
	}
	s.AwaitIdle()
}

// TestParallelSmall is TestParallelBulk for bodies that are not announced as
// large, and for changes and deletions.
func TestParallelSmall(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	t.Parallel()
	const requests, items = 8, 500
	s := servertest.Start(t, servertest.Options{Memory: 8 << 20, Waits: patient})
	c := s.Account("demo")
	posts, named := make([]string, requests), make([]string, requests)
	for i := range posts {
		var sids []string
		for _, item := range c.Create(people(i*items, items)...) {
			sids = append(sids, fmt.Sprintf(`{"sid":%q}`, item.Data.SID))
		}
		posts[i] = servertest.Contacts(people(i*items, items)...)
		named[i] = servertest.Contacts(sids...)
	}
	together(t, c, "POST", "", posts)
	together(t, c, "PUT", "", named)
	together(t, c, "DELETE", "", named)
	s.AwaitIdle()
}

// together sends all bodies at once, and wants 207 for each.
func together(t *testing.T, c *servertest.Client, method, query string, all []string) {
	t.Helper()
	var sent sync.WaitGroup
	var mu sync.Mutex
	statuses := make(map[int]int)
	for _, body := range all {
		sent.Go(func() {
			a, err := c.Try(method, c.Path("/contacts"+query), strings.NewReader(body))
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			statuses[a.Status]++
			mu.Unlock()
		})
	}
	sent.Wait()
	if statuses[http.StatusMultiStatus] != len(all) {
		t.Errorf("%s%s of %d at once: got %v", method, query, len(all), statuses)
	}
}
