package dialer_test

import (
	"testing"
	"testing/synctest"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/campaign"
	"callbook/internal/test/servertest"
	"callbook/internal/work"
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

// TestMovedNumber: a number that moves to another contact while the list is read is called
// once, and the other target says why it was not.
func TestMovedNumber(t *testing.T) {
	t.Parallel()
	r := newRig(t, 6000, nil)
	book := addressbook.New(r.set.Contacts, addressbook.Options{})
	drafts := make([]addressbook.Draft, 3)
	for i, n := range many(3) {
		drafts[i].Number = addressbook.Given(n.String())
	}
	list := r.list(t, book, drafts...)
	r.add(t, func(c *campaign.Campaign) { c.Lists = []addressbook.SID{list} })
	l := work.Lease{Server: "test", Until: time.Now().Add(time.Minute)}
	if _, err := r.set.Dialing.Expand(t.Context(), l, r.acct.ID, r.campaigns[0], time.Now(), 1, nil); err != nil {
		t.Fatal(err)
	}
	page, err := book.Contacts(t.Context(), r.acct, addressbook.Query{Window: addressbook.Window{Limit: 3}})
	if err != nil {
		t.Fatal(err)
	}
	for i, n := range []string{"+919800000900", page.Contacts[0].Number.String()} { // of the first contact, and then of the last
		patch := addressbook.Patch{SID: page.Contacts[2*i].SID, Number: addressbook.Change{Set: true, Text: addressbook.Given(n)}}
		if results, err := book.UpdateContacts(t.Context(), r.acct, []addressbook.Patch{patch}, nil); err != nil || results[0].Fault != nil {
			t.Fatal(err, results[0].Fault)
		}
	}
	if err := r.set.Dialing.ReleaseAccount(t.Context(), l.Server, r.acct.ID); err != nil {
		t.Fatal(err)
	}
	_, c, stop := r.start(nil)
	for !r.campaign(t).Closed {
		time.Sleep(time.Millisecond)
	}
	stop()
	targets, err := r.set.Campaigns.Targets(t.Context(), r.acct.ID, r.campaigns[0], campaign.TargetQuery{After: -1, Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []campaign.Reason{0, 0, campaign.AlreadyCalled} {
		got, state := targets.Targets[i], campaign.TargetReached
		if want != 0 {
			state = campaign.NotAttempted
		}
		if got.Reason != want || got.State != state {
			t.Errorf("target %d is %+v", i, got)
		}
	}
	if n := len(c.left()); n != 2 {
		t.Errorf("%d calls left", n)
	}
	r.close(t)
}
