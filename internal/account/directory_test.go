package account

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"callbook/internal/clock/clocktest"
	"callbook/internal/fault"
)

// fakeStore has a key for every id that begins with "key", all with the token
// "token", and fails when it is told to.
type fakeStore struct {
	Store // nil: what else is called is a mistake

	asked     int   // how often for credentials
	readErr   error // what Credentials fails with
	writeErr  error // what KeysUsed fails with
	duringUse func()
	written   []map[string]time.Time
}

func (s *fakeStore) Credentials(_ context.Context, id string) (Credentials, error) {
	s.asked++
	if s.readErr != nil {
		return Credentials{}, s.readErr
	}
	if !strings.HasPrefix(id, "key") {
		return Credentials{}, fault.New(fault.NotFound, "there is no such API key")
	}
	return Credentials{Account: Account{ID: 1}, Key: Key{ID: id}, Hash: hashToken("token")}, nil
}

func (s *fakeStore) KeysUsed(_ context.Context, last map[string]time.Time) error {
	if s.duringUse != nil {
		s.duringUse()
	}
	if s.writeErr != nil {
		return s.writeErr
	}
	s.written = append(s.written, maps.Clone(last))
	return nil
}

var errStore = errors.New("the store is gone")

// newFake returns a directory whose clock is now.
func newFake(now *time.Time) (*Directory, *fakeStore) {
	store := new(fakeStore)
	return NewDirectory(store, clocktest.Func(func() time.Time { return *now })), store
}

func authenticate(t *testing.T, d *Directory, id string) {
	t.Helper()
	if _, err := d.Authenticate(t.Context(), id, "token"); err != nil {
		t.Fatalf("key %s: %v", id, err)
	}
}

// TestKnownKeys checks how often the store is asked.
func TestKnownKeys(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_753_000_000, 0)
	d, store := newFake(&now)
	asked := func(want int) {
		t.Helper()
		if store.asked != want {
			t.Errorf("the store was asked %d times, want %d", store.asked, want)
		}
	}
	authenticate(t, d, "key")
	now = now.Add(knownFor - 1)
	authenticate(t, d, "key")
	asked(1)
	now = now.Add(1)
	authenticate(t, d, "key")
	authenticate(t, d, "key")
	asked(2)
	// What is not there may be there the next moment.
	for range 2 {
		if _, err := d.Authenticate(t.Context(), "nobody", "token"); err == nil {
			t.Error("a key that is not there was accepted")
		}
	}
	asked(4)
}

// TestKnownKeysAreBounded tries more keys than are remembered, and many that
// are not there at all.
func TestKnownKeysAreBounded(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_753_000_000, 0)
	d, _ := newFake(&now)
	for i := range 2*maxKnown + 10 {
		authenticate(t, d, fmt.Sprintf("key%d", i))
		if len(d.known) > maxKnown {
			t.Fatalf("%d keys are remembered", len(d.known))
		}
	}
	known, used := len(d.known), len(d.used)
	for i := range 1000 {
		if _, err := d.Authenticate(t.Context(), fmt.Sprintf("nobody%d", i), "token"); err == nil {
			t.Fatal("a key that is not there was accepted")
		}
		if _, err := d.Authenticate(t.Context(), "key0", "wrong"); err == nil {
			t.Fatal("a wrong token was accepted")
		}
	}
	if len(d.known) > known+1 || len(d.used) != used {
		t.Errorf("strangers take memory: %d keys are known, %d used", len(d.known), len(d.used))
	}
}

// TestStoreFails checks that trouble with the store is no wrong password.
func TestStoreFails(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_753_000_000, 0)
	d, store := newFake(&now)
	authenticate(t, d, "key")
	store.readErr = errStore
	authenticate(t, d, "key") // from memory
	now = now.Add(time.Second)
	_, err := d.Authenticate(t.Context(), "key", "token")
	if !errors.Is(err, errStore) || fault.As(err) != nil {
		t.Errorf("the error is %v, want that of the store", err)
	}
	store.readErr = nil
	authenticate(t, d, "key")
}

func TestFlushUsed(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_753_000_000, 0)
	d, store := newFake(&now)
	flush := func() {
		t.Helper()
		if err := d.FlushUsed(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	wrote := func(n int, want map[string]time.Time) {
		t.Helper()
		if len(store.written) != n {
			t.Fatalf("the store was written %d times, want %d", len(store.written), n)
		}
		if got := store.written[n-1]; !maps.Equal(got, want) {
			t.Errorf("written was %v, want %v", got, want)
		}
	}
	flush() // nothing
	first := now
	authenticate(t, d, "key1")
	now = now.Add(time.Minute)
	second := now
	authenticate(t, d, "key2")
	flush()
	wrote(1, map[string]time.Time{"key1": first, "key2": second})
	flush() // nothing new
	wrote(1, map[string]time.Time{"key1": first, "key2": second})

	// What cannot be written is kept, but not when it is known better since.
	authenticate(t, d, "key1")
	authenticate(t, d, "key2")
	store.writeErr = errStore
	now = now.Add(time.Minute)
	third := now
	store.duringUse = func() { authenticate(t, d, "key1") }
	for range 2 {
		if err := d.FlushUsed(t.Context()); !errors.Is(err, errStore) {
			t.Errorf("the error is %v, want that of the store", err)
		}
	}
	store.duringUse, store.writeErr = nil, nil
	flush()
	wrote(2, map[string]time.Time{"key1": third, "key2": second})
}
