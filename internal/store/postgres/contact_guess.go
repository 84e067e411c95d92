package postgres

import (
	"sync/atomic"

	"callbook/internal/account"
)

// minGuessRows is from how many contacts on to guess that all are new. A guess saves a
// round trip, but a person who adds a single contact more often repeats one.
const minGuessRows = 50

// guesses tell for each account whether to guess that all contacts of a request are new.
// A wrong guess costs the time and space of the rows that were copied in vain. So after
// one, the account guesses again only after eight requests without existing contacts.
// Accounts may share an entry, which does no harm.
type guesses [1024]atomic.Int32 // how many good requests are missing

func (g *guesses) of(account account.ID) *atomic.Int32 { return &g[uint64(account)%uint64(len(g))] }

// worthwhile reports whether to guess.
func (g *guesses) worthwhile(account account.ID) bool { return g.of(account).Load() <= 0 }

// learn records whether any of a request's contacts existed.
func (g *guesses) learn(account account.ID, found bool) {
	const afterWrong = 8
	if place := g.of(account); found {
		place.Store(afterWrong)
	} else if place.Load() > 0 {
		place.Add(-1)
	}
}
