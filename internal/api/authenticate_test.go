package api_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"context"

	"callbook/internal/account"
	"callbook/internal/clock/clocktest"
	"callbook/internal/test/servertest"
)

// asked counts how often the store is asked for a key, and holds who asks when it
// is told to.
type asked struct {
	account.Store
	times   atomic.Int64
	arrived chan struct{}
	release chan struct{}
}

func (a *asked) Credentials(ctx context.Context, key string) (account.Credentials, error) {
	a.times.Add(1)
	if a.arrived != nil {
		a.arrived <- struct{}{}
		<-a.release
	}
	return a.Store.Credentials(ctx, key)
}

// TestGuessedKeys: one who guesses keys is stopped before the store is asked.
// Those who have shown a good key from the same address go on, and so does a
// program with one old key, which is told so each time.
func TestGuessedKeys(t *testing.T) {
	t.Parallel()
	store := &asked{}
	now := time.Now() // the clock stands still: failed guesses are remembered for seconds only
	s := servertest.Start(t, servertest.Options{
		Accounts: func(real account.Store) account.Store { store.Store = real; return store },
		Clock:    clocktest.Func(func() time.Time { return now }),
	})
	c := s.Account("demo")
	c.List("").Page(t)
	for range 200 {
		c.As("old", "key").List("").Fault(t, 401)
	}
	refused := 0
	before := store.times.Load()
	for i := range 200 {
		a := c.As(fmt.Sprintf("%032d", i), "x").List("")
		if a.Status == 401 {
			continue
		}
		if fault := a.Fault(t, 429); fault.Code != 1429 || a.Header.Get("Retry-After") == "" {
			t.Errorf("got %+v, %v", fault, a.Header)
		}
		refused++
	}
	if got := store.times.Load() - before; refused == 0 || got != int64(200-refused) {
		t.Errorf("%d of 200 were refused, and the store was asked %d times", refused, got)
	}
	c.List("").Page(t)
	c.As("old", "key").List("").Fault(t, 401)
	c.As(c.Key, "wrong").List("")
	c.List("").Page(t)
}

// TestGuessedKeysAtOnce: 100 guesses at once ask the store no more often than the
// limit says, and 100 programs that begin at once with good keys all get in.
func TestGuessedKeysAtOnce(t *testing.T) {
	t.Parallel()
	for _, good := range []bool{false, true} {
		store := &asked{arrived: make(chan struct{}, 200), release: make(chan struct{})}
		s := servertest.Start(t, servertest.Options{Accounts: func(real account.Store) account.Store { store.Store = real; return store }})
		c := s.Account("demo")
		clients := make([]*servertest.Client, 100)
		for i := range clients {
			clients[i] = c.As(fmt.Sprintf("%032d", i), "x")
			if good {
				key, token, err := s.Directory.CreateKey(t.Context(), "demo", account.KeyDraft{})
				if err != nil {
					t.Fatal(err)
				}
				clients[i] = c.As(key.ID, token)
			}
		}
		var served, unknown, refused atomic.Int64
		var all sync.WaitGroup
		for _, client := range clients {
			all.Go(func() {
				a, err := client.Try("GET", c.Path("/contacts"), nil)
				switch {
				case err != nil:
					t.Error(err)
				case a.Status == 200:
					served.Add(1)
				case a.Status == 401:
					unknown.Add(1)
				case a.Status == 429:
					refused.Add(1)
				}
			})
		}
		for range 60 {
			<-store.arrived
		}
		close(store.release)
		all.Wait()
		if good && served.Load() != 100 {
			t.Errorf("of 100 good keys %d were let in", served.Load())
		}
		if !good && (unknown.Load() != store.times.Load() || refused.Load() == 0 || unknown.Load()+refused.Load() != 100) {
			t.Errorf("the store was asked %d times, %d were told that the key is wrong, %d refused",
				store.times.Load(), unknown.Load(), refused.Load())
		}
	}
}
