package work

import (
	"context"
	"errors"
	"time"
)

const (
	// LeaseTime is how long a server may be silent before another takes over
	// what it works.
	LeaseTime = 15 * time.Second
	// releaseTimeout is how long the end of Run may take to give leases back.
	releaseTimeout = 5 * time.Second
)

// Lease is a server's right to be the only one that works a task. After Until,
// it lasts until another server claims the task. The zero Lease is nobody's.
type Lease struct {
	Server string
	Until  time.Time
}

// End returns the time until which nobody else can claim, in Unix nanoseconds: 0
// for a lease that is nobody's.
func (l Lease) End() int64 {
	if l.Server == "" {
		return 0
	}
	return l.Until.UnixNano()
}

// ErrLost is a store's error when the server that asks does not have the task's
// lease any more.
var ErrLost = errors.New("the task is another server's to work")

// LeaseStore is what a [Pool] needs of a database. All of it is safe for
// concurrent use.
type LeaseStore interface {
	// Claim makes this lease that of tasks which are not done and which nobody
	// has or whose lease has run out by now: the oldest, limit at most. It returns
	// them, oldest first. However many servers claim at once, one of them gets
	// each.
	Claim(ctx context.Context, l Lease, now time.Time, limit int) ([]ID, error)

	// Renew extends the leases that the server of l has of these tasks to l.
	// Other leases, and those of tasks that are done, stay as they are.
	Renew(ctx context.Context, l Lease, tasks []ID) error

	// Release ends the server's leases, so that others can claim.
	Release(ctx context.Context, server string) error
}

// Lease returns this server's lease, which begins now.
func (p *Pool) Lease() Lease {
	return Lease{Server: p.server, Until: p.opts.Clock.Now().Add(LeaseTime)}
}

// FirstLease returns the lease of a new task: this server's, or nobody's when Run
// is over.
func (p *Pool) FirstLease() Lease {
	p.mu.Lock()
	stopped := p.stopped
	p.mu.Unlock()
	if stopped {
		return Lease{}
	}
	return p.Lease()
}

// Owns reports whether a lease is this server's.
func (p *Pool) Owns(l Lease) bool { return l.Server == p.server }

// renew extends the leases of the tasks that wait for their turn or for a retry. A
// turn extends its own.
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

// claim takes tasks that no server works, as many as there are slots for. An
// account may so have more than its share.
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
		// The server may have been late to renew the lease of a task that it has.
		if p.Add(p.newTask(id)) {
			taken++
		}
	}
	if taken > 0 {
		p.opts.Log.Info("going on with "+p.opts.Many, p.opts.Many, taken)
	}
	return nil
}

// release gives the leases back at the end of Run, so that other servers go on at
// once.
func (p *Pool) release(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTimeout)
	defer cancel()
	if err := p.leases.Release(ctx, p.server); err != nil {
		p.opts.Log.Error("the leases of "+p.opts.Many+" could not be given back; they run out", "error", err)
	}
}
