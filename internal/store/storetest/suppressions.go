package storetest

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"callbook/internal/budget"
	"callbook/internal/phone"
	"callbook/internal/suppression"
)

// Suppressions runs the contract of [suppression.Store]. Open gives each test a database
// of its own, as for [AddressBook].
func Suppressions(t *testing.T, open func(t *testing.T) Stores) {
	run(t, func(t *testing.T) *fixture { return newFixture(t, open(t)) }, []test[*fixture]{
		{"add and remove", addAndRemoveSuppressions},
		{"pages", suppressionPages},
		{"memory", memoryOfSuppressions},
	})
}

// suppressions returns n of them, each a second after the one before.
func suppressions(first phone.Number, n int) (all []suppression.Suppression) {
	for i := range n {
		all = append(all, suppression.Suppression{
			Number: first + phone.Number(i), Source: []string{"api", "call"}[i%2], Note: []string{"", "asked \"ü\""}[i%2],
			Created: dialTime.Add(time.Duration(i) * time.Second),
		})
	}
	return all
}

func (f *fixture) addSuppressions(t *testing.T, all ...suppression.Suppression) (added []suppression.Added) {
	t.Helper()
	if err := f.Suppressions.AddSuppressions(t.Context(), f.account, all, Told(&added)); err != nil {
		t.Fatal(err)
	}
	return added
}

func (f *fixture) suppressionPage(t *testing.T, q suppression.Query) suppression.Page {
	t.Helper()
	page, err := f.Suppressions.Suppressions(t.Context(), f.account, q)
	if err != nil {
		t.Fatal(err)
	}
	return page
}

func addAndRemoveSuppressions(t *testing.T, f *fixture) {
	all := suppressions(firstNumber, 3)
	other := newFixture2(t, f, "other")
	same(t, "none", f.addSuppressions(t), []suppression.Added(nil))
	same(t, "first", f.addSuppressions(t, all[0]), []suppression.Added{{Suppression: all[0], New: true}})
	again := all[0]
	again.Note, again.Created = "again", dialTime.Add(time.Hour)
	same(t, "others", f.addSuppressions(t, all[1], again, all[1], all[2]), []suppression.Added{
		{Suppression: all[1], New: true}, {Suppression: all[0]}, {Suppression: all[1]}, {Suppression: all[2], New: true},
	})
	same(t, "another account's", other.addSuppressions(t, again), []suppression.Added{{Suppression: again, New: true}})
	f.reopen()
	same(t, "page", f.suppressionPage(t, suppression.Query{Limit: 10}), suppression.Page{Suppressions: []suppression.Suppression{all[2], all[1], all[0]}, Total: 3})

	var removed []*suppression.Suppression
	err := f.Suppressions.RemoveSuppressions(t.Context(), f.account, []phone.Number{all[0].Number, firstNumber + 9, all[2].Number, all[0].Number}, Told(&removed))
	if err != nil {
		t.Fatal(err)
	}
	same(t, "removed", removed, []*suppression.Suppression{&all[0], nil, &all[2], nil})
	same(t, "page", f.suppressionPage(t, suppression.Query{Limit: 10}), suppression.Page{Suppressions: all[1:2], Total: 1})
	other.Stores = f.Stores
	same(t, "page of another account", other.suppressionPage(t, suppression.Query{Limit: 10}), suppression.Page{Suppressions: []suppression.Suppression{again}, Total: 1})
	same(t, "anew", f.addSuppressions(t, again), []suppression.Added{{Suppression: again, New: true}})
}

func suppressionPages(t *testing.T, f *fixture) {
	all := suppressions(firstNumber, 5)
	all[3].Created = all[2].Created // then the greater number comes first
	f.addSuppressions(t, all...)
	newest := slices.Clone(all)
	slices.Reverse(newest)
	for _, ask := range []struct {
		q     suppression.Query
		total int
		want  []suppression.Suppression
	}{
		{suppression.Query{Limit: 2}, 5, newest[:2]},
		{suppression.Query{Limit: 2, Offset: 1}, 5, newest[1:3]},
		{suppression.Query{Limit: 2, Offset: 4}, 5, newest[4:]},
		{suppression.Query{Limit: 2, Offset: 5}, 5, nil},
		{suppression.Query{Limit: 2, MaxTotal: 3}, 3, newest[:2]},
		{suppression.Query{Limit: 2, MaxTotal: 6}, 5, newest[:2]},
		{suppression.Query{Limit: 2, Number: all[1].Number}, 1, all[1:2]},
		{suppression.Query{Limit: 2, Number: firstNumber + 10}, 0, nil},
		{suppression.Query{Limit: 2, ByNumber: true}, 0, all[:2]},
		{suppression.Query{Limit: 2, ByNumber: true, After: all[1].Number}, 0, all[2:4]},
		{suppression.Query{Limit: 2, ByNumber: true, After: all[4].Number}, 0, nil},
	} {
		same(t, "page", f.suppressionPage(t, ask.q), suppression.Page{Suppressions: ask.want, Total: ask.total})
	}
}

// memoryOfSuppressions: what is read is claimed, and a claim that is refused changes
// nothing.
func memoryOfSuppressions(t *testing.T, f *fixture) {
	all := suppressions(firstNumber, 600)
	var numbers []phone.Number
	for i := range all {
		numbers = append(numbers, all[i].Number)
		all[i].Note = "a long note, of which there are many: " + all[i].Created.String()
	}
	f.addSuppressions(t, all...)
	held := budget.New(256<<10, 8) // of which a request gets half
	for name, do := range map[string]func(context.Context) error{
		"page": func(ctx context.Context) error {
			_, err := f.Suppressions.Suppressions(ctx, f.account, suppression.Query{Limit: 1000})
			return err
		},
		"add": func(ctx context.Context) error {
			return f.Suppressions.AddSuppressions(ctx, f.account, append(suppressions(firstNumber+1000, 1), all...), nil)
		},
		"remove": func(ctx context.Context) error {
			return f.Suppressions.RemoveSuppressions(ctx, f.account, numbers, nil)
		},
	} {
		ctx, share := held.Begin(t.Context())
		if err := share.Admit(f.account); err != nil {
			t.Fatal(err)
		}
		if err := do(ctx); !errors.Is(err, budget.ErrShare) {
			t.Errorf("%s: got %v", name, err)
		}
		share.End()
	}
	if total := f.suppressionPage(t, suppression.Query{Limit: 1}).Total; total != len(all) {
		t.Errorf("there are %d, want %d", total, len(all))
	}
}
