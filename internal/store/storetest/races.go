package storetest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/phone"
)

// consistent reads everything in three ways that must agree: contacts with
// their lists, lists with their counts, and lists with their contacts. Then it
// asks for each of the numbers, which must be free just when no contact has it.
func (f *fixture) consistent(t *testing.T, numbers ...phone.Number) {
	t.Helper()
	const many = 100_000
	all := getPage(t, f.Contacts, f.account, addressbook.Query{Window: addressbook.Window{Limit: many}, WithLists: true})
	if all.Total != len(all.Contacts) {
		t.Errorf("there are %d contacts, the total is %d", len(all.Contacts), all.Total)
	}
	holders := make(map[phone.Number]*addressbook.Contact)
	members := make(map[addressbook.SID][]addressbook.Contact)
	for i, c := range all.Contacts {
		if other, ok := holders[c.Number]; ok {
			t.Errorf("number %v is of %v and of %v", c.Number, other.SID, c.SID)
		}
		holders[c.Number] = &c
		for _, l := range all.Lists[i] {
			members[l.SID] = append(members[l.SID], c)
		}
	}
	page, err := f.Contacts.Lists(t.Context(), f.account, addressbook.ListQuery{Window: addressbook.Window{Limit: many}})
	if err != nil || page.Total != len(page.Lists) {
		t.Fatalf("there are %d lists, the total is %d, %v", len(page.Lists), page.Total, err)
	}
	for _, l := range page.Lists {
		f.hasMembers(t, l, members[l.SID]...)
		delete(members, l.SID)
	}
	if len(members) != 0 {
		t.Errorf("contacts are in %d lists that are not there", len(members))
	}
	for _, n := range numbers {
		probe := contact(n)
		got := f.insert(t, probe)[0]
		if want := holders[n]; (want == nil) != (got == nil) || want != nil && got.SID != want.SID {
			t.Errorf("number %v: an insert is told of %v, the table has %v", n, got, want)
		}
		if got == nil {
			f.delete(t, probe.SID)
		}
	}
}

// addWhileListGoes puts contacts into a list in bulk while it is deleted.
func addWhileListGoes(t *testing.T, f *fixture) {
	all := contacts(firstNumber, 200)
	f.insertAllNew(t, all...)
	stays := list("stays")
	f.addLists(t, stays)
	for round := range 12 {
		l := list(fmt.Sprint("goes ", round))
		f.addLists(t, l)
		var clients sync.WaitGroup
		var added atomic.Int32 // as the clients were told
		for part := range 4 {
			clients.Go(func() {
				var results []addressbook.MembershipResult
				err := f.Contacts.AddMembers(t.Context(), f.account, l.SID, joining(l, sidsOf(all[part*50:part*50+50])...), Told(&results))
				switch {
				case err == nil:
					added.Add(int32(len(results)))
				case !errors.Is(err, addressbook.ErrNoList):
					t.Errorf("add: %v", err)
				}
				if err := f.Contacts.AddMembers(t.Context(), f.account, stays.SID, joining(stays, all[part].SID), nil); err != nil {
					t.Errorf("add to the list that stays: %v", err)
				}
			})
		}
		results := f.deleteLists(t, l.SID)
		clients.Wait()
		if results[0].Fault != nil || results[0].List.ContactCount != int(added.Load()) {
			t.Errorf("the list was deleted with %+v, %d contacts were added to it", results[0], added.Load())
		}
		f.listed(t, func() addressbook.List { stays.ContactCount = 4; return stays }())
	}
	f.consistent(t)
}

// addWhileContactsGo puts contacts into a list while they are deleted.
func addWhileContactsGo(t *testing.T, f *fixture) {
	one, two := list("one"), list("two")
	f.addLists(t, one, two)
	const rounds = 8
	var numbers []phone.Number
	for round := range rounds {
		all := contacts(firstNumber+phone.Number(round*100), 100)
		f.insertAllNew(t, all...)
		var clients sync.WaitGroup
		for i, l := range []addressbook.List{one, two} {
			clients.Go(func() {
				var results []addressbook.MembershipResult
				err := f.Contacts.AddMembers(t.Context(), f.account, l.SID, joining(l, sidsOf(all[i*20:i*20+80])...), Told(&results))
				if err != nil {
					t.Errorf("add: %v", err)
				}
				for _, r := range results {
					if r.Fault != nil && !errors.Is(r.Fault, addressbook.ErrNoContact) {
						t.Errorf("add: %v", r.Fault)
					}
				}
			})
		}
		for part := range 3 {
			clients.Go(func() {
				gone := sidsOf(all[part*25 : part*25+25])
				for _, sids := range [][]addressbook.SID{gone[:1], gone[1:]} {
					var results []addressbook.Result
					if err := f.Contacts.DeleteContacts(t.Context(), f.account, NewDeletion(), sids, Told(&results)); err != nil || results[0].Fault != nil {
						t.Errorf("delete: %v, %v", results, err)
					}
				}
			})
		}
		clients.Wait()
		for _, c := range all {
			numbers = append(numbers, c.Number)
		}
	}
	f.consistent(t, numbers[:100]...)
	page := getPage(t, f.Contacts, f.account, addressbook.Query{Window: addressbook.Window{Limit: 1}})
	if page.Total != rounds*25 {
		t.Errorf("%d contacts are left, want %d", page.Total, rounds*25)
	}
}

// updatesToOneNumber has many clients that want one number for a contact of
// theirs: one gets it, and the others are told who.
func updatesToOneNumber(t *testing.T, f *fixture) {
	const clients = 32
	all := contacts(firstNumber, clients)
	f.insertAllNew(t, all...)
	for round := range phone.Number(5) {
		wanted := firstNumber + 1000 + round
		var winners, losers sync.Map
		var running sync.WaitGroup
		for i, c := range all {
			running.Go(func() {
				patches := []addressbook.Patch{{SID: c.SID, Number: setNumber(wanted), Texts: addressbook.Changes{addressbook.Tag: set("winner")}}}
				results, err := patching(f.Contacts, time.Now()).UpdateContacts(t.Context(), f.acct, patches, nil)
				switch {
				case err != nil:
					t.Errorf("update: %v", err)
				case results[0].Fault == nil:
					winners.Store(c.SID, i)
				case errors.Is(results[0].Fault, addressbook.ErrNumberTaken) && results[0].Contact.Number == wanted:
					losers.Store(c.SID, results[0].Contact.SID)
				default:
					t.Errorf("update: %+v", results[0])
				}
			})
		}
		running.Wait()
		var won []addressbook.SID
		winners.Range(func(sid, _ any) bool { won = append(won, sid.(addressbook.SID)); return true })
		if len(won) != 1 {
			t.Fatalf("%d clients got the number", len(won))
		}
		losers.Range(func(sid, told any) bool {
			if told != won[0] {
				t.Errorf("client %v was told that %v has the number, it is %v", sid, told, won[0])
			}
			return true
		})
		f.consistent(t, wanted, firstNumber, firstNumber+1, firstNumber+round)
	}
}

// everythingAtOnce lets clients do anything to few contacts and lists, while
// others read: a reader's total fits its page, and at the end all agrees.
func everythingAtOnce(t *testing.T, f *fixture) {
	const clients, edits, numbers = 8, 40, 30
	seed := contacts(firstNumber, numbers/2)
	f.insertAllNew(t, seed...)
	pool := &pool{contacts: sidsOf(seed)}
	for i := range 3 {
		l := list(fmt.Sprint("list ", i))
		f.addLists(t, l)
		pool.lists = append(pool.lists, l.SID)
	}
	var writers, readers sync.WaitGroup
	ended := make(chan struct{})
	for i := range 2 {
		readers.Go(func() {
			for {
				q := addressbook.Query{Window: addressbook.Window{Limit: 1000}, Lists: pool.newest(1 + i), WithLists: true}
				page, err := f.Contacts.Contacts(t.Context(), f.account, q)
				if err != nil || page.Total != len(page.Contacts) || len(page.Lists) != page.Total {
					t.Errorf("a reader saw %d contacts, %d with lists, a total of %d, %v", len(page.Contacts), len(page.Lists), page.Total, err)
					return
				}
				for _, lists := range page.Lists {
					if len(lists) == 0 {
						t.Error("a reader saw a contact of a list that is in none")
						return
					}
				}
				select {
				case <-ended:
					return
				default:
				}
			}
		})
	}
	for client := range clients {
		random := rand.New(rand.NewPCG(uint64(client), 1))
		writers.Go(func() {
			for range edits {
				if err := f.edit(t, random, pool, numbers); err != nil {
					t.Errorf("edit: %v", err)
				}
			}
		})
	}
	writers.Wait()
	close(ended)
	readers.Wait()
	var all []phone.Number
	for n := range phone.Number(numbers) {
		all = append(all, firstNumber+n)
	}
	f.consistent(t, all...)
	f.reopen()
	f.consistent(t, all...)
}

// edit does one random thing.
func (f *fixture) edit(t *testing.T, random *rand.Rand, p *pool, numbers int) error {
	n := func() phone.Number { return firstNumber + phone.Number(random.IntN(numbers)) }
	switch random.IntN(9) {
	case 0, 1:
		fresh := contact(n())
		existing, err := tryInsert(t.Context(), f.Contacts, f.account, []addressbook.Contact{fresh})
		if err == nil && existing[0] == nil {
			p.add(&p.contacts, fresh.SID)
		}
		return err
	case 2, 3:
		patches := []addressbook.Patch{{SID: p.pick(&p.contacts, random), Number: setNumber(n())}, {SID: p.pick(&p.contacts, random), Number: setNumber(n())}}
		_, err := patching(f.Contacts, time.Now()).UpdateContacts(t.Context(), f.acct, patches, nil)
		return err
	case 4:
		err := f.Contacts.DeleteContacts(t.Context(), f.account, NewDeletion(), []addressbook.SID{p.pick(&p.contacts, random)}, nil)
		return err
	case 5, 6:
		l := addressbook.List{SID: p.pick(&p.lists, random)}
		err := f.Contacts.AddMembers(t.Context(), f.account, l.SID, joining(l, p.pick(&p.contacts, random), p.pick(&p.contacts, random)), nil)
		if errors.Is(err, addressbook.ErrNoList) {
			return nil
		}
		return err
	case 7:
		err := f.Contacts.RemoveMembers(t.Context(), f.account, p.pick(&p.lists, random), []addressbook.SID{p.pick(&p.contacts, random)}, nil)
		if errors.Is(err, addressbook.ErrNoList) {
			return nil
		}
		return err
	default:
		l := list(fmt.Sprint("list ", random.IntN(5)))
		var results []addressbook.ListResult
		err := f.Contacts.InsertLists(t.Context(), f.account, []addressbook.List{l}, Told(&results))
		if err != nil || results[0].Fault == nil {
			p.add(&p.lists, l.SID)
			return err
		}
		err = f.Contacts.DeleteLists(t.Context(), f.account, NewDeletion(), []addressbook.SID{p.pick(&p.lists, random)}, nil)
		return err
	}
}

// pool is what clients pick from: sids that are there, or were.
type pool struct {
	mu              sync.Mutex
	contacts, lists []addressbook.SID
}

func (p *pool) add(to *[]addressbook.SID, sid addressbook.SID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	*to = append(*to, sid)
}

func (p *pool) pick(from *[]addressbook.SID, random *rand.Rand) addressbook.SID {
	p.mu.Lock()
	defer p.mu.Unlock()
	return (*from)[random.IntN(len(*from))]
}

// newest returns the newest lists.
func (p *pool) newest(n int) []addressbook.SID {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.lists[len(p.lists)-n:])
}
