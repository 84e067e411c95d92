package storetest

import (
	"errors"
	"testing"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/campaign"
	"callbook/internal/dialer"
	"callbook/internal/event"
	"callbook/internal/work"
)

// leasesOfAccounts: one server has the dialing of an account at a time.
func leasesOfAccounts(t *testing.T, f *fixture) {
	ctx := t.Context()
	claim := func(server string, now time.Time, limit int) []account.Account {
		t.Helper()
		got, err := f.Dialing.ClaimAccounts(ctx, leaseOf(server, now), now, limit)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	other := addAccount(t, f.Accounts, "other")
	same(t, "accounts without campaigns", claim("a", dialTime, 10), []account.Account(nil))
	c, second, closed := newCampaign(f.account), newCampaign(f.account), newCampaign(other.ID)
	c.From = numbersFrom(firstNumber, 5)
	closed.Closed = true
	f.addCampaigns(t, c, second, closed)
	same(t, "accounts", claim("a", dialTime, 10), []account.Account{f.acct})
	same(t, "accounts that are taken", claim("b", dialTime, 10), []account.Account(nil))
	theirs := newCampaign(other.ID)
	f.addCampaigns(t, theirs)
	same(t, "accounts", claim("b", dialTime, 0), []account.Account(nil))
	same(t, "accounts", claim("b", dialTime, 10), []account.Account{other})

	// Whoever has no lease changes nothing.
	b := leaseOf("b", dialTime)
	never := "called for an account that another server has"
	for name, do := range map[string]func() error{
		"change": func() error {
			return f.Dialing.ChangeOpen(ctx, b, f.account, c.SID, func(*campaign.Campaign) []event.Event { panic(never) })
		},
		"expand": func() error {
			_, err := f.Dialing.Expand(ctx, b, f.account, c.SID, dialTime, 10, nil)
			return err
		},
		"claim": func() error {
			_, err := f.Dialing.Claim(ctx, b, f.account, c.SID, dialer.ClaimQuery{Now: dialTime, Limit: 1, Scan: 1},
				func(*campaign.Campaign, *campaign.Target, dialer.Callee) (*campaign.Call, []event.Event) {
					panic(never)
				})
			return err
		},
		"record": func() error {
			return f.Dialing.Record(ctx, b, f.account, []dialer.CallRef{{Campaign: c.SID}},
				func(int, *campaign.Campaign, *campaign.Target, *campaign.Call) []event.Event { panic(never) })
		},
		"sweep": func() error {
			_, err := f.Dialing.Sweep(ctx, b, f.account, c.SID, 10, func(*campaign.Campaign, *campaign.Target) []event.Event { panic(never) })
			return err
		},
		"recall": func() error { return f.Dialing.Recall(ctx, b, f.account, c.SID, dialTime, 0, 10) },
		"purge": func() error {
			_, err := f.Dialing.Purge(ctx, b, f.account, c.SID, 10)
			return err
		},
	} {
		isError(t, name, do(), work.ErrLost)
	}
	same(t, "campaign", f.campaign(t, c.SID), c)

	// A lease lasts until it has run out, whoever extends it.
	later := dialTime.Add(45 * time.Second)
	lost, err := f.Dialing.RenewAccounts(ctx, leaseOf("a", later), []account.ID{f.account, other.ID})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "lost", lost, []account.ID{other.ID})
	same(t, "accounts that have run out", claim("a", dialTime.Add(time.Minute), 10), []account.Account{other})
	same(t, "accounts", claim("b", later.Add(time.Minute-1), 10), []account.Account(nil))
	if err := f.Dialing.ChangeOpen(ctx, leaseOf("a", later.Add(time.Second)), f.account, c.SID, func(*campaign.Campaign) []event.Event { return nil }); err != nil {
		t.Error(err)
	}
	same(t, "accounts", claim("b", later.Add(time.Minute), 10), []account.Account(nil))
	same(t, "accounts", claim("b", later.Add(time.Minute+time.Second), 10), []account.Account{f.acct})
	isError(t, "record", f.Dialing.Record(ctx, leaseOf("a", later), f.account, nil, nil), work.ErrLost)

	// One that was given back is free at once, but only its own server gives it back.
	if err := errors.Join(f.Dialing.ReleaseAccount(ctx, "a", f.account), f.Dialing.ReleaseAccount(ctx, "a", other.ID)); err != nil {
		t.Fatal(err)
	}
	same(t, "accounts", claim("c", later, 10), []account.Account{other})

	// A server that had it before does not come back to it by itself.
	if err := f.Dialing.ReleaseAccount(ctx, "b", f.account); err != nil {
		t.Fatal(err)
	}
	for _, server := range []string{"a", "b"} {
		isError(t, "record of "+server, f.Dialing.Record(ctx, leaseOf(server, later), f.account, nil, nil), work.ErrLost)
	}
	same(t, "accounts that were given back", claim("c", later, 10), []account.Account{f.acct})
}

// openCampaigns are those that are not closed, deleted ones too.
func openCampaigns(t *testing.T, f *fixture) {
	deleted, open, ended, closed := newCampaign(f.account), newCampaign(f.account), newCampaign(f.account), newCampaign(f.account)
	deleted.State, ended.State, closed.State, closed.Closed = campaign.Deleted, campaign.Completed, campaign.Completed, true
	f.addCampaigns(t, deleted, open, ended, closed, newCampaign(addAccount(t, f.Accounts, "other").ID))
	got, err := f.Dialing.OpenCampaigns(t.Context(), f.account)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "open campaigns", got, []campaign.Campaign{*deleted, *open, *ended})

	f.changeOpen(t, open.SID, func(c *campaign.Campaign) {
		c.Start(dialTime)
		c.Expanded = true
		c.End(campaign.Failed, dialTime.Add(time.Second))
		c.Closed = true
	})
	open.State, open.Expanded, open.Closed, open.EndedAs = campaign.Failed, true, true, campaign.Failed
	open.Started, open.Ended, open.Updated = dialTime, dialTime.Add(time.Second), dialTime.Add(time.Second)
	f.reopen()
	same(t, "campaign", f.campaign(t, open.SID), open)
	for name, sid := range map[string]addressbook.SID{"a closed campaign": closed.SID, "one that was closed": open.SID, "none": {1}} {
		err := f.Dialing.ChangeOpen(t.Context(), ours, f.account, sid, func(*campaign.Campaign) []event.Event {
			t.Error("something is changed")
			return nil
		})
		isError(t, name, err, campaign.ErrNotFound)
	}
}

// sweepTargets: those that wait when a campaign has ended get their results.
func sweepTargets(t *testing.T, f *fixture) {
	c := newCampaign(f.account)
	c.From = numbersFrom(firstNumber, 6)
	f.start(t, c)
	f.record(t, refs(f.claimCalls(t, c.SID, dialTime, 2, claimed)...), ends(campaign.Busy, dialTime.Add(time.Second)))
	inFlight := f.claimCalls(t, c.SID, dialTime, 1, claimed)
	sweep := func(limit int) (more bool) {
		t.Helper()
		more, err := f.Dialing.Sweep(t.Context(), ours, f.account, c.SID, limit, func(c *campaign.Campaign, t *campaign.Target) []event.Event {
			c.Leave(t)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return more
	}
	if sweep(10) {
		t.Error("there is something to sweep while it runs")
	}
	f.do(t, c.SID, campaign.Complete)
	seen := f.targets(t, c.SID)
	for i, want := range []campaign.TargetState{
		campaign.TargetFailed, campaign.TargetFailed, campaign.Calling, campaign.NotAttempted, campaign.NotAttempted, campaign.NotAttempted,
	} {
		if seen[i].State != want {
			t.Errorf("target %d is in state %d, want %d", i, seen[i].State, want)
		}
	}
	if first, second := sweep(3), sweep(3); !first || second {
		t.Error("of five targets, three are not swept first and two then")
	}
	f.record(t, refs(inFlight...), ends(campaign.NoAnswer, dialTime.Add(time.Second)))
	swept := f.targets(t, c.SID)
	for i := range swept {
		if swept[i].Ended.IsZero() || !swept[i].Due.IsZero() || !swept[i].State.Ended() {
			t.Errorf("target %d is %+v", i, swept[i])
		}
		if i != 2 && (swept[i].State != seen[i].State || swept[i].Reason != campaign.CampaignEnded) {
			t.Errorf("target %d was in state %d, and is %+v", i, seen[i].State, swept[i])
		}
	}
	same(t, "counts", f.campaign(t, c.SID).Counts, campaign.Counts{Failed: 3, NotAttempted: 3, Called: 3, Calls: 3, CallsBusy: 2, CallsNoAnswer: 1})
	_, ok, err := f.Dialing.NextDue(t.Context(), f.account, c.SID)
	if ok || err != nil {
		t.Errorf("something is due: %v, %v", ok, err)
	}
}

// purgeCampaign deletes one in steps, and leaves the others.
func purgeCampaign(t *testing.T, f *fixture) {
	ctx := t.Context()
	c, kept := newCampaign(f.account), newCampaign(f.account)
	c.From, kept.From = numbersFrom(firstNumber, 7), numbersFrom(firstNumber, 2)
	f.addCampaigns(t, c, kept)
	f.expand(t, c.SID, 5)
	f.expand(t, kept.SID, 5)
	_, err := f.Dialing.Purge(ctx, ours, f.account, c.SID, 3)
	isError(t, "purge of a campaign that was not deleted", err, campaign.ErrNotFound)
	err = f.Campaigns.ChangeCampaign(ctx, f.account, c.SID, func(c *campaign.Campaign, _ campaign.Running) error { return c.Delete(dialTime) }, nil)
	if err != nil {
		t.Fatal(err)
	}
	steps := 0
	for more := true; more; steps++ {
		open, err := f.Dialing.OpenCampaigns(ctx, f.account)
		if err != nil || len(open) != 2 {
			t.Fatalf("%d campaigns are open, %v", len(open), err)
		}
		if more, err = f.Dialing.Purge(ctx, ours, f.account, c.SID, 3); err != nil || steps > 10 {
			t.Fatalf("step %d: %v", steps, err)
		}
	}
	if steps < 3 {
		t.Errorf("seven targets went in %d steps of three", steps)
	}
	open, err := f.Dialing.OpenCampaigns(ctx, f.account)
	if err != nil || len(open) != 1 || open[0].SID != kept.SID || len(f.targets(t, kept.SID)) != 2 {
		t.Errorf("open are %+v, %v", open, err)
	}
	_, err = f.Dialing.Purge(ctx, ours, f.account, c.SID, 3)
	isError(t, "once more", err, campaign.ErrNotFound)
}

// timesOfCalls tells when calls were begun and when the next one is due.
func timesOfCalls(t *testing.T, f *fixture) {
	ctx := t.Context()
	next := func(sid addressbook.SID) (time.Time, bool) {
		t.Helper()
		due, ok, err := f.Dialing.NextDue(ctx, f.account, sid)
		if err != nil {
			t.Fatal(err)
		}
		again, okAgain, err := f.Campaigns.NextDue(ctx, f.account, sid)
		if err != nil || !again.Equal(due) || ok != okAgain {
			t.Errorf("the stores differ: %v %v, %v %v, %v", due, ok, again, okAgain, err)
		}
		return due, ok
	}
	c, closed, none := newCampaign(f.account), newCampaign(f.account), newCampaign(f.account)
	c.From, closed.From, none.From = numbersFrom(firstNumber, 4), numbersFrom(firstNumber, 1), numbersFrom(firstNumber, 1)
	f.addCampaigns(t, c)
	if _, ok := next(c.SID); ok {
		t.Error("something is due before the targets are read")
	}
	for _, c := range []*campaign.Campaign{closed, none} {
		f.start(t, c)
	}
	f.expand(t, c.SID, 10)
	f.changeOpen(t, c.SID, func(c *campaign.Campaign) { c.Start(dialTime) })
	if due, ok := next(c.SID); !ok || !due.Equal(dialTime) {
		t.Errorf("due is %v, %v", due, ok)
	}
	dials := append(f.claimCalls(t, closed.SID, dialTime, 1, claimed), f.claimCalls(t, c.SID, dialTime, 4, claimed)...)
	if _, ok := next(c.SID); ok {
		t.Error("something is due, and all are being called")
	}
	ended := dialTime.Add(5 * time.Second)
	f.record(t, refs(dials[0], dials[2]), ends(campaign.Busy, ended))
	if due, ok := next(c.SID); !ok || !due.Equal(ended.Add(time.Minute)) {
		t.Errorf("due is %v, %v", due, ok)
	}
	f.changeOpen(t, closed.SID, func(c *campaign.Campaign) {
		c.End(campaign.Completed, dialTime)
		c.Closed = true
	})
	times := func(dials ...dialer.Dial) (all []time.Time) {
		for _, d := range dials {
			all = append(all, d.Call.SID.Time())
		}
		return all
	}
	for _, ask := range []struct {
		since time.Time
		want  map[addressbook.SID][]time.Time
	}{
		{dials[0].Call.SID.Time(), map[addressbook.SID][]time.Time{closed.SID: times(dials[0]), c.SID: times(dials[1:]...)}},
		{dials[3].Call.SID.Time(), map[addressbook.SID][]time.Time{c.SID: times(dials[3:]...)}},
		{dialTime, nil},
	} {
		got, err := f.Dialing.CallsSince(ctx, f.account, ask.since)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "times", got, ask.want)
	}
	since, got := f.campaign(t, c.SID).Minutes.Until(dials[3].Call.SID.Time())
	var want [campaign.PlotMinutes]int
	for _, at := range times(dials[1:]...) {
		want[at.Sub(since)/time.Minute]++
	}
	same(t, "calls by minute", got, want)
}
