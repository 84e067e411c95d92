// Package work does leased work in the background, on any number of servers.
//
// A piece of work is a row of a table. One server at a time has its [Lease] and
// works it, in turns of a transaction each. Each turn extends the lease in its own
// transaction, so that a server that has lost the lease changes nothing. A [Pool]
// queues the work of its server, claims work that no server has, and retries what
// failed with exponential back-off.
package work

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"sync"
	"time"

	"callbook/internal/account"
	"callbook/internal/clock"
)

// ID identifies a piece of work.
type ID struct {
	Account account.ID
	SID     [16]byte
}

// Task is a piece of work whose lease this server has. One goroutine at a time
// uses it.
type Task interface {
	// ID identifies the task.
	ID() ID
	// Turn does the next part of the task, in one transaction that also stores
	// [Pool.Lease] as the task's lease. It reports whether the task is done. The
	// error is [ErrLost] when another server has the lease. After any other, the
	// pool closes the task and retries it.
	Turn(ctx context.Context) (done bool, err error)
	// Close releases what the task holds between turns. The next turn, if there
	// is one, goes on from what is stored.
	Close()
	// Attrs describes the task in the log, as keys and values.
	Attrs() []any
}

// Options change how a [Pool] works.
type Options struct {
	Log   *slog.Logger
	Clock clock.Clock
	// Poll is how often the pool renews leases and claims work.
	Poll time.Duration
	// Workers is how many turns the pool does at once.
	Workers int
	// Slots bounds the tasks of the pool, and SlotsOfAccount those of one
	// account. Busy and BusyAccount are the errors when there is no slot left.
	Slots, SlotsOfAccount int
	Busy, BusyAccount     error
	// One and Many are what the log calls a task and several, as "an upload" and
	// "uploads".
	One, Many string
}

// Pool works the tasks of one server. It is safe for concurrent use.
type Pool struct {
	leases  LeaseStore
	newTask func(ID) Task
	opts    Options
	// server names this pool among all that share the store.
	server string

	working sync.WaitGroup // what Run waits for

	mu      sync.Mutex
	changed *sync.Cond         // queue or stopped
	queue   []*queued          // whose turn it is comes first
	tasks   map[ID]Task        // queued, worked, or to be retried
	stopped bool               // Run is over
	slots   map[account.ID]int // taken, by account
	taken   int                // of slots
}

// NewPool returns a pool that keeps its leases in this store. NewTask makes a task
// of work that the pool has claimed.
func NewPool(leases LeaseStore, newTask func(ID) Task, opts Options) *Pool {
	p := &Pool{
		leases:  leases,
		newTask: newTask,
		opts:    opts,
		server:  rand.Text(),
		tasks:   make(map[ID]Task),
		slots:   make(map[account.ID]int),
	}
	p.changed = sync.NewCond(&p.mu)
	return p
}

// Run works the tasks until ctx ends, and returns when the turns that are being
// done have ended. It first claims what no server works. It is called once.
func (p *Pool) Run(ctx context.Context) {
	defer context.AfterFunc(ctx, p.stop)()
	for range p.opts.Workers {
		p.working.Go(func() { p.work(ctx) })
	}
	leases := clock.Job{
		Clock: p.opts.Clock, Every: p.opts.Poll,
		Do:  func(ctx context.Context) error { return errors.Join(p.renew(ctx), p.claim(ctx)) },
		Log: p.opts.Log, Failed: "leases of " + p.opts.Many + " could not be renewed or claimed; it will be tried again",
	}
	p.working.Go(func() { leases.Run(ctx) })
	p.working.Wait()
	for _, q := range p.queue { // which nobody changes after the end
		q.Close()
	}
	p.release(ctx)
}

// stop wakes the workers for their end.
func (p *Pool) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stopped = true
	p.changed.Broadcast()
}

// TakeSlot reserves room for one more task of the account. The caller adds the
// task, or frees the slot.
func (p *Pool) TakeSlot(account account.ID) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.taken >= p.opts.Slots:
		return p.opts.Busy
	case p.slots[account] >= p.opts.SlotsOfAccount:
		return p.opts.BusyAccount
	}
	p.slots[account]++
	p.taken++
	return nil
}

// FreeSlot gives a slot back.
func (p *Pool) FreeSlot(account account.ID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.taken--
	if p.slots[account]--; p.slots[account] == 0 {
		delete(p.slots, account)
	}
}
