package event

import (
	"context"
	"maps"
	"slices"
	"time"

	"callbook/internal/addressbook"
)

const (
	// atOnce is how many requests of one account to one receiver run at the same time.
	atOnce = perHost / 2
	// The window is how many events a lane reads at once. It doubles while full windows
	// are due. A lane reads no more events while those in memory have windowBytes or
	// more.
	firstWindow, maxWindow = 2 * atOnce, 512
	windowBytes            = 512 << 10
	// reloadEvery is how often a lane looks for more events while it waits for answers.
	reloadEvery = 200 * time.Millisecond
	// A lane stores its outcomes when there are flushOutcomes of them, or flushAfter the
	// first.
	flushOutcomes = 128
	flushAfter    = 20 * time.Millisecond
	// grace is how long requests under way may take after the end of Run's context.
	grace = 2 * time.Second
)

// lane sends the events of one receiver. Only one goroutine uses it.
type lane struct {
	d  *Deliverer
	to Receiver
	breaker
	host   *host
	secret []byte
	trial  bool // the receiver was down: send one event at a time until one is delivered
	window int

	known    map[int64]bool // IDs of the events in memory, until their outcomes are stored
	bytes    int            // the size of the bodies in memory
	chains   map[target]*chain
	ready    []*chain // chains with no event under way
	sending  int
	results  chan result
	outcomes []Outcome
	first    time.Time // when the oldest of outcomes came
	loaded   time.Time // when load was last called
}

// target identifies a chain: events of one target are sent in order.
type target struct {
	campaign addressbook.SID
	position int
}

// chain is the events of a target, which are sent one after the other.
type chain struct{ events []Pending }

// result is the answer to the first event of a chain.
type result struct {
	chain  *chain
	answer Answer
	at     time.Time
}

// run sends events until none is due, the receiver is down, or ctx ends.
func (l *lane) run(ctx context.Context) (err error) {
	if l.secret, err = l.d.opts.Secret(ctx, l.to.Account); err != nil {
		return err
	}
	requests, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(grace, cancel) })()
	waits, stopWaits := context.WithCancel(ctx) // of requests for their place
	defer stopWaits()
	more := true
	for {
		switch {
		case ctx.Err() != nil || l.leave.Load() || l.down() && !l.trial:
			l.forget()
			more = false
			if l.leave.Load() {
				stopWaits()
			}
		case more && len(l.ready) < l.window/2 && l.bytes < windowBytes:
			if more, err = l.load(ctx); err != nil {
				return l.end(ctx, err)
			}
			l.loaded = time.Now()
		}
		for len(l.ready) > 0 && l.sending < l.most() {
			l.begin(waits, requests)
		}
		idle := l.sending == 0 && len(l.ready) == 0
		if len(l.outcomes) >= flushOutcomes || idle && len(l.outcomes) > 0 || len(l.outcomes) > 0 && time.Since(l.first) >= flushAfter {
			if err := l.flush(ctx); err != nil {
				return l.end(ctx, err)
			}
			more = !l.down() || l.trial
			continue
		}
		if idle {
			return l.expire(ctx)
		}
		select {
		case r := <-l.results:
			l.note(r)
		case <-l.timer():
		}
		more = more || time.Since(l.loaded) >= reloadEvery
	}
}

// most returns how many requests may run at the same time.
func (l *lane) most() int {
	if l.trial {
		return 1
	}
	return atOnce
}

// timer returns a channel that fires when it is time to store outcomes, or to look for
// events if there are no outcomes.
func (l *lane) timer() <-chan time.Time {
	if len(l.outcomes) > 0 {
		return time.After(flushAfter)
	}
	return time.After(reloadEvery)
}

// load reads due events. It reports whether there may be more.
func (l *lane) load(ctx context.Context) (more bool, err error) {
	n := l.window
	if l.trial {
		n = firstWindow // most of them may wait for others
	}
	due, err := l.d.store.Due(ctx, l.to, l.d.opts.Clock.Now(), slices.Collect(maps.Keys(l.known)), n)
	if err != nil {
		return false, err
	}
	for i := range due {
		if l.bytes >= windowBytes {
			l.window = max(firstWindow, l.window/2)
			return true, nil // the others are read again
		}
		l.take(&due[i])
	}
	if len(due) == n && !l.trial {
		l.window = min(2*l.window, maxWindow)
	}
	return len(due) == n, nil
}

// take appends an event to its chain. It sets the event aside if the event waits for another
// one that may be in another lane. The last event of a campaign waits for all others, and
// its After names only one of them.
func (l *lane) take(p *Pending) {
	at := target{p.Campaign, p.Position}
	l.known[p.ID] = true
	l.bytes += len(p.Body)
	c := l.chains[at]
	switch {
	case p.After == 0 && c == nil:
		c = &chain{}
		l.chains[at] = c
		l.ready = append(l.ready, c)
	case c == nil || p.Last || c.events[len(c.events)-1].ID != p.After:
		l.behind(p)
		return
	}
	c.events = append(c.events, *p)
}

// behind sets an event aside: the store makes it due again when the events before it have
// ended.
func (l *lane) behind(p *Pending) {
	l.put(Outcome{ID: p.ID, Campaign: p.Campaign, Position: p.Position, State: Waiting, Due: Behind})
	l.bytes -= len(p.Body)
}

// put queues an outcome for flush.
func (l *lane) put(o Outcome) {
	if len(l.outcomes) == 0 {
		l.first = time.Now()
	}
	l.outcomes = append(l.outcomes, o)
}

// begin sends the first event of the first ready chain, once there is a place for the
// request.
func (l *lane) begin(waits, ctx context.Context) {
	c := l.ready[0]
	l.ready[0] = nil
	l.ready = l.ready[1:]
	l.sending++
	p := c.events[0]
	l.d.working.Go(func() {
		r := result{chain: c}
		if l.d.places.Acquire(waits, l.to.Account, 1) == nil {
			if l.host.places.Acquire(waits, l.to.Account, 1) == nil {
				r.answer = l.d.sender.send(ctx, l.secret, &p)
				l.host.places.Release(l.to.Account, 1)
			}
			l.d.places.Release(l.to.Account, 1)
		}
		r.at = l.d.opts.Clock.Now()
		l.results <- r // run and end receive a result for each request
	})
}

// note handles an answer: it queues the outcome, and goes on with the chain.
func (l *lane) note(r result) {
	l.sending--
	p := r.chain.events[0]
	l.bytes -= len(p.Body)
	if r.answer == (Answer{}) { // the lane was to end before the request was made
		l.drop(r.chain)
		return
	}
	delivered := r.answer.Trouble == 0
	l.breaker.note(delivered, r.at)
	l.trial = l.trial && !delivered && l.sending > 0
	o := Outcome{
		ID: p.ID, Campaign: p.Campaign, Position: p.Position, Tried: true, At: r.at, Tries: p.Tries + 1,
		State: Delivered, Answer: r.answer,
	}
	rest := r.chain.events[1:]
	if !delivered {
		o.State, o.Due = next(&p, r.at)
	}
	l.put(o)
	l.d.opts.Sent(o.State)
	if o.State == Waiting {
		for i := range rest {
			l.behind(&rest[i])
		}
		rest = nil
	}
	if len(rest) == 0 {
		delete(l.chains, target{p.Campaign, p.Position})
		return
	}
	r.chain.events = rest
	l.ready = append(l.ready, r.chain)
}
