package storetest

import (
	"fmt"
	"testing"
	"time"

	"callbook/internal/campaign"
	"callbook/internal/dialer"
	"callbook/internal/event"
)

// callPages asks for pages of calls by each filter.
func callPages(t *testing.T, f *fixture) {
	c := newCampaign(f.account)
	c.From = numbersFrom(firstNumber, 5)
	f.start(t, c)
	dials := f.claimCalls(t, c.SID, dialTime, 5, claimed)
	for i, o := range []campaign.Outcome{campaign.Reached, campaign.Busy, campaign.CallFailed, campaign.Unreachable} {
		f.record(t, refs(dials[i]), ends(o, dialTime))
	}
	f.claimCalls(t, c.SID, dialTime.Add(time.Minute), 1, claimed) // the busy one again
	all, targets := f.calls(t, c.SID), f.targets(t, c.SID)
	if len(all) != 6 || all[5].Position != 1 {
		t.Fatalf("got %+v", all)
	}
	position := func(n int) *int { return &n }
	outcomes := func(all ...campaign.Outcome) []campaign.Outcome { return all }
	for _, ask := range []struct {
		q     campaign.CallQuery
		total int
		want  []int
	}{
		{campaign.CallQuery{Limit: 10}, 6, []int{0, 1, 2, 3, 4, 5}},
		{campaign.CallQuery{Limit: 2, Offset: 3}, 6, []int{3, 4}},
		{campaign.CallQuery{Limit: 2, Offset: 6}, 6, nil},
		{campaign.CallQuery{Limit: 2, Offset: 1, Desc: true}, 6, []int{4, 3}},
		{campaign.CallQuery{Limit: 2, After: all[2].SID}, 6, []int{3, 4}},
		{campaign.CallQuery{Limit: 10, After: all[2].SID, Desc: true, NoTotal: true}, 0, []int{1, 0}},
		{campaign.CallQuery{Limit: 10, Position: position(1)}, 2, []int{1, 5}},
		{campaign.CallQuery{Limit: 1, Position: position(1), Desc: true}, 2, []int{5}},
		{campaign.CallQuery{Limit: 10, Position: position(1), Outcomes: outcomes(campaign.Busy)}, 1, []int{1}},
		{campaign.CallQuery{Limit: 10, Position: position(9)}, 0, nil},
		{campaign.CallQuery{Limit: 10, Outcomes: outcomes(campaign.Reached, campaign.Busy)}, 2, []int{0, 1}},
		{campaign.CallQuery{Limit: 10, Outcomes: outcomes(campaign.CallFailed)}, 1, []int{2}},
		{campaign.CallQuery{Limit: 1, Outcomes: outcomes(campaign.CallFailed, campaign.Unreachable)}, 2, []int{2}},
		{campaign.CallQuery{Limit: 10, Outcomes: outcomes(campaign.NoAnswer)}, 0, nil},
		{campaign.CallQuery{Limit: 10, Outcomes: []campaign.Outcome{}}, 0, nil},
		{campaign.CallQuery{Limit: 10, States: []campaign.CallState{campaign.Placing, campaign.Dialed}}, 2, []int{4, 5}},
		{campaign.CallQuery{Limit: 10, States: []campaign.CallState{campaign.Ringing}}, 0, nil},
		{campaign.CallQuery{Limit: 2, Outcomes: outcomes(campaign.Reached), States: []campaign.CallState{campaign.Placing}}, 3, []int{0, 4}},
	} {
		want := campaign.CallPage{Total: ask.total}
		for _, i := range ask.want {
			want.Calls, want.Targets = append(want.Calls, all[i]), append(want.Targets, targets[all[i].Position])
		}
		got, err := f.Campaigns.Calls(t.Context(), f.account, c.SID, ask.q)
		if err != nil {
			t.Fatal(err)
		}
		same(t, fmt.Sprintf("%+v", ask.q), got, want)
	}
}

// targetPages asks for pages of targets by each filter, while a campaign runs and when it
// has ended.
func targetPages(t *testing.T, f *fixture) {
	c := newCampaign(f.account)
	c.From = numbersFrom(firstNumber, 7)
	f.start(t, c)
	// 0 reached, 1 called again, 2 waits to be called again, 3 is called, 4 invalid.
	dials := f.claimCalls(t, c.SID, dialTime, 3, claimed)
	f.record(t, refs(dials[0]), ends(campaign.Reached, dialTime))
	f.record(t, refs(dials[1]), ends(campaign.Busy, dialTime.Add(-2*time.Minute)))
	f.record(t, refs(dials[2]), ends(campaign.Busy, dialTime))
	f.claimCalls(t, c.SID, dialTime, 2, claimed)
	f.claimCalls(t, c.SID, dialTime, 1, func(c *campaign.Campaign, t *campaign.Target, _ dialer.Callee) (*campaign.Call, []event.Event) {
		if t.Position == 4 {
			c.Refuse(t, campaign.InvalidNumber, campaign.NeverCalled, dialTime)
		}
		return nil, nil
	})
	type states = []campaign.TargetState
	yes, no := true, false
	check := func(asks ...targetAsk) {
		t.Helper()
		all := f.targets(t, c.SID)
		for _, ask := range asks {
			want := campaign.TargetPage{Total: ask.total}
			for _, i := range ask.want {
				want.Targets = append(want.Targets, all[i])
			}
			got, err := f.Campaigns.Targets(t.Context(), f.account, c.SID, ask.q)
			if err != nil {
				t.Fatal(err)
			}
			same(t, fmt.Sprintf("%+v", ask.q), got, want)
		}
	}
	check(
		targetAsk{campaign.TargetQuery{After: -1, Limit: 3}, 7, []int{0, 1, 2}},
		targetAsk{campaign.TargetQuery{After: 2, Limit: 2}, 7, []int{3, 4}},
		targetAsk{campaign.TargetQuery{After: -1, Offset: 5, Limit: 5}, 7, []int{5, 6}},
		targetAsk{campaign.TargetQuery{After: 1, Offset: 2, Limit: 1, NoTotal: true}, 0, []int{4}},
		targetAsk{campaign.TargetQuery{After: 6, Limit: 1}, 7, nil},
		targetAsk{campaign.TargetQuery{After: -1, Limit: 10, States: states{campaign.Waiting}}, 3, []int{2, 5, 6}},
		targetAsk{campaign.TargetQuery{After: 2, Offset: 1, Limit: 10, States: states{campaign.Waiting}}, 3, []int{6}},
		targetAsk{campaign.TargetQuery{After: -1, Limit: 10, States: states{campaign.Waiting}, Again: &yes}, 1, []int{2}},
		targetAsk{campaign.TargetQuery{After: -1, Limit: 1, States: states{campaign.Waiting}, Again: &no}, 2, []int{5}},
		targetAsk{campaign.TargetQuery{After: -1, Limit: 10, States: states{campaign.Calling}, Again: &yes}, 1, []int{1}},
		targetAsk{campaign.TargetQuery{After: -1, Limit: 10, States: states{campaign.Calling}, Again: &no}, 1, []int{3}},
		targetAsk{campaign.TargetQuery{After: -1, Limit: 10, States: states{campaign.Calling, campaign.TargetReached, campaign.InvalidNumber}}, 4, []int{0, 1, 3, 4}},
		targetAsk{campaign.TargetQuery{After: -1, Limit: 10, States: states{campaign.NotAttempted}}, 0, nil},
		targetAsk{campaign.TargetQuery{After: -1, Limit: 10, States: states{}}, 0, nil},
		targetAsk{campaign.TargetQuery{After: -1, Limit: 10, Again: &yes}, 3, []int{0, 1, 2}},
		targetAsk{campaign.TargetQuery{After: -1, Limit: 2, Again: &no}, 4, []int{3, 4}},
	)
	f.do(t, c.SID, campaign.Complete)
	check(
		targetAsk{campaign.TargetQuery{After: -1, Limit: 10, States: states{campaign.Waiting}}, 0, nil},
		targetAsk{campaign.TargetQuery{After: -1, Limit: 10, States: states{campaign.TargetFailed}}, 1, []int{2}},
		targetAsk{campaign.TargetQuery{After: -1, Limit: 1, States: states{campaign.NotAttempted}}, 2, []int{5}},
		targetAsk{campaign.TargetQuery{After: -1, Limit: 10, States: states{campaign.NotAttempted, campaign.TargetReached}, Again: &no}, 2, []int{5, 6}},
	)
}

// targetAsk is a page of targets, and which it has.
type targetAsk struct {
	q     campaign.TargetQuery
	total int
	want  []int
}
