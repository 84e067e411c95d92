package simulator

import (
	"math/rand/v2"
	"time"

	"callbook/internal/callflow"
	"callbook/internal/campaign"
	"callbook/internal/carrier"
	"callbook/internal/phone"
)

// script is the course of a call. Its times count from when the call left. A time is zero
// if the event does not happen, unless all are zero.
type script struct {
	rings, answered, end time.Duration
	answers, ringsAtAll  bool
	// open means that the flow requests URLs. Until they have answered, the keys and the
	// end of the call are unknown.
	open        bool
	keys, mark  string
	suppressed  bool
	pressed     time.Duration // when the keys were pressed
	outcome     campaign.Outcome
	code, cause int
	text        string
}

// Typical times of networks and people.
const (
	leastSetup, mostSetup = 500 * time.Millisecond, 3 * time.Second // before it rings
	leastRing, mostRing   = 2 * time.Second, 20 * time.Second       // before somebody answers
	noAnswerRing          = 30 * time.Second
	leastTalk, mostTalk   = 5 * time.Second, 60 * time.Second
)

// write returns the script of a call. It is a pure function of the seed, the number and
// the attempt. The last digit of the number decides the outcome. The last but one is the
// key that the callee presses when the flow asks for keys; 0 means none.
func write(seed uint64, to phone.Number, attempt int, flow *callflow.Flow, instant bool) script {
	r := rand.New(rand.NewPCG(seed, uint64(to)<<3|uint64(attempt)))
	between := func(least, most time.Duration) time.Duration {
		d := least + time.Duration(r.Int64N(int64(most-least)))
		if instant {
			return 0
		}
		return d
	}
	setup := between(leastSetup, mostSetup)
	ring, talk := between(leastRing, mostRing), between(leastTalk, mostTalk)
	last := to % 10
	if last == 8 && attempt == 1 {
		last = 9
	}
	switch last {
	case 6:
		return script{end: setup, outcome: campaign.Busy, code: 486, cause: 17, text: "User busy"}
	case 7:
		s := script{rings: setup, ringsAtAll: true, end: setup + noAnswerRing, outcome: campaign.NoAnswer, code: 480, cause: 19, text: "No answer from the user"}
		if instant {
			s.end = 0
		}
		return s
	case 9:
		return script{end: setup, outcome: campaign.CallFailed, code: 503, cause: 34, text: "No circuit available"}
	}
	s := script{
		rings: setup, ringsAtAll: true, answered: setup + ring, answers: true, end: setup + ring + talk,
		outcome: campaign.Reached, code: 200, cause: 16, text: "Normal call clearing",
	}
	if s.open = flow != nil && flow.Asks(); !s.open {
		s.heard(press(to, flow, func(callflow.URL, string) callflow.Input { return callflow.Input{} }), s.answered+talk/2)
	}
	return s
}

// trunkFailure is the course of a call that a trunk refuses.
var trunkFailure = script{outcome: campaign.TrunkFailed, code: 401, cause: 21, text: "Call rejected"}

// heard stores the result of a flow that was run at a time.
func (s *script) heard(run *callflow.Run, at time.Duration) {
	s.open, s.keys, s.mark, s.suppressed = false, run.Digits, run.Mark, run.Suppressed
	if s.keys != "" {
		s.pressed = at
	}
	s.end = max(s.end, at)
}

// press runs a flow as the callee, who presses the same key whenever the flow asks for
// keys. An unknown flow asks once. Ask requests a URL of the flow, given the keys so far.
func press(to phone.Number, flow *callflow.Flow, ask func(callflow.URL, string) callflow.Input) *callflow.Run {
	key := string('0' + rune(to/10%10))
	if key == "0" {
		key = ""
	}
	if flow == nil {
		return &callflow.Run{Digits: key}
	}
	run, action := callflow.Begin(flow)
	for !action.HangUp {
		var in callflow.Input
		switch {
		case action.Gather != nil:
			in.Digits = key
		case action.Fetch != nil:
			in = ask(*action.Fetch, run.Digits)
		}
		action = run.Next(in)
	}
	return run
}

// next returns the time of the next event after a time of the script. It returns false if
// no further event is known: the call has ended by then, unless the script is open.
func (s *script) next(after time.Duration) (time.Duration, bool) {
	for _, at := range []time.Duration{s.rings, s.answered, s.pressed, s.end} {
		if at > after && (!s.open || at < s.end) {
			return at, true
		}
	}
	return 0, false
}

// progress returns the progress of a call at a time of its script.
func (s *script) progress(o *carrier.Order, placed time.Time, at time.Duration) carrier.Progress {
	p := carrier.Progress{Call: o.Call, State: campaign.Dialed, Placed: placed}
	if s.ringsAtAll && at >= s.rings {
		p.State, p.Rang = campaign.Ringing, placed.Add(s.rings)
	}
	if s.answers && at >= s.answered {
		p.State, p.Answered = campaign.Answered, placed.Add(s.answered)
	}
	if s.keys != "" && at >= s.pressed {
		p.Digits = s.keys
	}
	if at >= s.end && !s.open {
		p.Mark, p.Suppressed = s.mark, s.suppressed
		p.State, p.Ended = campaign.CallEnded, placed.Add(s.end)
		p.Outcome, p.Code, p.Cause, p.CauseText = s.outcome, s.code, s.cause, s.text
	}
	return p
}

// hangUp ends the script at this time.
func (s *script) hangUp(at time.Duration) {
	s.end, s.open = at, false
	if s.pressed > at {
		s.keys, s.pressed, s.mark, s.suppressed = "", 0, "", false
	}
	if s.answers && s.answered <= at {
		return
	}
	s.answers, s.answered = false, 0
	s.outcome, s.code, s.cause, s.text = campaign.NoAnswer, 487, 31, "Hung up before an answer"
	if s.rings > at {
		s.ringsAtAll, s.rings = false, 0
	}
}
