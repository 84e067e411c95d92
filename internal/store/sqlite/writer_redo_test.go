package sqlite

import (
	"errors"
	"math/rand/v2"
	"sync"
	"testing"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"callbook/internal/addressbook"
	"callbook/internal/store/storetest"
)

// These tests have a job fail behind others of its group, which are then rolled
// back and done again.

// failingJob fails in one of the ways that a job can: alone, or with SQLite
// ending the transaction.
func failingJob(t *testing.T, endsTransaction bool) *testJob {
	return newJob(t.Context(), func(conn *sqlite.Conn) (int, error) {
		if endsTransaction {
			return 0, errors.Join(errDisk, sqlitex.Execute(conn, "ROLLBACK", nil))
		}
		return 0, errDisk
	})
}

func (s *served) submit(t *testing.T, j *testJob) {
	t.Helper()
	if err := s.book.writer.submit(j.job); err != nil {
		t.Fatal(err)
	}
}

// TestRedoKeepsDecisions has a job that was told of a contact which a job
// before it added: when both are done again, that is still the contact.
func TestRedoKeepsDecisions(t *testing.T) {
	t.Parallel()
	for name, indexBytes := range map[string]int{"with the indexes": 0, "with no memory for indexes": 1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, Options{IndexBytes: indexBytes})
			one, two := s.account(t, "one").ID, s.account(t, "two").ID
			_, first, release := s.holdFirst(t, one)

			adds := contacts(firstNumber+1, 10)
			added := s.begin(t, one, adds)
			s.queued(t, 1)
			other := s.begin(t, two, contacts(firstNumber, 20))
			s.queued(t, 2)
			var told []*addressbook.Contact
			again := make(chan error, 1)
			go func() {
				again <- s.book.InsertContacts(t.Context(), one, contacts(firstNumber, 15), addressbook.CreateOptions{},
					storetest.Told(&told))
			}()
			s.queued(t, 3)
			for i, ends := range []bool{false, true, false} {
				s.submit(t, failingJob(t, ends))
				s.queued(t, 4+i)
			}
			last := s.begin(t, two, contacts(firstNumber+10, 20))
			s.queued(t, 7)
			release()
			for name, outcome := range map[string]<-chan error{"first": first, "added": added, "other": other, "again": again, "last": last} {
				if err := <-outcome; err != nil {
					t.Errorf("the job %s ended with %v", name, err)
				}
			}
			if t.Failed() {
				t.FailNow()
			}
			for i, e := range told {
				switch {
				case i > 10 && e != nil:
					t.Errorf("contact %d is said to exist", i)
				case i > 0 && i <= 10 && (e == nil || e.SID != adds[i-1].SID):
					t.Errorf("contact %d is said to be %v, want the one added before", i, e)
				}
			}
			if n, m := s.stored(t, one), s.stored(t, two); n != 15 || m != 30 {
				t.Errorf("%d and %d contacts are stored, want 15 and 30", n, m)
			}
			s.insert(t, one, contacts(firstNumber, 16), 1)
			s.insert(t, two, contacts(firstNumber, 31), 1)
			s.recount(t)
		})
	}
}

// TestRedoFails has nothing left but to fail the others too.
func TestRedoFails(t *testing.T) {
	t.Parallel()
	s := serve(t, Options{})
	acme := s.account(t, "acme").ID
	commits, first, release := s.holdFirst(t, acme)
	before := s.begin(t, acme, contacts(firstNumber+1, 10))
	s.queued(t, 1)
	once := newJob(t.Context(), nil)
	once.do = func(*sqlite.Conn) (int, error) {
		if once.redone > 0 {
			return 0, errDisk
		}
		return 0, nil
	}
	s.submit(t, once)
	behind := s.begin(t, acme, contacts(firstNumber+5, 10))
	s.queued(t, 3)
	failing := failingJob(t, false)
	s.submit(t, failing)
	// The next transaction begins anew.
	after := s.begin(t, acme, contacts(firstNumber+1, 20))
	s.queued(t, 5)
	release()
	for name, outcome := range map[string]<-chan error{"first": first, "after": after} {
		if err := <-outcome; err != nil {
			t.Errorf("the job %s ended with %v", name, err)
		}
	}
	for name, outcome := range map[string]<-chan error{"before": before, "once": once.outcome, "behind": behind, "failing": failing.outcome} {
		if err := <-outcome; !errors.Is(err, errDisk) {
			t.Errorf("the job %s ended with %v", name, err)
		}
	}
	if n := commits.count(); n != 2 {
		t.Errorf("there were %d commits, want that of the first and that of the last", n)
	}
	if n := s.stored(t, acme); n != 21 {
		t.Errorf("%d contacts are stored, want 21", n)
	}
	s.insert(t, acme, contacts(firstNumber, 22), 1)
	s.recount(t)
}

// TestConcurrentClientsFailingJobs has everything fail that can: jobs among the
// clients' ones, with and without the transaction, and commits.
func TestConcurrentClientsFailingJobs(t *testing.T) {
	t.Parallel()
	s := serve(t, Options{IndexBytes: 1})
	var mu sync.Mutex
	random := rand.New(rand.NewPCG(7, 8))
	s.watch(func(int) error {
		mu.Lock()
		defer mu.Unlock()
		if random.IntN(5) == 0 {
			return errDisk
		}
		return nil
	})
	c := newClients(s.account(t, "one"), s.account(t, "two"))
	ended := make(chan struct{})
	var failing sync.WaitGroup
	for _, ends := range []bool{false, true} {
		failing.Go(func() {
			for {
				j := failingJob(t, ends)
				if err := s.book.writer.submit(j.job); err != nil {
					t.Error(err)
					return
				}
				if err := <-j.outcome; !errors.Is(err, errDisk) || j.ran != 1 || j.undone != 1 || j.redone != 0 {
					t.Errorf("a failing job ran %d times, was undone %d times, and ended with %v", j.ran, j.undone, err)
				}
				select {
				case <-ended:
					return
				default:
				}
			}
		})
	}
	c.run(t, s, 64, 3)
	close(ended)
	failing.Wait()
	c.judge(t, s)
}
