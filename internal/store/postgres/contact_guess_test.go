package postgres

import (
	"testing"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/journal"
	"callbook/internal/phone"
	"callbook/internal/test/pgtest"
)

// numbered returns so many numbers from first on.
func numbered(first phone.Number, n int) []phone.Number {
	all := make([]phone.Number, n)
	for i := range all {
		all[i] = first + phone.Number(i)
	}
	return all
}

// TestWrongGuess inserts as if all numbers were free when one, first or last, is
// not: who has it is told in the end, and the others are there once.
func TestWrongGuess(t *testing.T) {
	t.Parallel()
	const many = 200 // each with a sid of its own, see insert
	for name, holder := range map[string]phone.Number{"the first": 1, "the last": many} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t, pgtest.Database(t, Migrate))
			db.minCopyRows = many
			acct := addAccount(t, db)
			if err := insert(t.Context(), db, acct, holder); err != nil {
				t.Fatal(err)
			}
			all := make([]addressbook.Contact, many)
			for i, n := range numbered(1, many) {
				all[i] = addressbook.Contact{SID: addressbook.SID{1, byte(n)}, Number: n, Created: time.Unix(1, 0), Updated: time.Unix(1, 0)}
			}
			var told []*addressbook.Contact
			err := db.InsertContacts(t.Context(), acct, all, addressbook.CreateOptions{}, func(existing []*addressbook.Contact) *journal.Receipt {
				told = existing
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			for i, c := range told {
				if has := all[i].Number == holder; has != (c != nil) || has && c.SID != (addressbook.SID{byte(holder)}) {
					t.Errorf("number %d is said to be of %v", all[i].Number, c)
				}
			}
			if page, err := db.Contacts(t.Context(), acct, addressbook.Query{Window: addressbook.Window{Limit: 1}}); err != nil || page.Total != many {
				t.Errorf("there are %d contacts, %v; want %d", page.Total, err, many)
			}
			if db.guesses.worthwhile(acct) {
				t.Error("after a wrong guess, the next is made at once")
			}
			recount(t, db)
		})
	}
}

func TestGuesses(t *testing.T) {
	t.Parallel()
	var g guesses
	const account = -7 // whatever it is, it has a place
	right := func(want bool, when string) {
		t.Helper()
		if got := g.worthwhile(account); got != want {
			t.Errorf("%s: a guess is made: %t", when, got)
		}
	}
	right(true, "at first")
	g.learn(account, false)
	right(true, "after a right one")
	g.learn(account, true)
	for range 8 {
		right(false, "after a wrong one")
		g.learn(account, false)
	}
	right(true, "after eight that were all new")
	if !g.worthwhile(account + 1) {
		t.Error("an account pays for another")
	}
}

// TestPanicOverGuess panics where the answer is made while the rows are on their
// way: the connection is let go of only then.
func TestPanicOverGuess(t *testing.T) {
	t.Parallel()
	db := open(t, pgtest.Database(t, Migrate)+"&pool_max_conns=1")
	db.minCopyRows = 1
	acct := addAccount(t, db)
	for _, claim := range []journal.Claim{{}, {Key: "key"}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic is lost")
				}
			}()
			all := []addressbook.Contact{{SID: addressbook.SID{1}, Number: 1, Created: time.Unix(1, 0), Updated: time.Unix(1, 0)}}
			_ = db.InsertContacts(journal.WithClaim(t.Context(), claim), acct, all, addressbook.CreateOptions{},
				func([]*addressbook.Contact) *journal.Receipt { panic("trouble") })
		}()
		if err := insert(t.Context(), db, acct, 2); err != nil {
			t.Error(err)
		}
	}
}
