package dialer_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/campaign"
	"callbook/internal/carrier"
	"callbook/internal/carrier/simulator"
	"callbook/internal/clock"
	"callbook/internal/dialer"
	"callbook/internal/journal"
	"callbook/internal/phone"
	"callbook/internal/store"
	"callbook/internal/test/servertest"
)

// rig is an account with campaigns, and a server that has not begun to dial.
type rig struct {
	set  *store.Set
	acct account.Account
	sids []addressbook.SID // of the campaigns
}

// newRig makes campaigns of so many numbers, which all answer.
func newRig(tb testing.TB, numbers, callsAMinute int) *rig {
	ctx := context.Background()
	set := openStores(tb, servertest.NewDatabase(tb))
	acct, err := set.Accounts.CreateAccount(ctx, account.Account{SID: "demo", Region: "IN", TimeZone: time.UTC, Created: time.Now()})
	if err != nil {
		tb.Fatal(err)
	}
	r := &rig{set: set, acct: acct}
	if err := set.Campaigns.SetPolicy(ctx, acct.ID, campaign.Policy{CallsAMinute: callsAMinute}); err != nil {
		tb.Fatal(err)
	}
	sids, now := addressbook.NewSIDs(clock.System), time.Now()
	for begun := 0; begun < numbers; {
		c := &campaign.Campaign{Account: acct.ID, State: campaign.Created, Created: now, Updated: now}
		c.SID, _ = sids.Next()
		c.Settings = campaign.Settings{
			Name: "bench", CallerID: "08047000001", Text: "Your rent is due on Monday.", FlowType: "greeting", SendAt: now, EndAt: now.Add(time.Hour),
			CallStatusCallback: "https://a.example/call", StatusCallback: "https://a.example/campaign",
		}
		for range min(numbers-begun, campaign.MaxFrom) {
			c.From = append(c.From, phone.Number(919800000000+10*begun))
			begun++
		}
		ok := func(campaign.Running) error { return nil }
		if err := set.Campaigns.InsertCampaign(ctx, c, ok, journal.Ready[*campaign.Campaign](nil)); err != nil {
			tb.Fatal(err)
		}
		r.sids = append(r.sids, c.SID)
	}
	return r
}

// watched is a carrier that notes when calls leave.
type watched struct {
	carrier.Carrier
	mu    sync.Mutex
	times []time.Time
}

// Place implements [carrier.Carrier].
func (c *watched) Place(ctx context.Context, o carrier.Order) error {
	c.mu.Lock()
	c.times = append(c.times, time.Now())
	c.mu.Unlock()
	return c.Carrier.Place(ctx, o)
}

func (c *watched) left() []time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.times)
}

// start starts a server, with calls of no duration.
func (r *rig) start() (d *dialer.Dialer, c *watched, stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	c = &watched{Carrier: simulator.New(simulator.Options{Clock: clock.System, Instant: true})}
	d = dialer.New(r.set.Dialing, c, dialer.Options{Log: quiet, Clock: clock.System, Gate: dialer.Rules{}})
	done := make(chan struct{})
	go func() {
		defer close(done)
		d.Run(ctx)
	}()
	return d, c, func() {
		cancel()
		<-done
	}
}

// BenchmarkCalls places b.N calls, and waits until the campaigns are closed: with states,
// counts and events.
func BenchmarkCalls(b *testing.B) {
	r := newRig(b, b.N, 10_000_000)
	b.ResetTimer()
	_, _, stop := r.start()
	for _, sid := range r.sids {
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
	if err := r.set.Close(); err != nil {
		b.Error(err)
	}
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
			r := newRig(b, int(2*time.Duration(rate)*d/time.Minute)+100, rate)
			dialing, c, stop := r.start()
			for len(c.left()) == 0 {
				time.Sleep(time.Millisecond)
			}
			time.Sleep(d)
			begun := time.Now()
			for _, sid := range r.sids {
				err := r.set.Campaigns.ChangeCampaign(b.Context(), r.acct.ID, sid, func(c *campaign.Campaign, _ campaign.Running) error {
					return c.Do(campaign.Pause, time.Now())
				}, nil)
				if err != nil && !errors.Is(err, campaign.ErrNotFound) {
					b.Fatal(err)
				}
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
			if err := r.set.Close(); err != nil {
				b.Error(err)
			}
		})
	}
}
