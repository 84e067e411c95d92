package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/campaign"
	"callbook/internal/dialer"
	"callbook/internal/trunk"
)

// Trunks runs the contract of [trunk.Store] and [trunk.Dialogs]. Open gives each test a
// database of its own, as for [AddressBook].
func Trunks(t *testing.T, open func(t *testing.T) Stores) {
	run(t, func(t *testing.T) *fixture { return newFixture(t, open(t)) }, []test[*fixture]{
		{"keep", keepTrunks},
		{"as many as there may be", tooManyTrunks},
		{"changes at once", changesOfTrunk},
		{"dialogs", dialogs},
		{"dialogs at once", dialogsAtOnce},
		{"dialogs go with their campaign", dialogsOfCampaign},
		{"old dialogs", oldDialogs},
	})
}

func trunkRow(name string) *trunk.Row {
	return &trunk.Row{Name: name, Settings: []byte(`{"host":"ü"}`), Created: dialTime, Updated: dialTime}
}

func (f *fixture) trunks(t *testing.T, want ...*trunk.Row) {
	t.Helper()
	all, err := f.Trunks.Trunks(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var rows []trunk.Row
	for _, r := range want {
		rows = append(rows, *r)
	}
	same(t, "trunks", all, rows)
}

func keepTrunks(t *testing.T, f *fixture) {
	ctx := t.Context()
	b, a := trunkRow("b"), trunkRow("a")
	b.Password = []byte("\x00sealed\xff")
	for _, r := range []*trunk.Row{b, a} {
		if err := f.Trunks.InsertTrunk(ctx, r); err != nil {
			t.Fatal(err)
		}
	}
	isError(t, "a name that is taken", f.Trunks.InsertTrunk(ctx, trunkRow("a")), trunk.ErrNameTaken)
	f.reopen()
	f.trunks(t, a, b)

	err := f.Trunks.ChangeTrunk(ctx, "b", func(r *trunk.Row) error {
		same(t, "before the change", r, b)
		r.Settings, r.Password, r.Updated = []byte(`{}`), nil, dialTime.Add(time.Second)
		*b = *r
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	refusal := errors.New("refused")
	err = f.Trunks.ChangeTrunk(ctx, "a", func(r *trunk.Row) error {
		r.Settings = []byte(`{"lost":1}`)
		return refusal
	})
	isError(t, "a change that is refused", err, refusal)
	f.trunks(t, a, b)

	for _, name := range []string{"c", "A", "", "\x00"} {
		isError(t, "change", f.Trunks.ChangeTrunk(ctx, name, func(*trunk.Row) error { return nil }), trunk.ErrNotThere)
		isError(t, "delete", f.Trunks.DeleteTrunk(ctx, name), trunk.ErrNotThere)
	}
	if err := f.Trunks.DeleteTrunk(ctx, "a"); err != nil {
		t.Fatal(err)
	}
	f.reopen()
	f.trunks(t, b)
}

func tooManyTrunks(t *testing.T, f *fixture) {
	var adding sync.WaitGroup
	errs := make([]error, trunk.MaxTrunks+3)
	for i := range errs {
		adding.Go(func() { errs[i] = f.Trunks.InsertTrunk(t.Context(), trunkRow(fmt.Sprint(i))) })
	}
	adding.Wait()
	refused := 0
	for _, err := range errs {
		if errors.Is(err, trunk.ErrTooMany) {
			refused++
		} else if err != nil {
			t.Fatal(err)
		}
	}
	all, err := f.Trunks.Trunks(t.Context())
	if err != nil || refused != 3 || len(all) != trunk.MaxTrunks {
		t.Errorf("%d were refused, and there are %d, %v", refused, len(all), err)
	}
}

func changesOfTrunk(t *testing.T, f *fixture) {
	r := trunkRow("a")
	r.Settings = []byte(`"`)
	if err := f.Trunks.InsertTrunk(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	const n = 10
	var changing sync.WaitGroup
	for range n {
		changing.Go(func() {
			err := f.Trunks.ChangeTrunk(t.Context(), "a", func(r *trunk.Row) error {
				r.Settings = append(r.Settings, 'x')
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	changing.Wait()
	r.Settings = []byte(`"` + strings.Repeat("x", n))
	f.trunks(t, r)
}

func (f *fixture) dialogs(t *testing.T, calls []addressbook.SID, want map[addressbook.SID][]byte) {
	t.Helper()
	got, err := f.CallDialogs.Dialogs(t.Context(), calls)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "dialogs", got, want)
}

func dialogs(t *testing.T, f *fixture) {
	ctx := t.Context()
	calls := make([]addressbook.SID, 4)
	for i := range calls {
		calls[i], _ = born()
	}
	first, second := []byte("INVITE \x00\xff"), bytes.Repeat([]byte("200\n"), 2000)
	for _, record := range [][]byte{first, second} {
		for _, call := range calls[:2] {
			if err := f.CallDialogs.SaveDialog(ctx, call, record); err != nil {
				t.Fatal(err)
			}
		}
		f.reopen()
		f.dialogs(t, calls[:3], map[addressbook.SID][]byte{calls[0]: record, calls[1]: record})
	}
	f.dialogs(t, nil, nil)
	added, err := f.CallDialogs.AddDialogs(ctx, []addressbook.SID{calls[3], calls[0], calls[2]}, first)
	slices.SortFunc(added, func(a, b addressbook.SID) int { return bytes.Compare(a[:], b[:]) })
	if err != nil || !slices.Equal(added, calls[2:]) {
		t.Errorf("added %v, %v", added, err)
	}
	f.reopen()
	f.dialogs(t, calls, map[addressbook.SID][]byte{calls[0]: second, calls[1]: second, calls[2]: first, calls[3]: first})
	for _, drop := range [][]addressbook.SID{nil, calls[2:], {calls[3], calls[0]}, calls[:1]} {
		if err := f.CallDialogs.DropDialogs(ctx, drop); err != nil {
			t.Fatal(err)
		}
	}
	f.reopen()
	f.dialogs(t, calls, map[addressbook.SID][]byte{calls[1]: second})
	tests := []addressbook.SID{trunk.TestCall([10]byte{}), trunk.TestCall([10]byte{0xff, 9: 0xff})}
	for _, call := range tests {
		if err := f.CallDialogs.SaveDialog(ctx, call, first); err != nil {
			t.Fatal(err)
		}
	}
	found, err := f.CallDialogs.TestDialogs(ctx)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "test calls", found, tests)
	if err := f.CallDialogs.DropDialogs(ctx, tests); err != nil {
		t.Fatal(err)
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	if err := f.CallDialogs.SaveDialog(cancelled, calls[0], first); err == nil {
		t.Error("a save that was cancelled has no error")
	}
	f.dialogs(t, calls, map[addressbook.SID][]byte{calls[1]: second})
}

func dialogsAtOnce(t *testing.T, f *fixture) {
	const n = 50
	calls, want := make([]addressbook.SID, n), make(map[addressbook.SID][]byte)
	for i := range calls {
		calls[i], _ = born()
		want[calls[i]] = []byte{byte(i)}
	}
	var saving sync.WaitGroup
	for i, call := range calls {
		saving.Go(func() {
			if err := f.CallDialogs.SaveDialog(t.Context(), call, []byte{byte(i)}); err != nil {
				t.Error(err)
			}
		})
	}
	saving.Wait()
	f.dialogs(t, calls, want)
}

// dialogsOfCampaign deletes a campaign, whose calls left records behind, in steps.
func dialogsOfCampaign(t *testing.T, f *fixture) {
	ctx := t.Context()
	c, kept := newCampaign(f.account), newCampaign(f.account)
	c.From, kept.From = numbersFrom(firstNumber, 6), numbersFrom(firstNumber+100, 2)
	var all []addressbook.SID
	left := make(map[addressbook.SID][]byte)
	for _, c := range []*campaign.Campaign{c, kept} {
		f.start(t, c)
		dials := f.claimCalls(t, c.SID, dialTime, 10, claimed)
		for i := range dials {
			call := dials[i].Call.SID
			all = append(all, call)
			if err := f.CallDialogs.SaveDialog(ctx, call, []byte("record")); err != nil {
				t.Fatal(err)
			}
			if c == kept {
				left[call] = []byte("record")
			}
		}
		f.record(t, refs(dials...), ends(campaign.Busy, dialTime.Add(time.Second)))
	}
	if len(all) != 8 || len(left) != 2 {
		t.Fatalf("there are %d calls, of which %d stay", len(all), len(left))
	}
	err := f.Campaigns.ChangeCampaign(ctx, f.account, c.SID, func(c *campaign.Campaign, _ campaign.Running) error {
		c.State = campaign.Deleted
		return nil
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for more, steps := true, 0; more; steps++ {
		if more, err = f.Dialing.Purge(ctx, ours, f.account, c.SID, 4); err != nil || steps > 20 {
			t.Fatalf("step %d: %v", steps, err)
		}
	}
	f.dialogs(t, all, left)
}

// oldDialogs drops the records that a server has left behind, but none of a call in flight,
// of a test call, or of a call that began later.
func oldDialogs(t *testing.T, f *fixture) {
	ctx := t.Context()
	c := newCampaign(f.account)
	c.From = numbersFrom(firstNumber, 4)
	f.start(t, c)
	dials := f.claimCalls(t, c.SID, dialTime, 4, claimed)
	f.record(t, refs(dials[:3]...), ends(campaign.Busy, dialTime.Add(time.Second)))
	never, _ := born()
	_, end := born()
	later, _ := born()
	all := []addressbook.SID{never, later, trunk.TestCall([10]byte{1})}
	for i := range dials {
		all = append(all, dials[i].Call.SID)
	}
	left := make(map[addressbook.SID][]byte)
	for _, call := range all {
		left[call] = []byte("record")
		if err := f.CallDialogs.SaveDialog(ctx, call, left[call]); err != nil {
			t.Fatal(err)
		}
	}
	for call := range left {
		if call == never || slices.ContainsFunc(dials[:3], func(d dialer.Dial) bool { return d.Call.SID == call }) {
			delete(left, call)
		}
	}
	steps := 1
	for more := true; more; steps++ {
		var err error
		if more, err = f.CallDialogs.DropOldDialogs(ctx, end, 3); err != nil {
			t.Fatal(err)
		}
	}
	if steps != 3 {
		t.Errorf("4 records go in %d steps of 3", steps-1)
	}
	f.reopen()
	f.dialogs(t, all, left)
}
