package dbcopy_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"

	"callbook/internal/dbcopy"
)

// TestCopy copies from each engine to each, and on from there to another of the
// first: what comes out at the end is what the first had.
func TestCopy(t *testing.T) {
	t.Parallel()
	eachPair(t, func(t *testing.T, source, target string) {
		w := furnish(t, source)
		var summaries []dbcopy.Summary
		var last [2]int64
		err := copyAll(t.Context(), source, target, dbcopy.Options{
			Compared: func(s dbcopy.Summary) { summaries = append(summaries, s) },
			Progress: func(_ dbcopy.Phase, done, total int64) { last = [2]int64{done, total} },
			Resumed:  func(int64, int64) { t.Error("it went on with something") },
		}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if len(summaries) != 3 || summaries[0].Account != "Other_2" || summaries[1].Account != "acme" || summaries[2].Account != "empty" {
			t.Fatalf("compared %+v", summaries)
		}
		if s := summaries[1]; s.Contacts == 0 || s.Lists == 0 || s.Members == 0 || s.Uploads != 4 {
			t.Errorf("got %+v", s)
		}
		if last[0] != last[1] || last[0] == 0 {
			t.Errorf("the progress ended at %d of %d", last[0], last[1])
		}
		// Once more, it is only compared.
		if err := copyAll(t.Context(), source, target, dbcopy.Options{}, nil); err != nil {
			t.Errorf("once more: %v", err)
		}
		w.check(t, target)
		err = copyAll(t.Context(), source, target, dbcopy.Options{}, nil)
		if _, ok := errors.AsType[*dbcopy.Mismatch](err); !ok {
			t.Errorf("after a server has changed it: got %v", err)
		}
		w.checkServed(t, target)
	})
}

// stopping stands before a target and stops the copy at its write number n.
type stopping struct {
	dbcopy.Store
	n     int
	after bool // once it is committed
	stop  func()
}

func (s *stopping) Write(ctx context.Context, parts []dbcopy.Part, from, to dbcopy.State) error {
	s.n--
	if s.n > 0 {
		return s.Store.Write(ctx, parts, from, to)
	}
	if s.after {
		if err := s.Store.Write(ctx, parts, from, to); err != nil {
			return err
		}
	}
	s.stop()
	return ctx.Err()
}

// TestResume stops a copy again and again.
func TestResume(t *testing.T) {
	t.Parallel()
	eachPair(t, func(t *testing.T, source, target string) {
		w := furnish(t, source)
		r := rand.New(rand.NewPCG(1, 2))
		stops, resumed := 0, 0
		for {
			ctx, cancel := context.WithCancel(t.Context())
			err := copyAll(ctx, source, target, dbcopy.Options{
				BatchRows: 1 + r.IntN(20),
				Resumed:   func(int64, int64) { resumed++ },
			}, func(db dbcopy.Database) dbcopy.Database {
				db.Store = &stopping{Store: db.Store, n: 1 + r.IntN(10), after: r.IntN(2) == 0, stop: cancel}
				return db
			})
			cancel()
			if err == nil {
				break
			}
			if !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
			if stops++; stops > 200 {
				t.Fatal("it comes to no end")
			}
		}
		if stops < 3 || resumed != stops {
			t.Errorf("it was stopped %d times and went on %d times", stops, resumed)
		}
		w.check(t, target)
	})
}
