package limit

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"time"

	"callbook/internal/account"
)

// Turns let heavy work of several accounts leave a processor free for light
// requests.
//
// When every processor is busy, Go notices what arrives from the network every ten
// milliseconds only. While a single account is active, its heavy work may use all
// processors. As soon as another is active too, heavy work takes turns on all but
// one of them (on the only one, if there is no other). A nil *Turns never makes
// anybody wait.
type Turns struct {
	pool   *Pool
	active Active
}

// NewTurns returns turns for the processors of the machine.
func NewTurns() *Turns {
	return &Turns{pool: New(int64(max(1, runtime.GOMAXPROCS(0)-1)), Options{})}
}

// Note remembers that an account was active just now.
func (t *Turns) Note(account account.ID) {
	if t != nil {
		t.active.Note(account)
	}
}

// For returns a turn of an account.
func (t *Turns) For(account account.ID) *Turn { return &Turn{turns: t, account: account} }

// Turn is one caller's turn to compute. A caller ends its turn before it waits for
// memory or for a client. It is not safe for concurrent use.
type Turn struct {
	turns   *Turns
	account account.ID
	held    bool
}

// turnWait is how long a caller waits for its turn at most. Then it goes on
// without one: a turn spares others, and must not stop anybody, for example while
// its holder waits for a database.
const turnWait = 500 * time.Millisecond

var errNoTurn = errors.New("no turn in time")

// Begin waits for the turn, if other accounts are active, but no longer than half a
// second. When ctx ends first, the error is the cause of ctx. Begin of a turn that
// has begun does nothing.
func (t *Turn) Begin(ctx context.Context) error {
	if t.held || t.turns == nil || !t.turns.active.Others(t.account) {
		return nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, turnWait, errNoTurn)
	defer cancel()
	err := t.turns.pool.Acquire(ctx, t.account, 1)
	if errors.Is(err, errNoTurn) {
		return nil
	}
	t.held = err == nil
	return err
}

// Held reports whether the turn has begun and not ended.
func (t *Turn) Held() bool { return t.held }

// End ends the turn, and reports whether it had begun.
func (t *Turn) End() bool {
	if !t.held {
		return false
	}
	t.held = false
	t.turns.pool.Release(t.account, 1)
	return true
}

// activeTime is how long an account counts as active.
const activeTime = time.Second

// Active tells an account that is active alone from one beside which another is.
// The zero value is ready to use, and safe for concurrent use.
type Active struct {
	mu sync.Mutex
	// recent are the last two accounts that were active, the latest first.
	recent [2]struct {
		account account.ID
		last    time.Time
	}
}

// Note remembers that an account was active just now.
func (a *Active) Note(account account.ID) {
	now := time.Now()
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.recent[0].account != account {
		a.recent[1] = a.recent[0]
		a.recent[0].account = account
	}
	a.recent[0].last = now
}

// Others reports whether another account was active within the last second.
func (a *Active) Others(account account.ID) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, r := range a.recent {
		if r.account != account && time.Since(r.last) < activeTime {
			return true
		}
	}
	return false
}
