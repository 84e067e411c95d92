package work

import (
	"context"
	"errors"
	"fmt"
	"time"

	"callbook/internal/fault"
)

// The pause before a task that failed is retried: it doubles from the first to the
// longest.
const (
	firstPause = time.Second
	lastPause  = time.Minute
)

// queued is a task in the queue. Whoever took it from there has it alone.
type queued struct {
	Task
	pause time.Duration // before the last retry; zero after a turn that succeeded
}

// Add queues a task whose lease this server has and for which the caller took a
// slot. When the pool has the task already, Add frees the slot and returns false.
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

// push puts a task at the end of the queue. After the end of Run it only closes
// the task: the next start of a server goes on with it.
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

// pop waits for the task whose turn it is. It returns nil after the end of Run.
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

// turn does a turn of a task. A panic is the turn's error, so that one task does not
// end the server. The error has its type only, since its text may quote what somebody
// sent.
func turn(ctx context.Context, t Task) (done bool, err error) {
	defer func() {
		if p := recover(); p != nil {
			done, err = false, fmt.Errorf("panic: %T", p)
		}
	}()
	return t.Turn(ctx)
}

// remove closes a task that this server works no longer, and frees its slot.
func (p *Pool) remove(q *queued) {
	q.Close()
	id := q.ID()
	p.mu.Lock()
	delete(p.tasks, id)
	p.mu.Unlock()
	p.FreeSlot(id.Account)
}

// retry puts a failed task back into the queue after a pause. The pause is in a
// goroutine for which Run waits. Only workers may call retry: while one runs, Run
// has not returned.
func (p *Pool) retry(ctx context.Context, q *queued, err error) {
	q.Close()
	last, logged := lastPause, false
	if f := fault.As(err); f != nil && f.Kind == fault.Unavailable {
		// The store is away for all tasks alike, and may be back any moment.
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
