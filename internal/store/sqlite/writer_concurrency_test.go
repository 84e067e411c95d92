package sqlite

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/phone"
)

// These tests are storetest's concurrent ones through [addressbook.Book], and
// with what only this engine can be made to do.

func TestConcurrentClients(t *testing.T) {
	t.Parallel()
	s := serve(t, Options{})
	c := newClients(s.account(t, "acme"))
	c.run(t, s, 64, 3)
	c.judge(t, s)
}

// TestConcurrentClientsFailingCommits has the first and half of the other
// commits fail. A client whose request failed sends it again, as clients do.
func TestConcurrentClientsFailingCommits(t *testing.T) {
	t.Parallel()
	s := serve(t, Options{})
	var mu sync.Mutex
	random := rand.New(rand.NewPCG(3, 4))
	s.watch(func(n int) error {
		mu.Lock()
		defer mu.Unlock()
		if n == 1 || random.IntN(2) == 0 {
			return errDisk
		}
		return nil
	})
	c := newClients(s.account(t, "acme"))
	c.run(t, s, 64, 3)
	c.judge(t, s)
}

// TestConcurrentClientsWithoutMemory has room for one number index only, two
// accounts that are written to in turn, and failing commits besides: an index
// is built within transactions that come to nothing.
func TestConcurrentClientsWithoutMemory(t *testing.T) {
	t.Parallel()
	log := new(logs)
	s := serve(t, Options{IndexBytes: 1, Log: log.logger()})
	var mu sync.Mutex
	random := rand.New(rand.NewPCG(5, 6))
	s.watch(func(n int) error {
		mu.Lock()
		defer mu.Unlock()
		if n == 1 || random.IntN(4) == 0 {
			return errDisk
		}
		return nil
	})
	c := newClients(s.account(t, "one"), s.account(t, "two"))
	c.run(t, s, 64, 3)
	c.judge(t, s)
	if builds := len(log.with(t, "number index built")); builds < 5 {
		t.Errorf("only %d indexes were built, so none was let go in the middle", builds)
	}
}

func TestConcurrentClientsAroundRestart(t *testing.T) {
	t.Parallel()
	s := serve(t, Options{})
	c := newClients(s.account(t, "acme"))
	for range 3 {
		c.run(t, s, 32, 2)
		s.close(t)
		s = serveFile(t, s.path, Options{})
	}
	c.judge(t, s)
}

// clients create contacts with numbers that all of them want.
type clients struct {
	accounts []account.Account
	rounds   uint64

	mu   sync.Mutex
	won  map[owned]addressbook.SID
	lost []loss
}

type owned struct {
	account account.ID
	number  phone.Number
}

// loss is what a client was told that did not get the number.
type loss struct {
	owned
	winner addressbook.SID
}

func newClients(accounts ...account.Account) *clients {
	return &clients{accounts: accounts, won: make(map[owned]addressbook.SID)}
}

const wantedNumbers = 200

func (c *clients) run(t *testing.T, s *served, n, requests int) {
	t.Helper()
	c.rounds++
	book := addressbook.New(s.book, addressbook.Options{})
	var all sync.WaitGroup
	for i := range n {
		random := rand.New(rand.NewPCG(uint64(i), c.rounds))
		all.Go(func() {
			for r := range requests {
				acct := c.accounts[(i+r)%len(c.accounts)]
				c.request(t, book, acct, random.Perm(wantedNumbers)[:1+random.IntN(30)])
			}
		})
	}
	all.Wait()
}

// request creates the contacts, as often as it takes.
func (c *clients) request(t *testing.T, book *addressbook.Book, acct account.Account, wanted []int) {
	drafts := make([]addressbook.Draft, len(wanted))
	for i, w := range wanted {
		drafts[i].Number = addressbook.Given(fmt.Sprintf("98000 %05d", w))
	}
	var results []addressbook.Result
	for {
		var err error
		results, err = book.CreateContacts(t.Context(), acct, drafts, addressbook.CreateOptions{}, nil)
		if err == nil {
			break
		}
		if !errors.Is(err, errDisk) {
			t.Errorf("create contacts: %v", err)
			return
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, r := range results {
		if r.Contact == nil || r.Contact.Number != phone.Number(919800000000+wanted[i]) {
			t.Errorf("%s: got %+v, %v", drafts[i].Number.Value, r.Contact, r.Fault)
			continue
		}
		key := owned{acct.ID, r.Contact.Number}
		if r.Fault != nil {
			c.lost = append(c.lost, loss{key, r.Contact.SID})
			continue
		}
		if other, ok := c.won[key]; ok {
			t.Errorf("number %v was given twice, to %v and %v", key.number, other, r.Contact.SID)
		}
		c.won[key] = r.Contact.SID
	}
}

// judge checks that what the clients were told is what is stored.
func (c *clients) judge(t *testing.T, s *served) {
	t.Helper()
	if len(c.lost) == 0 {
		t.Error("nobody lost, so nothing was contested")
	}
	for _, l := range c.lost {
		if c.won[l.owned] != l.winner {
			t.Errorf("number %v is said to be taken by %v, its winner is %v", l.number, l.winner, c.won[l.owned])
		}
	}
	for key, sid := range c.won {
		got, err := s.book.Contact(t.Context(), key.account, sid)
		if err != nil || got.Number != key.number {
			t.Errorf("contact %v with number %v: read %v, %v", sid, key.number, got.Number, err)
		}
	}
	if n := s.number(t, `SELECT count(*) FROM contacts`); n != len(c.won) {
		t.Errorf("%d contacts are stored, want %d", n, len(c.won))
	}
	s.recount(t)
}
