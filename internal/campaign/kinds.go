package campaign

// Kinds returns which rows of targets pass the query's States and Again, as numbers that
// engines have an index of: twice the state of the row, plus 1 when it waits for another
// call than the first or is in one. Nil means that all pass. A row of c that has ended may
// wait still, see [Campaign.Result]. Of a state that has ended, rows of both values of
// Again are returned: filtered reports that Again is still to be asked.
func (q *TargetQuery) Kinds(c *Campaign) (kinds []int, filtered bool) {
	if q.States == nil && q.Again == nil {
		return nil, false
	}
	states := q.States
	if states == nil {
		states = []TargetState{Waiting, Calling, TargetReached, TargetFailed, Suppressed, InvalidNumber, NotAttempted}
	}
	kinds = []int{}
	add := func(s TargetState, again bool) {
		if q.Again == nil || *q.Again == again {
			kind := 2 * int(s)
			if again {
				kind++
			}
			kinds = append(kinds, kind)
		}
	}
	for _, s := range states {
		switch {
		case s.Ended():
			kinds = append(kinds, 2*int(s))
			filtered = filtered || q.Again != nil
		case s == Calling || !c.State.Ended():
			add(s, false)
			add(s, true)
		}
		switch {
		case c.State.Ended() && s == TargetFailed:
			add(Waiting, true)
		case c.State.Ended() && s == NotAttempted:
			add(Waiting, false)
		}
	}
	return kinds, filtered
}
