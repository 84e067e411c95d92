package event

import (
	"context"
	"maps"
	"slices"
	"time"

	"callbook/internal/addressbook"
)

const (
	// atOnce is how many requests of an account to one receiver there are at once.
	atOnce = perHost / 2
	// A window is how many events are read at once: it grows while the receiver keeps
	// up. Events of more than windowBytes are not held for one receiver.
	firstWindow, maxWindow = 2 * atOnce, 512
	windowBytes            = 512 << 10
	// reloadEvery is how often a lane that waits for answers looks for more events.
	reloadEvery = 200 * time.Millisecond
	// Outcomes are written down when there are so many, or after so long.
	flushOutcomes = 128
	flushAfter    = 20 * time.Millisecond
	// grace is how long requests under way may take at the end of Run.
	grace = 2 * time.Second
)

// lane sends the events of one receiver. One goroutine has it.
type lane struct {
	d  *Deliverer
	to Receiver
	breaker
	host   *host
	secret []byte
	trial  bool // one event at a time, to see whether the receiver answers again
	window int

	known    map[int64]bool // events in memory, until what became of them is stored
	bytes    int            // of their bodies
	chains   map[target]*chain
	ready    []*chain // of which no event is under way
	sending  int
	results  chan result
	outcomes []Outcome
	first    time.Time // when the oldest of the outcomes came
	loaded   time.Time // when it last looked for events
}

// target is what events are in order for.
type target struct {
	campaign addressbook.SID
	position int
}

// chain is a target's events, which are sent one after the other.
type chain struct{ events []Pending }

// result is an answer to the first event of a chain.
type result struct {
	chain  *chain
	answer Answer
	at     time.Time
}

// run sends until nothing is due any more, the receiver does not answer, or ctx ends.
func (l *lane) run(ctx context.Context) (err error) {
	if l.secret, err = l.d.opts.Secret(ctx, l.to.Account); err != nil {
		return err
	}
	requests, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(grace, cancel) })()
	more := true
	for {
		switch {
		case ctx.Err() != nil || l.down() && !l.trial:
			l.forget()
			more = false
		case more && len(l.ready) < l.window/2 && l.bytes < windowBytes:
			if more, err = l.load(ctx); err != nil {
				return l.end(ctx, err)
			}
			l.loaded = time.Now()
		}
		for len(l.ready) > 0 && l.sending < l.most() {
			l.begin(requests)
		}
		idle := l.sending == 0 && len(l.ready) == 0
		if len(l.outcomes) >= flushOutcomes || idle && len(l.outcomes) > 0 || len(l.outcomes) > 0 && time.Since(l.first) >= flushAfter {
			if err := l.flush(ctx); err != nil {
				return l.end(ctx, err)
			}
			more = ctx.Err() == nil && (!l.down() || l.trial)
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

// most returns how many requests there may be at once.
func (l *lane) most() int {
	if l.trial {
		return 1
	}
	return atOnce
}

// timer returns a channel that gets something when it is time to write outcomes down, or
// else to look for events.
func (l *lane) timer() <-chan time.Time {
	if len(l.outcomes) > 0 {
		return time.After(flushAfter)
	}
	return time.After(reloadEvery)
}

// load reads events that are due, and reports whether there may be more.
func (l *lane) load(ctx context.Context) (more bool, err error) {
	n := l.window
	if l.trial {
		n = firstWindow // of which most may wait for others
	}
	due, err := l.d.store.Due(ctx, l.to, l.d.opts.Clock.Now(), slices.Collect(maps.Keys(l.known)), n)
	if err != nil {
		return false, err
	}
	for i := range due {
		l.take(&due[i])
	}
	if len(due) == n && !l.trial {
		l.window = min(2*l.window, maxWindow)
	}
	return len(due) == n, nil
}

// take queues an event, or puts it aside when it waits for one that is not here.
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
	case c == nil || c.events[len(c.events)-1].ID != p.After:
		l.behind(p)
		return
	}
	c.events = append(c.events, *p)
}

// behind puts an event aside until what it waits for has ended.
func (l *lane) behind(p *Pending) {
	l.put(Outcome{ID: p.ID, Campaign: p.Campaign, Position: p.Position, State: Waiting, Due: Behind})
	l.bytes -= len(p.Body)
}

// put adds an outcome to those that are to be written down.
func (l *lane) put(o Outcome) {
	if len(l.outcomes) == 0 {
		l.first = time.Now()
	}
	l.outcomes = append(l.outcomes, o)
}

// begin sends the first event of a chain.
func (l *lane) begin(ctx context.Context) {
	c := l.ready[0]
	l.ready[0] = nil
	l.ready = l.ready[1:]
	l.sending++
	p := c.events[0]
	l.d.working.Go(func() {
		r := result{chain: c}
		if l.d.places.Acquire(ctx, l.to.Account, 1) == nil {
			if l.host.places.Acquire(ctx, l.to.Account, 1) == nil {
				r.answer = l.d.sender.send(ctx, l.secret, &p)
				l.host.places.Release(l.to.Account, 1)
			}
			l.d.places.Release(l.to.Account, 1)
		}
		r.at = l.d.opts.Clock.Now()
		l.results <- r // somebody waits for each
	})
}

// note decides what follows from an answer.
func (l *lane) note(r result) {
	l.sending--
	p := r.chain.events[0]
	l.bytes -= len(p.Body)
	if r.answer == (Answer{}) { // the end came first
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
