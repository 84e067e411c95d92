package sqlite

import (
	"context"
	"errors"
	"hash/maphash"
	"maps"
	"math/rand/v2"
	"sync"
	"testing"

	"pgregory.net/rapid"
	"zombiezen.com/go/sqlite"

	"callbook/internal/addressbook"
	"callbook/internal/phone"
	"callbook/internal/store/storetest"
)

// TestNumberIndexModel compares the index with a map, through any sequence of
// additions and removals.
func TestNumberIndexModel(t *testing.T) {
	t.Parallel()
	// One seed for all checks: else a failure could not be made smaller.
	seed := maphash.MakeSeed()
	anywhere := make([]phone.Number, 2000)
	for i := range anywhere {
		anywhere[i] = phone.Number(919800000000 + i)
	}
	for name, numbers := range map[string][]phone.Number{
		"numbers":                  anywhere,
		"numbers of one segment":   colliding(seed, 300, func(h uint64) bool { return h>>(64-segmentBits) == 5 }),
		"numbers of one place":     colliding(seed, 24, func(h uint64) bool { return h>>(64-segmentBits-8) == 5<<8|0x80 }),
		"numbers of the last ones": colliding(seed, 24, func(h uint64) bool { return h>>(64-segmentBits-8) == 5<<8|0xff }),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) { numberIndexModel(t, seed, numbers) })
		})
	}
}

// colliding returns n numbers whose hashes are as wanted.
func colliding(seed maphash.Seed, n int, wanted func(hash uint64) bool) []phone.Number {
	x := &numberIndex{seed: seed}
	var found []phone.Number
	for number := phone.Number(919800000000); len(found) < n; number++ {
		if wanted(x.hash(number)) {
			found = append(found, number)
		}
	}
	return found
}

func numberIndexModel(t *rapid.T, seed maphash.Seed, numbers []phone.Number) {
	x := newNumberIndex(rapid.SampledFrom([]int{0, 1, 1000, 10_000}).Draw(t, "expected"))
	x.seed = seed
	model := make(map[phone.Number]uint64)
	prefix := uint64(0)
	add := func(n phone.Number) {
		prefix++
		existing, added := x.add(n, prefix)
		before, there := model[n]
		if added == there || existing != before {
			t.Fatalf("add %d: got %d, %t; it was there: %t, with %d", n, existing, added, there, before)
		}
		if !there {
			model[n] = prefix
		}
	}
	remove := func(n phone.Number) {
		x.remove(n)
		delete(model, n)
	}
	// Runs of neighbours make the table dense, and then thin.
	run := func(t *rapid.T) []phone.Number {
		from := rapid.IntRange(0, len(numbers)-1).Draw(t, "from")
		count := rapid.IntRange(1, len(numbers)).Draw(t, "count")
		return numbers[from:min(from+count, len(numbers))]
	}
	t.Repeat(map[string]func(*rapid.T){
		"add":    func(t *rapid.T) { add(rapid.SampledFrom(numbers).Draw(t, "number")) },
		"remove": func(t *rapid.T) { remove(rapid.SampledFrom(numbers).Draw(t, "number")) },
		"add many": func(t *rapid.T) {
			for _, n := range run(t) {
				add(n)
			}
		},
		"remove many": func(t *rapid.T) {
			for _, n := range run(t) {
				remove(n)
			}
		},
		"": func(t *rapid.T) {
			if err := checkIndex(x, model); err != "" {
				t.Fatal(err)
			}
		},
	})
}

// checkIndex tells what of the index is not as in the model, or "".
func checkIndex(x *numberIndex, model map[phone.Number]uint64) string {
	if x.len != len(model) {
		return "the length is wrong"
	}
	held := make(map[phone.Number]uint64)
	for i := range x.segments {
		s := &x.segments[i]
		count := 0
		for at, e := range s.entries {
			if e.number == 0 {
				if e.sidPrefix != 0 {
					return "a free place is not empty"
				}
				continue
			}
			count++
			held[e.number] = e.sidPrefix
			if got, found := s.find(x.hash(e.number), e.number); !found || got != at {
				return "an entry is not found where it is"
			}
		}
		if count != s.len {
			return "a segment's length is wrong"
		}
		if s.len*4 > len(s.entries)*maxLoadQuarters {
			return "a segment is too full"
		}
	}
	if !maps.Equal(held, model) {
		return "the entries are wrong"
	}
	return ""
}

func TestNumberIndexGrows(t *testing.T) {
	t.Parallel()
	const n = 400_000
	const fewest, most = 64.0 / 3, 32 // bytes a number: 3/4 full, and 1/2 full
	x := newNumberIndex(0)
	for i := 1; i <= n; i++ {
		if _, added := x.add(phone.Number(919800000000+i), uint64(i)); !added {
			t.Fatalf("number %d is said to be there", i)
		}
		if i >= 100_000 && i%1000 == 0 {
			if each := float64(x.bytes) / float64(i); each < fewest || each > most {
				t.Fatalf("%.1f bytes a number at %d numbers, want %.1f to %d", each, i, fewest, most)
			}
		}
	}
	for i := 1; i <= n; i++ {
		if at, added := x.add(phone.Number(919800000000+i), 0); added || at != uint64(i) {
			t.Fatalf("number %d: got %d, %t", i, at, added)
		}
	}
	// An index that is built from the table knows how many there will be.
	for _, n := range []int{100_000, 123_456, 300_000} {
		x := newNumberIndex(n)
		for i := range n {
			x.add(phone.Number(919800000000+i), uint64(i))
		}
		if each := float64(x.bytes) / float64(n); each < fewest || each > most {
			t.Errorf("%.1f bytes a number when %d were expected, want %.1f to %d", each, n, fewest, most)
		}
	}
}

func TestNumberIndexEmptied(t *testing.T) {
	t.Parallel()
	x := newNumberIndex(0)
	x.remove(1) // nothing is there, not even a segment
	const n = 20_000
	order := rand.New(rand.NewPCG(1, 2)).Perm(n)
	for round := range 3 {
		for _, i := range order {
			x.add(phone.Number(1+i), uint64(i))
		}
		for k, i := range order {
			x.remove(phone.Number(1 + i))
			x.remove(phone.Number(1 + i)) // again is no matter
			if k%5000 != 0 {
				continue
			}
			for _, i := range order[k+1:] {
				if at, added := x.add(phone.Number(1+i), 1<<40); added || at != uint64(i) {
					t.Fatalf("round %d: number %d was lost with another", round, 1+i)
				}
			}
		}
		if err := checkIndex(x, nil); err != "" {
			t.Fatalf("round %d: %s", round, err)
		}
	}
}

// TestFindWhileTheWriterIsBusy looks numbers up while the writer is within a
// transaction, and waits for it only when a removal is not committed.
func TestFindWhileTheWriterIsBusy(t *testing.T) {
	t.Parallel()
	s := serve(t, Options{})
	acme := s.account(t, "acme").ID
	all := contacts(firstNumber, 10)
	s.insert(t, acme, all, len(all))
	find := func(ctx context.Context, n phone.Number) bool {
		t.Helper()
		sidPrefix, found, err := s.book.find(ctx, acme, n)
		if err != nil {
			t.Fatal(err)
		}
		if found && sidPrefix != all[n-firstNumber].SID.Prefix() {
			t.Errorf("number %v is another contact's", n)
		}
		return found
	}
	held, let := make(chan struct{}), make(chan struct{})
	release := sync.OnceFunc(func() { close(let) })
	t.Cleanup(release)
	j := newJob(t.Context(), func(*sqlite.Conn) (int, error) {
		close(held)
		<-let
		return 0, nil
	})
	s.submit(t, j)
	<-held
	if !find(t.Context(), firstNumber) || find(t.Context(), firstNumber+10) {
		t.Error("the index does not tell what is stored")
	}
	deleted := make(chan error, 1)
	go func() {
		deleted <- s.book.DeleteContacts(t.Context(), acme, storetest.NewDeletion(), []addressbook.SID{all[0].SID}, nil)
	}()
	s.queued(t, 1)
	release()
	if err := errors.Join(<-j.outcome, <-deleted); err != nil {
		t.Fatal(err)
	}
	if find(t.Context(), firstNumber) || !find(t.Context(), firstNumber+1) {
		t.Error("the index does not tell what is stored after a deletion")
	}

	// A removal that is not committed: nobody but the writer can tell.
	x := s.book.indexes.loaded(acme)
	s.onWriter(t, func(*sqlite.Conn) error {
		x.remove(firstNumber + 1)
		if _, _, known := s.book.indexes.peek(acme, firstNumber+1); known {
			t.Error("a removal that is not committed counts")
		}
		x.add(firstNumber+1, all[1].SID.Prefix())
		return nil
	})
	if _, found, known := s.book.indexes.peek(acme, firstNumber+1); !found || !known {
		t.Error("after the commit the index does not tell")
	}
}
