package dialer_test

import (
	"testing"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/campaign"
	"callbook/internal/carrier/simulator"
	"callbook/internal/clock"
	"callbook/internal/clock/clocktest"
	"callbook/internal/dialer"
	"callbook/internal/fault"
	"callbook/internal/work"
)

// TestChangedWhileRead: from the moment at which the first numbers of a campaign are read,
// its settings stay: otherwise some targets would be of the new ones and some of the old.
func TestChangedWhileRead(t *testing.T) {
	t.Parallel()
	r := newRig(t, 60, many(5))
	d := dialer.New(r.set.Dialing, simulator.New(simulator.Options{Clock: clock.System}), dialer.Options{Log: quiet, Clock: clock.System})
	early := clocktest.Func(func() time.Time { return time.Now().Add(-time.Hour) }) // before send_at
	campaigns := campaign.New(r.set.Campaigns, addressbook.New(r.set.Contacts, addressbook.Options{}), campaign.Options{Dialer: d, Clock: early})
	change := func(numbers ...string) error {
		_, err := campaigns.Update(t.Context(), r.acct, r.campaigns[0], &campaign.Draft{From: campaign.Some(numbers)}, nil)
		return err
	}
	if err := change("+919800000011", "+919800000021", "+919800000031"); err != nil {
		t.Fatal(err)
	}
	l := work.Lease{Server: "test", Until: time.Now().Add(time.Minute)}
	if done, err := r.set.Dialing.Expand(t.Context(), l, r.acct.ID, r.campaigns[0], time.Now(), 1, nil); done || err != nil {
		t.Fatal(done, err)
	}
	if err := change("+919800000041", "+919800000051"); !fault.Is(err, fault.Invalid) {
		t.Errorf("numbers were changed while they were read: %v", err)
	}
	if got := r.campaign(t).From; len(got) != 3 {
		t.Errorf("the campaign has the numbers %v", got)
	}
	r.close(t)
}
