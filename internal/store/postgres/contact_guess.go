package postgres

import (
	"sync/atomic"

	"callbook/internal/account"
)

// minGuessRows is how many contacts are worth a guess. For one it saves a round
// trip as well, but a person who adds one has more often seen it before.
const minGuessRows = 50

// guesses are what is known of accounts for the guess that nobody has a number
// of many new contacts. A wrong one costs what was copied until then, in time and
// in room that vacuum has to take back, so after it eight requests must have gone
// well that did not guess. Accounts share places, which does no harm.
type guesses [1024]atomic.Int32 // how many are missing

func (g *guesses) of(account account.ID) *atomic.Int32 { return &g[uint64(account)%uint64(len(g))] }

// worthwhile tells whether to guess.
func (g *guesses) worthwhile(account account.ID) bool { return g.of(account).Load() <= 0 }

// learn notes whether somebody was found who had a number.
func (g *guesses) learn(account account.ID, found bool) {
	const afterWrong = 8
	if place := g.of(account); found {
		place.Store(afterWrong)
	} else if place.Load() > 0 {
		place.Add(-1)
	}
}
