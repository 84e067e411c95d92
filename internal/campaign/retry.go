package campaign

import "time"

// Retries say who is called again, when, and how often.
type Retries struct {
	Number      int // 0 to 3
	Interval    time.Duration
	Exponential bool // each interval is twice the previous one
	// A target is called again after these outcomes.
	Busy, NoAnswer, Failed bool
}

// After reports whether a target is called again after this outcome.
func (r *Retries) After(o Outcome) bool {
	switch o {
	case Busy:
		return r.Busy
	case NoAnswer:
		return r.NoAnswer
	case CallFailed, TrunkFailed:
		return r.Failed
	}
	return false
}

// Due returns when to call a target again after its calls-th call has ended.
func (r *Retries) Due(ended time.Time, calls int) time.Time {
	interval := r.Interval
	if r.Exponential {
		interval <<= calls - 1
	}
	return ended.Add(interval)
}

// faultPause is how long a target waits after the first call that failed because of a
// trunk. It is longer than an INVITE without an answer goes on in the background. Each
// further wait is four times as long.
const faultPause = 2 * time.Minute

// faults returns how many of the target's calls have failed because of a trunk.
func (t *Target) faults() (n int) {
	for _, a := range t.History {
		if a.Outcome == TrunkFailed {
			n++
		}
	}
	return n
}

// Claim begins a call to a waiting target, and counts it. It sets the call's number and
// attempt.
func (c *Campaign) Claim(t *Target, call *Call) {
	from, calls := t.State, len(t.History)
	t.State, t.Due, t.Reason = Calling, time.Time{}, 0
	t.History = append(t.History, Attempt{Call: call.SID})
	call.Campaign, call.Position, call.Number = c.SID, t.Position, t.Number
	call.Attempt, call.State = len(t.History), Placing
	c.Counts.Move(from, calls, t)
	c.Counts.Calls++
	c.Minutes.begin(call.SID.Time())
	if calls == 0 {
		c.Counts.Called++
	}
}

// Unclaim undoes the claim of a call that never left. The target waits again, until due.
func (c *Campaign) Unclaim(t *Target, due time.Time) {
	from, calls := t.State, len(t.History)
	c.Minutes.takeBack(t.History[calls-1].Call.Time())
	t.History = t.History[:calls-1]
	t.State, t.Due = Waiting, due
	c.Counts.Calls--
	if len(t.History) == 0 {
		c.Counts.Called--
	}
	if c.State.Ended() {
		c.move(t, from, calls, c.Result(t), c.Ended)
		return
	}
	c.Counts.Move(from, calls, t)
}

// Settle updates a target whose call has ended: it gets its final state, or waits for a
// retry.
func (c *Campaign) Settle(t *Target, call *Call) {
	from, calls := t.State, len(t.History)
	t.History[calls-1].Outcome = call.Outcome
	c.Counts.EndCall(call.Outcome)
	faults := t.faults()
	free := call.Outcome == TrunkFailed && faults <= MaxFaults
	attempts := calls - min(faults, MaxFaults)
	switch {
	case call.Outcome == Reached:
		c.move(t, from, calls, TargetReached, call.Ended)
	case call.Outcome == Unreachable:
		c.move(t, from, calls, InvalidNumber, call.Ended)
	case c.State.Ended() || !free && (attempts >= c.Calls() || !c.Retries.After(call.Outcome)):
		c.move(t, from, calls, TargetFailed, call.Ended)
	default:
		var due time.Time
		if free {
			due = call.Ended.Add(faultPause << (2 * (faults - 1)))
		} else {
			due = c.Retries.Due(call.Ended, attempts)
		}
		if !due.Before(c.EndAt) {
			c.move(t, from, calls, TargetFailed, call.Ended)
			return
		}
		t.State, t.Due = Waiting, due
		c.Counts.Move(from, calls, t)
	}
}

// Refuse gives a waiting target its final state without a call.
func (c *Campaign) Refuse(t *Target, state TargetState, reason Reason, at time.Time) {
	t.Reason = reason
	c.move(t, t.State, len(t.History), state, at)
}

// Postpone makes a waiting target wait until due.
func (c *Campaign) Postpone(t *Target, reason Reason, due time.Time) { t.Reason, t.Due = reason, due }

// Leave stores the final state of a target that still waits although its campaign has
// ended. The counts contain it already.
func (c *Campaign) Leave(t *Target) {
	t.State, t.Due, t.Ended = c.Result(t), time.Time{}, c.Ended
	if t.Reason == 0 {
		t.Reason = CampaignEnded
	}
}

// move gives a target its final state and counts it.
func (c *Campaign) move(t *Target, from TargetState, fromCalls int, state TargetState, at time.Time) {
	t.State, t.Due, t.Ended = state, time.Time{}, at
	c.Counts.Move(from, fromCalls, t)
}
