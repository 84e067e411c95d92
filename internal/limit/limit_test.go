package limit

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"pgregory.net/rapid"

	"callbook/internal/account"
)

// TestSpare leaves room for others, whatever one account takes.
func TestSpare(t *testing.T) {
	p := New(12, Options{Spare: true})
	take := func(account account.ID) (n int64) {
		for p.TryAcquire(account, 1) {
			n++
		}
		return n
	}
	if n := take(1); n != 6 {
		t.Errorf("the first account got %d of 12, not half", n)
	}
	if n := p.Slack(); n != 6 {
		t.Errorf("%d are left, not half", n)
	}
	if n := take(2); n != 3 {
		t.Errorf("the second account got %d of 6, not half of the rest", n)
	}
	p.Release(1, 3)
	if p.TryAcquire(1, 3) {
		t.Error("an account that holds 3 got 3 more of 6 free")
	}
	if !p.TryAcquire(3, 6) {
		t.Error("an account that holds nothing did not get what is free")
	}
}

// TestSatedWaiter: one who waits because its account holds its share keeps no
// other account out.
func TestSatedWaiter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(12, Options{Spare: true})
		if !p.TryAcquire(1, 6) {
			t.Fatal("half could not be taken")
		}
		got := make(chan error, 1)
		go func() { got <- p.Acquire(t.Context(), 1, 2) }()
		synctest.Wait()
		if !p.TryAcquire(2, 3) {
			t.Error("another account got nothing of what is free")
		}
		if p.TryAcquire(1, 1) {
			t.Error("the account that waits overtook itself")
		}
		if !p.Sated(1, 1) || p.Sated(3, 1) {
			t.Errorf("sated: %t, and the other account %t", p.Sated(1, 1), p.Sated(3, 1))
		}
		p.Release(2, 3)
		p.Release(1, 6)
		if err := <-got; err != nil || p.Free() != 10 {
			t.Errorf("after the release: %v, %d free", err, p.Free())
		}
	})
}

// TestWithoutSpare lets one account take everything.
func TestWithoutSpare(t *testing.T) {
	p := New(4, Options{})
	if !p.TryAcquire(1, 4) {
		t.Fatal("one account alone did not get all")
	}
	if p.TryAcquire(2, 1) {
		t.Fatal("more was taken than there is")
	}
}

// TestMost bounds an account, whatever is free, and whoever of it waits.
func TestMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(12, Options{Most: 4})
		if p.TryAcquire(1, 5) || !p.TryAcquire(1, 3) || p.TryAcquire(1, 2) || !p.TryAcquire(1, 1) {
			t.Errorf("an account holds %d, want 4", p.Held(1))
		}
		if !p.Sated(1, 1) || p.Sated(2, 1) {
			t.Errorf("sated: %t, and the other account %t", p.Sated(1, 1), p.Sated(2, 1))
		}
		if err := p.Acquire(t.Context(), 2, 5); err == nil {
			t.Error("more than an account may hold could be waited for")
		}
		got := make(chan error, 1)
		go func() { got <- p.Acquire(t.Context(), 1, 2) }()
		synctest.Wait()
		if !p.TryAcquire(2, 4) || !p.TryAcquire(3, 4) {
			t.Error("other accounts did not get what is free")
		}
		p.Release(1, 1)
		synctest.Wait()
		if p.Waiting(1) != 1 || p.Held(1) != 3 {
			t.Errorf("the account holds %d, and %d of its callers wait", p.Held(1), p.Waiting(1))
		}
		p.Release(3, 4)
		p.Release(1, 1)
		if err := <-got; err != nil || p.Held(1) != 4 {
			t.Errorf("after the release: %v, the account holds %d", err, p.Held(1))
		}
	})
}

// TestLeastFirst serves the account that holds least, and within an account
// those who came first.
func TestLeastFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(4, Options{})
		if !p.TryAcquire(1, 4) {
			t.Fatal("nothing could be taken")
		}
		order := make(chan string, 4)
		wait := func(name string, account account.ID) {
			go func() {
				if err := p.Acquire(t.Context(), account, 1); err != nil {
					t.Error(err)
				}
				order <- name
			}()
			synctest.Wait()
		}
		wait("1a", 1)
		wait("1b", 1)
		wait("2a", 2)
		wait("2b", 2)
		for i, want := range []string{"2a", "2b", "1a", "1b"} {
			p.Release(1, 1)
			if got := <-order; got != want {
				t.Fatalf("place %d went to %s, not to %s", i, got, want)
			}
		}
	})
}

// TestLargeIsNotOvertaken keeps small requests from starving a large one.
func TestLargeIsNotOvertaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(4, Options{})
		if !p.TryAcquire(1, 3) {
			t.Fatal("nothing could be taken")
		}
		got := make(chan error, 1)
		go func() { got <- p.Acquire(t.Context(), 2, 4) }()
		synctest.Wait()
		if p.TryAcquire(3, 1) || p.Slack() != 0 {
			t.Fatal("a small request overtook a large one")
		}
		p.Release(1, 3)
		if err := <-got; err != nil {
			t.Fatal(err)
		}
	})
}

func TestAcquireEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		busy, gone := errors.New("busy"), errors.New("gone")
		p := New(1, Options{MaxWaiting: 1, Busy: busy})
		if !p.TryAcquire(1, 1) {
			t.Fatal("nothing could be taken")
		}
		if err := p.Acquire(t.Context(), 1, 2); err == nil {
			t.Error("more than there is could be waited for")
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		got := make(chan error, 1)
		go func() { got <- p.Acquire(ctx, 1, 1) }()
		synctest.Wait()
		if p.Waiting(1) != 1 || p.Waiting(2) != 0 {
			t.Errorf("%d callers of the account wait, %d of another", p.Waiting(1), p.Waiting(2))
		}
		if err := p.Acquire(t.Context(), 1, 1); err != busy {
			t.Errorf("one too many: %v", err)
		}
		cancel(gone)
		if err := <-got; err != gone {
			t.Errorf("after its context ended: %v", err)
		}
		p.Release(1, 1)
		if len(p.accounts) != 0 || p.waiting != 0 || p.free != 1 {
			t.Errorf("%d accounts, %d waiting, %d free at the end", len(p.accounts), p.waiting, p.free)
		}
	})
}

// TestPoolAddsUp takes and gives back at random: no more is held than there is,
// and nobody waits who could be served.
func TestPoolAddsUp(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		const capacity = 10
		most := rapid.Int64Range(1, capacity).Draw(rt, "most")
		p := New(capacity, Options{Spare: rapid.Bool().Draw(rt, "spare"), Most: most})
		type caller struct {
			account account.ID
			n       int64
			w       *waiter
		}
		var holders, waiting []caller
		settle := func() {
			for i := 0; i < len(waiting); {
				select {
				case <-waiting[i].w.granted:
					holders = append(holders, waiting[i])
					waiting = append(waiting[:i], waiting[i+1:]...)
				default:
					i++
				}
			}
			var held int64
			for _, c := range holders {
				held += c.n
			}
			if held+p.free != capacity || p.free < 0 || p.waiting != len(waiting) {
				rt.Fatalf("%d held, %d free of %d; %d wait, %d are counted", held, p.free, capacity, len(waiting), p.waiting)
			}
			for account, h := range p.accounts {
				if h.held > most {
					rt.Fatalf("account %d holds %d, more than %d", account, h.held, most)
				}
			}
			if len(holders) == 0 && len(waiting) > 0 {
				rt.Fatalf("nobody holds anything, and %d wait", len(waiting))
			}
		}
		for range rapid.IntRange(1, 60).Draw(rt, "steps") {
			if len(holders) > 0 && rapid.Bool().Draw(rt, "release") {
				i := rapid.IntRange(0, len(holders)-1).Draw(rt, "which")
				p.Release(holders[i].account, holders[i].n)
				holders = append(holders[:i], holders[i+1:]...)
			} else {
				c := caller{account: account.ID(rapid.Int64Range(1, 3).Draw(rt, "account")), n: rapid.Int64Range(1, most).Draw(rt, "n")}
				var err error
				if c.w, err = p.enqueue(c.account, c.n); err != nil {
					rt.Fatal(err)
				}
				if c.w == nil {
					holders = append(holders, c)
				} else {
					waiting = append(waiting, c)
				}
			}
			settle()
		}
		for len(holders) > 0 {
			p.Release(holders[0].account, holders[0].n)
			holders = holders[1:]
			settle()
		}
		if len(waiting) > 0 || len(p.accounts) > 0 {
			rt.Fatalf("%d wait, %d accounts are known at the end", len(waiting), len(p.accounts))
		}
	})
}
