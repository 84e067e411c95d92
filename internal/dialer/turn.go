package dialer

import (
	"slices"
	"time"

	"callbook/internal/campaign"
)

// turn is the permission for one campaign to make up to limit calls.
type turn struct {
	*run
	campaign campaign.Campaign // as refresh last read it
	policy   campaign.Policy   // set by place
	limit    int
	known    int // run.news before the claim
}

// nextTurn decides which campaign may call now, and how many calls it may make. If none
// may, the turn's run is nil, and wait is how long it takes until one may.
func (a *dialing) nextTurn(now time.Time) (t turn, wait time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.stopped {
		a.idle = true
		return turn{}, longest
	}
	a.pace.rate = a.policy.Rate()
	var ready []*run
	wait, wanted := longest, false
	for i := range a.runs {
		r := a.runs[(a.turn+i)%len(a.runs)]
		until, wants := a.wait(r, now)
		wait = min(wait, until)
		wanted = wanted || wants
		if until == 0 {
			ready = append(ready, r)
		}
	}
	if !wanted {
		a.idle = true
	}
	if len(ready) == 0 {
		return turn{}, wait
	}
	if a.idle {
		a.pace.rest(now)
		a.idle = false
	}
	room := a.pace.allowed(now)
	if room == 0 {
		return turn{}, max(1, a.pace.wait(now))
	}
	r := ready[0]
	a.turn = slices.Index(a.runs, r) + 1
	limit := min(maxClaim, r.pace.allowed(now), (room+len(ready)-1)/len(ready))
	return turn{run: r, campaign: r.c, limit: limit, known: r.news}, 0
}

// wait returns how long it takes until a campaign may make its next call, and whether it
// has a target to call now. The caller must hold mu.
func (a *dialing) wait(r *run, now time.Time) (until time.Duration, wants bool) {
	if r.c.State != campaign.InProgress || !r.c.Expanded || !now.Before(r.c.EndAt) {
		return longest, false
	}
	if until := r.c.SendAt.Sub(now); until > 0 {
		return until, false // somebody resumed it with a later start
	}
	if until := r.due.Sub(now); until > 0 {
		return until, false
	}
	if until := r.hold.Sub(now); until > 0 {
		r.idle = true
		return until, false
	}
	if a.d.Real() && r.c.URL != "" && a.flows[r.c.FlowName()] == nil {
		return longest, false // the callee would hear nothing
	}
	r.pace.rate = a.pace.rate
	if r.c.Throttle > 0 {
		r.pace.rate = min(r.pace.rate, r.c.Throttle)
	}
	if r.idle {
		r.pace.rest(now)
		r.idle = false
	}
	if r.pace.allowed(now) > 0 {
		return 0, true
	}
	return max(1, r.pace.wait(now)), true
}
