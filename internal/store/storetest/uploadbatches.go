package storetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"callbook/internal/addressbook"
	"callbook/internal/api"
	"callbook/internal/phone"
	"callbook/internal/upload"
)

// planner makes batches of an upload's file, for lists of so many contacts.
type planner struct {
	*upload.Planner
	max int // contacts in the list; 0 is what the importer says
}

func (f *fixture) planner(t *testing.T, u upload.Upload, file string, rows int) *planner {
	t.Helper()
	book := addressbook.New(f.Contacts, addressbook.Options{})
	p, err := upload.NewPlanner(book, u, strings.NewReader(file), rows, api.Words)
	if err != nil {
		t.Fatalf("plan: %v", err)
	}
	return &planner{Planner: p}
}

func (p *planner) next(t *testing.T) *upload.Batch {
	t.Helper()
	b, err := p.plan()
	if err != nil {
		t.Fatalf("plan a batch: %v", err)
	}
	return b
}

func (p *planner) plan() (*upload.Batch, error) {
	b, err := p.Next(moment())
	if err != nil {
		return nil, err
	}
	if p.max != 0 {
		b.Max = p.max
	}
	b.Lease = held
	// As the contacts of the other tests have them, so that all are in one order.
	for i := range b.Contacts {
		c := &b.Contacts[i]
		c.SID, c.Created = born()
		c.Updated = c.Created
	}
	return b, nil
}

// apply applies a batch.
func (f *fixture) apply(t *testing.T, b *upload.Batch) upload.State {
	t.Helper()
	state, err := f.Uploads.ApplyBatch(t.Context(), b)
	if err != nil {
		t.Fatalf("apply a batch: %v", err)
	}
	return state
}

// work works an upload to its end.
func (f *fixture) work(t *testing.T, u upload.Upload, file string, rows int) upload.State {
	t.Helper()
	return f.workWith(t, f.planner(t, u, file, rows))
}

func (f *fixture) workWith(t *testing.T, p *planner) upload.State {
	t.Helper()
	for {
		b := p.next(t)
		state := f.apply(t, b)
		p.Applied(b)
		if state != upload.Running {
			return state
		}
	}
}

// byNumber reads the contact that has the number.
func (f *fixture) byNumber(t *testing.T, n int) addressbook.Contact {
	t.Helper()
	for _, c := range getPage(t, f.Contacts, f.account, addressbook.Query{Window: addressbook.Window{Limit: 1000}}).Contacts {
		if c.Number == firstNumber+phone.Number(n) {
			return c
		}
	}
	t.Fatalf("no contact has the number %d", n)
	return addressbook.Contact{}
}

// listOf reads the list of an upload.
func (f *fixture) listOf(t *testing.T, u upload.Upload) addressbook.List {
	t.Helper()
	l, err := f.Contacts.List(t.Context(), f.account, u.List)
	if err != nil {
		t.Fatalf("read list: %v", err)
	}
	return l
}

// worked checks an upload's stats and, of them, the rows of new contacts.
func (f *fixture) worked(t *testing.T, u upload.Upload, stats upload.Stats, fresh int) {
	t.Helper()
	got := f.read(t, u)
	same(t, "stats", got.Stats, stats)
	if got.New != fresh {
		t.Errorf("%d contacts are new, want %d", got.New, fresh)
	}
}

// batches move position, stats and error rows together.
func batches(t *testing.T, f *fixture) {
	file := csvOf(0, 3) + "x\n" + rowsOf(1, 3)
	u := f.upload(t, "Leads", file, addressbook.CreateOptions{})
	p := f.planner(t, u, file, 2)
	want := u
	for i, stats := range []upload.Stats{{Success: 2}, {Success: 3, Failed: 1}, {Success: 3, Failed: 1, Duplicate: 2}, {Success: 4, Failed: 1, Duplicate: 2}} {
		b := p.next(t)
		same(t, "begin of the batch", b.From, want.Position)
		state := f.apply(t, b)
		want.Position, want.Stats, want.New, want.Updated, want.State = b.To, stats, stats.Success, b.Time, upload.Running
		want.Tally.Countries = map[string]int{"IN": stats.Success + stats.Duplicate}
		want.Tally.Added = f.read(t, u).Tally.Added // as in uploadAdded
		if b.Last {
			want.State = upload.Completed
		}
		if state != want.State || b.Last != (i == 3) {
			t.Errorf("after batch %d the state is %v, want %v", i, state, want.State)
		}
		f.is(t, want)
	}
	l := f.listOf(t, u)
	var members []addressbook.Contact
	for n := range 4 {
		c := f.byNumber(t, n)
		if c.Texts[addressbook.FirstName] != addressbook.Given("Row") || c.Texts[addressbook.Tag].Given || c.CustomField != "" {
			t.Errorf("the contact is %+v", c)
		}
		members = append(members, c)
	}
	f.holds(t, members...)
	f.hasMembers(t, l, members...)
}

// batchesOfKnown: a contact of the address book is put into the list untouched.
func batchesOfKnown(t *testing.T, f *fixture) {
	known := contacts(firstNumber, 3)
	f.insertAllNew(t, known...)
	l := list("Leads")
	f.addLists(t, l)
	f.join(t, l, known[0])
	u := f.upload(t, "Leads", csvOf(0, 4), addressbook.CreateOptions{})
	f.work(t, u, csvOf(0, 4), 10)
	f.worked(t, u, upload.Stats{Success: 3, Duplicate: 1}, 1)
	all := append(known, f.byNumber(t, 3))
	f.holds(t, all...)
	f.hasMembers(t, l, all...)
}

// overRows has a member, a contact of the address book and a new one, each
// twice, and a row that fails.
var overRows = csv(
	fmt.Sprintf("+%d,M1,", int(firstNumber)), fmt.Sprintf("+%d,K1,k1", int(firstNumber)+1), fmt.Sprintf("+%d,F1,f1", int(firstNumber)+2), "x",
	fmt.Sprintf("+%d,,m2", int(firstNumber)), fmt.Sprintf("+%d,K2,", int(firstNumber)+1), fmt.Sprintf("+%d,F2,", int(firstNumber)+2),
)

// batchesOver: what is there is skipped, or the cells that are given are written
// over it, however the rows fall into batches.
func batchesOver(t *testing.T, f *fixture) {
	type names struct{ first, tag string }
	for on, want := range map[addressbook.OnDuplicate][]names{
		addressbook.SkipDuplicate:   {{"Ada", ""}, {"Ada", ""}, {"F1", "f1"}},
		addressbook.UpdateDuplicate: {{"M1", "m2"}, {"K2", "k1"}, {"F2", "f1"}},
	} {
		for _, rows := range []int{1, 2, 3, 100} {
			here := &fixture{Stores: f.Stores, acct: addAccount(t, f.Accounts, fmt.Sprintf("a%d-%d", on, rows))}
			here.account = here.acct.ID
			known := contacts(firstNumber, 2)
			here.insertAllNew(t, known...)
			l := list("Leads")
			here.addLists(t, l)
			here.join(t, l, known[0])
			u := here.upload(t, "Leads", overRows, addressbook.CreateOptions{OnDuplicate: on})
			here.work(t, u, overRows, rows)
			here.worked(t, u, upload.Stats{Success: 6, Failed: 1}, 1)
			var all []addressbook.Contact
			for n, want := range want {
				c := here.byNumber(t, n)
				if c.Texts[addressbook.FirstName].Value != want.first || c.Texts[addressbook.Tag].Value != want.tag {
					t.Errorf("%d, %d rows a batch: contact %d is %+v, want %v", on, rows, n, c, want)
				}
				if n < 2 {
					old := known[n]
					if c.Texts[addressbook.Email] != old.Texts[addressbook.Email] || c.CustomField != old.CustomField || c.SID != old.SID || !c.Created.Equal(old.Created) {
						t.Errorf("contact %d is %+v, and was %+v", n, c, old)
					}
					if touched := !c.Updated.Equal(old.Updated); touched != (on == addressbook.UpdateDuplicate) {
						t.Errorf("contact %d was updated at %v, and is at %v", n, old.Updated, c.Updated)
					}
				}
				all = append(all, c)
			}
			here.holds(t, all...)
			here.hasMembers(t, l, all...)
		}
	}
}

// batchesFill: a list has no more contacts than the batch says, known or new.
func batchesFill(t *testing.T, f *fixture) {
	known := contacts(firstNumber, 4)
	f.insertAllNew(t, known...)
	l := list("Leads")
	f.addLists(t, l)
	f.join(t, l, known[0])
	// One known is put into it and one new, and then it is full.
	file := csv("+919800000001", "+919800000010", "+919800000002", "+919800000011", "+919800000000", "+919800000011", "+919800000010")
	for _, rows := range []int{100, 2} {
		u := f.upload(t, "Leads", file, addressbook.CreateOptions{})
		p := f.planner(t, u, file, rows)
		p.max = 3
		f.workWith(t, p)
		if rows == 100 {
			f.worked(t, u, upload.Stats{Success: 2, Duplicate: 2, Failed: 3}, 1)
		} else {
			f.worked(t, u, upload.Stats{Duplicate: 4, Failed: 3}, 0)
		}
		added := f.byNumber(t, 10)
		f.holds(t, append(known[:4:4], added)...)
		f.hasMembers(t, l, known[0], known[1], added)
	}
}

// updateFull: of a full list the members are updated, and nobody else.
func updateFull(t *testing.T, f *fixture) {
	known := contacts(firstNumber, 3)
	f.insertAllNew(t, known...)
	l := list("Leads")
	f.addLists(t, l)
	f.join(t, l, known[0], known[1])
	file := csvOf(0, 4)
	u := f.upload(t, "Leads", file, addressbook.CreateOptions{OnDuplicate: addressbook.UpdateDuplicate})
	p := f.planner(t, u, file, 10)
	p.max = 1 // which the list has already
	f.workWith(t, p)
	f.worked(t, u, upload.Stats{Success: 2, Failed: 2}, 0)
	for n := range 2 {
		updated := f.byNumber(t, n)
		if updated.Texts[addressbook.FirstName].Value != "Row" {
			t.Errorf("member %d is %+v", n, updated)
		}
		known[n] = updated
	}
	f.holds(t, known...)
	f.hasMembers(t, l, known[0], known[1])
}

// batchOutOfTurn: a batch is done once, at its place.
func batchOutOfTurn(t *testing.T, f *fixture) {
	u := f.upload(t, "Leads", csvOf(0, 6), addressbook.CreateOptions{})
	p := f.planner(t, u, csvOf(0, 6), 2)
	first, second, third := p.next(t), p.next(t), p.next(t)
	f.apply(t, first)
	for name, b := range map[string]*upload.Batch{"done": first, "too early": third} {
		if state, err := f.Uploads.ApplyBatch(t.Context(), b); err == nil {
			t.Errorf("%s: the state is %v, and no error", name, state)
		}
	}
	f.worked(t, u, upload.Stats{Success: 2}, 2)
	f.apply(t, second)
	f.apply(t, third)
	f.worked(t, u, upload.Stats{Success: 6}, 6)
	unknown := *third
	unknown.Upload = addressbook.SID{}
	if _, err := f.Uploads.ApplyBatch(t.Context(), &unknown); err == nil {
		t.Error("a batch of no upload is no error")
	}
}

func batchOfEnded(t *testing.T, f *fixture) {
	u := f.upload(t, "Leads", csvOf(0, 4), addressbook.CreateOptions{})
	p := f.planner(t, u, csvOf(0, 4), 2)
	f.apply(t, p.next(t))
	want := f.end(t, u, upload.Cancelled, moment())
	if state := f.apply(t, p.next(t)); state != upload.Cancelled {
		t.Errorf("the state is %v", state)
	}
	f.is(t, want)
	f.holds(t, f.byNumber(t, 0), f.byNumber(t, 1))
}

func batchListGone(t *testing.T, f *fixture) {
	u := f.upload(t, "Leads", csvOf(0, 4), addressbook.CreateOptions{})
	p := f.planner(t, u, csvOf(0, 4), 2)
	f.apply(t, p.next(t))
	f.deleteLists(t, u.List)
	f.addLists(t, list("Leads")) // another of that name is not the one
	b := p.next(t)
	for range 2 {
		if state := f.apply(t, b); state != upload.ListGone {
			t.Errorf("the state is %v", state)
		}
	}
	got := f.read(t, u)
	if got.State != upload.ListGone || got.Stats != (upload.Stats{Success: 2}) || !got.Updated.Equal(b.Time) {
		t.Errorf("the upload is %+v", got)
	}
	f.holds(t, f.byNumber(t, 0), f.byNumber(t, 1))
}

func cancelledBatch(t *testing.T, f *fixture) {
	u := f.upload(t, "Leads", csvOf(0, 4), addressbook.CreateOptions{})
	b := f.planner(t, u, csvOf(0, 4), 2).next(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 20 {
		if _, err := f.Uploads.ApplyBatch(ctx, b); !errors.Is(err, context.Canceled) {
			t.Fatalf("the error is %v, want that of the context", err)
		}
	}
	f.is(t, u)
	f.holds(t)
	f.apply(t, b)
	f.worked(t, u, upload.Stats{Success: 2}, 2)
}
