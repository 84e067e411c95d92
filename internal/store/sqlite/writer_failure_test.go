package sqlite

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"callbook/internal/fault"
)

var errDisk = errors.New("the disk is on fire")

func TestFailedCommit(t *testing.T) {
	t.Parallel()
	s := serve(t, Options{})
	acme := s.account(t, "acme").ID
	var broken atomic.Bool
	s.watch(func(int) error {
		if broken.Load() {
			return errDisk
		}
		return nil
	})
	s.insert(t, acme, contacts(firstNumber, 10), 10)
	broken.Store(true)
	for range 3 {
		// Also one that adds nothing: what it says of the others is not durable.
		for _, n := range []int{10, 150} {
			if _, err := s.tryInsert(t, acme, contacts(firstNumber, n)); !errors.Is(err, errDisk) {
				t.Errorf("the error is %v, want that of the commit", err)
			}
		}
		if n := s.stored(t, acme); n != 10 {
			t.Errorf("%d contacts are stored, want 10", n)
		}
		s.recount(t)
	}
	broken.Store(false)
	s.insert(t, acme, contacts(firstNumber, 150), 140)
	s.insert(t, acme, contacts(firstNumber, 150), 0)
	s.recount(t)
}

// TestFailedGroup fails the commit that several requests share: all fail, also
// the one that was told of a contact which another of them had added.
func TestFailedGroup(t *testing.T) {
	t.Parallel()
	s := serve(t, Options{})
	acme, other := s.account(t, "acme").ID, s.account(t, "other").ID
	reached, let := make(chan struct{}), make(chan struct{})
	s.watch(func(n int) error {
		switch n {
		case 1:
			close(reached)
			<-let
		case 2:
			return errDisk
		}
		return nil
	})
	first := s.begin(t, acme, contacts(firstNumber, 1))
	<-reached
	group := []<-chan error{
		s.begin(t, acme, contacts(firstNumber+1, 20)),
		s.begin(t, acme, contacts(firstNumber+11, 20)),
		s.begin(t, acme, contacts(firstNumber+5, 5)),
		s.begin(t, other, contacts(firstNumber, 3)),
	}
	s.queued(t, len(group))
	close(let)
	if err := <-first; err != nil {
		t.Errorf("the job before the group ended with %v", err)
	}
	for i, outcome := range group {
		if err := <-outcome; !errors.Is(err, errDisk) {
			t.Errorf("job %d of the group ended with %v", i, err)
		}
	}
	if n, m := s.stored(t, acme), s.stored(t, other); n != 1 || m != 0 {
		t.Errorf("%d and %d contacts are stored, want 1 and 0", n, m)
	}
	s.insert(t, acme, contacts(firstNumber, 31), 30)
	s.insert(t, other, contacts(firstNumber, 3), 3)
	s.recount(t)
}

// TestFailedJobInGroup has one request fail between others: they do not.
func TestFailedJobInGroup(t *testing.T) {
	t.Parallel()
	s := serve(t, Options{})
	acme := s.account(t, "acme").ID
	old := contacts(firstNumber, 1)
	commits, held, release := s.stopFirst(t)
	first := s.begin(t, acme, old)
	<-held
	bad := contacts(firstNumber+100, 30)
	bad[29].SID = old[0].SID // which the table refuses, when 20 rows are in it
	before := s.begin(t, acme, contacts(firstNumber+1, 5))
	s.queued(t, 1)
	failing := s.begin(t, acme, bad)
	s.queued(t, 2)
	// It wants numbers that the failed one had for a moment.
	after := s.begin(t, acme, contacts(firstNumber+100, 5))
	s.queued(t, 3)
	release()
	for name, outcome := range map[string]<-chan error{"first": first, "before": before, "after": after} {
		if err := <-outcome; err != nil {
			t.Errorf("the job %s ended with %v", name, err)
		}
	}
	if err := <-failing; err == nil {
		t.Error("two contacts have the same sid")
	}
	if n := commits.count(); n != 3 {
		t.Errorf("there were %d commits, want the first, and those before and after the failed one", n)
	}
	if n := s.stored(t, acme); n != 11 {
		t.Errorf("%d contacts are stored, want 1, 5 and 5", n)
	}
	s.insert(t, acme, contacts(firstNumber+100, 30), 25)
	s.recount(t)
}

// TestRolledBackBySQLite has a job in which SQLite ends the transaction, as it
// may when the disk is full: those before it in the group are done again.
func TestRolledBackBySQLite(t *testing.T) {
	t.Parallel()
	s := serve(t, Options{})
	acme := s.account(t, "acme").ID
	_, first, release := s.holdFirst(t, acme)
	before := s.begin(t, acme, contacts(firstNumber+1, 5))
	s.queued(t, 1)
	ending := newJob(t.Context(), func(conn *sqlite.Conn) (int, error) {
		return 0, errors.Join(errDisk, sqlitex.Execute(conn, "ROLLBACK", nil))
	})
	if err := s.book.writer.submit(ending.job); err != nil {
		t.Fatal(err)
	}
	after := s.begin(t, acme, contacts(firstNumber+4, 5))
	s.queued(t, 3)
	release()
	if err := <-first; err != nil {
		t.Error(err)
	}
	if err := <-before; err != nil {
		t.Errorf("the job before ended with %v", err)
	}
	if err := <-ending.outcome; !errors.Is(err, errDisk) || ending.undone != 1 {
		t.Errorf("the job was undone %d times and ended with %v", ending.undone, err)
	}
	if err := <-after; err != nil {
		t.Errorf("the job after ended with %v", err)
	}
	if n := s.stored(t, acme); n != 9 {
		t.Errorf("%d contacts are stored, want 1, 5 and the 3 others of the last", n)
	}
	s.insert(t, acme, contacts(firstNumber, 10), 1)
	s.recount(t)
}

// TestFullDisk gives the file no more pages.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	s := serve(t, Options{})
	acme := s.account(t, "acme").ID
	s.insert(t, acme, contacts(firstNumber, 10), 10)
	s.onWriter(t, func(conn *sqlite.Conn) error {
		return setPragmas(conn, "max_page_count = 20")
	})
	_, err := s.tryInsert(t, acme, contacts(firstNumber+5, 5000))
	if f := fault.As(err); f == nil || f.Kind != fault.Unavailable || f.RetryAfter <= 0 {
		t.Errorf("the error is %v, want an Unavailable fault with a time to wait", err)
	}
	if n := s.stored(t, acme); n != 10 {
		t.Errorf("%d contacts are stored, want 10", n)
	}
	s.insert(t, acme, contacts(firstNumber+5, 10), 5) // for so few there is room
	s.onWriter(t, func(conn *sqlite.Conn) error {
		return setPragmas(conn, "max_page_count = 1000000")
	})
	s.insert(t, acme, contacts(firstNumber+5, 5000), 4990)
	s.recount(t)
}

// TestLockedDatabase has another process that does not end its transaction.
func TestLockedDatabase(t *testing.T) {
	t.Parallel()
	s := serve(t, Options{})
	acme := s.account(t, "acme").ID
	s.insert(t, acme, contacts(firstNumber, 1), 1)
	s.onWriter(t, func(conn *sqlite.Conn) error {
		conn.SetBusyTimeout(time.Millisecond)
		return nil
	})
	other, err := Open(t.Context(), s.path)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if err := other.write(t.Context(), func(*sqlite.Conn) error {
		_, err := s.tryInsert(t, acme, contacts(firstNumber, 10))
		if !fault.Is(err, fault.Unavailable) {
			t.Errorf("the error is %v, want an Unavailable fault", err)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	s.insert(t, acme, contacts(firstNumber, 10), 9)
	s.recount(t)
}
