package campaign

// Counts are how many targets and calls of a campaign there are, by what became of
// them. They move in the transactions that move targets, so their sum is at each moment
// the number of targets that were read.
type Counts struct {
	New      int // targets that wait for their first call
	First    int // targets that are being called the first time
	Retry    int // targets that wait for a retry
	Retrying int // targets that are being called again

	Reached, Failed, Suppressed, Invalid, NotAttempted int // targets, by result

	Called                                              int // targets that were called at least once
	Calls                                               int // that were begun
	CallsReached, CallsBusy, CallsNoAnswer, CallsFailed int // calls that have ended, by outcome
}

// Targets returns the number of targets.
func (n *Counts) Targets() int { return n.Waiting() + n.InFlight() + n.Ended() }

// Waiting returns how many targets wait for a call.
func (n *Counts) Waiting() int { return n.New + n.Retry }

// InFlight returns how many targets are being called.
func (n *Counts) InFlight() int { return n.First + n.Retrying }

// Ended returns how many targets have their result.
func (n *Counts) Ended() int {
	return n.Reached + n.Failed + n.Suppressed + n.Invalid + n.NotAttempted
}

// Move counts a target's change: from what it was, with so many calls in its history,
// to what it is.
func (n *Counts) Move(from TargetState, fromCalls int, t *Target) {
	*n.of(from, fromCalls)--
	*n.of(t.State, len(t.History))++
}

// Add counts new targets, which wait for their first call.
func (n *Counts) Add(targets int) { n.New += targets }

// of returns the number that counts a target.
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

// Of counts the targets in some states, or in all for nil, that have been called before
// or not; see [TargetQuery]. False means that the numbers do not tell.
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

// Ends counts the calls that have ended with one of these outcomes. False means that the
// numbers do not tell.
func (n *Counts) Ends(outcomes []Outcome) (total int, ok bool) {
	var failed, unreachable bool
	for _, o := range outcomes {
		switch o {
		case Reached:
			total += n.CallsReached
		case Busy:
			total += n.CallsBusy
		case NoAnswer:
			total += n.CallsNoAnswer
		case CallFailed:
			failed = true
		case Unreachable:
			unreachable = true
		}
	}
	if failed && unreachable {
		total += n.CallsFailed
	}
	return total, failed == unreachable
}

// endWaiting gives the targets that wait the result that they have from the end of the
// campaign on. Their rows follow in the background.
func (n *Counts) endWaiting() {
	n.NotAttempted += n.New
	n.Failed += n.Retry
	n.New, n.Retry = 0, 0
}

// Stat is one of a campaign's numbers, by the wire's word.
type Stat struct {
	Word  string
	Count int
}

// Stats returns the wire's numbers, in its order. They are zeros until the targets are
// read, and their sum is the number of targets.
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

// Shown returns the counts as somebody sees them: none until all targets are read.
func (c *Campaign) Shown() Counts {
	if !c.Expanded {
		return Counts{}
	}
	return c.Counts
}
