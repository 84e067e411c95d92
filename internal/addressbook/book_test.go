package addressbook_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/clock"
	"callbook/internal/clock/clocktest"
	"callbook/internal/fault"
	"callbook/internal/journal"
	"callbook/internal/phone"
	"callbook/internal/store/sqlite"
)

// shelf is a book over a new database with one account.
type shelf struct {
	*addressbook.Book
	account account.Account
}

func open(t *testing.T, opts addressbook.Options) shelf {
	t.Helper()
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "callbook.db"))
	if err != nil {
		t.Fatal(err)
	}
	store, err := db.OpenAddressBook(sqlite.Options{})
	if err != nil {
		t.Fatal(errors.Join(err, db.Close()))
	}
	t.Cleanup(func() {
		if err := errors.Join(store.Close(), db.Close()); err != nil {
			t.Error(err)
		}
	})
	a, err := account.NewDirectory(db, clock.System).Create(t.Context(), "acme", "IN", "Asia/Kolkata")
	if err != nil {
		t.Fatal(err)
	}
	return shelf{addressbook.New(store, opts), a}
}

// create creates contacts of the drafts, and checks what holds for any: ready
// is called once, with a result a draft.
func (s shelf) create(t *testing.T, drafts ...addressbook.Draft) []addressbook.Result {
	t.Helper()
	given := slices.Clone(drafts)
	var told []addressbook.Result
	calls := 0
	results, err := s.CreateContacts(t.Context(), s.account, drafts, addressbook.CreateOptions{}, func(r []addressbook.Result) *journal.Receipt {
		calls++
		told = slices.Clone(r)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if calls != 1 || len(results) != len(drafts) {
		t.Fatalf("ready was called %d times, with %d results for %d drafts", calls, len(results), len(drafts))
	}
	if !slices.Equal(told, results) {
		t.Error("ready was told other results")
	}
	if !slices.Equal(given, drafts) {
		t.Error("the drafts were changed")
	}
	return results
}

// all returns the contacts of the account, in the order of their creation.
func (s shelf) all(t *testing.T) []addressbook.Contact {
	t.Helper()
	page, err := s.Contacts(t.Context(), s.account, addressbook.Query{Window: addressbook.Window{Limit: 10_000}})
	if err != nil {
		t.Fatal(err)
	}
	return page.Contacts
}

func draft(number string) addressbook.Draft {
	return addressbook.Draft{Number: addressbook.Given(number)}
}

// is checks a result's fault; none is a contact that was created.
func is(t *testing.T, r addressbook.Result, want *fault.Error) {
	t.Helper()
	if want == none {
		if r.Fault != nil || r.Contact == nil {
			t.Errorf("got %+v, %v, want a new contact", r.Contact, r.Fault)
		}
		return
	}
	f := fault.As(r.Fault)
	if f == nil || *f != *want {
		t.Errorf("the fault is %#v, want %#v", f, want)
	}
	if (r.Contact != nil) != (want.Kind == fault.Duplicate) {
		t.Errorf("with the fault %v comes the contact %+v", r.Fault, r.Contact)
	}
}

var (
	none    *fault.Error
	taken   = fault.Taken(addressbook.FieldNumber)
	missing = fault.Mandatory(addressbook.FieldNumber)

	letters  = fault.NotNumber(addressbook.FieldNumber, fault.NoLetters, "")
	tooShort = fault.NotNumber(addressbook.FieldNumber, fault.MoreDigits, "India (+91)")
	notE164  = fault.NotNumber(addressbook.FieldNumber, fault.E164, "")
)

func TestCreateContacts(t *testing.T) {
	t.Parallel()
	s := open(t, addressbook.Options{})
	before := time.Now()
	full := addressbook.Draft{
		Number: addressbook.Given(" 098765 43210"),
		Texts: addressbook.Texts{
			addressbook.FirstName:   addressbook.Given("Ada"),
			addressbook.LastName:    addressbook.Given(""),
			addressbook.CompanyName: addressbook.Given("अ 𝄞"),
			addressbook.Tag:         addressbook.Given("vip"),
		},
		CustomField: `{ "b": 1.0, "a": [] }`,
	}
	r := s.create(t, full)
	is(t, r[0], none)
	c := *r[0].Contact
	want := addressbook.Contact{
		SID: c.SID, Number: 919876543210,
		Texts: full.Texts, CustomField: `{"b":1.0,"a":[]}`,
		Created: c.Created, Updated: c.Created,
	}
	if diff := cmp.Diff(want, c); diff != "" {
		t.Errorf("contact (-want +got):\n%s", diff)
	}
	if c.Created.Before(before.Round(0)) || time.Since(c.Created) < 0 {
		t.Errorf("created at %v", c.Created)
	}
	if c.SID[6]>>4 != 7 {
		t.Errorf("the sid is %v", c.SID)
	}
	got, err := s.Contact(t.Context(), s.account, c.SID)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("read %v (-want +got):\n%s", err, diff)
	}
	_, err = s.Contact(t.Context(), s.account, addressbook.SID{1})
	if !fault.Is(err, fault.NotFound) {
		t.Errorf("an unknown sid gives %v", err)
	}
}

// TestResults has good and bad drafts mixed: each result is where its draft is.
func TestResults(t *testing.T) {
	t.Parallel()
	s := open(t, addressbook.Options{})
	old := *s.create(t, draft("+14155550123"))[0].Contact

	unreadable := errors.New("the draft is a text")
	tooLong := draft("9876500003")
	tooLong.Texts[addressbook.Tag] = addressbook.Given(strings.Repeat("x", 256))
	r := s.create(t,
		draft("9876500001"),
		draft("12"),
		draft("+1 (415) 555-0123"),
		addressbook.Draft{Fault: unreadable},
		draft("09876500001"), // a repeat, in another spelling
		draft("9876500002"),
		draft(""),
		draft("+1 415 555 0123"), // a repeat of what exists
		tooLong,
		draft("9876500003"), // no repeat, since the one before was refused
		tooLong,             // what is wrong with it comes before that it is a repeat
		draft("9876500001"),
	)
	is(t, r[0], none)
	is(t, r[1], tooShort)
	is(t, r[2], taken)
	if !errors.Is(r[3].Fault, unreadable) || r[3].Contact != nil {
		t.Errorf("the unreadable draft gives %+v", r[3])
	}
	is(t, r[4], taken)
	is(t, r[5], none)
	is(t, r[6], missing)
	is(t, r[7], taken)
	is(t, r[8], fault.TooLong(addressbook.FieldTag, 255))
	is(t, r[9], none)
	is(t, r[10], fault.TooLong(addressbook.FieldTag, 255))
	is(t, r[11], taken)
	if t.Failed() {
		t.FailNow()
	}
	for i, want := range map[int]addressbook.Contact{
		2: old, 7: old, 4: *r[0].Contact, 11: *r[0].Contact,
	} {
		if diff := cmp.Diff(want, *r[i].Contact); diff != "" {
			t.Errorf("result %d (-want +got):\n%s", i, diff)
		}
	}
	want := []addressbook.Contact{old, *r[0].Contact, *r[5].Contact, *r[9].Contact}
	if diff := cmp.Diff(want, s.all(t)); diff != "" {
		t.Errorf("stored (-want +got):\n%s", diff)
	}
}

// TestOrderOfCreation has a clock that stands, and one that is set back: the
// contacts of an account stay in the order in which they were created.
func TestOrderOfCreation(t *testing.T) {
	t.Parallel()
	clock := time.Unix(1_753_000_000, 0)
	s := open(t, addressbook.Options{Clock: clocktest.Func(func() time.Time { return clock })})
	next := phone.Number(919876500000)
	var created []addressbook.Contact
	for _, move := range []time.Duration{0, 0, -time.Hour, 1, time.Second, -time.Nanosecond, 48 * time.Hour} {
		clock = clock.Add(move)
		var drafts []addressbook.Draft
		for range 30 {
			drafts = append(drafts, draft(next.String()), draft("bad"))
			next++
		}
		for i, r := range s.create(t, drafts...) {
			if i%2 == 0 {
				created = append(created, *r.Contact)
			}
		}
	}
	if diff := cmp.Diff(created, s.all(t)); diff != "" {
		t.Errorf("stored (-want +got):\n%s", diff)
	}
	for i := 1; i < len(created); i++ {
		if !created[i].Created.After(created[i-1].Created) {
			t.Fatalf("contact %d was created at %v, after %v", i, created[i].Created, created[i-1].Created)
		}
	}
	if first := created[0].Created; !first.Equal(time.Unix(1_753_000_000, 0)) {
		t.Errorf("the first was created at %v, which is not what the clock said", first)
	}
	if last := created[len(created)-30].Created; !last.Equal(clock) {
		t.Errorf("the first of the last batch was created at %v, the clock said %v", last, clock)
	}
}

func TestStrictNumbers(t *testing.T) {
	t.Parallel()
	s := open(t, addressbook.Options{StrictNumbers: true})
	r := s.create(t, draft("+919876543210"), draft("9876543210"), draft("+91 9876543211"), draft(""))
	is(t, r[0], none)
	is(t, r[1], notE164)
	is(t, r[2], notE164)
	is(t, r[3], missing)
}

// fakeStore is for what a real store is not made to do.
type fakeStore struct {
	addressbook.Store
	insert func(contacts []addressbook.Contact, decided journal.Ready[[]*addressbook.Contact]) error
}

func (s fakeStore) InsertContacts(_ context.Context, _ account.ID, contacts []addressbook.Contact, _ addressbook.CreateOptions, decided journal.Ready[[]*addressbook.Contact]) error {
	return s.insert(contacts, decided)
}
