// Package limit divides a bounded resource fairly between accounts: memory,
// connections, slots for bulk work.
//
// A first-come, first-served semaphore lets one account take everything and
// keep it. A [Pool] is a weighted semaphore with a queue for each account. What
// becomes free goes to the waiting account that holds least. With Options.Spare
// it also keeps something free for accounts that hold nothing yet.
package limit

import (
	"cmp"
	"context"
	"fmt"
	"sync"

	"callbook/internal/account"
)

// Options change the policy of a [Pool]. The zero value lets one account hold
// everything as long as nobody else waits, and lets any number of callers wait.
type Options struct {
	// Spare keeps part of the pool free for other accounts: an account that
	// holds something gets more only if, afterwards, it holds no more than what
	// is left free. One account alone thus gets half of the pool, two get a third
	// each. (This is the dynamic threshold that switches use to share packet
	// buffers: Choudhury and Hahne, 1998.) It suits what clients can hold for as
	// long as they like, such as the memory of answers that they do not read.
	Spare bool
	// Most is the maximum that one account may hold; zero means no limit.
	Most int64
	// MaxWaiting is how many callers of one account may wait; zero means no
	// limit.
	MaxWaiting int
	// Busy is the error when MaxWaiting callers wait already. It must not be nil
	// when MaxWaiting is set.
	Busy error
}

// Pool is a bounded amount of a resource that accounts acquire and release. It
// is safe for concurrent use. Callers without a known account use account 0 and
// are treated as one account.
type Pool struct {
	capacity int64
	opts     Options

	mu       sync.Mutex
	free     int64
	accounts map[account.ID]*holding // the accounts that hold something or wait
	waiting  int                     // waiting callers of all accounts
	arrivals uint64                  // the last waiter's arrival
}

// holding is what one account holds and waits for.
type holding struct {
	held    int64
	waiting []*waiter // in the order of arrival
}

// waiter is a call of Acquire that waits.
type waiter struct {
	n       int64
	arrival uint64        // rises from one waiter to the next
	granted chan struct{} // closed once the waiter has its n
}

// New returns a Pool of this capacity, in any unit.
func New(capacity int64, opts Options) *Pool {
	return &Pool{capacity: capacity, opts: opts, free: capacity, accounts: make(map[account.ID]*holding)}
}

// Capacity returns how much there is in all.
func (p *Pool) Capacity() int64 { return p.capacity }

// Acquire takes n for an account, and waits until it is available. The caller must
// [Pool.Release] it. If ctx ends first, the error is the cause of ctx. If MaxWaiting
// callers of the account wait already, it is Options.Busy. An n larger than the pool or
// than Options.Most is an error, because Acquire could never grant it.
func (p *Pool) Acquire(ctx context.Context, account account.ID, n int64) error {
	if n > p.capacity || p.opts.Most > 0 && n > p.opts.Most {
		return fmt.Errorf("take %d of a pool of %d, of which an account may hold %d", n, p.capacity, cmp.Or(p.opts.Most, p.capacity))
	}
	w, err := p.enqueue(account, n)
	if w == nil {
		return err
	}
	select {
	case <-w.granted:
		return nil
	case <-ctx.Done():
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-w.granted: // ctx ended at the same moment
		p.put(account, n)
	default:
		p.accounts[account].leave(w)
		p.waiting--
		p.drop(account)
		p.serve() // w may have blocked smaller requests
	}
	return context.Cause(ctx)
}

// enqueue grants n at once and returns nil, or returns the waiter to wait for, or
// fails with Options.Busy.
func (p *Pool) enqueue(account account.ID, n int64) (*waiter, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	h := p.holding(account)
	if p.waiting == 0 && p.fits(h, n) {
		p.grant(h, n)
		return nil, nil
	}
	if p.opts.MaxWaiting > 0 && len(h.waiting) >= p.opts.MaxWaiting {
		return nil, p.opts.Busy
	}
	p.arrivals++
	w := &waiter{n: n, arrival: p.arrivals, granted: make(chan struct{})}
	h.waiting = append(h.waiting, w)
	p.waiting++
	p.serve()
	return w, nil
}

// TryAcquire takes n for an account without waiting, and reports whether it did.
// It does not overtake waiting callers, except those of accounts that wait only
// because they hold their share already.
func (p *Pool) TryAcquire(account account.ID, n int64) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	h := p.holding(account)
	if !p.fits(h, n) || len(h.waiting) > 0 || p.waiting > 0 && p.next() != nil {
		p.drop(account)
		return false
	}
	p.grant(h, n)
	return true
}

// Sated reports whether the account's own use keeps it from getting n more: what
// it holds or waits for, as opposed to what other accounts hold.
func (p *Pool) Sated(account account.ID, n int64) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	h := p.accounts[account]
	return h != nil && (p.sated(h, n) || h.held+n > p.capacity || len(h.waiting) > 0 && n <= p.free)
}

// Free returns how much is free.
func (p *Pool) Free() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.free
}

// Release returns n of what an account holds.
func (p *Pool) Release(account account.ID, n int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.put(account, n)
}

// Held returns how much an account holds.
func (p *Pool) Held(account account.ID) int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	if h := p.accounts[account]; h != nil {
		return h.held
	}
	return 0
}

// Waiting returns how many callers of an account wait.
func (p *Pool) Waiting(account account.ID) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if h := p.accounts[account]; h != nil {
		return len(h.waiting)
	}
	return 0
}

// Slack returns how much is free, or 0 while any caller waits.
func (p *Pool) Slack() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.waiting > 0 {
		return 0
	}
	return p.free
}

// The caller of the methods below must hold p.mu.

func (p *Pool) holding(account account.ID) *holding {
	h := p.accounts[account]
	if h == nil {
		h = new(holding)
		p.accounts[account] = h
	}
	return h
}

// drop removes an account that neither holds nor waits for anything.
func (p *Pool) drop(account account.ID) {
	if h := p.accounts[account]; h != nil && h.held == 0 && len(h.waiting) == 0 {
		delete(p.accounts, account)
	}
}

// fits reports whether an account may have n more now.
func (p *Pool) fits(h *holding, n int64) bool { return n <= p.free && !p.sated(h, n) }

// sated reports whether n more would exceed the account's share. An account that
// holds nothing may have whatever is free, up to Options.Most.
func (p *Pool) sated(h *holding, n int64) bool {
	return p.opts.Most > 0 && h.held+n > p.opts.Most || p.opts.Spare && h.held > 0 && h.held+n > p.free-n
}

func (p *Pool) grant(h *holding, n int64) {
	h.held += n
	p.free -= n
}

func (p *Pool) put(account account.ID, n int64) {
	h := p.accounts[account]
	if h == nil || h.held < n {
		panic("limit: released more than was taken")
	}
	h.held -= n
	p.free += n
	p.drop(account)
	p.serve()
}

// serve grants what is free to waiters. It skips accounts that hold their share
// already. Of the others, the account that holds least comes first. If its first
// waiter needs more than is free, serve stops: small requests that overtook a
// large one could starve it.
func (p *Pool) serve() {
	for {
		next := p.next()
		if next == nil || next.waiting[0].n > p.free {
			return
		}
		w := next.waiting[0]
		next.waiting[0] = nil
		next.waiting = next.waiting[1:]
		p.waiting--
		p.grant(next, w.n)
		close(w.granted)
	}
}

// next returns the waiting account to be served first. It returns nil when each
// waiting account holds its share.
func (p *Pool) next() *holding {
	var next *holding
	for _, h := range p.accounts {
		if len(h.waiting) > 0 && !p.sated(h, h.waiting[0].n) && (next == nil || h.before(next)) {
			next = h
		}
	}
	return next
}

// before reports whether the account is served before another: it holds less, or
// holds as much and has waited longer.
func (h *holding) before(other *holding) bool {
	if h.held != other.held {
		return h.held < other.held
	}
	return h.waiting[0].arrival < other.waiting[0].arrival
}

// leave removes a waiter from the queue.
func (h *holding) leave(w *waiter) {
	for i, other := range h.waiting {
		if other == w {
			h.waiting = append(h.waiting[:i], h.waiting[i+1:]...)
			return
		}
	}
}
