package storetest

import (
	"context"
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/campaign"
	"callbook/internal/fault"
	"callbook/internal/journal"
	"callbook/internal/phone"
)

// fixture is a database with one account, in which most tests work.
type fixture struct {
	Stores
	acct    account.Account
	account account.ID    // its id
	quota   journal.Quota // of what [fixture.writes] does
}

func newFixture(t *testing.T, s Stores) *fixture {
	t.Helper()
	acct := addAccount(t, s.Accounts, "acme")
	return &fixture{Stores: s, acct: acct, account: acct.ID}
}

// tb is a test, be it one of package rapid.
type tb interface {
	Helper()
	Context() context.Context
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// reopen is a restart of the server.
func (f *fixture) reopen() { f.Stores = f.Reopen() }

func addAccount(t tb, store account.Store, sid string) account.Account {
	t.Helper()
	a, err := store.CreateAccount(t.Context(), account.Account{
		SID: sid, Region: "IN", TimeZone: time.UTC, Created: time.Unix(1_700_000_000, 0),
	})
	if err != nil {
		t.Fatalf("create account %s: %v", sid, err)
	}
	return a
}

// firstBirth is when the first contact of a test run is created.
const firstBirth = int64(1_750_000_000_123_456_789)

var births atomic.Int64

// born returns a sid and a date after those of all before.
func born() (sid addressbook.SID, created time.Time) {
	birth := births.Add(1)
	created = time.Unix(0, firstBirth+birth*int64(time.Microsecond))
	from, _ := addressbook.Period{From: created}.SIDs()
	sid = *from
	binary.BigEndian.PutUint64(sid[8:], uint64(birth)*0x9e3779b97f4a7c15)
	return sid, created
}

// NewDeletion returns a deletion after all before.
func NewDeletion() addressbook.SID {
	deletion, _ := born()
	return deletion
}

// moment is a time after all before.
func moment() time.Time {
	_, at := born()
	return at
}

// contact returns a contact with a sid and a date after those of all before.
func contact(n phone.Number) addressbook.Contact {
	sid, created := born()
	return addressbook.Contact{
		SID:    sid,
		Number: n,
		Texts: addressbook.Texts{
			addressbook.FirstName: addressbook.Given("Ada"),
			addressbook.Email:     addressbook.Given(fmt.Sprintf("%d@example.com", n)),
			addressbook.Tag:       addressbook.Given(""),
		},
		CustomField: fmt.Sprintf(`{"n": %d}`, n),
		Created:     created,
		Updated:     created,
	}
}

// firstNumber is a number from which tests count up.
const firstNumber phone.Number = 919800000000

// contacts returns n contacts with the numbers from first on.
func contacts(first phone.Number, n int) []addressbook.Contact {
	all := make([]addressbook.Contact, n)
	for i := range all {
		all[i] = contact(first + phone.Number(i))
	}
	return all
}

// tryInsert inserts the contacts and checks what holds for every insert:
// decided is called before the return, with one entry a contact, and
// the contacts stay as they were given.
func tryInsert(ctx context.Context, store addressbook.Store, account account.ID, contacts []addressbook.Contact) (existing []*addressbook.Contact, err error) {
	given := slices.Clone(contacts)
	// Not atomic: decided runs on this goroutine, and the race detector would
	// see it if not.
	calls, decidedLength := 0, 0
	err = store.InsertContacts(ctx, account, contacts, addressbook.CreateOptions{}, func(e []*addressbook.Contact) *journal.Receipt {
		calls++
		existing, decidedLength = e, len(e)
		return nil
	})
	atReturn := calls
	switch {
	case !slices.Equal(given, contacts):
		return nil, fmt.Errorf("the store changed the contacts it was given")
	case err != nil:
		return nil, err
	case atReturn == 0:
		return nil, fmt.Errorf("decided was not called")
	case decidedLength != len(contacts):
		return nil, fmt.Errorf("decided got %d entries for %d contacts", decidedLength, len(contacts))
	}
	return existing, nil
}

// insert inserts the contacts into the fixture's account.
func (f *fixture) insert(t *testing.T, contacts ...addressbook.Contact) (existing []*addressbook.Contact) {
	t.Helper()
	return insertInto(t, f.Contacts, f.account, contacts...)
}

func insertInto(t tb, store addressbook.Store, account account.ID, contacts ...addressbook.Contact) (existing []*addressbook.Contact) {
	t.Helper()
	existing, err := tryInsert(t.Context(), store, account, contacts)
	if err != nil {
		t.Fatalf("insert %d contacts: %v", len(contacts), err)
	}
	return existing
}

// insertAllNew inserts contacts of which none is there yet.
func (f *fixture) insertAllNew(t *testing.T, contacts ...addressbook.Contact) {
	t.Helper()
	for i, c := range f.insert(t, contacts...) {
		if c != nil {
			t.Fatalf("contact %d of %d: number %v is said to be there already, as %v", i, len(contacts), contacts[i].Number, c.SID)
		}
	}
}

// holds checks that the account has just these contacts: that a page shows
// them, in the order of their sids, and the total says so.
func (f *fixture) holds(t *testing.T, want ...addressbook.Contact) {
	t.Helper()
	holds(t, f.Contacts, f.account, want...)
}

func holds(t *testing.T, store addressbook.Store, account account.ID, want ...addressbook.Contact) {
	t.Helper()
	page := getPage(t, store, account, addressbook.Query{Window: addressbook.Window{Limit: len(want) + 10}})
	if page.Total != len(want) {
		t.Errorf("the total is %d, want %d", page.Total, len(want))
	}
	want = slices.Clone(want)
	slices.SortFunc(want, bySID)
	sameContacts(t, page.Contacts, want)
}

// reads checks that the contact can be read by its sid, as it was given.
func (f *fixture) reads(t *testing.T, want addressbook.Contact) {
	t.Helper()
	got, err := f.Contacts.Contact(t.Context(), f.account, want.SID)
	if err != nil {
		t.Fatalf("read %v: %v", want.SID, err)
	}
	same(t, "contact", got, want)
}

func getPage(t tb, store addressbook.Store, account account.ID, q addressbook.Query) addressbook.Page {
	t.Helper()
	page, err := store.Contacts(t.Context(), account, q)
	if err != nil {
		t.Fatalf("page %+v: %v", q, err)
	}
	return page
}

// same compares: times by the moment they are, and no list is an empty one.
func same(t tb, what string, got, want any) {
	t.Helper()
	zones := cmp.Comparer(func(a, b *time.Location) bool { return a.String() == b.String() })
	if diff := cmp.Diff(want, got, zones, cmpopts.EquateEmpty(), cmp.AllowUnexported(campaign.Minutes{}), cmpopts.EquateComparable(netip.Prefix{})); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// sameContacts is same for many contacts, of which it shows the first that
// differs: cmp takes seconds for thousands.
func sameContacts(t tb, got, want []addressbook.Contact) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("there are %d contacts, want %d", len(got), len(want))
		return
	}
	for i, c := range got {
		if c.Created.Equal(want[i].Created) && c.Updated.Equal(want[i].Updated) {
			c.Created, c.Updated = want[i].Created, want[i].Updated
		}
		if c != want[i] {
			same(t, fmt.Sprintf("contact %d of %d", i, len(want)), got[i], want[i])
			return
		}
	}
}

// isFault checks that the error is a fault of this kind.
func isFault(t tb, err error, want fault.Kind) {
	t.Helper()
	if !fault.Is(err, want) {
		t.Errorf("the error is %v, want a fault of kind %d", err, want)
	}
}
