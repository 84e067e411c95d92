package storetest

import (
	"fmt"
	"testing"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/campaign"
	"callbook/internal/dialer"
	"callbook/internal/event"
	"callbook/internal/phone"
	"callbook/internal/suppression"
)

// recordCalls: what happens to calls is stored, and what is no call in flight is passed
// over.
func recordCalls(t *testing.T, f *fixture) {
	c := newCampaign(f.account)
	c.From = numbersFrom(firstNumber, 4)
	f.start(t, c)
	dials := f.claimCalls(t, c.SID, dialTime, 4, claimed)
	want, targets := f.calls(t, c.SID), f.targets(t, c.SID)

	// A call on its way moves, and its target does not.
	rang := dialTime.Add(2 * time.Second)
	var seen []int
	f.record(t, refs(dials[2], dials[0]), func(i int, c *campaign.Campaign, target *campaign.Target, call *campaign.Call) []event.Event {
		if i == 0 {
			seen = nil
		}
		seen = append(seen, call.Position)
		same(t, "target", *target, targets[call.Position])
		same(t, "call", *call, want[call.Position])
		call.State, call.Placed, call.Rang = campaign.Ringing, dialTime, rang
		return nil
	})
	same(t, "order", seen, []int{2, 0})
	for _, i := range []int{0, 2} {
		want[i].State, want[i].Placed, want[i].Rang = campaign.Ringing, dialTime, rang
	}
	f.reopen()
	same(t, "calls", f.calls(t, c.SID), want)
	same(t, "targets", f.targets(t, c.SID), targets)

	// All that is known of its end is kept.
	ended := dialTime.Add(20 * time.Second)
	f.record(t, refs(dials[0]), func(_ int, c *campaign.Campaign, target *campaign.Target, call *campaign.Call) []event.Event {
		call.Answered, call.Ended, call.State, call.Outcome = rang.Add(time.Second), ended, campaign.CallEnded, campaign.Reached
		call.Digits, call.Code, call.Cause, call.CauseText, call.Mark = "1#", 200, 16, "Normal \"ü\"", "yes"
		call.Suppress = "asked \"ü\""
		c.Settle(target, call)
		return nil
	})
	want[0].Answered, want[0].Ended, want[0].State, want[0].Outcome = rang.Add(time.Second), ended, campaign.CallEnded, campaign.Reached
	want[0].Digits, want[0].Code, want[0].Cause, want[0].CauseText, want[0].Mark = "1#", 200, 16, "Normal \"ü\"", "yes"
	targets[0].State, targets[0].Ended, targets[0].History[0].Outcome = campaign.TargetReached, ended, campaign.Reached
	f.record(t, refs(dials[1:]...), ends(campaign.NoAnswer, ended))
	for i := 1; i < 4; i++ {
		want[i].State, want[i].Outcome, want[i].Placed, want[i].Ended = campaign.CallEnded, campaign.NoAnswer, ended.Add(-time.Second), ended
		targets[i].State, targets[i].Due, targets[i].History[0].Outcome = campaign.Waiting, ended.Add(time.Minute), campaign.NoAnswer
	}
	same(t, "calls", f.calls(t, c.SID), want)
	same(t, "targets", f.targets(t, c.SID), targets)
	same(t, "suppressions", f.suppressionPage(t, suppression.Query{Limit: 10}), suppression.Page{Total: 1, Suppressions: []suppression.Suppression{
		{Number: want[0].Number, Source: suppression.FromCall, Note: "asked \"ü\"", Created: ended},
	}})
	same(t, "counts", f.campaign(t, c.SID).Counts, campaign.Counts{Retry: 3, Reached: 1, Called: 4, Calls: 4, CallsReached: 1, CallsNoAnswer: 3})

	// The other account has the same sids and nothing in flight.
	other := newFixture2(t, f, "other")
	again := f.claimCalls(t, c.SID, ended.Add(time.Minute), 1, claimed)
	unknown := []dialer.CallRef{{Campaign: c.SID, Call: addressbook.SID{1}}, {Campaign: addressbook.SID{1}, Call: again[0].Call.SID}}
	other.record(t, refs(again...), func(int, *campaign.Campaign, *campaign.Target, *campaign.Call) []event.Event {
		t.Error("a call of another account is recorded")
		return nil
	})
	var indexes []int
	f.record(t, append(append(refs(dials...), unknown...), refs(again[0], again[0])...), func(i int, c *campaign.Campaign, target *campaign.Target, call *campaign.Call) []event.Event {
		if i <= 6 {
			indexes = nil
		}
		indexes = append(indexes, i)
		return ends(campaign.Busy, ended.Add(2*time.Minute))(i, c, target, call)
	})
	same(t, "calls that were recorded", indexes, []int{6}) // and the seventh has ended by then
	if again[0].Call.Attempt != 2 || again[0].Target.Position != 1 {
		t.Errorf("called again is %+v", again[0])
	}
	f.record(t, nil, nil)
}

// takeBackClaim: a call that never left has no row, and its target waits again.
func takeBackClaim(t *testing.T, f *fixture) {
	c := newCampaign(f.account)
	c.From = numbersFrom(firstNumber, 2)
	f.start(t, c)
	before := f.campaign(t, c.SID)
	dials := f.claimCalls(t, c.SID, dialTime, 2, claimed)
	later := dialTime.Add(time.Second)
	f.record(t, refs(dials...), func(_ int, c *campaign.Campaign, t *campaign.Target, call *campaign.Call) []event.Event {
		c.Unclaim(t, later)
		call.State = 0
		return nil
	})
	after := f.campaign(t, c.SID)
	if _, calls := after.Minutes.Until(dials[1].Call.SID.Time()); calls != [campaign.PlotMinutes]int{} {
		t.Errorf("calls by minute are %v", calls)
	}
	after.Minutes = before.Minutes
	same(t, "campaign", after, before)
	same(t, "calls", f.calls(t, c.SID), []campaign.Call(nil))
	for i, target := range f.targets(t, c.SID) {
		same(t, "target", target, campaign.Target{Position: i, Number: firstNumber + phone.Number(i), State: campaign.Waiting, Due: later})
	}
	f.record(t, refs(dials...), func(int, *campaign.Campaign, *campaign.Target, *campaign.Call) []event.Event {
		t.Error("a call that is not there is recorded")
		return nil
	})
	same(t, "claimed again", positions(f.claimCalls(t, c.SID, later, 2, claimed)), []int{0, 1})
}

// longestHistory: a target keeps all of its calls, also those that a trunk has failed, and
// they are found by its position.
func longestHistory(t *testing.T, f *fixture) {
	c := newCampaign(f.account)
	c.From = numbersFrom(firstNumber, 1)
	c.EndAt = dialTime.Add(24 * time.Hour)
	f.start(t, c)
	var want []campaign.Attempt
	now := dialTime
	for i := range campaign.MaxHistory {
		outcome := campaign.Busy
		if i < campaign.MaxFaults {
			outcome = campaign.TrunkFailed
		}
		dials := f.claimCalls(t, c.SID, now, 1, claimed)
		if len(dials) != 1 || dials[0].Call.Attempt != i+1 {
			t.Fatalf("call %d is %+v", i+1, dials)
		}
		f.record(t, refs(dials...), ends(outcome, now))
		want = append(want, campaign.Attempt{Call: dials[0].Call.SID, Outcome: outcome})
		now = now.Add(time.Hour)
	}
	f.reopen()
	target := f.target(t, c.SID, 0)
	same(t, "history", target.History, want)
	same(t, "state", target.State, campaign.TargetFailed)
	page, err := f.Campaigns.Calls(t.Context(), f.account, c.SID, campaign.CallQuery{Position: new(int), Limit: 10})
	if err != nil || len(page.Calls) != campaign.MaxHistory || page.Total != campaign.MaxHistory {
		t.Errorf("found %d calls of %d, %v", len(page.Calls), page.Total, err)
	}
	same(t, "calls", page.Calls, f.calls(t, c.SID))
}

// recordSeveral records calls of two campaigns in one transaction.
func recordSeveral(t *testing.T, f *fixture) {
	one, two := newCampaign(f.account), newCampaign(f.account)
	one.From, two.From = numbersFrom(firstNumber, 2), numbersFrom(firstNumber, 3)
	f.start(t, one)
	f.start(t, two)
	a, b := f.claimCalls(t, one.SID, dialTime, 2, claimed), f.claimCalls(t, two.SID, dialTime, 3, claimed)
	f.record(t, refs(a[0], b[0], a[1], b[1]), ends(campaign.Reached, dialTime))
	same(t, "counts", f.campaign(t, one.SID).Counts, campaign.Counts{Reached: 2, Called: 2, Calls: 2, CallsReached: 2})
	same(t, "counts", f.campaign(t, two.SID).Counts, campaign.Counts{First: 1, Reached: 2, Called: 3, Calls: 3, CallsReached: 2})
}

// callsInFlight are those of all campaigns, by sid.
func callsInFlight(t *testing.T, f *fixture) {
	one, two := newCampaign(f.account), newCampaign(f.account)
	one.From, two.From = numbersFrom(firstNumber, 3), numbersFrom(firstNumber, 3)
	f.start(t, one)
	f.start(t, two)
	other := newFixture2(t, f, "other")
	theirs := newCampaign(other.account)
	theirs.From = one.From
	other.start(t, theirs)
	other.claimCalls(t, theirs.SID, dialTime, 3, claimed)
	var want []campaign.Call
	for _, c := range []*campaign.Campaign{one, two, one, two, one} {
		want = append(want, f.claimCalls(t, c.SID, dialTime, 1, claimed)[0].Call)
	}
	f.record(t, []dialer.CallRef{{Campaign: want[1].Campaign, Call: want[1].SID}}, ends(campaign.Busy, dialTime))
	f.record(t, []dialer.CallRef{{Campaign: want[2].Campaign, Call: want[2].SID}}, func(_ int, _ *campaign.Campaign, _ *campaign.Target, call *campaign.Call) []event.Event {
		call.State = campaign.Answered
		return nil
	})
	want[2].State = campaign.Answered
	want = append(want[:1:1], want[2:]...)
	for _, limit := range []int{1, 3, 10} {
		var got []campaign.Call
		for after := (addressbook.SID{}); ; after = got[len(got)-1].SID {
			some, err := f.Dialing.InFlight(t.Context(), f.account, after, limit)
			if err != nil {
				t.Fatal(err)
			}
			if got = append(got, some...); len(some) < limit {
				break
			}
		}
		same(t, fmt.Sprintf("calls by %d", limit), got, want)
	}
}
