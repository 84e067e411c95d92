package sqlite

import (
	"context"
	"errors"
	"testing"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/phone"
	"callbook/internal/store/storetest"
)

// indexesAgree checks the number indexes that are in memory now against the
// table: they have just its numbers, each with the contact that has it.
func (s *served) indexesAgree(t *testing.T) {
	t.Helper()
	j := newJob(context.Background(), func(conn *sqlite.Conn) (int, error) {
		for account, e := range s.book.indexes.byID {
			x, rows := e.Value.(*accountIndex).numberIndex, 0
			err := sqlitex.Execute(conn, `SELECT number, sid FROM contacts WHERE account_id = ?`, &sqlitex.ExecOptions{
				Args: []any{account},
				ResultFunc: func(stmt *sqlite.Stmt) error {
					rows++
					var sid addressbook.SID
					stmt.ColumnBytes(1, sid[:])
					n := phone.Number(stmt.ColumnInt64(0))
					if prefix, found := x.lookup(n); !found || prefix != sid.Prefix() {
						t.Errorf("account %d: the index has number %v: %t, of the contact %x, and the table of %v", account, n, found, prefix, sid)
					}
					return nil
				},
			})
			if err != nil {
				return 0, err
			}
			if x.len != rows {
				t.Errorf("account %d: the index has %d numbers, the table %d", account, x.len, rows)
			}
		}
		return 0, nil
	})
	j.account = account.None // whatever accounts there are
	if err := s.book.writer.submit(j.job); err != nil {
		t.Fatal(err)
	}
	if err := <-j.outcome; err != nil {
		t.Fatal(err)
	}
}

// right checks what must be true of the tables and the indexes at any time.
func (s *served) right(t *testing.T) {
	t.Helper()
	s.recount(t)
	s.indexesAgree(t)
}

// hold has the writer wait at the beginning of a transaction, until it is
// released: what is queued meanwhile becomes one group.
func (s *served) hold(t *testing.T) (release func()) {
	t.Helper()
	reached, let := make(chan struct{}), make(chan struct{})
	first := true
	j := newJob(t.Context(), func(*sqlite.Conn) (int, error) {
		if first {
			first = false
			close(reached)
		}
		<-let
		return 0, nil
	})
	s.submit(t, j)
	<-reached
	released := false
	release = func() {
		if !released {
			released = true
			close(let)
		}
	}
	// Should the test fail, the writer must come to its end.
	t.Cleanup(release)
	return release
}

// queue does something on another goroutine, and returns when it waits for the
// writer, as the nth.
func (s *served) queue(t *testing.T, n int, do func() error) <-chan error {
	t.Helper()
	outcome := make(chan error, 1)
	go func() { outcome <- do() }()
	s.queued(t, n)
	return outcome
}

// move changes a contact's number, to one after the other in one request.
func (s *served) move(acct account.Account, sid addressbook.SID, numbers ...phone.Number) func() error {
	return func() error {
		_, err := s.update(acct, sid, numbers...)
		return err
	}
}

// update is move, and returns the answer to the last.
func (s *served) update(acct account.Account, sid addressbook.SID, numbers ...phone.Number) (addressbook.Result, error) {
	patches := make([]addressbook.Patch, len(numbers))
	for i, n := range numbers {
		patches[i] = addressbook.Patch{SID: sid, Number: addressbook.Change{Text: addressbook.Given(n.String()), Set: true}}
	}
	results, err := addressbook.New(s.book, addressbook.Options{}).UpdateContacts(context.Background(), acct, patches, nil)
	if err != nil {
		return addressbook.Result{}, err
	}
	return results[len(results)-1], nil
}

func (s *served) remove(acct account.Account, sid addressbook.SID) func() error {
	return func() error {
		err := s.book.DeleteContacts(context.Background(), acct.ID, storetest.NewDeletion(), []addressbook.SID{sid}, nil)
		return err
	}
}

// add inserts one contact.
func (s *served) add(acct account.Account, c addressbook.Contact) func() error {
	return func() error {
		return s.book.InsertContacts(context.Background(), acct.ID, []addressbook.Contact{c}, addressbook.CreateOptions{}, nil)
	}
}

// removeOnce deletes a contact, and fails when it is done again.
func (s *served) removeOnce(acct account.Account, sid addressbook.SID) func() error {
	return func() error {
		calls := 0
		return s.book.edit(context.Background(), acct.ID, 1, "remove once", func(tx *editTx) error {
			if calls++; calls > 1 {
				return errDisk
			}
			c, err := readContact(tx.Conn, acct.ID, sid)
			if errors.Is(err, errNoRow) {
				return nil
			}
			if err == nil {
				_, err = tx.delete(&c, addressbook.ForGood)
				err = errors.Join(err, tx.countContacts(-1))
			}
			return err
		})
	}
}

// indexMemory are the sizes that a test of the number indexes runs with.
var indexMemory = map[string]int{"with the indexes": 0, "with no memory for indexes": 1}

// TestFailedCommitOfEdits fails the commits of edits that give numbers away,
// take them, and build an index in between.
func TestFailedCommitOfEdits(t *testing.T) {
	t.Parallel()
	for name, bytes := range indexMemory {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, Options{IndexBytes: bytes})
			var commit error // set while the writer has nothing to do
			s.watch(func(int) error { return commit })
			one, two := s.account(t, "one"), s.account(t, "two")
			all := contacts(firstNumber, 6)
			s.insert(t, one.ID, all, 6)
			s.insert(t, two.ID, contacts(firstNumber, 2), 2)
			extra := contacts(firstNumber, 2)
			extra[1].Number = firstNumber + 50
			for range 2 {
				commit = errDisk
				release := s.hold(t)
				var group []<-chan error
				for i, do := range []func() error{
					s.remove(one, all[0].SID),                              // where there is no index, none is built
					s.add(one, extra[0]),                                   // takes what was given away
					s.add(two, contacts(firstNumber+50, 1)[0]),             // the index of one is let go
					s.move(one, all[1].SID, firstNumber+50),                // it is built, from what was written so far
					s.move(one, all[2].SID, all[1].Number),                 // takes what was given away
					s.remove(one, all[2].SID),                              // and goes
					s.add(two, contacts(firstNumber+51, 1)[0]),             // let go once more
					s.remove(one, all[3].SID),                              // noted without an index
					s.add(one, contacts(all[3].Number, 1)[0]),              // built without that number
					s.move(one, all[4].SID, firstNumber+60, firstNumber+4), // there and back
					s.move(one, all[5].SID, firstNumber+4),                 // taken
					s.remove(two, contacts(firstNumber, 1)[0].SID),         // not there
				} {
					group = append(group, s.queue(t, i+1, do))
				}
				release()
				for i, outcome := range group {
					if err := <-outcome; !errors.Is(err, errDisk) {
						t.Errorf("job %d of the group ended with %v", i, err)
					}
				}
				commit = nil
				s.right(t)
				s.insert(t, one.ID, contacts(firstNumber, 6), 0)
				s.right(t)
			}
			s.insert(t, one.ID, contacts(firstNumber, 70), 64)
			s.insert(t, two.ID, contacts(firstNumber, 70), 68)
			s.right(t)
		})
	}
}

// TestRedoEdits has a job fail behind edits of its group, which are done again:
// with the same answers, and the same numbers given and taken.
func TestRedoEdits(t *testing.T) {
	t.Parallel()
	for name, bytes := range indexMemory {
		for _, ends := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s := serve(t, Options{IndexBytes: bytes})
				one, two := s.account(t, "one"), s.account(t, "two")
				all := contacts(firstNumber, 4)
				s.insert(t, one.ID, all, 4)
				fresh, again := contacts(all[0].Number, 1)[0], contacts(all[2].Number, 1)[0]
				var refused addressbook.Result
				release := s.hold(t)
				group := []<-chan error{
					s.queue(t, 1, s.move(one, all[0].SID, firstNumber+10)),
					s.queue(t, 2, s.add(one, fresh)),
					s.queue(t, 3, s.add(two, contacts(firstNumber, 1)[0])),
					s.queue(t, 4, func() (err error) {
						refused, err = s.update(one, all[1].SID, fresh.Number)
						return err
					}),
					s.queue(t, 5, s.remove(one, all[2].SID)),
					s.queue(t, 6, s.add(one, again)),
					s.queue(t, 7, s.remove(one, fresh.SID)),
				}
				s.submit(t, failingJob(t, ends))
				s.queued(t, 8)
				group = append(group, s.queue(t, 9, s.move(one, all[3].SID, fresh.Number)))
				release()
				for i, outcome := range group {
					if err := <-outcome; err != nil {
						t.Errorf("job %d of the group ended with %v", i, err)
					}
				}
				if !errors.Is(refused.Fault, addressbook.ErrNumberTaken) || refused.Contact.SID != fresh.SID {
					t.Errorf("the contact that has the number is said to be %+v, %v", refused.Contact, refused.Fault)
				}
				s.right(t)
				for sid, n := range map[addressbook.SID]phone.Number{
					all[0].SID: firstNumber + 10, all[1].SID: firstNumber + 1, again.SID: firstNumber + 2, all[3].SID: firstNumber,
				} {
					if c, err := s.book.Contact(t.Context(), one.ID, sid); err != nil || c.Number != n {
						t.Errorf("contact %v has the number %v, want %v (error: %v)", sid, c.Number, n, err)
					}
				}
				s.insert(t, one.ID, contacts(firstNumber, 11), 7) // 0, 1, 2 and 10 are there
				s.right(t)
			})
		}
	}
}

// TestRedoFailsInEdit has a second failure while a group is done again: an
// edit of it, which gave a number away that a job behind it took. That number
// is the first contact's again.
func TestRedoFailsInEdit(t *testing.T) {
	t.Parallel()
	for name, bytes := range indexMemory {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, Options{IndexBytes: bytes})
			acme := s.account(t, "acme")
			all := contacts(firstNumber, 3)
			s.insert(t, acme.ID, all, 3)
			release := s.hold(t)
			group := []<-chan error{
				s.queue(t, 1, s.move(acme, all[1].SID, firstNumber+10)),
				s.queue(t, 2, s.removeOnce(acme, all[0].SID)),
				s.queue(t, 3, s.add(acme, contacts(all[0].Number, 1)[0])),
				s.queue(t, 4, s.move(acme, all[2].SID, all[1].Number)),
			}
			s.submit(t, failingJob(t, false))
			s.queued(t, 5)
			release()
			for i, outcome := range group {
				if err := <-outcome; !errors.Is(err, errDisk) {
					t.Errorf("job %d of the group ended with %v", i, err)
				}
			}
			s.right(t)
			s.insert(t, acme.ID, contacts(firstNumber, 3), 0)
			s.right(t)
		})
	}
}
