package dialer_test

import (
	"fmt"
	"os"
	"slices"
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

// BenchmarkExpand reads b.N targets from a list.
func BenchmarkExpand(b *testing.B) {
	r, ctx := newRig(b, 60, nil), b.Context()
	book := addressbook.New(r.set.Contacts, addressbook.Options{})
	lists, err := book.CreateLists(ctx, r.acct, []addressbook.ListDraft{{Name: addressbook.Text{Given: true, Value: "All"}}}, nil)
	if err != nil {
		b.Fatal(err)
	}
	list := lists[0].List.SID
	for part := range slices.Chunk(many(b.N), 5000) {
		drafts := make([]addressbook.Draft, len(part))
		for i, n := range part {
			drafts[i].Number = addressbook.Text{Given: true, Value: n.String()}
		}
		made, err := book.CreateContacts(ctx, r.acct, drafts, addressbook.CreateOptions{}, nil)
		if err != nil {
			b.Fatal(err)
		}
		refs := make([]addressbook.ContactRef, len(made))
		for i := range made {
			refs[i].SID = made[i].Contact.SID
		}
		if _, err := book.AddToList(ctx, r.acct, list, refs, nil); err != nil {
			b.Fatal(err)
		}
	}
	r.add(b, func(c *campaign.Campaign) { c.Lists = []addressbook.SID{list} })
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
}
