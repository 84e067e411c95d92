package sqlite

import (
	"context"
	"errors"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"

	"zombiezen.com/go/sqlite"

	"callbook/internal/addressbook"
	"callbook/internal/fault"
	"callbook/internal/phone"
)

func TestGroupCommit(t *testing.T) {
	t.Parallel()
	s := serve(t, Options{})
	acme := s.account(t, "acme").ID
	commits, first, release := s.holdFirst(t, acme)
	const waiting = 50
	var outcomes []<-chan error
	for i := range waiting {
		outcomes = append(outcomes, s.begin(t, acme, contacts(firstNumber+1+phone.Number(i), 1)))
	}
	s.queued(t, waiting)
	// Nothing can be read before its commit, and readers wait for nobody.
	if n := s.stored(t, acme); n != 0 {
		t.Errorf("%d contacts are seen before their commit", n)
	}
	release()
	for _, outcome := range append(outcomes, first) {
		if err := <-outcome; err != nil {
			t.Error(err)
		}
	}
	if n := commits.count(); n != 2 {
		t.Errorf("there were %d commits, want one for the first and one for all that waited", n)
	}
	if n := s.stored(t, acme); n != waiting+1 {
		t.Errorf("%d contacts are stored, want %d", n, waiting+1)
	}
}

// TestBulkCommitsAlone has two bulk jobs in a row, and small ones that come
// behind them.
func TestBulkCommitsAlone(t *testing.T) {
	t.Parallel()
	s := serve(t, Options{})
	acme := s.account(t, "acme").ID
	commits, held, release := s.stopFirst(t)
	all := []<-chan error{s.begin(t, acme, contacts(firstNumber, 1))}
	<-held
	next := firstNumber + 1
	for i, n := range []int{groupRows, groupRows + 500, 1, 1, 1} {
		all = append(all, s.begin(t, acme, contacts(next, n)))
		next += phone.Number(n)
		s.queued(t, i+1) // so that they queue in this order
	}
	release()
	for _, outcome := range all {
		if err := <-outcome; err != nil {
			t.Error(err)
		}
	}
	if n := commits.count(); n != 4 {
		t.Errorf("there were %d commits, want the first, one for each bulk job, and one for the small ones", n)
	}
}

func TestJobGivenUp(t *testing.T) {
	t.Parallel()
	s := serve(t, Options{})
	acme := s.account(t, "acme").ID
	commits, first, release := s.holdFirst(t, acme)

	reason := errors.New("the client went away")
	ctx, cancel := context.WithCancelCause(t.Context())
	givenUp := make(chan error, 1)
	go func() {
		givenUp <- s.book.InsertContacts(ctx, acme, contacts(firstNumber, 20), addressbook.CreateOptions{}, nil)
	}()
	s.queued(t, 1)
	cancel(reason)
	// It returns at once, though the writer is not free.
	if err := <-givenUp; !errors.Is(err, reason) {
		t.Errorf("the error is %v, want the reason for the end", err)
	}
	release()
	if err := <-first; err != nil {
		t.Error(err)
	}
	s.insert(t, acme, contacts(firstNumber, 20), 19)
	if n := commits.count(); n > 3 {
		t.Errorf("there were %d commits", n)
	}
}

// TestCancelledBefore has a free writer, and a job whose caller has left.
func TestCancelledBefore(t *testing.T) {
	t.Parallel()
	s := serve(t, Options{})
	reason := errors.New("the client went away")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(reason)
	for range 50 {
		j := newJob(ctx, func(*sqlite.Conn) (int, error) { return 0, nil })
		if err := s.book.writer.submit(j.job); !errors.Is(err, reason) {
			t.Fatalf("the error is %v, want the reason for the end", err)
		}
	}
}

// TestQueueFull has one job more than may wait.
func TestQueueFull(t *testing.T) {
	t.Parallel()
	s := serve(t, Options{})
	acme, second := s.account(t, "acme").ID, s.account(t, "other").ID
	_, first, release := s.holdFirst(t, acme)
	nothing := func(*sqlite.Conn) (int, error) { return 0, nil }
	var jobs []*testJob
	for range maxQueued {
		j := newJob(t.Context(), nothing)
		if err := s.book.writer.submit(j.job); err != nil {
			t.Fatal(err)
		}
		jobs = append(jobs, j)
	}
	if f := fault.As(s.book.writer.submit(newJob(t.Context(), nothing).job)); f == nil || f.Kind != fault.TooMany || f.RetryAfter == 0 {
		t.Errorf("the error is %v, want one that tells to come again", f)
	}
	other := newJob(t.Context(), nothing)
	other.account = second
	if err := s.book.writer.submit(other.job); err != nil {
		t.Errorf("another account's job was refused: %v", err)
	}
	jobs = append(jobs, other)
	release()
	for _, j := range jobs {
		if err := <-j.outcome; err != nil || j.ran != 1 || j.undone != 0 {
			t.Fatalf("a job ran %d times, was undone %d times, and ended with %v", j.ran, j.undone, err)
		}
	}
	if err := <-first; err != nil {
		t.Error(err)
	}
}

// TestCloseWhileJobsWait checks that each of them comes to an end: it is done,
// or the caller is told that the server shuts down.
func TestCloseWhileJobsWait(t *testing.T) {
	t.Parallel()
	s := serve(t, Options{})
	acme := s.account(t, "acme").ID
	_, first, release := s.holdFirst(t, acme)
	const waiting = 20
	var outcomes []<-chan error
	for i := range waiting {
		from := firstNumber + 1 + phone.Number(i*groupRows)
		outcomes = append(outcomes, s.begin(t, acme, contacts(from, groupRows)))
	}
	s.queued(t, waiting)
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		s.book.writer.close()
	}()
	waitFor(t, "the queue to be closed", s.book.writer.queue.isClosed)
	if err := <-s.begin(t, acme, contacts(firstNumber, 1)); !fault.Is(err, fault.Unavailable) {
		t.Errorf("a job that came after Close ended with %v", err)
	}
	release()
	if err := <-first; err != nil {
		t.Errorf("the job that was at work ended with %v", err)
	}
	stored := 1
	for _, outcome := range outcomes {
		switch err := <-outcome; {
		case err == nil:
			stored += groupRows
		case !fault.Is(err, fault.Unavailable):
			t.Errorf("a job that waited ended with %v", err)
		}
	}
	<-closed
	if n := s.stored(t, acme); n != stored {
		t.Errorf("%d contacts are stored, %d were acknowledged", n, stored)
	}
	s.recount(t)
	// What is left of Close, which cannot end the writer a second time.
	if err := errors.Join(s.book.conn.Close(), s.book.lock.Unlock(), s.db.Close()); err != nil {
		t.Error(err)
	}
	s.closed = true
}

// TestCloseRace has jobs submitted at the very moment of the end: each is
// refused, or comes to an outcome.
func TestCloseRace(t *testing.T) {
	t.Parallel()
	conn, err := sqlite.OpenConn(":memory:", sqlite.OpenReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	}()
	for range 1000 {
		w := &writer{health: &health{}, conn: conn, queue: newJobQueue(), turn: make(chan struct{}, 1)}
		w.done.Go(w.loop)
		var clients sync.WaitGroup
		var mu sync.Mutex
		var accepted []*testJob
		for range 4 {
			clients.Go(func() {
				for range 20 {
					j := newJob(context.Background(), func(*sqlite.Conn) (int, error) { return 0, nil })
					if w.submit(j.job) != nil {
						return
					}
					mu.Lock()
					accepted = append(accepted, j)
					mu.Unlock()
				}
			})
		}
		runtime.Gosched()
		w.close()
		clients.Wait()
		for _, j := range accepted {
			select {
			case <-j.outcome:
			default:
				t.Fatal("a job that was accepted got no outcome, and its request would hang")
			}
		}
	}
}

// TestCheckpoints checks that the log stays short while much is written.
func TestCheckpoints(t *testing.T) {
	if testing.Short() {
		t.Skip("long, and one step after the other")
	}
	t.Parallel()
	s := serve(t, Options{})
	acme := s.account(t, "acme").ID
	const bound = 12 << 20
	most := int64(0)
	for i := range 12 {
		s.insert(t, acme, contacts(firstNumber+phone.Number(i*5000), 5000), 5000)
		info, err := os.Stat(s.path + "-wal")
		if err != nil {
			t.Fatal(err)
		}
		most = max(most, info.Size())
	}
	if most > bound {
		t.Errorf("the log grew to %d bytes, want at most %d", most, bound)
	}
	// A job of nothing, so that the checkpoint before it is over.
	s.onWriter(t, func(*sqlite.Conn) error { return nil })
	if info, err := os.Stat(s.path); err != nil || info.Size() < 3<<20 {
		t.Errorf("the file has %d bytes, so little was moved to it: %v", info.Size(), err)
	}
}

// TestNothingLeft is not parallel: it looks for goroutines of any address book.
func TestNothingLeft(t *testing.T) {
	s := serve(t, Options{})
	acme := s.account(t, "acme").ID
	s.insert(t, acme, contacts(firstNumber, 100), 100)
	s.stored(t, acme)
	if !strings.Contains(stacks(), "(*writer).loop") {
		t.Fatal("the writer's goroutine is not seen, so its end would not be either")
	}
	s.close(t)
	waitFor(t, "the goroutines to end", func() bool {
		all := stacks()
		return !strings.Contains(all, "(*writer).loop") && !strings.Contains(all, "SetInterrupt")
	})
	for _, suffix := range []string{"-wal", "-shm"} {
		if _, err := os.Stat(s.path + suffix); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("callbook.db%s is left behind: %v", suffix, err)
		}
	}
}

func stacks() string {
	buf := make([]byte, 1<<20)
	return string(buf[:runtime.Stack(buf, true)])
}
