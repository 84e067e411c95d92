package upload_test

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"callbook/internal/clock/clocktest"
	"callbook/internal/test/servertest"
	"callbook/internal/upload"
)

// TestErrorRowsAreBounded has more rows that fail than are kept: all are counted,
// and the answers and the file tell how many are not among the error rows. What is
// kept can be uploaded again as it is.
func TestErrorRowsAreBounded(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{})
	c := s.Account("demo")
	const more = 1234
	u := c.Upload("Leads", "number\n"+strings.Repeat("x\n", upload.MaxErrorRows+more)+asha+"\n")
	got := c.Await(u)
	if want := (servertest.Stats{Total: upload.MaxErrorRows + more + 1, Success: 1, Failed: upload.MaxErrorRows + more}); got.Stats != want {
		t.Errorf("the stats are %+v, want %+v", got.Stats, want)
	}
	all, _ := c.Get(c.Path("/csv-uploads")).Uploads(t)
	if got.Omitted != more || all[0].Omitted != more {
		t.Errorf("%d and %d rows are said to be omitted, want %d", got.Omitted, all[0].Omitted, more)
	}
	a := c.Get(c.Path("/csv-status/" + u.ID + "/errors"))
	if rows := strings.Count(string(a.Body), "\n") - 1; rows != upload.MaxErrorRows || a.Header.Get("Errors-Omitted") != "1234" {
		t.Errorf("the file has %d rows, and says %q", rows, a.Header.Get("Errors-Omitted"))
	}
}

// TestUploadsAreKeptForAWhile, and no longer: with their error rows, and without
// the contacts and lists that came of them.
func TestUploadsAreKeptForAWhile(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		retention, age time.Duration
		kept           bool
		uploads        int // that are left, with one that runs
	}{
		"90 days, within":     {0, upload.DefaultRetention - time.Minute, true, 2},
		"90 days, after":      {0, upload.DefaultRetention + time.Minute, false, 1},
		"another time, after": {24 * time.Hour, 25 * time.Hour, false, 1},
		"forever":             {upload.Forever, 10 * upload.DefaultRetention, true, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := clocktest.New(time.Unix(1_750_000_000, 0))
			path := servertest.NewDatabase(t)
			s := servertest.Start(t, servertest.Options{Path: path, Clock: clock})
			c := s.Account("demo")
			older := c.Upload("Older", "number\nx\n")
			c.Await(older)
			clock.Add(2 * time.Minute)
			// More rows than one transaction deletes.
			old := c.Upload("Leads", "number\n"+asha+"\n"+strings.Repeat("x\n", 1200))
			before := c.Await(old)
			s.Stop()

			clock.Add(tt.age)
			g := &gate{before: func(int) error { return errStop }} // a new one runs on
			s = servertest.Start(t, servertest.Options{Path: path, Clock: clock, Retention: tt.retention, Imports: g.over})
			c = c.At(s)
			running := c.Upload("Leads", "number\n"+vikram+"\n")
			goes := []servertest.Upload{older}
			if !tt.kept {
				goes = append(goes, old)
			}
			for deadline := time.Now().Add(3 * time.Minute); len(goes) > 0 && tt.retention != upload.Forever; runtime.Gosched() {
				if c.Get(goes[0].URL).Status == 404 {
					goes = goes[1:]
				} else if time.Now().After(deadline) {
					t.Fatal("an old upload stays")
				}
			}
			if tt.kept {
				if got := c.Get(old.URL).Upload(t); got.Stats != before.Stats || got.Omitted != 0 {
					t.Errorf("got %+v, want %+v", got, before)
				}
			}
			uploads, total := c.Get(c.Path("/csv-uploads")).Uploads(t)
			if want := tt.uploads; total != want || uploads[0].ID != running.ID {
				t.Errorf("there are %d uploads, want %d", total, want)
			}
			if errors := c.Get(old.URL + "/errors"); (errors.Status == 200) != tt.kept {
				t.Errorf("the error rows are answered with %d", errors.Status)
			}
			if got := stored(t, c); len(got) != 1 || c.Get(c.Path("/lists/"+before.List)).Status != 200 {
				t.Errorf("got %q", got)
			}
		})
	}
}
