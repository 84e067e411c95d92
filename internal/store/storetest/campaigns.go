package storetest

import (
	"testing"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/campaign"
	"callbook/internal/dialer"
	"callbook/internal/event"
	"callbook/internal/phone"
	"callbook/internal/work"
)

// Campaigns runs the contracts of [campaign.Store] and [dialer.Store]. Open gives each
// test a database of its own, as for [AddressBook].
func Campaigns(t *testing.T, open func(t *testing.T) Stores) {
	run(t, func(t *testing.T) *fixture { return newFixture(t, open(t)) }, []test[*fixture]{
		{"campaigns", campaignsAsGiven},
		{"refused campaigns", refusedCampaigns},
		{"change campaigns", changeCampaigns},
		{"pages of campaigns", campaignPages},
		{"policies", policies},
		{"changes of a policy at once", policyChanges},
		{"the last sid of campaigns", lastSIDOfCampaigns},
		{"memory of campaigns", memoryOfCampaigns},
		{"leases of accounts", leasesOfAccounts},
		{"open campaigns", openCampaigns},
		{"expand numbers", expandNumbers},
		{"expand lists", expandLists},
		{"expand with variables", expandWithVariables},
		{"expand what has ended", expandEnded},
		{"claim in order", claimInOrder},
		{"recall what was postponed", recallPostponed},
		{"claim within bounds", claimWithinBounds},
		{"what is known of a number", knownOfNumbers},
		{"calls of a day", callsOfDay},
		{"called as another target", calledAsAnother},
		{"expand a long list", expandLong},
		{"expand with long variables", expandLongVariables},
		{"record calls", recordCalls},
		{"take back a claim", takeBackClaim},
		{"the longest history", longestHistory},
		{"record for several campaigns", recordSeveral},
		{"calls in flight", callsInFlight},
		{"times of calls", timesOfCalls},
		{"pages of calls", callPages},
		{"pages of targets", targetPages},
		{"sweep", sweepTargets},
		{"purge a campaign", purgeCampaign},
		{"preview", previews},
		{"campaigns of a contact", campaignsOfContact},
		{"random campaigns", randomCampaigns},
	})
}

// dialTime is when campaigns of tests begin. All sids of a test run are of before.
var dialTime = time.Unix(0, firstBirth).Add(24 * time.Hour)

// leaseOf returns a server's lease of a minute.
func leaseOf(server string, from time.Time) work.Lease {
	return work.Lease{Server: server, Until: from.Add(time.Minute)}
}

// ours is the lease that tests have.
var ours = leaseOf("ours", dialTime)

// newCampaign returns a campaign that calls lists, or nobody.
func newCampaign(account account.ID, lists ...addressbook.List) *campaign.Campaign {
	sid, created := born()
	return &campaign.Campaign{
		SID: sid, Account: account, State: campaign.Created, Created: created, Updated: created,
		Settings: campaign.Settings{
			Name: "Rent", CallerID: "08047000001", Lists: sidsOfLists(lists), URL: "http://my.exotel.com/start/1",
			SendAt: dialTime, EndAt: dialTime.Add(time.Hour),
			Retries: &campaign.Retries{Number: 3, Interval: time.Minute, Busy: true, NoAnswer: true},
		},
	}
}

// numbersFrom returns n numbers from one on.
func numbersFrom(first phone.Number, n int) (numbers []phone.Number) {
	for i := range n {
		numbers = append(numbers, first+phone.Number(i))
	}
	return numbers
}

func anyway(campaign.Running) error { return nil }

// addCampaigns stores campaigns.
func (f *fixture) addCampaigns(t tb, all ...*campaign.Campaign) {
	t.Helper()
	for _, c := range all {
		var told *campaign.Campaign
		if err := f.Campaigns.InsertCampaign(t.Context(), c, anyway, Told(&told)); err != nil {
			t.Fatalf("insert a campaign: %v", err)
		}
		same(t, "result", told, c)
	}
}

// campaign returns a campaign as it is stored.
func (f *fixture) campaign(t tb, sid addressbook.SID) *campaign.Campaign {
	t.Helper()
	c, err := f.Campaigns.Campaign(t.Context(), f.account, sid)
	if err != nil {
		t.Fatalf("read a campaign: %v", err)
	}
	return c
}

// do does an action with a campaign.
func (f *fixture) do(t tb, sid addressbook.SID, a campaign.Action) {
	t.Helper()
	err := f.Campaigns.ChangeCampaign(t.Context(), f.account, sid, func(c *campaign.Campaign, _ campaign.Running) error { return c.Do(a, dialTime) }, nil)
	if err != nil {
		t.Fatalf("%s: %v", a, err)
	}
}

// changeOpen changes an open campaign as a dialer does.
func (f *fixture) changeOpen(t tb, sid addressbook.SID, change func(*campaign.Campaign)) {
	t.Helper()
	err := f.Dialing.ChangeOpen(t.Context(), ours, f.account, sid, func(c *campaign.Campaign) []event.Event {
		change(c)
		return nil
	})
	if err != nil {
		t.Fatalf("change an open campaign: %v", err)
	}
}

// expand reads all numbers of a campaign, so many at a time.
func (f *fixture) expand(t tb, sid addressbook.SID, limit int) (steps int) {
	t.Helper()
	for {
		done, err := f.Dialing.Expand(t.Context(), ours, f.account, sid, dialTime, limit, nil)
		if err != nil {
			t.Fatalf("expand: %v", err)
		}
		if steps++; done {
			return steps
		}
		if steps > 1000 {
			t.Fatalf("it comes to no end")
		}
	}
}

// start adds a campaign, reads its targets and starts it.
func (f *fixture) start(t tb, c *campaign.Campaign) {
	t.Helper()
	f.addCampaigns(t, c)
	f.expand(t, c.SID, 1000)
	f.changeOpen(t, c.SID, func(c *campaign.Campaign) { c.Start(dialTime) })
}

// targets returns all targets of a campaign.
func (f *fixture) targets(t tb, sid addressbook.SID) []campaign.Target {
	t.Helper()
	page, err := f.Campaigns.Targets(t.Context(), f.account, sid, campaign.TargetQuery{After: -1, Limit: 1000})
	if err != nil {
		t.Fatalf("read targets: %v", err)
	}
	if page.Total != len(page.Targets) {
		t.Errorf("the total is %d, and there are %d targets", page.Total, len(page.Targets))
	}
	return page.Targets
}

// calls returns all calls of a campaign.
func (f *fixture) calls(t tb, sid addressbook.SID) []campaign.Call {
	t.Helper()
	page, err := f.Campaigns.Calls(t.Context(), f.account, sid, campaign.CallQuery{Limit: 1000})
	if err != nil {
		t.Fatalf("read calls: %v", err)
	}
	if page.Total != len(page.Calls) || len(page.Targets) != len(page.Calls) {
		t.Errorf("the total is %d, and there are %d calls and %d targets of theirs", page.Total, len(page.Calls), len(page.Targets))
	}
	return page.Calls
}

// claimed is a rule that claims each target.
func claimed(c *campaign.Campaign, t *campaign.Target, _ dialer.Callee) (*campaign.Call, []event.Event) {
	call := new(campaign.Call)
	call.SID, _ = born()
	c.Claim(t, call)
	return call, nil
}

// claimCalls claims calls that are due at a time.
func (f *fixture) claimCalls(t tb, sid addressbook.SID, now time.Time, limit int, rule dialer.ClaimRule) []dialer.Dial {
	t.Helper()
	dials, err := f.Dialing.Claim(t.Context(), ours, f.account, sid, dialer.ClaimQuery{Now: now, Limit: limit, Scan: 1000}, rule)
	if err != nil {
		t.Fatalf("claim: %v", err)
	}
	return dials
}

// refs names calls.
func refs(dials ...dialer.Dial) (calls []dialer.CallRef) {
	for i := range dials {
		calls = append(calls, dialer.CallRef{Campaign: dials[i].Call.Campaign, Call: dials[i].Call.SID})
	}
	return calls
}

// ends is a rule that ends calls at a time.
func ends(o campaign.Outcome, at time.Time) dialer.RecordRule {
	return func(_ int, c *campaign.Campaign, t *campaign.Target, call *campaign.Call) []event.Event {
		call.Placed, call.Ended = at.Add(-time.Second), at
		call.State, call.Outcome = campaign.CallEnded, o
		c.Settle(t, call)
		return nil
	}
}

// record records calls.
func (f *fixture) record(t tb, calls []dialer.CallRef, rule dialer.RecordRule) {
	t.Helper()
	if err := f.Dialing.Record(t.Context(), ours, f.account, calls, rule); err != nil {
		t.Fatalf("record: %v", err)
	}
}

// positions returns those of targets that were claimed.
func positions(dials []dialer.Dial) (all []int) {
	for _, d := range dials {
		all = append(all, d.Target.Position)
	}
	return all
}
