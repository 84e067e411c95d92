package summary

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/clock"
	"callbook/internal/clock/clocktest"
	"callbook/internal/phone"
)

// facts is a Store of facts whose sids count up from 1. Its scans, and how often
// they are begun, can be watched.
type facts struct {
	all    []Fact
	begun  atomic.Int32
	before func() error // each read
}

func (f *facts) AppendFacts(_ context.Context, got []Fact, _ account.ID, after addressbook.SID, limit int) ([]Fact, error) {
	if after == (addressbook.SID{}) {
		f.begun.Add(1)
	}
	if f.before != nil {
		if err := f.before(); err != nil {
			return got, err
		}
	}
	from := int(binary.BigEndian.Uint64(after[8:]))
	return append(got, f.all[from:min(from+limit, len(f.all))]...), nil
}

func newFacts(n int, make func(i int) Fact) *facts {
	f := &facts{}
	for i := range n {
		one := make(i)
		binary.BigEndian.PutUint64(one.SID[8:], uint64(i+1))
		f.all = append(f.all, one)
	}
	return f
}

var acct = account.Account{ID: 1, SID: "demo", TimeZone: time.FixedZone("", 19800)}

func TestCount(t *testing.T) {
	t.Parallel()
	day := time.Date(2026, 1, 1, 18, 0, 0, 0, time.UTC)
	store := newFacts(2*factsAtOnce, func(i int) Fact {
		f := Fact{Number: 919876543210, Created: day.Add(time.Duration(i) * time.Second)}
		if i%2 == 0 {
			f.Number, f.Tag = 14155550123, fmt.Sprint("tag ", i%40)
		}
		return f
	})
	got, err := count(t.Context(), store, acct)
	if err != nil {
		t.Fatal(err)
	}
	var tags []Share[string]
	for _, i := range []int{0, 10, 12, 14, 16, 18, 2, 20, 22, 24, 26, 28, 30, 32, 34, 36, 38, 4, 6, 8} {
		tags = append(tags, Share[string]{fmt.Sprint("tag ", i), 500})
	}
	want := Summary{
		Contacts: 20000,
		Days:     []Day{{time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), 1800}, {time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC), 18200}},
		Regions:  []Share[string]{{"IN", 10000}, {"US", 10000}},
		Lines:    []Share[phone.Line]{{phone.Mobile, 10000}, {phone.FixedOrMobile, 10000}},
		Tags:     tags,
		Untagged: 10000,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("summary (-want +got):\n%s", diff)
	}
}

// TestDayWithoutMidnight: in Chile, clocks went from 24:00 on 6 September 2025 to
// 1:00 on the 7th.
func TestDayWithoutMidnight(t *testing.T) {
	t.Parallel()
	santiago, err := time.LoadLocation("America/Santiago")
	if err != nil {
		t.Fatal(err)
	}
	evening := time.Date(2025, 9, 6, 22, 30, 0, 0, santiago)
	store := newFacts(12, func(i int) Fact {
		return Fact{Number: 56221234567, Created: evening.Add(time.Duration(i) * 10 * time.Minute)}
	})
	got, err := count(t.Context(), store, account.Account{ID: 1, SID: "demo", TimeZone: santiago})
	if err != nil {
		t.Fatal(err)
	}
	want := []Day{{time.Date(2025, 9, 6, 0, 0, 0, 0, time.UTC), 9}, {time.Date(2025, 9, 7, 0, 0, 0, 0, time.UTC), 3}}
	if diff := cmp.Diff(want, got.Days); diff != "" {
		t.Errorf("days (-want +got):\n%s", diff)
	}
}

// TestManyTags: as many tags as contacts take a bounded memory.
func TestManyTags(t *testing.T) {
	t.Parallel()
	store := newFacts(maxCounted+500, func(i int) Fact { return Fact{Number: 919876543210, Tag: fmt.Sprint(i)} })
	got, err := count(t.Context(), store, acct)
	if err != nil || len(got.Tags) != maxTags || got.OtherTags != maxCounted+500-maxTags {
		t.Errorf("got %d tags and %d others, %v", len(got.Tags), got.OtherTags, err)
	}
}

func TestKeeper(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	store := newFacts(1000, func(int) Fact { return Fact{Number: 919876543210, Created: now} })
	k := NewKeeper(store, clocktest.Func(func() time.Time { return now }))
	ask := func(contacts int, wantBegun int32) {
		t.Helper()
		if _, err := k.Summary(t.Context(), acct, contacts); err != nil {
			t.Fatal(err)
		}
		if begun := store.begun.Load(); begun != wantBegun {
			t.Errorf("%d scans were begun, want %d", begun, wantBegun)
		}
	}
	ask(1000, 1)
	ask(2000, 1) // too young to be made anew
	now = now.Add(minLifetime)
	ask(1010, 1)
	ask(1011, 2)
	now = now.Add(lifetime)
	ask(1000, 3)
}

// TestKeeperOnce: whoever asks at once waits for one scan.
func TestKeeperOnce(t *testing.T) {
	t.Parallel()
	scanning, gate := make(chan struct{}, 10), make(chan struct{})
	store := newFacts(10, func(int) Fact { return Fact{Number: 919876543210} })
	store.before = func() error { scanning <- struct{}{}; <-gate; return nil }
	k := NewKeeper(store, clock.System)
	var asking sync.WaitGroup
	for range 5 {
		asking.Go(func() {
			if s, err := k.Summary(t.Context(), acct, 10); err != nil || s.Contacts != 10 {
				t.Errorf("got %+v, %v", s, err)
			}
		})
	}
	<-scanning
	// One who gives up does not wait for the others.
	ctx, cancel := context.WithCancel(t.Context())
	gaveUp := make(chan error, 1)
	go func() {
		_, err := k.Summary(ctx, account.Account{ID: 2, TimeZone: time.UTC}, 10)
		gaveUp <- err
	}()
	cancel()
	select {
	case err := <-gaveUp:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("the error is %v", err)
		}
	case <-time.After(2 * time.Minute):
		t.Error("it waits for the scan")
	}
	close(gate)
	asking.Wait()
	if begun := store.begun.Load(); begun != 1 {
		t.Errorf("%d scans were begun", begun)
	}
}

// TestKeeperFails: what went wrong is not kept.
func TestKeeperFails(t *testing.T) {
	t.Parallel()
	store := newFacts(10, func(int) Fact { return Fact{Number: 919876543210} })
	store.before = func() error { return errors.New("away") }
	k := NewKeeper(store, clock.System)
	if _, err := k.Summary(t.Context(), acct, 10); err == nil {
		t.Error("no error came")
	}
	store.before = nil
	if s, err := k.Summary(t.Context(), acct, 10); err != nil || s.Contacts != 10 {
		t.Errorf("got %+v, %v", s, err)
	}
}

// stuck is a Store that answers each read with the same facts, as a damaged
// table does.
type stuck struct{}

func (stuck) AppendFacts(_ context.Context, got []Fact, _ account.ID, _ addressbook.SID, limit int) ([]Fact, error) {
	for range limit {
		got = append(got, Fact{SID: addressbook.SID{1}})
	}
	return got, nil
}

func TestCountAdvances(t *testing.T) {
	t.Parallel()
	_, err := count(t.Context(), stuck{}, account.Account{TimeZone: time.UTC})
	if !errors.Is(err, addressbook.ErrNoAdvance) {
		t.Errorf("the error is %v", err)
	}
}
