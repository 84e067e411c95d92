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
	"callbook/internal/trash"
)

// claimInOrder: targets come in the order in which they are due, and then of their
// positions; what a rule does with each is stored.
func claimInOrder(t *testing.T, f *fixture) {
	c := newCampaign(f.account)
	c.From = numbersFrom(firstNumber, 6)
	f.start(t, c)
	same(t, "before their time", f.claimCalls(t, c.SID, dialTime.Add(-1), 10, claimed), []dialer.Dial(nil))
	var order []int
	later := dialTime.Add(10 * time.Minute)
	dials := f.claimCalls(t, c.SID, dialTime, 10, func(c *campaign.Campaign, t *campaign.Target, callee dialer.Callee) (*campaign.Call, []event.Event) {
		if t.Position == 0 {
			order = nil // the rule may be called twice for each
		}
		order = append(order, t.Position)
		switch t.Position {
		case 0:
			return claimed(c, t, callee)
		case 1:
			c.Refuse(t, campaign.Suppressed, campaign.OnSuppression, dialTime)
		case 2:
			c.Postpone(t, campaign.OutsideHours, later)
		case 3:
			c.Refuse(t, campaign.InvalidNumber, campaign.NeverCalled, dialTime)
		case 4:
			c.Postpone(t, 0, dialTime.Add(time.Minute))
		default:
			c.Refuse(t, campaign.NotAttempted, campaign.ContactDeleted, dialTime)
		}
		return nil, nil
	})
	same(t, "order", order, []int{0, 1, 2, 3, 4, 5})
	if len(dials) != 1 {
		t.Fatalf("got %d calls", len(dials))
	}
	call := campaign.Call{SID: dials[0].Call.SID, Campaign: c.SID, Number: firstNumber, Attempt: 1, State: campaign.Placing}
	target := func(position int, state campaign.TargetState, reason campaign.Reason, due, ended time.Time) campaign.Target {
		return campaign.Target{
			Position: position, Number: firstNumber + phone.Number(position), State: state, Reason: reason, Due: due, Ended: ended,
		}
	}
	first := target(0, campaign.Calling, 0, time.Time{}, time.Time{})
	first.History = []campaign.Attempt{{Call: call.SID}}
	same(t, "call", dials[0], dialer.Dial{Call: call, Target: first})
	f.reopen()
	same(t, "calls", f.calls(t, c.SID), []campaign.Call{call})
	same(t, "targets", f.targets(t, c.SID), []campaign.Target{
		first,
		target(1, campaign.Suppressed, campaign.OnSuppression, time.Time{}, dialTime),
		target(2, campaign.Waiting, campaign.OutsideHours, later, time.Time{}),
		target(3, campaign.InvalidNumber, campaign.NeverCalled, time.Time{}, dialTime),
		target(4, campaign.Waiting, 0, dialTime.Add(time.Minute), time.Time{}),
		target(5, campaign.NotAttempted, campaign.ContactDeleted, time.Time{}, dialTime),
	})
	same(t, "counts", f.campaign(t, c.SID).Counts, campaign.Counts{New: 2, First: 1, Suppressed: 1, Invalid: 1, NotAttempted: 1, Called: 1, Calls: 1})
	same(t, "what is due later", positions(f.claimCalls(t, c.SID, later, 10, claimed)), []int{4, 2})
}

// claimWithinBounds: of what is due, no more is looked at and claimed than was asked for.
func claimWithinBounds(t *testing.T, f *fixture) {
	c := newCampaign(f.account)
	c.From = numbersFrom(firstNumber, 30)
	f.start(t, c)
	same(t, "two", positions(f.claimCalls(t, c.SID, dialTime, 2, claimed)), []int{0, 1})
	same(t, "none", f.claimCalls(t, c.SID, dialTime, 0, claimed), []dialer.Dial(nil))
	for _, ask := range []struct {
		limit, scan int
		every       int // of which one in so many is claimed
		want        []int
		left        int // that wait and are due
	}{
		{limit: 2, scan: 10, every: 3, want: []int{3, 6}, left: 28 - 5},
		{limit: 10, scan: 4, every: 3, want: []int{9}, left: 28 - 9},
		{limit: 5, scan: 7, every: 100, left: 28 - 16},
		{limit: 5, scan: 100, every: 100, left: 0},
	} {
		dials, err := f.Dialing.Claim(t.Context(), ours, f.account, c.SID, dialer.ClaimQuery{Now: dialTime, Limit: ask.limit, Scan: ask.scan},
			func(c *campaign.Campaign, t *campaign.Target, callee dialer.Callee) (*campaign.Call, []event.Event) {
				if t.Position%ask.every == 0 {
					return claimed(c, t, callee)
				}
				c.Postpone(t, campaign.OutsideHours, dialTime.Add(time.Hour))
				return nil, nil
			})
		if err != nil {
			t.Fatal(err)
		}
		same(t, fmt.Sprintf("%+v", ask), positions(dials), ask.want)
		left := 0
		for _, target := range f.targets(t, c.SID) {
			if target.State == campaign.Waiting && target.Due.Equal(dialTime) {
				left++
			}
		}
		if left != ask.left {
			t.Errorf("%+v: %d are left", ask, left)
		}
	}
	// A rule that leaves targets as they are is not asked again and again.
	same(t, "left as they are", f.claimCalls(t, c.SID, dialTime.Add(time.Hour), 5, func(*campaign.Campaign, *campaign.Target, dialer.Callee) (*campaign.Call, []event.Event) {
		return nil, nil
	}), []dialer.Dial(nil))

	f.do(t, c.SID, campaign.Pause)
	same(t, "in a pause", f.claimCalls(t, c.SID, dialTime.Add(time.Hour), 5, claimed), []dialer.Dial(nil))
	f.do(t, c.SID, campaign.Complete)
	same(t, "after the end", f.claimCalls(t, c.SID, dialTime.Add(time.Hour), 5, claimed), []dialer.Dial(nil))
	_, err := f.Dialing.Claim(t.Context(), ours, f.account, addressbook.SID{1}, dialer.ClaimQuery{Now: dialTime, Limit: 1, Scan: 1}, claimed)
	isError(t, "claim of none", err, campaign.ErrNotFound)
}

// suppress adds numbers to those that the account must not call.
func (f *fixture) suppress(t *testing.T, numbers ...phone.Number) {
	t.Helper()
	var all []suppression.Suppression
	for _, n := range numbers {
		all = append(all, suppression.Suppression{Number: n, Source: "api", Created: dialTime})
	}
	if err := f.Suppressions.AddSuppressions(t.Context(), f.account, all, nil); err != nil {
		t.Fatal(err)
	}
}

// knownOfNumbers: a rule is told of suppressions and of contacts that are gone, be it to
// the trash.
func knownOfNumbers(t *testing.T, f *fixture) {
	all := contacts(firstNumber, 6)
	f.insertAllNew(t, all...)
	l := list("l")
	f.addLists(t, l)
	f.join(t, l, all...)
	c, numbers := newCampaign(f.account, l), newCampaign(f.account)
	numbers.From = numbersFrom(firstNumber, 3)
	f.start(t, c)
	f.start(t, numbers)
	theirs := addAccount(t, f.Accounts, "other").ID
	if err := f.Suppressions.AddSuppressions(t.Context(), theirs, []suppression.Suppression{{Number: all[0].Number, Created: dialTime}}, nil); err != nil {
		t.Fatal(err)
	}
	insertInto(t, f.Contacts, theirs, contacts(firstNumber, 6)...)
	f.suppress(t, all[1].Number, all[5].Number)
	f.delete(t, all[2].SID, all[3].SID, all[4].SID, all[5].SID)
	f.restore(t, all[3].SID)
	if err := f.Trash.EraseContacts(t.Context(), f.account, []addressbook.SID{all[4].SID}, Told(new([]trash.ContactResult))); err != nil {
		t.Fatal(err)
	}
	f.insertAllNew(t, contact(all[2].Number)) // the number is another contact's now
	f.update(t, addressbook.Patch{SID: all[3].SID, Number: setNumber(firstNumber + 50)})
	for sid, want := range map[addressbook.SID][]dialer.Callee{
		c.SID:       {{}, {Suppressed: true}, {Gone: true}, {}, {Gone: true}, {Suppressed: true, Gone: true}},
		numbers.SID: {{}, {Suppressed: true}, {}},
	} {
		got := make([]dialer.Callee, len(want))
		f.claimCalls(t, sid, dialTime, 10, func(_ *campaign.Campaign, t *campaign.Target, callee dialer.Callee) (*campaign.Call, []event.Event) {
			got[t.Position] = callee
			return nil, nil
		})
		same(t, "known of each", got, want)
	}
}

// callsOfDay counts the calls to a number by all campaigns of the account within a day.
func callsOfDay(t *testing.T, f *fixture) {
	one, two := newCampaign(f.account), newCampaign(f.account)
	one.From, two.From, two.Duplicates = numbersFrom(firstNumber, 2), append(numbersFrom(firstNumber, 2), firstNumber), true
	other := newFixture2(t, f, "other")
	theirs := newCampaign(other.account)
	theirs.From = one.From
	for _, c := range []*campaign.Campaign{one, two} {
		f.start(t, c)
	}
	other.start(t, theirs)
	other.claimCalls(t, theirs.SID, dialTime, 2, claimed)
	before, _ := born()
	first := f.claimCalls(t, one.SID, dialTime, 2, claimed)
	f.record(t, refs(first[0]), ends(campaign.Reached, dialTime))
	between, _ := born()
	asked := make(map[phone.Number]bool)
	count := func(from, until addressbook.SID, rule dialer.ClaimRule) []int {
		t.Helper()
		got := make([]int, 3)
		q := dialer.ClaimQuery{Now: dialTime, Limit: 10, Scan: 10, DayOf: func(n phone.Number) (time.Time, time.Time) {
			asked[n] = true
			return from.Time(), until.Time()
		}}
		_, err := f.Dialing.Claim(t.Context(), ours, f.account, two.SID, q, func(c *campaign.Campaign, t *campaign.Target, callee dialer.Callee) (*campaign.Call, []event.Event) {
			got[t.Position] = callee.CallsToday
			return rule(c, t, callee)
		})
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	leave := func(*campaign.Campaign, *campaign.Target, dialer.Callee) (*campaign.Call, []event.Event) {
		return nil, nil
	}
	end := addressbook.FirstSID(dialTime)
	same(t, "calls today", count(before, end, leave), []int{1, 1, 1})
	same(t, "calls until then", count(before, first[1].Call.SID, leave), []int{1, 0, 1})
	same(t, "calls since then", count(between, end, leave), []int{0, 0, 0})
	// Those of this very claim count.
	same(t, "calls today", count(before, end, claimed), []int{1, 1, 2})
	if len(asked) != 2 {
		t.Errorf("days of %d numbers were asked for", len(asked))
	}
}

// newFixture2 is another account of the same database.
func newFixture2(t *testing.T, f *fixture, sid string) *fixture {
	t.Helper()
	acct := addAccount(t, f.Accounts, sid)
	return &fixture{Stores: f.Stores, acct: acct, account: acct.ID}
}

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
	same(t, "campaign", f.campaign(t, c.SID), before)
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
