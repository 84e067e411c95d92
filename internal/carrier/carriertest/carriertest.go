// Package carriertest has the contract that every carrier passes.
package carriertest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/callflow"
	"callbook/internal/campaign"
	"callbook/internal/carrier"
	"callbook/internal/phone"
)

// Rig is a carrier and whom it can call.
type Rig struct {
	Carrier carrier.Carrier
	// The numbers that do what their names say. Talks answers, presses Key when it is
	// asked to, and talks for some seconds. NoAnswer rings for as long, and longer than
	// Prompt for a test that hangs up.
	Talks, Busy, NoAnswer, Fails phone.Number
	Key                          string
	// Patience is how long a call takes at most.
	Patience time.Duration
	// Prompt is how long the end of a call or of Run may take at most once it was asked for.
	Prompt time.Duration
}

// Test is one promise of the contract.
type Test struct {
	Name    string
	Run     func(t *testing.T, rig Rig)
	HangsUp bool // it hangs up calls that ring
}

// Tests are the contract. Each wants a new carrier.
func Tests() []Test {
	return []Test{
		{"outcomes", outcomes, false},
		{"hang up", hangUp, true},
		{"twice", twice, false},
		{"resolve", resolve, false},
		{"the end of Run", stops, true},
	}
}

// line is a carrier that runs, and what it told.
type line struct {
	t       *testing.T
	rig     Rig
	stop    func()
	changed chan struct{}

	mu    sync.Mutex
	told  map[addressbook.SID][]carrier.Progress
	ended bool // Run has returned
}

func open(t *testing.T, rig Rig) *line {
	ctx, cancel := context.WithCancel(context.Background())
	l := &line{t: t, rig: rig, changed: make(chan struct{}, 1), told: make(map[addressbook.SID][]carrier.Progress)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		rig.Carrier.Run(ctx, l.tell)
		l.mu.Lock()
		defer l.mu.Unlock()
		l.ended = true
	}()
	l.stop = func() {
		cancel()
		<-done
	}
	t.Cleanup(l.stop)
	return l
}

func (l *line) tell(p carrier.Progress) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		l.t.Error("something is told after the end of Run")
	}
	l.told[p.Call] = append(l.told[p.Call], p)
	select {
	case l.changed <- struct{}{}:
	default:
	}
}

// place places a call.
func (l *line) place(n byte, to phone.Number) carrier.Order {
	l.t.Helper()
	o := carrier.Order{Call: addressbook.SID{n}, To: to, CallerID: "08047000001", Attempt: 1, Flow: callflow.Menu("Press a key.", 0)}
	if err := l.rig.Carrier.Place(context.Background(), o); err != nil {
		l.t.Fatal(err)
	}
	return o
}

// await waits until a call has come to a state, and returns all that was told of it.
func (l *line) await(o carrier.Order, s campaign.CallState) []carrier.Progress {
	l.t.Helper()
	late := time.After(l.rig.Patience)
	for {
		l.mu.Lock()
		told := l.told[o.Call]
		l.mu.Unlock()
		if len(told) > 0 && told[len(told)-1].State >= s {
			return told
		}
		select {
		case <-l.changed:
		case <-late:
			l.t.Fatalf("the call to %v came not to state %d: %+v", o.To, s, told)
		}
	}
}

// outcomes: each call ends once, as its number says, and its times rise.
func outcomes(t *testing.T, rig Rig) {
	l := open(t, rig)
	for i, tt := range []struct {
		to      phone.Number
		outcome campaign.Outcome
	}{{rig.Talks, campaign.Reached}, {rig.Busy, campaign.Busy}, {rig.NoAnswer, campaign.NoAnswer}, {rig.Fails, campaign.CallFailed}} {
		o := l.place(byte(i+1), tt.to)
		told := l.await(o, campaign.CallEnded)
		for j := range told[1:] {
			if !told[j+1].Beyond(&told[j]) {
				t.Errorf("%v: after %+v comes %+v", tt.to, told[j], told[j+1])
			}
		}
		end := told[len(told)-1]
		if end.Outcome != tt.outcome || end.Code == 0 || end.Placed.IsZero() || end.Ended.Before(end.Placed) {
			t.Errorf("%v ended with %+v", tt.to, end)
		}
		rings, talks := tt.outcome == campaign.NoAnswer || tt.outcome == campaign.Reached, tt.outcome == campaign.Reached
		if rings == end.Rang.IsZero() || talks == end.Answered.IsZero() || rings && end.Rang.Before(end.Placed) || talks && end.Answered.Before(end.Rang) {
			t.Errorf("the times of the call to %v are %+v", tt.to, end)
		}
		if talks && end.Digits != rig.Key {
			t.Errorf("the keys were %q, want %q", end.Digits, rig.Key)
		}
	}
}

// hangUp: a call that rings ends without an answer, one that talks was answered.
func hangUp(t *testing.T, rig Rig) {
	l := open(t, rig)
	for i, tt := range []struct {
		to      phone.Number
		at      campaign.CallState
		outcome campaign.Outcome
	}{{rig.NoAnswer, campaign.Ringing, campaign.NoAnswer}, {rig.Talks, campaign.Answered, campaign.Reached}} {
		o := l.place(byte(i+1), tt.to)
		l.await(o, tt.at)
		begun := time.Now()
		for range 2 {
			if err := rig.Carrier.Hangup(t.Context(), o.Call); err != nil {
				t.Fatal(err)
			}
		}
		told := l.await(o, campaign.CallEnded)
		if end := told[len(told)-1]; end.Outcome != tt.outcome || time.Since(begun) > rig.Prompt {
			t.Errorf("%v after being hung up: %+v", time.Since(begun), end)
		}
	}
	if err := rig.Carrier.Hangup(t.Context(), addressbook.SID{9}); err != nil {
		t.Errorf("hanging up what is not there: %v", err)
	}
}

// twice: a call that is in flight cannot be placed again, and this is not told as a call
// that may be placed later.
func twice(t *testing.T, rig Rig) {
	l := open(t, rig)
	o := l.place(1, rig.NoAnswer)
	err := rig.Carrier.Place(t.Context(), o)
	var notSent *carrier.NotSentError
	if err == nil || errors.As(err, &notSent) {
		t.Errorf("placing a call again: %v", err)
	}
	l.await(o, campaign.CallEnded)
}

// resolve: a call in flight is known, and one that has ended is not in flight.
func resolve(t *testing.T, rig Rig) {
	l := open(t, rig)
	over := l.place(1, rig.Busy)
	overAt := l.await(over, campaign.CallEnded)[0].Placed
	flies := l.place(2, rig.NoAnswer)
	fliesAt := l.await(flies, campaign.Ringing)[0].Placed
	answers, err := rig.Carrier.Resolve(t.Context(), []carrier.Asked{{Order: over, Placed: overAt}, {Order: flies, Placed: fliesAt}})
	if err != nil || len(answers) != 2 {
		t.Fatalf("%+v, %v", answers, err)
	}
	if f := answers[0].Fate; f != carrier.Over && f != carrier.Unknown {
		t.Errorf("a call that has ended is %+v", answers[0])
	}
	if p := answers[1].Progress; answers[1].Fate != carrier.InFlight || p.State != campaign.Ringing || p.Call != flies.Call {
		t.Errorf("a call that rings is %+v", answers[1])
	}
	l.await(flies, campaign.CallEnded)
}

// stops: Run ends with calls in flight, and nothing is told after it.
func stops(t *testing.T, rig Rig) {
	l := open(t, rig)
	l.await(l.place(1, rig.NoAnswer), campaign.Ringing)
	begun := time.Now()
	l.stop()
	if d := time.Since(begun); d > rig.Prompt {
		t.Errorf("Run ended after %v", d)
	}
}
