package simulator_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/callflow"
	"callbook/internal/campaign"
	"callbook/internal/carrier"
	"callbook/internal/carrier/carriertest"
	"callbook/internal/carrier/simulator"
	"callbook/internal/clock"
	"callbook/internal/phone"
)

func newSimulator(seed uint64) *simulator.Simulator {
	return simulator.New(simulator.Options{Clock: clock.System, Seed: seed})
}

func TestContract(t *testing.T) {
	t.Parallel()
	for _, test := range carriertest.Tests() {
		t.Run(test.Name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				test.Run(t, carriertest.Rig{
					Carrier: newSimulator(1), Talks: 919800000031, Busy: 919800000006, NoAnswer: 919800000007, Fails: 919800000009,
					Key: "3", Patience: 2 * time.Minute, Prompt: time.Second,
				})
			})
		})
	}
}

// story places a call and returns its end and how often something was told.
func story(t *testing.T, s *simulator.Simulator, o carrier.Order, faults simulator.Faults) (end carrier.Progress, told int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	s.SetFaults(faults)
	if err := s.Place(ctx, o); (err != nil) != (faults.BreakOff+faults.Refuse > 0 || faults.Down) {
		t.Errorf("placing the call: %v", err)
	}
	s.Run(ctx, func(p carrier.Progress) {
		told++
		if p.Beyond(&end) {
			end = p
		}
	})
	return end, told
}

// TestNumbers: the last digit decides what becomes of a call.
func TestNumbers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		to      phone.Number
		attempt int
		outcome campaign.Outcome
		digits  string
	}{
		{919800000000, 1, campaign.Reached, ""}, {919800000075, 1, campaign.Reached, "7"}, {919800000076, 2, campaign.Busy, ""},
		{919800000007, 1, campaign.NoAnswer, ""}, {919800000018, 1, campaign.CallFailed, ""}, {919800000018, 2, campaign.Reached, "1"},
		{919800000009, 4, campaign.CallFailed, ""},
	} {
		synctest.Test(t, func(t *testing.T) {
			end, _ := story(t, newSimulator(1), carrier.Order{To: tt.to, Attempt: tt.attempt, Flow: callflow.Menu("Press a key.", 0)}, simulator.Faults{})
			if end.State != campaign.CallEnded || end.Outcome != tt.outcome || end.Digits != tt.digits {
				t.Errorf("call %d to %v: %+v", tt.attempt, tt.to, end)
			}
		})
	}
}

// TestPure: a call takes as long each time, and with another seed another time.
func TestPure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		took := func(seed uint64) time.Duration {
			end, _ := story(t, newSimulator(seed), carrier.Order{To: 919800000001, Attempt: 1}, simulator.Faults{})
			return end.Ended.Sub(end.Placed)
		}
		if a, b, c := took(1), took(1), took(2); a != b || a == c {
			t.Errorf("calls took %v, %v, and with another seed %v", a, b, c)
		}
	})
}

// TestSuccessor: a simulator goes on with the calls of its predecessor, and tells those
// that ended meanwhile.
func TestSuccessor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := carrier.Order{Call: addressbook.SID{1}, To: 919800000041, Attempt: 1, Flow: callflow.Menu("Press a key.", 0)}
		want, _ := story(t, newSimulator(1), o, simulator.Faults{})
		s, shift := newSimulator(1), time.Since(want.Placed)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		defer cancel()
		var end carrier.Progress
		early := carrier.Asked{Order: o, Placed: time.Now()}
		late := carrier.Asked{Order: o, Placed: want.Placed}
		late.Call = addressbook.SID{2}
		answers, err := s.Resolve(ctx, []carrier.Asked{early, late})
		if err != nil || answers[0].Fate != carrier.InFlight || answers[1].Fate != carrier.Over {
			t.Fatalf("%+v, %v", answers, err)
		}
		s.Run(ctx, func(p carrier.Progress) { end = p })
		if got := answers[1].Progress; !got.Ended.Equal(want.Ended) || got.Digits != "4" {
			t.Errorf("a call that has ended is %+v, want %+v", got, want)
		}
		if end.Call != o.Call || !end.Ended.Equal(want.Ended.Add(shift)) || end.Outcome != campaign.Reached {
			t.Errorf("a call that went on is %+v, want %+v later by %v", end, want, shift)
		}
	})
}

// TestFaults: events are lost, doubled and late, calls break off and do not leave.
func TestFaults(t *testing.T) {
	t.Parallel()
	o := carrier.Order{Call: addressbook.SID{1}, To: 919800000041, Attempt: 1, Flow: callflow.Menu("Press a key.", 0)}
	for name, tt := range map[string]struct {
		faults simulator.Faults
		told   int
		ends   bool
	}{
		"none":   {simulator.Faults{}, 5, true},
		"lost":   {simulator.Faults{Lose: 1}, 0, false},
		"double": {simulator.Faults{Double: 1}, 10, true},
		"late":   {simulator.Faults{Delay: 1, MostDelay: time.Minute}, 5, true},
		"broken": {simulator.Faults{BreakOff: 1}, 5, true},
		"down":   {simulator.Faults{Down: true}, 0, false},
		"refuse": {simulator.Faults{Refuse: 1}, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				end, told := story(t, newSimulator(1), o, tt.faults)
				if told != tt.told || tt.ends != (end.State == campaign.CallEnded) {
					t.Errorf("%d events, the last one %+v", told, end)
				}
			})
		})
	}
}

// TestInstant: a call without durations is told once.
func TestInstant(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := simulator.New(simulator.Options{Clock: clock.System, Instant: true})
		end, told := story(t, s, carrier.Order{To: 919800000041, Attempt: 1, Flow: callflow.Menu("Press a key.", 0)}, simulator.Faults{})
		if told != 1 || end.Outcome != campaign.Reached || end.Digits != "4" || !end.Ended.Equal(end.Placed) {
			t.Errorf("%d events, the last one %+v", told, end)
		}
	})
}
