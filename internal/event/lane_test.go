package event

import (
	"context"
	"testing"
	"time"

	"callbook/internal/clock"
)

// endless is a store with more events of a receiver than anybody holds.
type endless struct{ Store }

// Due implements [Store].
func (endless) Due(_ context.Context, _ Receiver, _ time.Time, known []int64, limit int) ([]Pending, error) {
	due := make([]Pending, limit)
	for i := range due {
		n := len(known) + i
		due[i] = Pending{ID: int64(n + 1), Position: n, Body: make([]byte, 5000)}
	}
	return due, nil
}

// TestWindowBytes: however large events are, a lane holds about as many bytes as it may.
func TestWindowBytes(t *testing.T) {
	t.Parallel()
	l := &lane{
		d: &Deliverer{store: endless{}, opts: Options{Clock: clock.System}}, window: firstWindow,
		known: make(map[int64]bool), chains: make(map[target]*chain),
	}
	for l.bytes < windowBytes {
		if more, err := l.load(t.Context()); !more || err != nil {
			t.Fatal(more, err)
		}
	}
	if most := windowBytes + 5000; l.bytes > most || len(l.known) != l.bytes/5000 {
		t.Errorf("%d bytes are held, of %d events", l.bytes, len(l.known))
	}
}
