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

// recallPostponed: of some positions, the targets that a rule has postponed are due at
// once, and others are not: neither those that are called, nor those that wait for a retry.
func recallPostponed(t *testing.T, f *fixture) {
	c := newCampaign(f.account)
	c.From = numbersFrom(firstNumber, 6)
	f.start(t, c)
	later, now := dialTime.Add(time.Hour), dialTime.Add(time.Minute)
	f.claimCalls(t, c.SID, dialTime, 10, func(c *campaign.Campaign, t *campaign.Target, callee dialer.Callee) (*campaign.Call, []event.Event) {
		switch t.Position {
		case 0:
			return claimed(c, t, callee)
		case 1:
			c.Postpone(t, 0, later)
		default:
			c.Postpone(t, campaign.DailyCap, later)
		}
		return nil, nil
	})
	if err := f.Dialing.Recall(t.Context(), ours, f.account, c.SID, now, 1, 3); err != nil {
		t.Fatal(err)
	}
	same(t, "too early", f.claimCalls(t, c.SID, now.Add(-1), 10, claimed), []dialer.Dial(nil))
	same(t, "recalled", positions(f.claimCalls(t, c.SID, now, 10, claimed)), []int{2, 3})
	same(t, "others", positions(f.claimCalls(t, c.SID, later, 10, claimed)), []int{1, 4, 5})
	isError(t, "recall of none", f.Dialing.Recall(t.Context(), ours, f.account, addressbook.SID{1}, now, 0, 3), campaign.ErrNotFound)
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
	// A call that failed because of a trunk rang no telephone.
	f.record(t, refs(first[1]), ends(campaign.TrunkFailed, dialTime))
	same(t, "calls that rang today", count(before, end, leave), []int{1, 0, 1})
	// Those of this very claim count.
	same(t, "calls today", count(before, end, claimed), []int{1, 0, 2})
	if len(asked) != 2 {
		t.Errorf("days of %d numbers were asked for", len(asked))
	}
}

// calledAsAnother: a rule is told of a target whose number moved to its contact while the
// lists were read, and which the campaign has called as the target of the contact before.
func calledAsAnother(t *testing.T, f *fixture) {
	for i, perClaim := range []int{1, 10} {
		first := firstNumber + phone.Number(100*i)
		all := contacts(first, 4)
		f.insertAllNew(t, all...)
		l, m := list(fmt.Sprint("l", i)), list(fmt.Sprint("m", i))
		f.addLists(t, l, m)
		f.join(t, l, all[:2]...)
		f.join(t, m, all...)
		c, twice := newCampaign(f.account, l, m), newCampaign(f.account, l, m)
		twice.Duplicates = true
		f.addCampaigns(t, c, twice)
		for _, sid := range []addressbook.SID{c.SID, twice.SID} {
			if _, err := f.Dialing.Expand(t.Context(), ours, f.account, sid, dialTime, 1, nil); err != nil {
				t.Fatal(err)
			}
		}
		// The number goes from the first contact to the third, of the other list.
		f.update(t, addressbook.Patch{SID: all[0].SID, Number: setNumber(first + 50)})
		f.update(t, addressbook.Patch{SID: all[2].SID, Number: setNumber(first)})
		for sid, want := range map[addressbook.SID]map[int]bool{c.SID: {2: true}, twice.SID: {}} {
			f.expand(t, sid, 1000)
			f.changeOpen(t, sid, func(c *campaign.Campaign) { c.Start(dialTime) })
			got := make(map[int]bool)
			for {
				dials := f.claimCalls(t, sid, dialTime, perClaim, func(c *campaign.Campaign, t *campaign.Target, callee dialer.Callee) (*campaign.Call, []event.Event) {
					if callee.Called {
						got[t.Position] = true
					}
					return claimed(c, t, callee)
				})
				if len(dials) == 0 {
					break
				}
			}
			same(t, fmt.Sprintf("called before, %d a claim, campaign %s", perClaim, sid), got, want)
		}
	}
}

// newFixture2 is another account of the same database.
func newFixture2(t *testing.T, f *fixture, sid string) *fixture {
	t.Helper()
	acct := addAccount(t, f.Accounts, sid)
	return &fixture{Stores: f.Stores, acct: acct, account: acct.ID}
}
