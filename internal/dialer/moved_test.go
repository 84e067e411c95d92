package dialer_test

import (
	"testing"
	"testing/synctest"
	"time"

	"callbook/internal/campaign"
	"callbook/internal/test/servertest"
)

// TestMoved: a campaign that is resumed with another schedule makes no call before it
// begins.
func TestMoved(t *testing.T) {
	t.Parallel()
	servertest.EmbeddedOnly(t, "a test in a bubble")
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 60, many(50))
		_, c, stop := r.start(nil)
		time.Sleep(10 * time.Second)
		r.pause(t, r.campaigns[0])
		before := len(c.left())
		err := r.set.Campaigns.ChangeCampaign(t.Context(), r.acct.ID, r.campaigns[0], func(c *campaign.Campaign, _ campaign.Running) error {
			c.SendAt = time.Now().Add(time.Hour)
			c.EndAt = c.SendAt.Add(time.Hour)
			return c.Do(campaign.Resume, time.Now())
		}, nil)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(59 * time.Minute)
		if n := len(c.left()); before == 0 || n != before {
			t.Errorf("%d calls left before the pause, and %d before the new beginning", before, n-before)
		}
		time.Sleep(2 * time.Minute)
		if n := len(c.left()); n != 50 && n-before < 30 {
			t.Errorf("%d calls left after the new beginning", n-before)
		}
		stop()
		r.close(t)
	})
}
