package dialer_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"callbook/internal/campaign"
	"callbook/internal/carrier"
	"callbook/internal/carrier/simulator"
	"callbook/internal/clock"
	"callbook/internal/dialer"
	"callbook/internal/event"
	"callbook/internal/phone"
	"callbook/internal/test/servertest"
	"callbook/internal/work"
)

// TestLeaseComesBack: a server whose lease another one had for a while, and that gets the
// account back before it has noticed, takes over the call that the other one has left.
func TestLeaseComesBack(t *testing.T) {
	t.Parallel()
	servertest.EmbeddedOnly(t, "a test in a bubble")
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 600, nil)
		r.add(t, func(c *campaign.Campaign) {
			c.From = []phone.Number{919800000006, 919800000016} // which are busy
			c.Retries = &campaign.Retries{Number: 1, Interval: time.Minute, Busy: true}
		})
		_, _, stop := r.start(nil)
		time.Sleep(10*time.Second + 500*time.Millisecond) // both wait for a retry, and the leases are renewed in 1.5 s
		other := work.Lease{Server: "other", Until: time.Now().Add(10 * time.Minute)}
		if got, err := r.set.Dialing.ClaimAccounts(t.Context(), other, time.Now().Add(time.Minute), 10); err != nil || len(got) != 1 {
			t.Fatalf("the other server claims %v, %v", got, err)
		}
		q := dialer.ClaimQuery{Now: time.Now().Add(2 * time.Minute), Limit: 1, Scan: 1}
		dials, err := r.set.Dialing.Claim(t.Context(), other, r.acct.ID, r.campaigns[0], q, func(c *campaign.Campaign, to *campaign.Target, _ dialer.Callee) (*campaign.Call, []event.Event) {
			sid, now := r.sids.Next()
			call := &campaign.Call{SID: sid, Placed: now}
			c.Claim(to, call)
			return call, nil
		})
		if err != nil || len(dials) != 1 {
			t.Fatalf("the other server claims %v, %v", dials, err)
		}
		if err := r.set.Dialing.ReleaseAccount(t.Context(), other.Server, r.acct.ID); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Minute)
		got := r.campaign(t)
		if want := (campaign.Counts{Failed: 2, Called: 2, Calls: 4, CallsBusy: 4}); got.Counts != want || !got.Closed {
			t.Errorf("the campaign is %v, with %+v", got.State, got.Counts)
		}
		stop()
		r.close(t)
	})
}

// forgetful is a carrier that does not know what became of calls.
type forgetful struct{ carrier.Carrier }

// Resolve implements [carrier.Carrier].
func (forgetful) Resolve(_ context.Context, asked []carrier.Asked) ([]carrier.Resolution, error) {
	answers := make([]carrier.Resolution, len(asked))
	for i := range answers {
		answers[i].Fate = carrier.Unknown
	}
	return answers, nil
}

// TestUnknownEnd: a call that was answered before the server died, and whose end nobody
// knows, has failed. It keeps when it left, rang and was answered.
func TestUnknownEnd(t *testing.T) {
	t.Parallel()
	servertest.EmbeddedOnly(t, "a test in a bubble")
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 60, many(1))
		_, stop := r.startWith(simulator.New(simulator.Options{Clock: clock.System}))
		var before campaign.Call
		for before.State != campaign.Answered {
			time.Sleep(100 * time.Millisecond)
			before = r.call(t)
		}
		stop()
		time.Sleep(time.Minute)
		_, stop = r.startWith(forgetful{simulator.New(simulator.Options{Clock: clock.System})})
		time.Sleep(10 * time.Second)
		got := r.call(t)
		want := before
		want.State, want.Outcome, want.CauseText, want.Ended = campaign.CallEnded, campaign.CallFailed, "interrupted", got.Ended
		if got != want || got.Ended.Before(before.Answered.Add(time.Minute)) || got.TalkTime() != 0 {
			t.Errorf("the call is %+v, before %+v", got, before)
		}
		stop()
		r.close(t)
	})
}

// slow is a forgetful carrier that takes a second to end the calls of the last server.
type slow struct {
	forgetful
	asked, early atomic.Bool
	left         atomic.Int32
}

// Resolve implements [carrier.Carrier].
func (c *slow) Resolve(ctx context.Context, asked []carrier.Asked) ([]carrier.Resolution, error) {
	defer c.asked.Store(true)
	time.Sleep(time.Second)
	return c.forgetful.Resolve(ctx, asked)
}

// Place implements [carrier.Carrier].
func (c *slow) Place(ctx context.Context, o carrier.Order) error {
	c.left.Add(1)
	if !c.asked.Load() {
		c.early.Store(true)
	}
	return c.forgetful.Place(ctx, o)
}

// TestAsksFirst: no call leaves before the carrier was asked about those that the last
// server has left: it ends them, and their callees may still talk to its ports.
func TestAsksFirst(t *testing.T) {
	t.Parallel()
	servertest.EmbeddedOnly(t, "a test in a bubble")
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 60, many(20))
		_, stop := r.startWith(simulator.New(simulator.Options{Clock: clock.System}))
		for r.call(t).State < campaign.Dialed {
			time.Sleep(100 * time.Millisecond)
		}
		stop()
		c := &slow{forgetful: forgetful{simulator.New(simulator.Options{Clock: clock.System})}}
		_, stop = r.startWith(c)
		time.Sleep(10 * time.Second)
		if c.left.Load() == 0 || c.early.Load() {
			t.Errorf("%d calls have left; before the others were asked about: %v", c.left.Load(), c.early.Load())
		}
		stop()
		r.close(t)
	})
}
