// Package work runs long tasks in the background, on any number of servers.
//
// A task is a row of a table. One server at a time has its [Lease] and works on it, in
// turns of one transaction each. Each turn stores the extended lease in its transaction,
// which fails if another server has the lease. So a server that has lost a lease changes
// nothing. A [Pool] queues the tasks of its server, claims tasks that no server has, and
// retries failed ones with exponential back-off.
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

// ID identifies a task.
type ID struct {
	Account account.ID
	SID     [16]byte
}

// Task is a task whose lease this server has. Only one goroutine at a time uses it.
type Task interface {
	ID() ID
	// Turn does the next part of the task in one transaction, which also stores
	// [Pool.Lease] as the task's lease. It reports whether the task is done. The error is
	// [ErrLost] if another server has the lease. After any other error, the pool closes
	// the task and retries it.
	Turn(ctx context.Context) (done bool, err error)
	// Close releases what the task holds between turns. The next turn, if there is one,
	// starts from the stored state.
	Close()
	// Attrs returns keys and values that identify the task in the log.
	Attrs() []any
}

// Options configure a [Pool].
type Options struct {
	Log   *slog.Logger
	Clock clock.Clock
	// Poll is how often the pool renews leases and claims tasks.
	Poll time.Duration
	// Workers is how many turns run at the same time.
	Workers int
	// Slots bounds the tasks of the pool, and SlotsOfAccount those of one account. Busy
	// and BusyAccount are the errors of TakeSlot when the bound is reached.
	Slots, SlotsOfAccount int
	Busy, BusyAccount     error
	// One and Many name a task and several in the log, such as "an upload" and "uploads".
	One, Many string
}

// Pool runs the tasks of one server. It is safe for concurrent use.
type Pool struct {
	leases  LeaseStore
	newTask func(ID) Task
	opts    Options
	// server names this pool in leases.
	server string

	working sync.WaitGroup // the workers, and the goroutines of retry

	mu      sync.Mutex
	changed *sync.Cond         // signals changes of queue and stopped
	queue   []*queued          // the next task comes first
	tasks   map[ID]Task        // those in queue, those in a turn, and those that wait for a retry
	stopped bool               // Run has ended
	slots   map[account.ID]int // how many are taken by each account
	taken   int                // how many slots are taken in all
}

// NewPool returns a pool that keeps its leases in this store. It calls newTask for each
// task that it claims.
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

// Run claims and runs tasks until ctx ends, and then waits for the current turns. It may
// be called only once.
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
	for _, q := range p.queue { // nobody changes it after the end
		q.Close()
	}
	p.release(ctx)
}

// stop wakes the workers so that they end.
func (p *Pool) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stopped = true
	p.changed.Broadcast()
}

// TakeSlot reserves room for one more task of the account. The caller must add the task,
// or free the slot.
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

// Load returns how many tasks the pool has, and how many of those wait for their turn.
func (p *Pool) Load() (all, waiting int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.tasks), len(p.queue)
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
