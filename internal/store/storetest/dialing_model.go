package storetest

import (
	"cmp"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/campaign"
	"callbook/internal/dialer"
	"callbook/internal/event"
)

// randomCampaigns does random things to campaigns, and does the same by the rules of
// package campaign in memory. After each step both have the same campaign, targets and
// calls, and its counts are those of a recount.
func randomCampaigns(t *testing.T, f *fixture) {
	rounds, steps := 3, 60
	if testing.Short() {
		rounds = 1
	}
	all := contacts(firstNumber, 12)
	f.insertAllNew(t, all...)
	one, two := list("one"), list("two")
	f.addLists(t, one, two)
	f.join(t, one, all[:8]...)
	f.join(t, two, all[4:]...)
	for round := range rounds {
		r := rand.New(rand.NewPCG(uint64(round), 12))
		numbers, lists := newCampaign(f.account), newCampaign(f.account, one, two)
		numbers.From = numbersFrom(firstNumber+100, 10)
		models := []*dialModel{{fixture: f, Campaign: *numbers}, {fixture: f, Campaign: *lists}}
		for _, n := range numbers.From {
			models[0].entries = append(models[0].entries, addressbook.Contact{Number: n})
		}
		models[1].entries = append(slices.Clone(all[:8]), all[4:]...)
		f.addCampaigns(t, numbers, lists)
		now := dialTime
		for step := range steps {
			m := models[r.IntN(len(models))]
			now = now.Add(time.Duration(r.IntN(40)) * time.Second)
			name := m.step(t, r, now)
			m.check(t)
			if t.Failed() {
				t.Fatalf("round %d: failed after step %d, %s", round, step, name)
			}
		}
	}
}

// dialModel is a campaign as it must be.
type dialModel struct {
	*fixture
	campaign.Campaign
	entries []addressbook.Contact // to make targets of; those without a sid are numbers
	read    int                   // of the entries
	goals   []campaign.Target
	tries   map[addressbook.SID]campaign.Call
}

// step does something at random, and tells what.
func (m *dialModel) step(t *testing.T, r *rand.Rand, now time.Time) string {
	switch n := r.IntN(20); {
	case !m.Expanded && n < 8:
		m.expandSome(t, now, 1+r.IntN(6))
		return "expand"
	case m.Expanded && m.Started.IsZero() && !m.State.Ended():
		m.both(t, func(c *campaign.Campaign) { c.Start(now) })
		return "start"
	case n < 9:
		m.claimSome(t, now, r.IntN(5), 1+r.IntN(9), r.Uint64())
		return "claim"
	case n < 15:
		m.recordSome(t, r, now)
		return "record"
	case n < 17:
		a := []campaign.Action{campaign.Pause, campaign.Resume}[r.IntN(2)]
		m.both(t, func(c *campaign.Campaign) { _ = c.Do(a, now) })
		return string(a)
	case n == 17 && r.IntN(4) == 0:
		m.both(t, func(c *campaign.Campaign) {
			if !c.State.Ended() {
				c.Expire(now)
			}
		})
		return "expire"
	case n == 18 && r.IntN(4) == 0:
		m.reopen()
		return "restart"
	case n == 19 && m.FailCommits != nil:
		m.failAll(t, now)
		return "failing commits"
	default:
		m.sweepSome(t, 1+r.IntN(4))
		return "sweep"
	}
}

// both changes the campaign in the store and in memory.
func (m *dialModel) both(t *testing.T, change func(*campaign.Campaign)) {
	change(&m.Campaign)
	m.changeOpen(t, m.SID, change)
}

func (m *dialModel) expandSome(t *testing.T, now time.Time, limit int) {
	done, err := m.Dialing.Expand(t.Context(), ours, m.account, m.SID, now, limit, nil)
	if err != nil {
		t.Fatal(err)
	}
	for ; limit > 0 && m.read < len(m.entries); limit, m.read = limit-1, m.read+1 {
		c := m.entries[m.read]
		known := slices.ContainsFunc(m.goals, func(t campaign.Target) bool { return t.Number == c.Number })
		if known {
			continue
		}
		m.goals = append(m.goals, campaign.Target{
			Position: len(m.goals), Number: c.Number, Contact: c.SID, Name: c.Texts[addressbook.FirstName].Value, State: campaign.Waiting, Due: now,
		})
		m.Add(1)
	}
	// Whoever has just read the last one may not know it.
	if m.read < len(m.entries) && done || limit > 0 && !done {
		t.Errorf("done is %v, and %d of %d were read", done, m.read, len(m.entries))
	}
	m.Expanded = done
}

func (m *dialModel) claimSome(t *testing.T, now time.Time, limit, scan int, salt uint64) {
	sids := make(map[int]addressbook.SID) // by position, for both
	rule := func(c *campaign.Campaign, t *campaign.Target, _ dialer.Callee) (*campaign.Call, []event.Event) {
		switch (salt>>(t.Position%16) + uint64(len(t.History))) % 8 {
		case 0:
			c.Refuse(t, campaign.Suppressed, campaign.OnSuppression, now)
		case 1:
			c.Postpone(t, campaign.OutsideHours, now.Add(time.Duration(salt%90)*time.Second))
		case 2: // leaves it as it is
		default:
			call := new(campaign.Call)
			if call.SID = sids[t.Position]; call.SID == (addressbook.SID{}) {
				call.SID, _ = born()
				sids[t.Position] = call.SID
			}
			c.Claim(t, call)
			return call, nil
		}
		return nil, nil
	}
	dials, err := m.Dialing.Claim(t.Context(), ours, m.account, m.SID, dialer.ClaimQuery{Now: now, Limit: limit, Scan: scan}, rule)
	if err != nil {
		t.Fatal(err)
	}
	var want []dialer.Dial
	if m.State == campaign.InProgress {
		var due []*campaign.Target
		for i := range m.goals {
			if g := &m.goals[i]; g.State == campaign.Waiting && !g.Due.After(now) {
				due = append(due, g)
			}
		}
		slices.SortStableFunc(due, func(a, b *campaign.Target) int { return a.Due.Compare(b.Due) })
		for _, g := range due[:min(scan, len(due))] {
			if len(want) == limit {
				break
			}
			if call, _ := rule(&m.Campaign, g, dialer.Callee{}); call != nil {
				m.try(*call)
				want = append(want, dialer.Dial{Call: *call, Target: *g})
			}
		}
	}
	same(t, "claimed", dials, want)
}

// try remembers a call.
func (m *dialModel) try(call campaign.Call) {
	if m.tries == nil {
		m.tries = make(map[addressbook.SID]campaign.Call)
	}
	m.tries[call.SID] = call
}

func (m *dialModel) recordSome(t *testing.T, r *rand.Rand, now time.Time) {
	var calls []dialer.CallRef
	known := slices.SortedFunc(maps.Keys(m.tries), func(a, b addressbook.SID) int { return cmp.Compare(a.Prefix(), b.Prefix()) })
	for _, sid := range known {
		if m.tries[sid].State != campaign.CallEnded && r.IntN(2) == 0 || r.IntN(8) == 0 {
			calls = append(calls, dialer.CallRef{Campaign: m.SID, Call: sid})
		}
	}
	what := make([]int, len(calls))
	for i := range what {
		what[i] = r.IntN(9)
	}
	rule := func(i int, c *campaign.Campaign, t *campaign.Target, call *campaign.Call) []event.Event {
		switch n := what[i]; n {
		case 0:
			call.State, call.Placed, call.Rang = campaign.Ringing, now, now
		case 1:
			c.Unclaim(t, now)
			call.State = 0
		case 2:
			call.State, call.Answered, call.Digits = campaign.Answered, now, "1"
		default:
			outcomes := []campaign.Outcome{campaign.Reached, campaign.Busy, campaign.Busy, campaign.NoAnswer, campaign.Unreachable, campaign.TrunkFailed}
			call.State, call.Outcome, call.Ended, call.Code = campaign.CallEnded, outcomes[n-3], now, 486
			c.Settle(t, call)
		}
		return nil
	}
	m.record(t, calls, rule)
	for i, ref := range calls {
		call := m.tries[ref.Call]
		if call.State == campaign.CallEnded || call.State == 0 {
			continue
		}
		rule(i, &m.Campaign, &m.goals[call.Position], &call)
		if m.try(call); call.State == 0 {
			delete(m.tries, call.SID)
		}
	}
}

func (m *dialModel) sweepSome(t *testing.T, limit int) {
	leave := func(c *campaign.Campaign, t *campaign.Target) []event.Event {
		c.Leave(t)
		return nil
	}
	more, err := m.Dialing.Sweep(t.Context(), ours, m.account, m.SID, limit, leave)
	if err != nil {
		t.Fatal(err)
	}
	var waiting []*campaign.Target
	for i := range m.goals {
		if m.goals[i].State == campaign.Waiting && m.State.Ended() {
			waiting = append(waiting, &m.goals[i])
		}
	}
	if len(waiting) > limit && !more || len(waiting) < limit && more {
		t.Errorf("of %d targets, %d at most are swept, and whether there are more is %v", len(waiting), limit, more)
	}
	if len(waiting) <= limit {
		for _, g := range waiting {
			leave(&m.Campaign, g)
		}
		return
	}
	// Which ones were swept is the store's choice; what they look like is not.
	got := m.targets(t, m.SID)
	for _, g := range waiting {
		if !got[g.Position].Ended.IsZero() {
			leave(&m.Campaign, g)
			limit--
		}
	}
	if limit != 0 {
		t.Errorf("%d fewer were swept than could be", limit)
	}
}

// failAll does what a dialer does, and no commit succeeds.
func (m *dialModel) failAll(t *testing.T, now time.Time) {
	m.FailCommits(errCommit)
	defer m.FailCommits(nil)
	var calls []dialer.CallRef
	for sid := range m.tries {
		calls = append(calls, dialer.CallRef{Campaign: m.SID, Call: sid})
	}
	ctx := t.Context()
	done, err := m.Dialing.Expand(ctx, ours, m.account, m.SID, now, 3, nil)
	if isError(t, "expand", err, errCommit); done {
		t.Error("it is expanded, and the commit has failed")
	}
	dials, err := m.Dialing.Claim(ctx, ours, m.account, m.SID, dialer.ClaimQuery{Now: now, Limit: 3, Scan: 9}, claimed)
	if isError(t, "claim", err, errCommit); dials != nil {
		t.Error("calls are claimed, and the commit has failed")
	}
	isError(t, "record", m.Dialing.Record(ctx, ours, m.account, calls, ends(campaign.Busy, now)), errCommit)
	_, err = m.Dialing.Sweep(ctx, ours, m.account, m.SID, 3, func(c *campaign.Campaign, t *campaign.Target) []event.Event {
		c.Leave(t)
		return nil
	})
	isError(t, "sweep", err, errCommit)
	err = m.Campaigns.ChangeCampaign(ctx, m.account, m.SID, func(c *campaign.Campaign, _ campaign.Running) error {
		c.Name, c.State = "other", campaign.Canceled
		return nil
	}, nil)
	isError(t, "change", err, errCommit)
}

// check compares the store with what must be.
func (m *dialModel) check(t *testing.T) {
	t.Helper()
	got := m.campaign(t, m.SID)
	same(t, "campaign", got, &m.Campaign)
	var goals []campaign.Target
	for _, g := range m.goals {
		g.State = m.Result(&g) // as a page shows it
		goals = append(goals, g)
	}
	same(t, "targets", m.targets(t, m.SID), goals)
	tries := slices.SortedFunc(maps.Values(m.tries), func(a, b campaign.Call) int { return cmp.Compare(a.SID.Prefix(), b.SID.Prefix()) })
	same(t, "calls", m.calls(t, m.SID), tries)
	if recounted := recount(goals, tries); got.Counts != recounted {
		t.Errorf("the counts are %+v, and a recount is %+v", got.Counts, recounted)
	}
}

// recount counts targets and calls by what they are.
func recount(targets []campaign.Target, calls []campaign.Call) (n campaign.Counts) {
	for i := range targets {
		t := &targets[i]
		switch {
		case t.State == campaign.Waiting && len(t.History) == 0:
			n.New++
		case t.State == campaign.Waiting:
			n.Retry++
		case t.State == campaign.Calling && len(t.History) == 1:
			n.First++
		case t.State == campaign.Calling:
			n.Retrying++
		case t.State == campaign.TargetReached:
			n.Reached++
		case t.State == campaign.TargetFailed:
			n.Failed++
		case t.State == campaign.Suppressed:
			n.Suppressed++
		case t.State == campaign.InvalidNumber:
			n.Invalid++
		case t.State == campaign.NotAttempted:
			n.NotAttempted++
		}
		if len(t.History) > 0 {
			n.Called++
		}
	}
	for i := range calls {
		if n.Calls++; calls[i].State == campaign.CallEnded {
			n.EndCall(calls[i].Outcome)
		}
	}
	return n
}
