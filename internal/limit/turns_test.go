package limit

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"callbook/internal/account"
)

// TestTurns: an account that is active alone never waits; beside another, heavy
// work takes turns.
func TestTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := &Turns{pool: New(1, Options{})}
		begin := func(ctx context.Context, account account.ID) (*Turn, chan error) {
			turn, begun := turns.For(account), make(chan error, 1)
			go func() { begun <- turn.Begin(ctx) }()
			synctest.Wait()
			return turn, begun
		}
		turns.Note(1)
		for range 3 {
			if turn, begun := begin(t.Context(), 1); len(begun) == 0 || <-begun != nil || turn.End() {
				t.Fatal("an account that is active alone takes turns")
			}
		}
		turns.Note(2)
		first, begun := begin(t.Context(), 1)
		if len(begun) == 0 || <-begun != nil {
			t.Fatal("the first turn did not begin")
		}
		second, waits := begin(t.Context(), 2)
		if len(waits) != 0 {
			t.Fatal("two turns at once")
		}
		why := errors.New("the client is gone")
		ctx, cancel := context.WithCancelCause(t.Context())
		_, gone := begin(ctx, 2)
		cancel(why)
		if err := <-gone; !errors.Is(err, why) {
			t.Errorf("a wait that was cancelled ends with %v", err)
		}
		if !first.End() || first.End() {
			t.Error("a turn does not end once")
		}
		if err := <-waits; err != nil || !second.End() {
			t.Errorf("the second turn: %v", err)
		}
		turns.Note(2)
		if _, begun := begin(t.Context(), 1); <-begun != nil {
			t.Fatal("the turn did not begin")
		}
		turns.Note(1)
		if late, begun := begin(t.Context(), 2); <-begun != nil || late.End() {
			t.Error("whoever waits too long does not go on without a turn")
		}
		time.Sleep(activeTime)
		if turn, begun := begin(t.Context(), 1); <-begun != nil || turn.End() {
			t.Error("an account takes turns though the other was active long ago")
		}
	})
}
