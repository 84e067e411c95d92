package sqlite

import (
	"fmt"
	"sync"
	"time"

	"callbook/internal/fault"
)

// jobQueue holds the jobs that wait for the writer. Accounts take turns (round
// robin), so that whoever has many jobs waiting delays others by one turn and not
// by all of them. A turn ends after turnOfRows rows, or with the job that passes
// them. The jobs of one account are done in the order in which they came.
type jobQueue struct {
	mu     sync.Mutex
	byID   map[int64]*accountJobs
	turns  []*accountJobs // accounts with jobs; the first has the turn
	left   int            // rows that the account may still write in its turn
	jobs   int            // of all accounts
	asleep bool           // the writer waits to be woken
	closed bool
	wake   chan struct{} // room for one
	spare  *accountJobs  // of an account that has no jobs any more
	// recent are the accounts that queued a job last, the latest first.
	recent [2]struct {
		account int64
		at      time.Time
	}
}

// accountJobs are the jobs of one account.
type accountJobs struct {
	account int64
	jobs    []*job
	begin   int // of those before, which were taken
}

const (
	// maxQueued bounds the jobs of one account that wait for the writer.
	maxQueued = 1024
	// turnOfRows is how many rows and jobs of one account the writer takes before
	// it is another's turn. Small requests of an account share statements when
	// they come in a row.
	turnOfRows = 128
)

var errManyJobs = &fault.Error{
	Kind:       fault.TooMany,
	Detail:     fmt.Sprintf("%d requests of this account that write wait already; send fewer at once", maxQueued),
	RetryAfter: time.Second,
}

func newJobQueue() *jobQueue {
	return &jobQueue{byID: make(map[int64]*accountJobs), wake: make(chan struct{}, 1)}
}

// push queues a job. It is an error when too many of the account wait, or after
// close.
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
	if q.recent[0].account != j.account {
		q.recent[1] = q.recent[0]
		q.recent[0].account = j.account
	}
	q.recent[0].at = time.Now()
	if q.asleep {
		q.asleep = false
		q.wake <- struct{}{}
	}
	return nil
}

// next takes the job whose turn it is, and waits for one. Nil tells that the
// queue was closed.
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

// another is next for a job that may join a transaction of this account alone,
// or of several. It does not wait. A bulk job joins none that others are in, who
// would wait for its rows.
func (q *jobQueue) another(account int64, alone bool) *job {
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

// take takes a job, and ends the account's turn when it has no more, or has had
// its rows. It needs the lock, and a job that waits.
func (q *jobQueue) take() *job {
	a := q.turns[0]
	if q.left <= 0 {
		q.left = turnOfRows
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

// compact drops the places of jobs that were taken, when they are the most.
func (a *accountJobs) compact() {
	if a.begin < len(a.jobs)/2 {
		return
	}
	n := copy(a.jobs, a.jobs[a.begin:])
	clear(a.jobs[n:])
	a.jobs, a.begin = a.jobs[:n], 0
}

// close makes push and next end, and returns the jobs that still wait.
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

// contendedTime is for how long after a job an account counts as one that writes.
const contendedTime = time.Second

// contended tells whether another account than this one writes too.
func (q *jobQueue) contended(account int64) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, r := range q.recent {
		if r.account != account && time.Since(r.at) < contendedTime {
			return true
		}
	}
	return false
}

// len returns how many jobs wait.
func (q *jobQueue) len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.jobs
}
