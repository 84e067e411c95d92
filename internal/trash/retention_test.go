package trash_test

import (
	"fmt"
	"net/http"
	"runtime"
	"testing"
	"time"

	"callbook/internal/clock/clocktest"
	"callbook/internal/test/servertest"
	"callbook/internal/trash"
)

// TestTrashIsKeptForAWhile: contacts and lists that were deleted stay in the trash as
// long as they are to, and no longer. Those deleted later, and those that nobody deleted,
// stay.
func TestTrashIsKeptForAWhile(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		retention, age time.Duration
		left           int // of the two deleted contacts
	}{
		"30 days, within":     {0, trash.DefaultRetention - 2*time.Hour, 2},
		"30 days, after":      {0, trash.DefaultRetention - 30*time.Minute, 1},
		"another time, after": {24 * time.Hour, 25 * time.Hour, 0},
		"forever":             {trash.Forever, 20 * trash.DefaultRetention, 2},
		"not at all":          {trash.None, time.Minute, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := clocktest.New(time.Unix(1_750_000_000, 0))
			path := servertest.NewDatabase(t)
			s := servertest.Start(t, servertest.Options{Path: path, Clock: clock})
			c := s.Account("demo")
			remove := func(path string) {
				t.Helper()
				if a := c.Send(http.MethodDelete, path, ""); a.Status != 200 {
					t.Fatalf("DELETE %s: got %d %s", path, a.Status, a.Body)
				}
			}
			older, newer := c.CreateOne(`{"number":"+919876543210"}`), c.CreateOne(`{"number":"+919876543211"}`)
			c.CreateOne(`{"number":"+919876543212"}`)
			list := c.CreateList("Former")
			c.Add(list.SID, older.SID)
			remove("/contacts/" + older.SID)
			remove("/lists/" + list.SID)
			clock.Add(time.Hour)
			remove("/contacts/" + newer.SID)
			s.Stop()

			clock.Add(tt.age)
			s = servertest.Start(t, servertest.Options{Path: path, Clock: clock, KeepDeleted: tt.retention})
			c = c.At(s)
			total := func(path string) int { return c.Get(c.Path(path)).Page(t).Metadata.Total }
			await := func(path string, want int) {
				t.Helper()
				for deadline := time.Now().Add(3 * time.Minute); total(path) > want; runtime.Gosched() {
					if time.Now().After(deadline) {
						break
					}
				}
				if got := total(path); got != want {
					t.Errorf("%s: there are %d, want %d", path, got, want)
				}
			}
			await("/trash/contacts", tt.left)
			await("/trash/lists", max(tt.left-1, 0)) // it was deleted with the older one
			if got := total("/contacts"); got != 1 {
				t.Errorf("%d contacts are left, want 1", got)
			}
			// What is deleted now is kept, unless nothing is.
			more := c.CreateOne(`{"number":"+919876543213"}`)
			remove("/contacts/" + more.SID)
			want := 1
			if tt.retention == trash.None {
				want = 0
			}
			restored := c.Send(http.MethodPost, "/trash/contacts/restore", fmt.Sprintf(`{"contacts":[{"sid":%q}]}`, more.SID)).Bulk(t)
			if got := restored.Metadata.Success; got != want {
				t.Errorf("%d contacts were restored, want %d", got, want)
			}
		})
	}
}
