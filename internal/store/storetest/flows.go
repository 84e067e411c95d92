package storetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"callbook/internal/budget"
	"callbook/internal/callflow"
	"callbook/internal/callflow/library"
	"callbook/internal/campaign"
)

// Flows runs the contract of [library.Store]. Open gives each test a database of its own,
// as for [AddressBook].
func Flows(t *testing.T, open func(t *testing.T) Stores) {
	run(t, func(t *testing.T) *fixture { return newFixture(t, open(t)) }, []test[*fixture]{
		{"insert, replace, delete", changeFlows},
		{"pages of flows", flowPages},
		{"changed flows", changedFlows},
		{"a flow that is played stays", flowInUse},
		{"as many flows as there may be", manyFlows},
		{"memory of flows", memoryOfFlows},
	})
}

func flow(name, text string) *library.Flow {
	return &library.Flow{
		Name: name, Title: "Ünser " + name, Flow: *callflow.Menu(text, 2), Vars: []string{"due date", "first_name"},
		Created: dialTime.Add(time.Nanosecond), Updated: dialTime.Add(time.Second),
	}
}

func (f *fixture) insertFlows(t *testing.T, all ...*library.Flow) {
	t.Helper()
	for _, one := range all {
		var told *library.Flow
		if err := f.Flows.InsertFlow(t.Context(), f.account, one, Told(&told)); err != nil {
			t.Fatal(err)
		}
		same(t, "told", told, one)
	}
}

func (f *fixture) readsFlow(t *testing.T, want *library.Flow) {
	t.Helper()
	got, err := f.Flows.Flow(t.Context(), f.account, want.Name)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "flow", got, want)
}

func changeFlows(t *testing.T, f *fixture) {
	ctx := t.Context()
	other := newFixture2(t, f, "other")
	rent, theirs := flow("rent", "Pay."), flow("rent", "Don't pay.")
	f.insertFlows(t, rent)
	other.insertFlows(t, theirs)
	if err := f.Flows.InsertFlow(ctx, f.account, flow("rent", "Again."), nil); err != library.ErrNameTaken {
		t.Errorf("the name a second time: %v", err)
	}
	f.readsFlow(t, rent)

	// One that is older than what it replaces is later all the same.
	next := flow("rent", "Pay @@{due date} please, \"@@first_name\".")
	next.Title, next.Created, next.Updated = "", time.Time{}, rent.Updated.Add(-time.Hour)
	if err := f.Flows.ReplaceFlow(ctx, f.account, next, rent.Created, nil); err != library.ErrMeanwhile {
		t.Errorf("a flow that was changed meanwhile: %v", err)
	}
	f.readsFlow(t, rent)
	var told *library.Flow
	if err := f.Flows.ReplaceFlow(ctx, f.account, next, rent.Updated, Told(&told)); err != nil {
		t.Fatal(err)
	}
	same(t, "told", told, next)
	if !next.Created.Equal(rent.Created) || !next.Updated.After(rent.Updated) {
		t.Errorf("created %v, updated %v", next.Created, next.Updated)
	}
	f.reopen()
	other.Stores = f.Stores
	f.readsFlow(t, next)
	other.readsFlow(t, theirs)
	last := flow("rent", "Paid.")
	last.Updated = next.Updated.Add(time.Hour)
	if err := f.Flows.ReplaceFlow(ctx, f.account, last, time.Time{}, nil); err != nil {
		t.Fatal(err)
	}
	f.readsFlow(t, last)

	told = nil
	if err := f.Flows.DeleteFlow(ctx, f.account, "rent", Told(&told)); err != nil {
		t.Fatal(err)
	}
	same(t, "told", told, last)
	_, err := f.Flows.Flow(ctx, f.account, "rent")
	for what, err := range map[string]error{
		"read":    err,
		"replace": f.Flows.ReplaceFlow(ctx, f.account, last, time.Time{}, nil),
		"delete":  f.Flows.DeleteFlow(ctx, f.account, "rent", nil),
	} {
		if err != library.ErrNotFound {
			t.Errorf("%s what is not there: %v", what, err)
		}
	}
	other.readsFlow(t, theirs)
}

func flowPages(t *testing.T, f *fixture) {
	all := []*library.Flow{flow("A", "One."), flow("_b", "Two."), flow("a", "Three."), flow("c-d", "Four.")} // as bytes sort
	f.insertFlows(t, all[3], all[0], all[2], all[1])
	newFixture2(t, f, "other").insertFlows(t, flow("b", "Theirs."))
	var brief []*library.Flow
	for _, one := range all {
		short := *one
		short.Flow, short.Vars = callflow.Flow{}, nil
		brief = append(brief, &short)
	}
	for _, ask := range []struct {
		q    library.Query
		want []*library.Flow
	}{
		{library.Query{Limit: 10}, all}, {library.Query{Limit: 2}, all[:2]}, {library.Query{Limit: 2, Offset: 3}, all[3:]}, {library.Query{Limit: 2, Offset: 4}, nil},
		{library.Query{Limit: 10, Brief: true}, brief},
	} {
		page, err := f.Flows.Flows(t.Context(), f.account, ask.q)
		if err != nil {
			t.Fatal(err)
		}
		want := library.Page{Total: len(all)}
		for _, one := range ask.want {
			want.Flows = append(want.Flows, *one)
		}
		same(t, fmt.Sprintf("page %+v", ask.q), page, want)
	}
}

func changedFlows(t *testing.T, f *fixture) {
	rent, other := flow("rent", "Pay."), flow("other", "Hello.")
	f.insertFlows(t, rent, other, flow("unasked", "Hello."))
	for name, tt := range map[string]struct {
		known map[string]time.Time
		want  []library.Flow
	}{
		"nothing is asked":  {nil, nil},
		"nothing is known":  {map[string]time.Time{"rent": {}, "nobody's": {}}, []library.Flow{*rent}},
		"all is known":      {map[string]time.Time{"rent": rent.Updated, "other": other.Updated}, nil},
		"another is known":  {map[string]time.Time{"rent": rent.Updated.Add(1), "other": other.Updated}, []library.Flow{*rent}},
		"it is not there":   {map[string]time.Time{"nobody's": rent.Updated}, nil},
		"a later one known": {map[string]time.Time{"other": other.Updated.Add(time.Hour)}, []library.Flow{*other}},
	} {
		got, err := f.Flows.ChangedFlows(t.Context(), f.account, tt.known)
		if err != nil {
			t.Fatal(err)
		}
		same(t, name, got, tt.want)
	}
}

// flowInUse: a flow stays while a campaign names it that has not ended.
func flowInUse(t *testing.T, f *fixture) {
	ctx := t.Context()
	f.insertFlows(t, flow("rent", "Pay."), flow("other", "Hello."))
	c := newCampaign(f.account)
	c.Name, c.URL, c.Text = "June", "http://my.exotel.com/acme/exoml/start_voice/rent", ""
	theirs := newCampaign(newFixture2(t, f, "other").account)
	theirs.URL = "http://my.exotel.com/start/other"
	for _, one := range []*campaign.Campaign{c, theirs} {
		if err := f.Campaigns.InsertCampaign(ctx, one, func(campaign.Running) error { return nil }, nil); err != nil {
			t.Fatal(err)
		}
	}
	err := f.Flows.DeleteFlow(ctx, f.account, "rent", nil)
	if want := library.ErrInUse("June", c.SID.String()); err == nil || err.Error() != want.Error() {
		t.Errorf("got %v, want %v", err, want)
	}
	if err := f.Flows.DeleteFlow(ctx, f.account, "other", nil); err != nil {
		t.Errorf("a flow that only another account's campaign names: %v", err)
	}
	err = f.Campaigns.ChangeCampaign(ctx, f.account, c.SID, func(c *campaign.Campaign, _ campaign.Running) error {
		return c.Do(campaign.Complete, dialTime)
	}, nil)
	if err == nil {
		err = f.Flows.DeleteFlow(ctx, f.account, "rent", nil)
	}
	if err != nil {
		t.Errorf("after the campaign's end: %v", err)
	}
}

func manyFlows(t *testing.T, f *fixture) {
	for i := range library.MaxFlows {
		if err := f.Flows.InsertFlow(t.Context(), f.account, flow(fmt.Sprintf("flow-%d", i), "Hello."), nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Flows.InsertFlow(t.Context(), f.account, flow("more", "Hello."), nil); err != library.ErrTooMany {
		t.Errorf("one more: %v", err)
	}
	if err := f.Flows.InsertFlow(t.Context(), f.account, flow("flow-7", "Hello."), nil); err != library.ErrNameTaken {
		t.Errorf("one that is there: %v", err)
	}
}

// memoryOfFlows: what is read is claimed.
func memoryOfFlows(t *testing.T, f *fixture) {
	large := flow("large", strings.Repeat("Hello. ", 5000))
	f.insertFlows(t, large)
	held := budget.New(32<<10, 8) // which is less than the flow takes
	for name, do := range map[string]func(context.Context) error{
		"flow": func(ctx context.Context) error {
			_, err := f.Flows.Flow(ctx, f.account, "large")
			return err
		},
		"page": func(ctx context.Context) error {
			_, err := f.Flows.Flows(ctx, f.account, library.Query{Limit: 10})
			return err
		},
		"delete": func(ctx context.Context) error { return f.Flows.DeleteFlow(ctx, f.account, "large", nil) },
	} {
		ctx, share := held.Begin(t.Context())
		if err := share.Admit(f.account); err != nil {
			t.Fatal(err)
		}
		if err := do(ctx); !errors.Is(err, budget.ErrFull) {
			t.Errorf("%s: got %v", name, err)
		}
		share.End()
	}
	f.readsFlow(t, large)
}
