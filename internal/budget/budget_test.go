package budget

import (
	"errors"
	"testing"
	"testing/synctest"

	"callbook/internal/account"
)

// admitted returns a share of an account that has its place.
func admitted(t *testing.T, b *Budget, account account.ID) *Share {
	t.Helper()
	_, s := b.Begin(t.Context())
	if err := s.Admit(account); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestShare counts what a request uses, and gives all of it back.
func TestShare(t *testing.T) {
	b := New(1<<20, 8)
	s := admitted(t, b, 1)
	if err := s.Claim(Free); err != nil {
		t.Fatal(err)
	}
	if memory, requests := b.InUse(); memory != 0 || requests != 1 {
		t.Errorf("a small request holds %d bytes and %d places", memory, requests)
	}
	if err := s.Take(t.Context(), 100<<10); err != nil {
		t.Fatal(err)
	}
	before := s.Used()
	if err := s.Take(t.Context(), 200<<10); err != nil {
		t.Fatal(err)
	}
	if memory, _ := b.InUse(); memory < 300<<10 || memory > 400<<10 {
		t.Errorf("%d bytes are held", memory)
	}
	s.Give(before)
	if memory, _ := b.InUse(); memory < 100<<10 || memory > 200<<10 {
		t.Errorf("%d bytes are held after a part was given back", memory)
	}
	s.End()
	if memory, requests := b.InUse(); memory != 0 || requests != 0 {
		t.Errorf("%d bytes and %d places are held at the end", memory, requests)
	}
	if err := s.Claim(1 << 20); !errors.Is(err, ErrFull) {
		t.Errorf("a claim after the end: %v", err)
	}
	var none *Share
	if err := errors.Join(none.Admit(1), none.Take(t.Context(), 1<<40), none.Claim(1<<40)); err != nil {
		t.Errorf("without a budget: %v", err)
	}
}

// TestRefused tells an account whether it is its own doing.
func TestRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(1<<20, 4)
		greedy := admitted(t, b, 1)
		defer greedy.End()
		for greedy.Claim(64<<10) == nil {
		}
		if used := greedy.Used(); used < 400<<10 || used > 600<<10 {
			t.Errorf("one account alone uses %d bytes of 1 MiB", used)
		}
		if err := greedy.Claim(64 << 10); !errors.Is(err, ErrShare) {
			t.Errorf("a claim of more: %v", err)
		}
		if err := greedy.Take(t.Context(), 64<<10); !errors.Is(err, ErrShare) {
			t.Errorf("taking more: %v", err)
		}
		// Who waits for its own share keeps nobody out.
		waits := make(chan error)
		go func() { waits <- greedy.Take(t.Context(), 256<<10) }()
		synctest.Wait()
		other := admitted(t, b, 2)
		defer other.End()
		if err := other.Claim(300 << 10); err != nil {
			t.Errorf("another account: %v", err)
		}
		third := admitted(t, b, 3)
		defer third.End()
		if err := third.Claim(500 << 10); !errors.Is(err, ErrFull) {
			t.Errorf("a third account, with little left: %v", err)
		}
		if err := <-waits; !errors.Is(err, ErrShare) {
			t.Errorf("after waiting: %v", err)
		}
	})
}

// TestPlaces keeps some requests in flight for others.
func TestPlaces(t *testing.T) {
	b := New(1<<20, 4)
	for range 2 {
		defer admitted(t, b, 1).End()
	}
	_, one := b.Begin(t.Context())
	if err := one.Admit(1); !errors.Is(err, ErrPlaces) {
		t.Errorf("the third of an account: %v", err)
	}
	defer admitted(t, b, 2).End()
	defer admitted(t, b, 3).End()
	_, last := b.Begin(t.Context())
	if err := last.Admit(4); !errors.Is(err, ErrCrowded) {
		t.Errorf("one too many: %v", err)
	}
	_, stranger := b.Begin(t.Context())
	if err := stranger.Claim(2 * Free); err == nil {
		t.Error("nobody known got memory")
	}
}
