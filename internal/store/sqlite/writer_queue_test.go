package sqlite

import (
	"slices"
	"strings"
	"testing"

	"zombiezen.com/go/sqlite"

	"callbook/internal/account"
	"callbook/internal/phone"
)

// TestAccountsTakeTurns has one account queue many bulk requests, and another
// one small one behind them: that is done after one of the many.
func TestAccountsTakeTurns(t *testing.T) {
	t.Parallel()
	s := serve(t, Options{})
	large, imports, small := s.account(t, "large").ID, s.account(t, "imports").ID, s.account(t, "small").ID
	_, held, release := s.stopFirst(t)
	first := s.begin(t, s.account(t, "acme").ID, contacts(firstNumber, 1))
	<-held
	var order []account.ID // of the accounts; it is the writer's goroutine's
	var jobs []*testJob
	queue := func(account account.ID, rows, n int) {
		for range n {
			j := newJob(t.Context(), func(*sqlite.Conn) (int, error) {
				order = append(order, account)
				return 0, nil
			})
			j.account, j.rows = account, rows
			if err := s.book.writer.submit(j.job); err != nil {
				t.Fatal(err)
			}
			jobs = append(jobs, j)
		}
	}
	queue(large, 5000, 4)
	queue(imports, 2000, 3)
	queue(small, 1, 3)
	release()
	for _, j := range jobs {
		if err := <-j.outcome; err != nil {
			t.Fatal(err)
		}
	}
	if err := <-first; err != nil {
		t.Error(err)
	}
	want := []account.ID{large, imports, small, small, small, large, imports, large, imports, large}
	if !slices.Equal(order, want) {
		t.Errorf("the jobs were done in the order %v, want %v", order, want)
	}
}

// TestBulkJoinsNobodyElse keeps a small request from waiting for the rows of
// another account that come behind it.
func TestBulkJoinsNobodyElse(t *testing.T) {
	t.Parallel()
	s := serve(t, Options{})
	acme, other := s.account(t, "acme").ID, s.account(t, "other").ID
	commits, held, release := s.stopFirst(t)
	all := []<-chan error{s.begin(t, acme, contacts(firstNumber, 1))}
	<-held
	all = append(all, s.begin(t, acme, contacts(firstNumber+1, 1)))
	s.queued(t, 1)
	all = append(all, s.begin(t, other, contacts(firstNumber, bulkRows)))
	s.queued(t, 2)
	release()
	for _, outcome := range all {
		if err := <-outcome; err != nil {
			t.Error(err)
		}
	}
	if n := commits.count(); n != 3 {
		t.Errorf("there were %d commits, want one for each request", n)
	}
}

// TestContended tells an account alone from one beside which another writes.
func TestContended(t *testing.T) {
	t.Parallel()
	const mine, other = 1, 2
	q := newJobQueue()
	push := func(account account.ID) {
		j := newJob(t.Context(), nil)
		j.account = account
		if err := q.push(j.job); err != nil {
			t.Fatal(err)
		}
	}
	want := func(what string, want bool) {
		t.Helper()
		if got := q.contended(mine); got != want {
			t.Errorf("%s: got %t", what, got)
		}
	}
	want("nobody writes", false)
	push(0)
	want("the server writes", false)
	push(mine)
	want("it writes itself", false)
	push(other)
	want("another writes", true)
	push(mine)
	want("it writes after the other", true)
}

// TestQueueOrder pushes and takes the jobs of several accounts, and finds each
// account's in the order in which they came.
func TestQueueOrder(t *testing.T) {
	t.Parallel()
	q := newJobQueue()
	next := make(map[account.ID]int) // the number of the account's next job
	last := make(map[account.ID]int) // of the last one that was taken
	push := func(account account.ID, n int) {
		for range n {
			next[account]++
			j := newJob(t.Context(), nil)
			j.account, j.rows = account, 1
			j.ran = next[account]
			if err := q.push(j.job); err != nil {
				t.Fatal(err)
			}
		}
	}
	take := func(n int) {
		t.Helper()
		for range n {
			j := q.next()
			if number := j.work.(*testJob).ran; number != last[j.account]+1 {
				t.Fatalf("job %d of account %d came after %d", number, j.account, last[j.account])
			}
			last[j.account]++
		}
	}
	for i := range 50 {
		push(1, 1+i%3)
		push(2, turnRows/2)
		push(account.ID(3+i%5), 1)
		take(turnRows/2 + i%5)
	}
	take(q.len())
	for account, n := range next {
		if last[account] != n {
			t.Errorf("%d of %d jobs of account %d were done", last[account], n, account)
		}
	}
	if len(q.byID) != 0 || len(q.turns) != 0 || q.another(1, true) != nil {
		t.Errorf("%d accounts are left", len(q.byID))
	}
}

// TestSignInTakesTurns has a write of a session wait for the transaction that
// is under way, and not for those behind it. It is not parallel, since it looks
// for goroutines.
func TestSignInTakesTurns(t *testing.T) {
	s := serve(t, Options{})
	acme := s.account(t, "acme").ID
	// Without a turn it would fail, since SQLite is not to wait.
	if err := lend(t.Context(), s.db.health, s.db.writes, func(conn *sqlite.Conn) error {
		conn.SetBusyTimeout(0)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	written := make(chan struct{})
	_, held, release := s.stopFirst(t)
	all := []<-chan error{s.begin(t, acme, contacts(firstNumber, 1))}
	<-held
	go func() {
		defer close(written)
		if err := s.db.write(t.Context(), func(*sqlite.Conn) error { return nil }); err != nil {
			t.Error(err)
		}
	}()
	waitFor(t, "the write to wait for its turn, or to fail", func() bool { return t.Failed() || strings.Contains(stacks(), "(*DB).write(") })
	j := newJob(t.Context(), func(*sqlite.Conn) (int, error) {
		<-written // before this, though it was queued first
		return 0, nil
	})
	j.rows = groupRows
	bulk := newJob(t.Context(), func(*sqlite.Conn) (int, error) { return 0, nil })
	bulk.rows = groupRows
	for _, job := range []*job{j.job, bulk.job} {
		if err := s.book.writer.submit(job); err != nil {
			t.Fatal(err)
		}
		all = append(all, job.outcome)
	}
	release()
	for _, outcome := range all {
		if err := <-outcome; err != nil {
			t.Error(err)
		}
	}
	s.insert(t, acme, contacts(firstNumber+phone.Number(1), 1), 1)
}

// len returns how many jobs wait.
func (q *jobQueue) len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.jobs
}
