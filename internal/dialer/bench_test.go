package dialer_test

import (
	"fmt"
	"os"
	"testing"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/campaign"
)

// BenchmarkCalls places b.N calls, and waits until the campaigns are closed: with states,
// counts and events.
func BenchmarkCalls(b *testing.B) {
	r := newRig(b, campaign.MaxCallsAMinute, many(b.N))
	b.ResetTimer()
	_, _, stop := r.start(nil)
	for _, sid := range r.campaigns {
		for {
			c, err := r.set.Campaigns.Campaign(b.Context(), r.acct.ID, sid)
			if err != nil {
				b.Fatal(err)
			}
			if c.Closed {
				if c.Counts.CallsReached != len(c.From) {
					b.Errorf("the counts are %+v", c.Counts)
				}
				break
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "calls/s")
	stop()
	r.close(b)
}

// BenchmarkPace calls at a pace for CALLBOOK_PACE, 20s unless set, then pauses, and
// reports how far the pace was off, and the longest time between two calls. Nothing may
// leave after the pause.
func BenchmarkPace(b *testing.B) {
	d, err := time.ParseDuration(os.Getenv("CALLBOOK_PACE"))
	if err != nil {
		d = 20 * time.Second
	}
	for _, rate := range []int{60, 600, 6000} {
		b.Run(fmt.Sprint(rate), func(b *testing.B) {
			// Campaigns share the pace. Of numbers that fill each of them, none comes to its end.
			numbers := int(2*time.Duration(rate)*d/time.Minute) + 100
			r := newRig(b, rate, many((numbers+4999)/5000*5000))
			dialing, c, stop := r.start(nil)
			for len(c.left()) == 0 {
				time.Sleep(time.Millisecond)
			}
			time.Sleep(d)
			begun := time.Now()
			for _, sid := range r.campaigns {
				r.pause(b, sid)
				dialing.Settled(b.Context(), r.acct.ID, sid)
			}
			paused := time.Now()
			time.Sleep(time.Second)
			left := c.left()
			stop()
			if last := left[len(left)-1]; last.After(paused) {
				b.Errorf("a call left %v after the pause", last.Sub(paused))
			}
			took, gap := left[len(left)-1].Sub(left[0]), time.Duration(0)
			for i := range left[1:] {
				gap = max(gap, left[i+1].Sub(left[i]))
			}
			b.ReportMetric(100*(float64(len(left)-1)*float64(time.Minute)/float64(took)/float64(rate)-1), "%off")
			b.ReportMetric(float64(gap)/float64(time.Millisecond), "gap-ms")
			b.ReportMetric(float64(paused.Sub(begun))/float64(time.Millisecond), "pause-ms")
			r.close(b)
		})
	}
}

// BenchmarkExpand reads b.N targets from a list, without and with variables.
func BenchmarkExpand(b *testing.B) {
	for name, text := range map[string]string{"plain": "Your rent is due.", "variables": "Hello @@first_name, your rent is due on @@{due date}."} {
		b.Run(name, func(b *testing.B) {
			r := newRig(b, 60, nil)
			drafts := make([]addressbook.Draft, b.N)
			for i, n := range many(b.N) {
				drafts[i] = addressbook.Draft{Number: addressbook.Given(n.String()), CustomField: fmt.Sprintf(`{"plan":"gold","due date":"%d June","seats":12}`, i%28+1)}
				drafts[i].Texts[addressbook.FirstName], drafts[i].Texts[addressbook.LastName] = addressbook.Given("Lakshmi"), addressbook.Given("Krishnamurthy")
			}
			list := r.list(b, addressbook.New(r.set.Contacts, addressbook.Options{}), drafts...)
			r.add(b, func(c *campaign.Campaign) {
				c.Lists, c.Text = []addressbook.SID{list}, text
				if name == "variables" {
					c.Vars = []string{"first_name", "due date"}
				}
			})
			b.ResetTimer()
			_, _, stop := r.start(nil)
			for !r.campaign(b).Expanded {
				time.Sleep(time.Millisecond)
			}
			b.StopTimer()
			if n := r.campaign(b).Counts.Targets(); n != b.N {
				b.Errorf("there are %d targets, want %d", n, b.N)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "targets/s")
			stop()
			r.close(b)
		})
	}
}
