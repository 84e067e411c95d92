package campaign

// Kinds returns the indexed numbers of the target rows that may match the query's States
// and Again. The number of a row is twice its state, plus 1 if it waits for or is in a
// call other than its first. Nil means all rows. If c has ended, rows may still be
// Waiting; see [Campaign.Result]. For an ended state, the numbers do not depend on Again;
// then filtered is true and the caller must check Again.
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
