package work

import (
	"context"
	"errors"
	"time"
)

const (
	// LeaseTime is how long a server may be silent before another one takes over its
	// tasks.
	LeaseTime = 15 * time.Second
	// releaseTimeout bounds how long Run, when it ends, takes to give leases back.
	releaseTimeout = 5 * time.Second
)

// Lease is a server's right to be the only one that works on a task. After Until, another
// server may claim the task; until one does, the lease still holds. The zero Lease
// belongs to nobody.
type Lease struct {
	Server string
	Until  time.Time
}

// End returns Until in Unix nanoseconds, or 0 for a lease that belongs to nobody.
func (l Lease) End() int64 {
	if l.Server == "" {
		return 0
	}
	return l.Until.UnixNano()
}

// ErrLost is the error of a store if another server has the task's lease.
var ErrLost = errors.New("the task is another server's to work")

// LeaseStore is what a [Pool] needs of a database. Its methods are safe for concurrent
// use.
type LeaseStore interface {
	// Claim gives this lease to up to limit tasks, the oldest first, and returns them.
	// They are tasks that are not done, and whose lease belongs to nobody or has run out
	// by now. If several servers claim at once, each task goes to one of them.
	Claim(ctx context.Context, l Lease, now time.Time, limit int) ([]ID, error)

	// Renew extends the server's leases of these tasks to l. It changes no lease of
	// another server, and none of a task that is done.
	Renew(ctx context.Context, l Lease, tasks []ID) error

	// Release ends all leases of the server, so that others can claim its tasks.
	Release(ctx context.Context, server string) error
}

// Lease returns a lease of this server that lasts LeaseTime from now.
func (p *Pool) Lease() Lease {
	return Lease{Server: p.server, Until: p.opts.Clock.Now().Add(LeaseTime)}
}

// FirstLease returns the lease for a new task: this server's, or nobody's if Run has
// ended.
func (p *Pool) FirstLease() Lease {
	p.mu.Lock()
	stopped := p.stopped
	p.mu.Unlock()
	if stopped {
		return Lease{}
	}
	return p.Lease()
}

// Owns reports whether a lease belongs to this server.
func (p *Pool) Owns(l Lease) bool { return l.Server == p.server }

// renew extends the leases of the tasks that wait for a turn or for a retry. A turn
// extends the lease of its own task.
func (p *Pool) renew(ctx context.Context) error {
	p.mu.Lock()
	tasks := make([]ID, 0, len(p.tasks))
	for id := range p.tasks {
		tasks = append(tasks, id)
	}
	p.mu.Unlock()
	if len(tasks) == 0 {
		return nil
	}
	return p.leases.Renew(ctx, p.Lease(), tasks)
}

// claim claims as many tasks as there are free slots. It does not look at SlotsOfAccount.
func (p *Pool) claim(ctx context.Context) error {
	p.mu.Lock()
	free := p.opts.Slots - p.taken
	p.mu.Unlock()
	if free <= 0 {
		return nil
	}
	claimed, err := p.leases.Claim(ctx, p.Lease(), p.opts.Clock.Now(), free)
	if err != nil {
		return err
	}
	taken := 0
	for _, id := range claimed {
		p.mu.Lock()
		p.slots[id.Account]++
		p.taken++
		p.mu.Unlock()
		// A task may be known already, if this server was late to renew its lease.
		if p.Add(p.newTask(id)) {
			taken++
		}
	}
	if taken > 0 {
		p.opts.Log.Info("going on with "+p.opts.Many, p.opts.Many, taken)
	}
	return nil
}

// release gives the leases back at the end of Run, so that other servers can take over at
// once.
func (p *Pool) release(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTimeout)
	defer cancel()
	if err := p.leases.Release(ctx, p.server); err != nil {
		p.opts.Log.Error("the leases of "+p.opts.Many+" could not be given back; they run out", "error", err)
	}
}
