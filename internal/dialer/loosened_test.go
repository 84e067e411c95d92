package dialer_test

import (
	"testing"
	"testing/synctest"
	"time"

	"callbook/internal/campaign"
	"callbook/internal/test/servertest"
)

// TestLoosened: targets that an account's rules have postponed are called when it takes
// the rules back, by this server and by one that starts later. They do not wait for the
// hour that the old rules named.
func TestLoosened(t *testing.T) {
	t.Parallel()
	servertest.EmbeddedOnly(t, "a test in a bubble")
	for name, restart := range map[string]bool{"running": false, "restarted": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, 6000, many(50))
				set := func(p campaign.Policy) { r.setPolicy(t, p) }
				// It is midnight of UTC, and so morning where the numbers are.
				set(campaign.Policy{CallsAMinute: 6000, Hours: &campaign.Hours{From: 20 * 60, Until: 21 * 60}})
				_, c, stop := r.start(nil)
				time.Sleep(5 * time.Second)
				if n := len(c.left()); n != 0 {
					t.Fatalf("%d calls left outside the hours", n)
				}
				if restart {
					stop()
					set(campaign.Policy{CallsAMinute: 6000})
					_, c, stop = r.start(nil)
				} else {
					set(campaign.Policy{CallsAMinute: 6000})
				}
				time.Sleep(5 * time.Second)
				if n := len(c.left()); n != 50 {
					t.Errorf("%d of 50 calls left after the hours were taken back", n)
				}
				stop()
				r.close(t)
			})
		})
	}
}

// TestOwnHours: a campaign that gets calling hours of its own calls at once, although
// those of the account have postponed its targets.
func TestOwnHours(t *testing.T) {
	t.Parallel()
	servertest.EmbeddedOnly(t, "a test in a bubble")
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 6000, many(50))
		night := campaign.Policy{CallsAMinute: 6000, Hours: &campaign.Hours{From: 20 * 60, Until: 21 * 60}}
		r.setPolicy(t, night)
		_, c, stop := r.start(nil)
		time.Sleep(5 * time.Second)
		if n := len(c.left()); n != 0 {
			t.Fatalf("%d calls left outside the account's hours", n)
		}
		err := r.set.Campaigns.ChangeCampaign(t.Context(), r.acct.ID, r.campaigns[0], func(c *campaign.Campaign, _ campaign.Running) error {
			c.CallingHours = &campaign.CallingHours{Hours: &campaign.Hours{Until: 24 * 60}, Reason: "a flood", By: "test", Since: time.Now()}
			return nil
		}, nil)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Second)
		if n := len(c.left()); n != 50 {
			t.Errorf("%d of 50 calls left in the campaign's own hours", n)
		}
		stop()
		r.close(t)
	})
}
