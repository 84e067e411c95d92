package dialer_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"callbook/internal/campaign"
	"callbook/internal/carrier"
	"callbook/internal/carrier/simulator"
	"callbook/internal/clock"
	"callbook/internal/dialer"
	"callbook/internal/test/servertest"
)

// TestCarrierDown: while a carrier takes no calls, the log says so now and then, without
// a number, and no call is lost.
func TestCarrierDown(t *testing.T) {
	t.Parallel()
	servertest.EmbeddedOnly(t, "a test in a bubble")
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 600, many(20))
		phone := simulator.New(simulator.Options{Clock: clock.System, Instant: true})
		phone.SetFaults(simulator.Faults{Down: true})
		var log bytes.Buffer
		d := dialer.New(r.set.Dialing, phone, dialer.Options{Log: slog.New(slog.NewTextHandler(&log, nil)), Clock: clock.System})
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			d.Run(ctx)
		}()
		time.Sleep(5*time.Minute - time.Second)
		synctest.Wait()
		if n := strings.Count(log.String(), "the carrier did not take a call"); n != 5 || strings.Contains(log.String(), "+9198") {
			t.Errorf("in five minutes, the log says %d times that the carrier is down:\n%s", n, log.String())
		}
		phone.SetFaults(simulator.Faults{})
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := r.campaign(t); got.Counts.Reached != 20 || got.Counts.Calls != 20 {
			t.Errorf("the campaign is %v, with %+v", got.State, got.Counts)
		}
		stop()
		<-done
		r.close(t)
	})
}

// picky is a carrier that takes no call with one of the caller ids.
type picky struct {
	carrier.Carrier
	refuses string
	asked   int
}

// Place implements [carrier.Carrier].
func (c *picky) Place(ctx context.Context, o carrier.Order) error {
	if o.CallerID == c.refuses {
		c.asked++
		return &carrier.NotSentError{After: 2 * time.Second, Only: true, Cause: errors.New("no trunk may show this caller id")}
	}
	return c.Carrier.Place(ctx, o)
}

// TestCampaignRefused: a campaign whose calls the carrier does not take holds up no other.
func TestCampaignRefused(t *testing.T) {
	t.Parallel()
	servertest.EmbeddedOnly(t, "a test in a bubble")
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 600, many(20))
		r.add(t, func(c *campaign.Campaign) { c.From, c.CallerID = many(50), "08047000002" })
		c := &picky{Carrier: simulator.New(simulator.Options{Clock: clock.System, Instant: true}), refuses: "08047000001"}
		_, stop := r.startWith(c)
		time.Sleep(time.Minute)
		synctest.Wait()
		other, err := r.set.Campaigns.Campaign(t.Context(), r.acct.ID, r.campaigns[1])
		if err != nil || other.Counts.Reached != 50 {
			t.Errorf("the other campaign has %+v, %v", other.Counts, err)
		}
		if got := r.campaign(t); got.Counts.Calls != 0 || c.asked < 10 || c.asked > 31 {
			t.Errorf("the campaign has %d calls, and the carrier was asked %d times", got.Counts.Calls, c.asked)
		}
		stop()
		r.close(t)
	})
}

// lacking is a carrier whose trunk for every second number is down until a time.
type lacking struct {
	carrier.Carrier
	until time.Time
	asked int
}

// Place implements [carrier.Carrier].
func (c *lacking) Place(ctx context.Context, o carrier.Order) error {
	if o.To/10%2 == 0 && time.Now().Before(c.until) {
		c.asked++
		return &carrier.NotSentError{After: 5 * time.Second, Number: true, Cause: carrier.ErrDown}
	}
	return c.Carrier.Place(ctx, o)
}

// TestNumberRefused: a number that the carrier does not take now waits, holds up no other
// of its campaign, and is called when the carrier takes it.
func TestNumberRefused(t *testing.T) {
	t.Parallel()
	servertest.EmbeddedOnly(t, "a test in a bubble")
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 600, many(40))
		c := &lacking{Carrier: simulator.New(simulator.Options{Clock: clock.System, Instant: true}), until: time.Now().Add(time.Minute)}
		_, stop := r.startWith(c)
		time.Sleep(30 * time.Second)
		synctest.Wait()
		if got := r.campaign(t); got.Counts.Reached != 20 {
			t.Errorf("after half a minute the campaign has %+v", got.Counts)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := r.campaign(t); got.Counts.Reached != 40 || got.Counts.Calls != 40 || c.asked > 20*13 {
			t.Errorf("the campaign has %+v, and the carrier was asked %d times in vain", got.Counts, c.asked)
		}
		stop()
		r.close(t)
	})
}
