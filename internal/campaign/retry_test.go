package campaign

import (
	"slices"
	"testing"
	"time"

	"callbook/internal/addressbook"
)

// TestDue: the wait before each retry, as the contract's section 6 has it.
func TestDue(t *testing.T) {
	t.Parallel()
	ended := time.Unix(1_780_000_000, 0)
	for name, tt := range map[string]struct {
		retries Retries
		want    [3]int // minutes before the 2nd, 3rd and 4th call
	}{
		"linear":      {Retries{Interval: 10 * time.Minute}, [3]int{10, 10, 10}},
		"exponential": {Retries{Interval: 10 * time.Minute, Exponential: true}, [3]int{10, 20, 40}},
	} {
		for i, want := range tt.want {
			if got := tt.retries.Due(ended, i+1).Sub(ended); got != time.Duration(want)*time.Minute {
				t.Errorf("%s: after call %d the wait is %v, want %d minutes", name, i+1, got, want)
			}
		}
	}
}

// TestSettle: what becomes of a target after a call.
func TestSettle(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_780_000_000, 0)
	retries := &Retries{Number: 2, Interval: time.Minute, Busy: true, Failed: true}
	for name, tt := range map[string]struct {
		state    State
		retries  *Retries
		calls    int // made, the last one included
		outcome  Outcome
		end      time.Duration // of the campaign, from the end of the call on
		want     TargetState
		wantWait time.Duration
	}{
		"answered":                    {InProgress, retries, 1, Reached, time.Hour, TargetReached, 0},
		"answered on a retry":         {InProgress, retries, 3, Reached, time.Hour, TargetReached, 0},
		"busy":                        {InProgress, retries, 1, Busy, time.Hour, Waiting, time.Minute},
		"busy, no retries":            {InProgress, nil, 1, Busy, time.Hour, TargetFailed, 0},
		"busy, all used":              {InProgress, retries, 3, Busy, time.Hour, TargetFailed, 0},
		"busy while paused":           {Paused, retries, 2, Busy, time.Hour, Waiting, time.Minute},
		"busy after the end":          {Completed, retries, 1, Busy, time.Hour, TargetFailed, 0},
		"no answer is not in on":      {InProgress, retries, 1, NoAnswer, time.Hour, TargetFailed, 0},
		"due at the end":              {InProgress, retries, 1, Busy, time.Minute, TargetFailed, 0},
		"due just before the end":     {InProgress, retries, 1, Busy, time.Minute + 1, Waiting, time.Minute},
		"no such number":              {InProgress, retries, 1, Unreachable, time.Hour, InvalidNumber, 0},
		"failed, which is tried once": {InProgress, retries, 2, CallFailed, time.Hour, Waiting, time.Minute},
		"the trunk failed":            {InProgress, nil, 1, TrunkFailed, time.Hour, Waiting, 2 * time.Minute},
		"the trunk failed at the end": {InProgress, nil, 1, TrunkFailed, 2 * time.Minute, TargetFailed, 0},
		"the trunk failed, all used":  {InProgress, retries, 4, TrunkFailed, time.Hour, Waiting, 2 * time.Minute},
		"the trunk failed after it":   {Completed, nil, 1, TrunkFailed, time.Hour, TargetFailed, 0},
	} {
		c := &Campaign{Settings: Settings{Retries: tt.retries, EndAt: now.Add(tt.end)}, State: InProgress, Expanded: true}
		c.Add(1)
		target := &Target{State: Waiting}
		var call *Call
		for i := range tt.calls {
			call = &Call{SID: addressbook.SID{byte(i)}}
			c.Claim(target, call)
			if i < tt.calls-1 {
				c.Counts.EndCall(Busy)
				target.History[i].Outcome = Busy
				c.Counts.Move(Calling, i+1, &Target{State: Waiting, History: target.History})
				target.State = Waiting
			}
		}
		c.State = tt.state
		call.Outcome, call.State, call.Ended = tt.outcome, CallEnded, now
		c.Settle(target, call)
		if target.State != tt.want {
			t.Errorf("%s: the target is %d, want %d", name, target.State, tt.want)
		}
		if wait := target.Due.Sub(now); tt.want == Waiting && wait != tt.wantWait {
			t.Errorf("%s: the target waits for %v, want %v", name, wait, tt.wantWait)
		}
		if target.State.Ended() != !target.Ended.IsZero() {
			t.Errorf("%s: the target ended at %v", name, target.Ended)
		}
		if n := c.Counts; n.Targets() != 1 || n.Calls != tt.calls || n.CallsReached+n.CallsBusy+n.CallsNoAnswer+n.CallsFailed != tt.calls || n.Called != 1 {
			t.Errorf("%s: the counts are %+v", name, n)
		}
	}
}

// TestFaults: a target whose trunk fails is called again, but not for ever, and these calls
// are besides its own.
func TestFaults(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		retries  *Retries
		outcomes []Outcome
		waits    []time.Duration // between the calls
	}{
		"no retries":          {nil, []Outcome{TrunkFailed, TrunkFailed, TrunkFailed, TrunkFailed}, []time.Duration{2 * time.Minute, 8 * time.Minute, 32 * time.Minute}},
		"then it is busy":     {nil, []Outcome{TrunkFailed, Busy}, []time.Duration{2 * time.Minute}},
		"between the retries": {&Retries{Number: 1, Interval: time.Minute, Exponential: true, Busy: true}, []Outcome{Busy, TrunkFailed, TrunkFailed, Busy}, []time.Duration{time.Minute, 2 * time.Minute, 8 * time.Minute}},
		"more than are free": {&Retries{Number: 2, Interval: time.Minute, Exponential: true, Failed: true}, slices.Repeat([]Outcome{TrunkFailed}, MaxFaults+3),
			[]time.Duration{2 * time.Minute, 8 * time.Minute, 32 * time.Minute, time.Minute, 2 * time.Minute}},
	} {
		now := time.Unix(1_780_000_000, 0)
		c := &Campaign{Settings: Settings{Retries: tt.retries, EndAt: now.Add(24 * time.Hour)}, State: InProgress, Expanded: true}
		c.Add(1)
		target := &Target{State: Waiting}
		var waits []time.Duration
		for i, o := range tt.outcomes {
			if target.State != Waiting {
				t.Fatalf("%s: after %d calls the target is %d", name, i, target.State)
			}
			if i > 0 {
				waits = append(waits, target.Due.Sub(now))
				now = target.Due
			}
			call := &Call{SID: addressbook.SID{byte(i)}}
			c.Claim(target, call)
			call.State, call.Outcome, call.Ended = CallEnded, o, now
			c.Settle(target, call)
		}
		if target.State != TargetFailed || !slices.Equal(waits, tt.waits) {
			t.Errorf("%s: the target is %d after waits of %v, want %v", name, target.State, waits, tt.waits)
		}
		if n := c.Counts; n.Failed != 1 || n.Targets() != 1 || n.Calls != len(tt.outcomes) {
			t.Errorf("%s: the counts are %+v", name, n)
		}
	}
}

// TestUnclaim: a call that did not leave was never there.
func TestUnclaim(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_780_000_000, 0)
	for _, ended := range []bool{false, true} {
		c := &Campaign{Settings: Settings{EndAt: now.Add(time.Hour)}, State: InProgress, Expanded: true}
		c.Add(1)
		target := &Target{State: Waiting}
		c.Claim(target, &Call{})
		want := Counts{New: 1}
		if ended {
			c.End(Completed, now)
			want = Counts{NotAttempted: 1}
		}
		c.Unclaim(target, now)
		if c.Counts != want || len(target.History) != 0 {
			t.Errorf("ended %v: the counts are %+v, want %+v", ended, c.Counts, want)
		}
	}
}
