package campaign

// Counts are the numbers of a campaign's targets and calls, by state. They change in the
// same transactions as the targets, so their sum is always the number of targets.
type Counts struct {
	New      int // targets waiting for their first call
	First    int // targets in their first call
	Retry    int // targets waiting for a retry
	Retrying int // targets in a retry

	Reached, Failed, Suppressed, Invalid, NotAttempted int // targets by final state

	Called                                              int // targets that were called at least once
	Calls                                               int // all calls
	CallsReached, CallsBusy, CallsNoAnswer, CallsFailed int // ended calls by outcome
}

// Targets returns the number of targets.
func (n *Counts) Targets() int { return n.Waiting() + n.InFlight() + n.Ended() }

// Waiting returns how many targets wait for a call.
func (n *Counts) Waiting() int { return n.New + n.Retry }

// InFlight returns how many targets are being called.
func (n *Counts) InFlight() int { return n.First + n.Retrying }

// Ended returns how many targets have a final state.
func (n *Counts) Ended() int {
	return n.Reached + n.Failed + n.Suppressed + n.Invalid + n.NotAttempted
}

// Move takes a target from one counter to another. It was counted with the state from and
// fromCalls calls in its history, and is counted as t now.
func (n *Counts) Move(from TargetState, fromCalls int, t *Target) {
	*n.of(from, fromCalls)--
	*n.of(t.State, len(t.History))++
}

// Add counts new targets, which wait for their first call, or are never called because
// the campaign had ended when its lists were read.
func (c *Campaign) Add(targets int) {
	if c.State.Ended() {
		c.Counts.NotAttempted += targets
	} else {
		c.Counts.New += targets
	}
}

// of returns the counter for a target with this state and this many calls.
func (n *Counts) of(state TargetState, calls int) *int {
	switch state {
	case Waiting:
		if calls > 0 {
			return &n.Retry
		}
		return &n.New
	case Calling:
		if calls > 1 {
			return &n.Retrying
		}
		return &n.First
	case TargetReached:
		return &n.Reached
	case TargetFailed:
		return &n.Failed
	case Suppressed:
		return &n.Suppressed
	case InvalidNumber:
		return &n.Invalid
	default:
		return &n.NotAttempted
	}
}

// EndCall counts the end of a call.
func (n *Counts) EndCall(o Outcome) {
	switch o {
	case Reached:
		n.CallsReached++
	case Busy:
		n.CallsBusy++
	case NoAnswer:
		n.CallsNoAnswer++
	default:
		n.CallsFailed++
	}
}

// Of returns how many targets are in these states, or in any for nil, and were called
// before or not; see [TargetQuery]. Ok is false if the counters do not tell.
func (n *Counts) Of(states []TargetState, again *bool) (total int, ok bool) {
	if states == nil && again == nil {
		return n.Targets(), true
	}
	for _, state := range states {
		if state.Ended() {
			if again != nil {
				return 0, false
			}
			total += *n.of(state, 0)
			continue
		}
		if again == nil || !*again {
			total += *n.of(state, 0)
		}
		if again == nil || *again {
			total += *n.of(state, MaxCalls)
		}
	}
	return total, states != nil
}

// Ends returns how many calls have ended with one of these outcomes. Ok is false if the
// counters do not tell.
func (n *Counts) Ends(outcomes []Outcome) (total int, ok bool) {
	const all = 3                   // outcomes that CallsFailed counts
	parts := make(map[Outcome]bool) // those of them that were asked for
	for _, o := range outcomes {
		switch o {
		case Reached:
			total += n.CallsReached
		case Busy:
			total += n.CallsBusy
		case NoAnswer:
			total += n.CallsNoAnswer
		default:
			parts[o] = true
		}
	}
	if len(parts) == all {
		total += n.CallsFailed
	}
	return total, len(parts) == 0 || len(parts) == all
}

// endWaiting counts the waiting targets with the final state that the end of the campaign
// gives them. Their rows are updated later, in the background.
func (n *Counts) endWaiting() {
	n.NotAttempted += n.New
	n.Failed += n.Retry
	n.New, n.Retry = 0, 0
}

// Stat is one of a campaign's numbers, by its name in the API.
type Stat struct {
	Word  string
	Count int
}

// Stats returns the numbers of the API, in its order. Their sum is the number of targets.
// All are zero until the targets are read.
func (c *Campaign) Stats() []Stat {
	n := c.Shown()
	paused := 0
	if c.State == Paused {
		paused, n.New, n.Retry = n.New+n.Retry, 0, 0
	}
	return []Stat{
		{"created", n.New}, {"in-progress", n.First}, {"retry", n.Retry}, {"retrying", n.Retrying},
		{"failed", n.Failed}, {"failed-dnd", n.Suppressed}, {"invalid", n.Invalid}, {"paused", paused},
		{"failed-no-attempt", n.NotAttempted}, {"completed", n.Reached},
	}
}

// Shown returns the counts for display. They are zero until all targets are read.
func (c *Campaign) Shown() Counts {
	if !c.Expanded {
		return Counts{}
	}
	return c.Counts
}
