package dialer_test

import (
	"testing"
	"testing/synctest"
	"time"

	"callbook/internal/campaign"
	"callbook/internal/carrier/simulator"
	"callbook/internal/clock"
	"callbook/internal/phone"
	"callbook/internal/test/servertest"
)

// TestDefaults: where people are called, an account that has set nothing calls its own
// country from 09:00 to 21:00.
func TestDefaults(t *testing.T) {
	t.Parallel()
	servertest.EmbeddedOnly(t, "a test in a bubble")
	synctest.Test(t, func(t *testing.T) {
		// It is midnight of UTC on a Saturday, and 05:30 where the first 20 numbers are.
		numbers := append(many(20), phone.Number(12125550123))
		r := newRig(t, 6000, nil)
		r.add(t, func(c *campaign.Campaign) { c.From, c.EndAt = numbers, c.SendAt.Add(5*time.Hour) })
		c := &watched{Carrier: simulator.New(simulator.Options{Clock: clock.System, Instant: true}), real: true}
		time.Sleep(3*time.Hour + 29*time.Minute + 50*time.Second)
		_, stop := r.startWith(c)
		time.Sleep(5 * time.Second)
		if n := len(c.left()); n != 0 {
			t.Errorf("%d calls left before nine", n)
		}
		if abroad := r.campaign(t).Counts.NotAttempted; abroad != 1 {
			t.Errorf("%d numbers are not called, want the one abroad", abroad)
		}
		time.Sleep(10 * time.Second)
		if n := len(c.left()); n != 20 {
			t.Errorf("%d of 20 calls left after nine", n)
		}
		stop()
		r.close(t)
	})
}
