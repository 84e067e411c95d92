package sqlite

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/phone"
	"callbook/internal/store/storetest"
)

// TestEditsInFailingGroups queues random edits of two accounts into one group
// after the other, with jobs between that fail, or that fail when they are done
// again, and commits that do. What was acknowledged must be what doing one
// after the other gives; the tables and the indexes must be right after each
// group.
func TestEditsInFailingGroups(t *testing.T) {
	t.Parallel()
	for name, bytes := range indexMemory {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, Options{IndexBytes: bytes})
			g := &groups{served: s, random: rand.New(rand.NewPCG(9, uint64(bytes)))}
			for i := range g.ledgers {
				g.ledgers[i] = ledger{acct: s.account(t, fmt.Sprint("account", i)), sids: make(map[phone.Number]addressbook.SID)}
			}
			s.watch(func(int) error { return g.commit })
			s.onlyMemory(t)
			for range 150 {
				g.round(t)
				if t.Failed() {
					t.FailNow()
				}
			}
		})
	}
}

// onlyMemory spares a test with many commits the wait for the disk.
func (s *served) onlyMemory(t *testing.T) {
	t.Helper()
	if err := setPragmas(s.book.conn, "synchronous = OFF"); err != nil {
		t.Fatal(err)
	}
}

type groups struct {
	*served
	random  *rand.Rand
	ledgers [2]ledger
	commit  error // what commits do; set while the writer is held
}

// ledger is who has which number in an account.
type ledger struct {
	acct account.Account
	sids map[phone.Number]addressbook.SID
	ever []addressbook.SID // there now, or once
}

// number is what the contact has, or zero.
func (l *ledger) number(sid addressbook.SID) phone.Number {
	for n, holder := range l.sids {
		if holder == sid {
			return n
		}
	}
	return 0
}

// move gives the contact a number, unless another has it.
func (l *ledger) move(sid addressbook.SID, n phone.Number) (holder addressbook.SID, fault error) {
	before := l.number(sid)
	if before == 0 {
		return holder, addressbook.ErrNoContact
	}
	if holder, taken := l.sids[n]; taken && holder != sid {
		return holder, addressbook.ErrNumberTaken
	}
	delete(l.sids, before)
	l.sids[n] = sid
	return sid, nil
}

// queuedEdit is an edit that was sent, and what its answer must be.
type queuedEdit struct {
	what    string
	outcome <-chan error
	replay  func() error // does it to the ledger, and tells where the answer differs
}

// round sends one group and waits for its end.
func (g *groups) round(t *testing.T) {
	t.Helper()
	release := g.hold(t)
	g.commit = nil
	if g.random.IntN(5) == 0 {
		g.commit = errDisk
	}
	var edits []queuedEdit
	for n := 1; n <= 3+g.random.IntN(10); n++ {
		if g.random.IntN(7) == 0 {
			g.submit(t, failingJob(t, g.random.IntN(2) == 0))
			g.queued(t, n)
			continue
		}
		what, do, replay := g.edit(&g.ledgers[g.random.IntN(2)])
		edits = append(edits, queuedEdit{what, g.queue(t, n, do), replay})
	}
	release()
	for _, e := range edits {
		err := <-e.outcome
		if err == nil {
			err = e.replay()
		} else if errors.Is(err, errDisk) {
			err = nil
		}
		if err != nil {
			t.Errorf("%s: %v", e.what, err)
		}
	}
	// The check must be able to end its own transaction.
	g.onWriterIdle(t)
	g.right(t)
	for _, l := range g.ledgers {
		if n := g.stored(t, l.acct.ID); n != len(l.sids) {
			t.Errorf("%d contacts are stored, want %d", n, len(l.sids))
		}
		for n, sid := range l.sids {
			if c, err := g.book.Contact(t.Context(), l.acct.ID, sid); err != nil || c.Number != n {
				t.Errorf("contact %v has the number %v, want %v (error: %v)", sid, c.Number, n, err)
			}
		}
	}
}

// onWriterIdle lets commits pass again.
func (g *groups) onWriterIdle(t *testing.T) {
	t.Helper()
	release := g.hold(t)
	g.commit = nil
	release()
}

// edit draws something to do to an account.
func (g *groups) edit(l *ledger) (what string, do, replay func() error) {
	n := firstNumber + phone.Number(g.random.IntN(10))
	sid := addressbook.SID{1}
	if len(l.ever) > 0 {
		sid = l.ever[g.random.IntN(len(l.ever))]
	}
	acct := l.acct
	switch g.random.IntN(5) {
	case 0, 1:
		c := contacts(n, 1)[0]
		l.ever = append(l.ever, c.SID)
		var existing []*addressbook.Contact
		return fmt.Sprintf("insert %v", n), func() error {
				return g.book.InsertContacts(context.Background(), acct.ID, []addressbook.Contact{c}, addressbook.CreateOptions{},
					storetest.Told(&existing))
			}, func() error {
				holder, taken := l.sids[n]
				if !taken {
					l.sids[n] = c.SID
				}
				if (existing[0] != nil) != taken || taken && existing[0].SID != holder {
					return fmt.Errorf("the contact that has the number is said to be %+v, want %v, %t", existing[0], holder, taken)
				}
				return nil
			}
	case 2:
		var got addressbook.Result
		numbers := []phone.Number{n}
		if back := l.number(sid); back != 0 && g.random.IntN(2) == 0 {
			numbers = []phone.Number{back, n, back, n}
		}
		return fmt.Sprintf("move %v to %v", sid, n), func() (err error) {
				got, err = g.update(acct, sid, numbers...)
				return err
			}, func() error {
				var want error
				var holder addressbook.SID
				for _, n := range numbers {
					holder, want = l.move(sid, n)
				}
				if !errors.Is(got.Fault, want) || want == addressbook.ErrNumberTaken && got.Contact.SID != holder {
					return fmt.Errorf("the answer is %+v, %v, want %v, %v", got.Contact, got.Fault, holder, want)
				}
				return nil
			}
	case 3:
		return fmt.Sprintf("remove %v", sid), g.remove(acct, sid), func() error {
			delete(l.sids, l.number(sid))
			return nil
		}
	default:
		return fmt.Sprintf("remove %v once", sid), g.removeOnce(acct, sid), func() error {
			delete(l.sids, l.number(sid))
			return nil
		}
	}
}

// TestConcurrentEditsFailing has many clients edit few contacts at once, while
// jobs and commits fail and indexes are let go.
func TestConcurrentEditsFailing(t *testing.T) {
	t.Parallel()
	s := serve(t, Options{IndexBytes: 1})
	var mu sync.Mutex
	random, failing := rand.New(rand.NewPCG(1, 2)), true
	s.watch(func(int) error {
		mu.Lock()
		defer mu.Unlock()
		if failing && random.IntN(5) == 0 {
			return errDisk
		}
		return nil
	})
	s.onlyMemory(t)
	accounts := []account.Account{s.account(t, "one"), s.account(t, "two")}
	seed := contacts(firstNumber, 20)
	for _, acct := range accounts {
		for _, c := range seed {
			for s.add(acct, c)() != nil { // until its commit does not fail
			}
		}
	}
	var clients sync.WaitGroup
	for client := range 16 {
		random := rand.New(rand.NewPCG(uint64(client), 3))
		clients.Go(func() {
			for range 60 {
				acct, n := accounts[random.IntN(2)], firstNumber+phone.Number(random.IntN(25))
				sid := seed[random.IntN(len(seed))].SID
				do := s.move(acct, sid, n)
				switch random.IntN(6) {
				case 0:
					do = s.remove(acct, sid)
				case 1:
					do = s.add(acct, contacts(n, 1)[0])
				case 2:
					do = s.removeOnce(acct, sid)
				case 3:
					j := failingJob(t, random.IntN(2) == 0)
					do = func() error {
						if err := s.book.writer.submit(j.job); err != nil {
							return err
						}
						return <-j.outcome
					}
				}
				if err := do(); err != nil && !errors.Is(err, errDisk) {
					t.Errorf("edit: %v", err)
				}
			}
		})
	}
	clients.Wait()
	mu.Lock()
	failing = false
	mu.Unlock()
	s.right(t)
	for _, acct := range accounts {
		for n := range phone.Number(25) {
			there := s.number(t, `SELECT count(*) FROM contacts WHERE account_id = ? AND number = ?`, acct.ID, int64(firstNumber+n))
			s.insert(t, acct.ID, contacts(firstNumber+n, 1), 1-there)
		}
	}
	s.right(t)
}
