package web_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"callbook/internal/test/servertest"
	"callbook/internal/upload"
)

// keepingFew is a store that keeps two error rows of an upload.
type keepingFew struct {
	upload.Store
	rows int
}

func (k keepingFew) ApplyBatch(ctx context.Context, b *upload.Batch) (upload.State, error) {
	b.MaxErrorRows = k.rows
	return k.Store.ApplyBatch(ctx, b)
}

// TestImportsSayWhatIsKept: how long imports are kept, and how many rows that
// failed are not.
func TestImportsSayWhatIsKept(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		retention  time.Duration
		rows       int
		list, page string
	}{
		"some rows": {0, 2, "each kept for 90 days after its end", "3 more rows that were not imported are counted, and not kept for the download."},
		"no rows":   {36 * time.Hour, 0, "each kept for 1 day 12 hours after its end", "The rows that were not imported are counted, and not kept any more."},
		"forever":   {upload.Forever, 4, "1 import", "1 more row that was not imported is counted"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := servertest.Start(t, servertest.Options{Dashboard: true, Retention: tt.retention, Imports: func(store upload.Store) upload.Store {
				return keepingFew{store, tt.rows}
			}})
			c := s.Account("demo")
			u := c.Upload("Leads", "number\n"+strings.Repeat("x\n", 5))
			c.Await(u)
			b := s.SignedIn("demo")
			reads(t, b.Open("/imports").PageText(t, 200), tt.list)
			page := b.Open("/imports/"+u.ID).PageText(t, 200)
			reads(t, page, tt.page)
			if got, want := strings.Contains(page, "Download these rows"), tt.rows > 0; got != want {
				t.Errorf("the page offers a download: %t, want %t", got, want)
			}
			if got := strings.Contains(page, "after its end"); got != (tt.retention != upload.Forever) {
				t.Errorf("the page says how long it is kept: %t", got)
			}
		})
	}
}
