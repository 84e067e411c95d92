package dialer_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"callbook/internal/campaign"
	"callbook/internal/carrier"
	"callbook/internal/carrier/simulator"
	"callbook/internal/clock"
	"callbook/internal/test/servertest"
)

// broken is a carrier with which the first call to each number fails because of a trunk.
type broken struct {
	carrier.Carrier
	told  chan carrier.Progress
	times []time.Time
}

// Run implements [carrier.Carrier].
func (c *broken) Run(ctx context.Context, tell func(carrier.Progress)) {
	var phone sync.WaitGroup
	phone.Go(func() { c.Carrier.Run(ctx, tell) })
	defer phone.Wait()
	for {
		select {
		case p := <-c.told:
			tell(p)
		case <-ctx.Done():
			return
		}
	}
}

// Place implements [carrier.Carrier].
func (c *broken) Place(ctx context.Context, o carrier.Order) error {
	c.times = append(c.times, time.Now())
	if o.Attempt > 1 {
		return c.Carrier.Place(ctx, o)
	}
	c.told <- carrier.Progress{Call: o.Call, State: campaign.CallEnded, Placed: time.Now(), Ended: time.Now(), Outcome: campaign.TrunkFailed, Code: 488}
	return nil
}

// TestTrunkFails: a number whose trunk fails is called again after a while, although its
// campaign has no retries, and it may be called once a day only. How often, package campaign
// tests.
func TestTrunkFails(t *testing.T) {
	t.Parallel()
	servertest.EmbeddedOnly(t, "a test in a bubble")
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 600, many(1))
		r.setPolicy(t, campaign.Policy{CallsAMinute: 600, DailyCap: 1})
		c := &broken{Carrier: simulator.New(simulator.Options{Clock: clock.System, Instant: true}), told: make(chan carrier.Progress, 1)}
		_, stop := r.startWith(c)
		time.Sleep(150 * time.Second)
		synctest.Wait()
		if got := r.campaign(t); got.State != campaign.Completed || got.Counts.Calls != 2 || got.Counts.CallsFailed != 1 || got.Counts.Reached != 1 {
			t.Errorf("the campaign is %v, with %+v", got.State, got.Counts)
		}
		if len(c.times) != 2 || c.times[1].Sub(c.times[0]) < 2*time.Minute {
			t.Errorf("the calls left at %v", c.times)
		}
		stop()
		r.close(t)
	})
}
