package sqlite

import (
	"fmt"
	"sync"
	"time"

	"callbook/internal/account"
	"callbook/internal/fault"
	"callbook/internal/limit"
)

// jobQueue is the queue of the writer. It serves accounts round robin, so that an
// account with many jobs delays the others by one turn and not by all its jobs. A turn
// ends with the job that reaches turnRows. Jobs of the same account run in the order of
// arrival.
type jobQueue struct {
	mu     sync.Mutex
	byID   map[account.ID]*accountJobs
	turns  []*accountJobs // the accounts with jobs; it is the first one's turn
	left   int            // rows that remain of the turn
	jobs   int            // of all accounts
	asleep bool           // the writer waits on wake
	closed bool
	wake   chan struct{} // buffered, for one
	spare  *accountJobs  // of an account without jobs, for reuse
	// writing are the accounts that queued jobs lately. Jobs of no account, such as those
	// for leases, are short and do not count.
	writing limit.Active
}

// accountJobs are the jobs of one account.
type accountJobs struct {
	account account.ID
	jobs    []*job
	begin   int // the index of the first job that was not taken yet
}

const (
	// maxQueued bounds the jobs of one account that wait for the writer.
	maxQueued = 1024
	// turnRows is how many rows and jobs of one account make a turn. A turn has
	// room for several small jobs, since consecutive jobs of an account can share
	// statements.
	turnRows = 128
)

var errManyJobs = &fault.Error{
	Kind:       fault.TooMany,
	Detail:     fmt.Sprintf("%d requests of this account that write wait already; send fewer at once", maxQueued),
	RetryAfter: time.Second,
}

func newJobQueue() *jobQueue {
	return &jobQueue{byID: make(map[account.ID]*accountJobs), wake: make(chan struct{}, 1)}
}

// push queues a job. It fails if too many jobs of the account wait, or after close.
func (q *jobQueue) push(j *job) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return errClosed
	}
	a := q.byID[j.account]
	if a == nil {
		if a, q.spare = q.spare, nil; a == nil {
			a = new(accountJobs)
		}
		a.account = j.account
		q.byID[j.account] = a
		q.turns = append(q.turns, a)
	}
	if len(a.jobs)-a.begin == maxQueued {
		return errManyJobs
	}
	a.jobs = append(a.jobs, j)
	q.jobs++
	if j.account != 0 {
		q.writing.Note(j.account)
	}
	if q.asleep {
		q.asleep = false
		q.wake <- struct{}{}
	}
	return nil
}

// next takes the job whose turn it is, or waits for one. It returns nil after close.
func (q *jobQueue) next() *job {
	for {
		q.mu.Lock()
		switch {
		case q.closed:
			q.mu.Unlock()
			return nil
		case len(q.turns) > 0:
			defer q.mu.Unlock()
			return q.take()
		}
		q.asleep = true
		q.mu.Unlock()
		<-q.wake
	}
}

// another takes the next job for a transaction that has begun, without waiting. Alone
// says that the transaction has only jobs of this account. A bulk job joins only a
// transaction of its own account, since other accounts would wait for its rows.
func (q *jobQueue) another(account account.ID, alone bool) *job {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed || len(q.turns) == 0 {
		return nil
	}
	a := q.turns[0]
	if a.jobs[a.begin].rows >= bulkRows && !(alone && a.account == account) {
		return nil
	}
	return q.take()
}

// take takes a job. It ends the account's turn if the account has no more jobs or has
// used up its rows. The caller must hold the lock, and a job must wait.
func (q *jobQueue) take() *job {
	a := q.turns[0]
	if q.left <= 0 {
		q.left = turnRows
	}
	j := a.jobs[a.begin]
	a.jobs[a.begin] = nil
	a.begin++
	q.jobs--
	q.left -= 1 + j.rows
	over := a.begin == len(a.jobs)
	if !over && q.left > 0 {
		return j
	}
	copy(q.turns, q.turns[1:])
	if over {
		q.turns[len(q.turns)-1] = nil
		q.turns = q.turns[:len(q.turns)-1]
		delete(q.byID, a.account)
		a.jobs, a.begin, q.spare = a.jobs[:0], 0, a
	} else {
		q.turns[len(q.turns)-1] = a
		a.compact()
	}
	q.left = 0
	return j
}

// compact removes the jobs that were taken from the slice, once they are half of it.
func (a *accountJobs) compact() {
	if a.begin < len(a.jobs)/2 {
		return
	}
	n := copy(a.jobs, a.jobs[a.begin:])
	clear(a.jobs[n:])
	a.jobs, a.begin = a.jobs[:n], 0
}

// close ends push and next, and returns the waiting jobs.
func (q *jobQueue) close() (left []*job) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	for _, a := range q.turns {
		left = append(left, a.jobs[a.begin:]...)
	}
	q.turns, q.jobs = nil, 0
	if q.asleep {
		q.asleep = false
		q.wake <- struct{}{}
	}
	return left
}

// contended reports whether another account is writing too.
func (q *jobQueue) contended(account account.ID) bool { return q.writing.Others(account) }
