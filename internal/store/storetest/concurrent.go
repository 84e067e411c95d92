package storetest

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"

	"callbook/internal/addressbook"
	"callbook/internal/phone"
)

// seenWhole reads while others write: the total and the page are of one
// moment, and show an insert whole or not at all.
func seenWhole(t *testing.T, f *fixture) {
	const batches, size = 20, 37
	written := make(chan struct{})
	var writer sync.WaitGroup
	writer.Go(func() {
		defer close(written)
		for i := range batches {
			all := contacts(firstNumber+phone.Number(i*size), size)
			if _, err := tryInsert(t.Context(), f.Contacts, f.account, all); err != nil {
				t.Errorf("insert: %v", err)
				return
			}
		}
	})
	defer writer.Wait()
	for {
		last := false
		select {
		case <-written:
			last = true
		default:
		}
		page := getPage(t, f.Contacts, f.account, addressbook.Query{Window: addressbook.Window{Limit: batches * size}})
		if page.Total%size != 0 || page.Total != len(page.Contacts) {
			t.Fatalf("a reader saw a total of %d with %d contacts, and inserts are of %d", page.Total, len(page.Contacts), size)
		}
		if last {
			break
		}
	}
	if page := getPage(t, f.Contacts, f.account, addressbook.Query{Window: addressbook.Window{Limit: 1}}); page.Total != batches*size {
		t.Errorf("the total is %d, want %d", page.Total, batches*size)
	}
}

func concurrentInserts(t *testing.T, f *fixture) {
	var c contest
	c.run(t, f, 64, 4)
	c.judge(t, f)
}

func concurrentAroundReopen(t *testing.T, f *fixture) {
	var c contest
	c.run(t, f, 16, 3)
	f.reopen()
	c.run(t, f, 16, 3)
	c.judge(t, f)
}

// contest is many clients that want the same numbers.
type contest struct {
	mu     sync.Mutex
	won    []addressbook.Contact // what insert said is new
	lost   []addressbook.Contact // what insert said has the number already
	rounds uint64
}

// contested is how many numbers there are to win.
const contested = 300

// run lets the clients insert contacts, each some of the contested numbers in
// an order of its own.
func (c *contest) run(t *testing.T, f *fixture, clients, inserts int) {
	t.Helper()
	c.rounds++
	var all sync.WaitGroup
	for client := range clients {
		random := rand.New(rand.NewPCG(uint64(client), c.rounds))
		all.Go(func() {
			for range inserts {
				picked := random.Perm(contested)[:1+random.IntN(40)]
				if !c.insert(t.Context(), t, f, picked) {
					return
				}
			}
		})
	}
	all.Wait()
}

func (c *contest) insert(ctx context.Context, t *testing.T, f *fixture, picked []int) bool {
	batch := make([]addressbook.Contact, len(picked))
	for i, p := range picked {
		batch[i] = contact(firstNumber + phone.Number(p))
	}
	existing, err := tryInsert(ctx, f.Contacts, f.account, batch)
	if err != nil {
		t.Errorf("insert: %v", err)
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, e := range existing {
		switch {
		case e == nil:
			c.won = append(c.won, batch[i])
		case e.Number != batch[i].Number:
			t.Errorf("the contact with number %v is said to be %v", batch[i].Number, e.Number)
		default:
			c.lost = append(c.lost, *e)
		}
	}
	return true
}

// judge checks that each number was won once, and that the losers were shown
// the winner.
func (c *contest) judge(t *testing.T, f *fixture) {
	t.Helper()
	winner := make(map[phone.Number]addressbook.Contact)
	for _, w := range c.won {
		if other, ok := winner[w.Number]; ok {
			t.Errorf("number %v was given twice, to %v and %v", w.Number, other.SID, w.SID)
		}
		winner[w.Number] = w
	}
	if len(c.lost) == 0 {
		t.Error("nobody lost, so nothing was contested")
	}
	for _, l := range c.lost {
		if w, ok := winner[l.Number]; !ok || w.SID != l.SID {
			t.Errorf("number %v is said to be taken by %v, its winner is %v", l.Number, l.SID, w.SID)
		} else {
			same(t, "existing contact", l, w)
		}
	}
	f.holds(t, c.won...)
}
