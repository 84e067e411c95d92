package api_test

import (
	"testing"
	"time"

	"callbook/internal/clock/clocktest"
	"callbook/internal/test/servertest"
)

// made is what has a sid.
type made struct{ sid, created string }

func madeContact(c *servertest.Client, number string) made {
	got := c.CreateOne(`{"number":"` + number + `"}`)
	return made{got.SID, got.DateCreated}
}

func madeList(c *servertest.Client, name string) made {
	got := c.CreateList(name)
	return made{got.SID, got.DateCreated}
}

func madeUpload(c *servertest.Client, name string) made {
	got := c.Await(c.Upload(name, "number\n+919876500000\n"))
	return made{sid: got.ID} // whose date no answer has
}

// TestClockSetBack sets the clock back by a day while the server is down: what
// is created afterwards comes behind what was there, in every account and of
// every kind.
func TestClockSetBack(t *testing.T) {
	t.Parallel()
	for name, last := range map[string]func(*servertest.Client, string) made{
		"contact": func(c *servertest.Client, _ string) made { return madeContact(c, "+919876543210") },
		"list":    madeList,
		"upload":  madeUpload,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := clocktest.New(time.Date(2025, 3, 9, 12, 0, 0, 0, time.UTC))
			opts := servertest.Options{Path: servertest.NewDatabase(t), Clock: clock}
			s := servertest.Start(t, opts)
			early, late := s.Account("early"), s.Account("late")
			early.CreateOne(`{"number":"+919876543211","first_name":"first"}`)
			clock.Add(time.Hour)
			latest := last(late, "last")
			s.Stop()
			clock.Add(-24 * time.Hour)
			s = servertest.Start(t, opts)
			for _, c := range []*servertest.Client{early.At(s), late.At(s)} {
				for kind, got := range map[string]made{
					"contact": madeContact(c, "+919876543212"),
					"list":    madeList(c, "after"),
					"upload":  madeUpload(c, "uploaded after"),
				} {
					if got.sid <= latest.sid {
						t.Errorf("the sid %s of a new %s does not follow %s", got.sid, kind, latest.sid)
					}
					if got.created != "" && latest.created != "" {
						if d := wireDate(t, got.created).Sub(wireDate(t, latest.created)); d <= 0 || d > time.Millisecond {
							t.Errorf("a new %s is of %s, want it to go on from %s", kind, got.created, latest.created)
						}
					}
				}
			}
			// So the order of creation is kept.
			page := early.At(s).List("limit=1").Page(t)
			if first := page.Response[0].Data; first.Number != "+919876543211" {
				t.Errorf("the oldest contact is %+v", first)
			}
		})
	}
}

func wireDate(t *testing.T, text string) time.Time {
	t.Helper()
	d, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		t.Error(err)
	}
	return d
}
