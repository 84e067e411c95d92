package work

import (
	"context"
	"errors"
	"fmt"
	"time"

	"callbook/internal/fault"
)

// The pause before a retry doubles from the first to the longest.
const (
	firstPause = time.Second
	lastPause  = time.Minute
)

// queued is a task in the queue. A worker that has popped it is the only one to use it.
type queued struct {
	Task
	pause time.Duration // before the last retry; zero after a successful turn
}

// Add queues a task. This server must have its lease, and the caller must have taken a
// slot for it. If the pool has the task already, Add frees the slot and returns false.
func (p *Pool) Add(t Task) bool {
	id := t.ID()
	p.mu.Lock()
	_, known := p.tasks[id]
	if !known {
		p.tasks[id] = t
	}
	p.mu.Unlock()
	if known {
		p.FreeSlot(id.Account)
		return false
	}
	p.push(&queued{Task: t})
	return true
}

// push appends a task to the queue. After the end of Run it closes the task instead; a
// server that claims the task goes on with it.
func (p *Pool) push(q *queued) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stopped {
		q.Close()
		return
	}
	p.queue = append(p.queue, q)
	p.changed.Signal()
}

// pop waits for the next task. It returns nil after the end of Run.
func (p *Pool) pop() *queued {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.queue) == 0 && !p.stopped {
		p.changed.Wait()
	}
	if p.stopped {
		return nil
	}
	q := p.queue[0]
	p.queue[0] = nil
	p.queue = p.queue[1:]
	return q
}

func (p *Pool) work(ctx context.Context) {
	for q := p.pop(); q != nil; q = p.pop() {
		done, err := turn(ctx, q)
		switch {
		case err == nil && !done:
			q.pause = 0
			p.push(q)
		case err == nil:
			p.remove(q)
		case errors.Is(err, ErrLost):
			p.remove(q)
			p.opts.Log.Warn("another server has taken over "+p.opts.One, q.Attrs()...)
		case ctx.Err() != nil:
			q.Close()
		default:
			p.retry(ctx, q, err)
		}
	}
}

// turn runs a turn of a task. It turns a panic into an error, so that one task does not
// end the server. The error names only the type of the panic's value, because its text
// may quote what somebody sent.
func turn(ctx context.Context, t Task) (done bool, err error) {
	defer func() {
		if p := recover(); p != nil {
			done, err = false, fmt.Errorf("panic: %T", p)
		}
	}()
	return t.Turn(ctx)
}

// remove closes a task that is done or lost, and frees its slot.
func (p *Pool) remove(q *queued) {
	q.Close()
	id := q.ID()
	p.mu.Lock()
	delete(p.tasks, id)
	p.mu.Unlock()
	p.FreeSlot(id.Account)
}

// retry queues a failed task again after a pause. It pauses in a goroutine for which Run
// waits. Only workers may call it, because Run does not return while a worker runs.
func (p *Pool) retry(ctx context.Context, q *queued, err error) {
	q.Close()
	last, logged := lastPause, false
	if f := fault.As(err); f != nil && f.Kind == fault.Unavailable {
		// The store fails for all tasks alike, and may answer again at any moment.
		last, logged = max(firstPause, f.RetryAfter), q.pause > 0
	}
	q.pause = min(max(firstPause, 2*q.pause), last)
	if !logged {
		p.opts.Log.Error(p.opts.One+" cannot go on; it will be tried again", append(q.Attrs(), "error", err, "pause", q.pause)...)
	}
	p.working.Go(func() {
		select {
		case <-ctx.Done():
		case <-time.After(q.pause):
			p.push(q)
		}
	})
}
