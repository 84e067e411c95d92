package upload

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"testing"
	"time"

	"callbook/internal/account"
	"callbook/internal/clock"
)

// trimStore fails to trim one account.
type trimStore struct {
	Store
	fails   account.ID
	trimmed []account.ID
	aged    int // calls of DeleteUploads
}

var errTrim = errors.New("no trimming today")

func (s *trimStore) TrimUploads(_ context.Context, account account.ID, _ Limits, _ int) (Deleted, error) {
	if account == s.fails {
		return Deleted{}, errTrim
	}
	s.trimmed = append(s.trimmed, account)
	return Deleted{}, nil
}

func (s *trimStore) DeleteUploads(context.Context, time.Time, int) (Deleted, error) {
	s.aged++
	return Deleted{}, nil
}

// TestOneAccountFailsToBeTrimmed: the others are trimmed in the same turn, what is
// old goes too, and the one that failed has another turn.
func TestOneAccountFailsToBeTrimmed(t *testing.T) {
	t.Parallel()
	store := &trimStore{fails: 3}
	i := &Importer{
		store: store,
		opts:  Options{Clock: clock.System, Retention: time.Hour, Log: slog.New(slog.NewTextHandler(io.Discard, nil))},
		ended: make(map[account.ID]struct{}),
	}
	want := []account.ID{1, 2, 4, 5, 6, 7, 8}
	for _, account := range append(want, store.fails) {
		i.noteEnded(account)
	}
	if err := i.deleteExpired(t.Context()); !errors.Is(err, errTrim) {
		t.Errorf("got %v, want the error of the account", err)
	}
	slices.Sort(store.trimmed)
	if !slices.Equal(store.trimmed, want) || store.aged != 1 {
		t.Errorf("trimmed %v, want %v, and deleted by age %d times", store.trimmed, want, store.aged)
	}
	store.fails, store.trimmed = 0, nil
	if err := i.deleteExpired(t.Context()); err != nil || !slices.Equal(store.trimmed, []account.ID{3}) || store.aged != 2 {
		t.Errorf("the next time: trimmed %v, deleted by age %d times: %v", store.trimmed, store.aged, err)
	}
}
