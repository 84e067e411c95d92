package verify

import (
	"context"
	"fmt"

	"callbook/internal/campaign"
)

// Campaign is a campaign as it is stored, with the counts of its targets and calls.
type Campaign struct {
	SID      []byte
	Created  int64 // Unix nanoseconds
	State    int64
	Settings []byte
	Next     int64 // the position of its next target
	Counts   campaign.Counts
	// Targets and Calls count the rows of each kind, as a JSON array of arrays. For
	// targets, each has a state, the length of the history in bytes, and the count. For
	// calls, each has a state, an outcome and the count.
	Targets, Calls [][3]int64
	// Strays counts the calls that are not in the history of their target with their
	// number and outcome.
	Strays int64
	// CutRecordings counts the calls of whose recording not all is stored.
	CutRecordings int64
	// Events counts the waiting, the delivered and the given up callbacks. EventTotals
	// has the campaign's counters of them.
	Events, EventTotals [3]int64
	Misfolded           bool // as in Contact
}

// attemptBytes is the size of a call in the history of its target.
const attemptBytes = int64(campaign.AttemptBytes)

// recount returns the counts of the campaign's rows.
func (c *Campaign) recount() (n campaign.Counts) {
	of := campaign.Campaign{State: campaign.State(c.State)}
	for _, group := range c.Targets {
		state, calls, number := campaign.TargetState(group[0]), group[1]/attemptBytes, int(group[2])
		t := campaign.Target{State: state, History: make([]campaign.Attempt, min(calls, campaign.MaxCalls))}
		t.State = of.Result(&t)
		one := campaign.Counts{New: 1}
		one.Move(campaign.Waiting, 0, &t)
		all := n.Fields()
		for i, count := range one.Fields() {
			*all[i] += *count * number
		}
		if calls > 0 {
			n.Called += number
		}
	}
	for _, group := range c.Calls {
		n.Calls += int(group[2])
		if campaign.CallState(group[0]) == campaign.CallEnded {
			for range group[2] {
				n.EndCall(campaign.Outcome(group[1]))
			}
		}
	}
	return n
}

// campaigns checks each campaign, and recounts its targets and calls.
func (r *runner) campaigns(ctx context.Context) error {
	for _, unit := range []string{"campaigns", "targets", "calls"} {
		r.count(0, unit)
	}
	for _, a := range r.accounts {
		err := r.view.Campaigns(ctx, a.ID, func(c *Campaign) error {
			r.row()
			for _, text := range r.campaignProblems(c) {
				r.problem(a.SID, fmt.Sprintf("campaign %x %s", c.SID, text))
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("account %s: %w", a.SID, err)
		}
	}
	return nil
}

// campaignProblems returns what is wrong with a campaign.
func (r *runner) campaignProblems(c *Campaign) (found []string) {
	var targets, tried, calls int64
	for _, group := range c.Targets {
		targets += group[2]
		tried += group[1] / attemptBytes * group[2]
	}
	for _, group := range c.Calls {
		calls += group[2]
	}
	r.count(1, "campaigns")
	r.count(targets, "targets")
	r.count(calls, "calls")
	bad := func(format string, args ...any) { found = append(found, fmt.Sprintf(format, args...)) }
	if text := sidProblem(c.SID, c.Created); text != "" {
		bad("%s", text)
	}
	if c.Misfolded {
		bad("has a folded name that is not the fold of its name")
	}
	if _, err := campaign.DecodeSettings(c.Settings); err != nil {
		bad("has settings that cannot be read")
	}
	switch state := campaign.State(c.State); {
	case c.State < int64(campaign.Created) || c.State > int64(campaign.Deleted):
		bad("is in state %d, which there is not", c.State)
		return found
	case state == campaign.Deleted: // a server is deleting its rows
		return found
	}
	if c.Next != targets {
		bad("has %d targets, and the next position is %d", targets, c.Next)
	}
	if calls != tried {
		bad("has %d calls, and its targets tell of %d", calls, tried)
	}
	if c.Strays > 0 {
		bad("has %d calls that are not in the history of their target as they are", c.Strays)
	}
	if c.CutRecordings > 0 {
		bad("has %d recordings of calls that are not whole", c.CutRecordings)
	}
	if c.Events != c.EventTotals {
		bad("counts %d callbacks that wait, %d delivered and %d given up, and there are %d, %d and %d",
			c.EventTotals[0], c.EventTotals[1], c.EventTotals[2], c.Events[0], c.Events[1], c.Events[2])
	}
	recount := c.recount()
	counted, is := c.Counts.Fields(), recount.Fields()
	for i, column := range campaign.CountColumns {
		if *counted[i] != *is[i] {
			bad("counts %d in %s, and there are %d", *counted[i], column, *is[i])
		}
	}
	return found
}
