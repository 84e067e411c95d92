package addressbook_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"callbook/internal/addressbook"
	"callbook/internal/clock/clocktest"
	"callbook/internal/fault"
)

func set(text string) addressbook.Change {
	return addressbook.Change{Text: addressbook.Given(text), Set: true}
}

// update applies patches, and checks that there is a result for each and that
// the patches were left alone.
func (s shelf) update(t *testing.T, patches ...addressbook.Patch) []addressbook.Result {
	t.Helper()
	given := append([]addressbook.Patch(nil), patches...)
	results, err := s.UpdateContacts(t.Context(), s.account, patches, nil)
	if err != nil || len(results) != len(patches) {
		t.Fatalf("%d results for %d patches, %v", len(results), len(patches), err)
	}
	for i := range patches {
		if patches[i] != given[i] {
			t.Errorf("patch %d was changed", i)
		}
	}
	return results
}

// TestUpdateResults has good and bad patches mixed: each result is where its
// patch is, and what is wrong with one is no matter to the others.
func TestUpdateResults(t *testing.T) {
	t.Parallel()
	clock := time.Unix(1_753_000_000, 0)
	s := open(t, addressbook.Options{Clock: clocktest.Func(func() time.Time { return clock })})
	created := s.create(t, draft("9876500001"), draft("9876500002"), draft("9876500003"))
	one, two, three := *created[0].Contact, *created[1].Contact, *created[2].Contact
	clock = clock.Add(time.Hour)
	unreadable := errors.New("the patch is a text")
	empty := addressbook.Change{Set: true}
	r := s.update(t,
		addressbook.Patch{SID: one.SID, Number: set(" 098765 00009"), Texts: addressbook.Changes{addressbook.LastName: set("")}},
		addressbook.Patch{SID: one.SID, Fault: unreadable},
		addressbook.Patch{SID: two.SID, Number: empty},
		addressbook.Patch{SID: two.SID, Number: set("")},
		addressbook.Patch{SID: two.SID, Number: set("1-800-FLOWERS")},
		addressbook.Patch{SID: two.SID, Number: set("+91 98765 00009"), Texts: addressbook.Changes{addressbook.Tag: set("x")}},
		addressbook.Patch{SID: two.SID, Texts: addressbook.Changes{addressbook.Tag: set(strings.Repeat("é", 256))}},
		addressbook.Patch{SID: two.SID, Texts: addressbook.Changes{addressbook.Email: set("a\x00")}},
		addressbook.Patch{SID: two.SID, CustomField: set("{\"a\":\"\xff\"}")},
		addressbook.Patch{SID: addressbook.SID{1}, Texts: addressbook.Changes{addressbook.Tag: set("x")}},
		addressbook.Patch{SID: three.SID, Number: set("98765 00001"), Texts: addressbook.Changes{addressbook.FirstName: empty}, CustomField: set(`{"a":1}`)},
		addressbook.Patch{SID: three.SID, CustomField: empty, Texts: addressbook.Changes{addressbook.Tag: set(strings.Repeat("é", 255))}},
	)
	one.Number, one.Texts[addressbook.LastName], one.Updated = 919876500009, addressbook.Given(""), clock
	is(t, r[0], none)
	if !errors.Is(r[1].Fault, unreadable) || r[1].Contact != nil {
		t.Errorf("the unreadable patch gives %+v", r[1])
	}
	is(t, r[2], missing)
	is(t, r[3], missing)
	is(t, r[4], letters)
	is(t, r[5], taken)
	is(t, r[6], fault.TooLong(addressbook.FieldTag, 255))
	is(t, r[7], fault.HasNUL("email"))
	is(t, r[8], fault.NotUTF8(addressbook.FieldCustomField))
	is(t, r[9], addressbook.ErrNoContact)
	is(t, r[10], none)
	is(t, r[11], none)
	if t.Failed() {
		t.FailNow()
	}
	if diff := cmp.Diff(one, *r[5].Contact); diff != "" {
		t.Errorf("who has the number (-want +got):\n%s", diff)
	}
	three.Number, three.Texts[addressbook.Tag], three.Updated = 919876500001, addressbook.Given(strings.Repeat("é", 255)), clock
	if diff := cmp.Diff([]addressbook.Contact{one, two, three}, s.all(t)); diff != "" {
		t.Errorf("stored (-want +got):\n%s", diff)
	}

	deleted, err := s.DeleteContacts(t.Context(), s.account, s.NewDeletion(), []addressbook.ContactRef{{SID: two.SID}, {Fault: unreadable}, {SID: two.SID}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	is(t, deleted[0], none)
	if !errors.Is(deleted[1].Fault, unreadable) || deleted[1].Contact != nil {
		t.Errorf("the unreadable reference gives %+v", deleted[1])
	}
	is(t, deleted[2], addressbook.ErrNoContact)
	if diff := cmp.Diff(two, *deleted[0].Contact); diff != "" {
		t.Errorf("deleted (-want +got):\n%s", diff)
	}
}

// TestUpdateBeforeCreation has a clock that is set back: nothing is changed
// before it was created.
func TestUpdateBeforeCreation(t *testing.T) {
	t.Parallel()
	clock := time.Unix(1_753_000_000, 0)
	s := open(t, addressbook.Options{Clock: clocktest.Func(func() time.Time { return clock })})
	c := *s.create(t, draft("9876543210"))[0].Contact
	lists, err := s.CreateLists(t.Context(), s.account, []addressbook.ListDraft{{Name: addressbook.Given("a")}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	clock = clock.Add(-time.Hour)
	if r := s.update(t, addressbook.Patch{SID: c.SID, Texts: addressbook.Changes{addressbook.Tag: set("x")}})[0]; !r.Contact.Updated.Equal(c.Created) {
		t.Errorf("the contact was created at %v and updated at %v", c.Created, r.Contact.Updated)
	}
	l := lists[0].List
	lists, err = s.UpdateLists(t.Context(), s.account, []addressbook.ListPatch{{SID: l.SID, Tag: set("x")}}, nil)
	if err != nil || !lists[0].List.Updated.Equal(l.Created) {
		t.Errorf("the list was created at %v and is now %+v, %v", l.Created, lists[0].List, err)
	}
}

// TestStrictUpdate takes E.164 only.
func TestStrictUpdate(t *testing.T) {
	t.Parallel()
	s := open(t, addressbook.Options{StrictNumbers: true})
	c := s.create(t, draft("+919876543210"))[0].Contact
	r := s.update(t,
		addressbook.Patch{SID: c.SID, Number: set("9876543211")},
		addressbook.Patch{SID: c.SID, Number: set("+919876543211")})
	is(t, r[0], notE164)
	is(t, r[1], none)
}

// TestFindByNumber takes any spelling of a number, and refuses what is none.
func TestFindByNumber(t *testing.T) {
	t.Parallel()
	s := open(t, addressbook.Options{})
	c := *s.create(t, draft("9876543210"), draft("9876543211"))[0].Contact
	query := func(number string) (addressbook.Page, error) {
		return s.Contacts(t.Context(), s.account, addressbook.Query{Window: addressbook.Window{Limit: 10}, Number: number})
	}
	for _, number := range []string{"+919876543210", "9876543210", " 098765-43210", "९८७६५४३२१०"} {
		page, err := query(number)
		if diff := cmp.Diff([]addressbook.Contact{c}, page.Contacts); err != nil || diff != "" || page.Total != 1 {
			t.Errorf("%s: total %d, %v (-want +got):\n%s", number, page.Total, err, diff)
		}
	}
	if page, err := query("9876543212"); err != nil || len(page.Contacts) != 0 || page.Total != 0 {
		t.Errorf("a number that nobody has: %+v, %v", page, err)
	}
	_, err := query("12")
	if !fault.Is(err, fault.Invalid) {
		t.Errorf("a number that is none: %v", err)
	}
}

// listIs checks the fault of a list's result.
func listIs(t *testing.T, r addressbook.ListResult, want *fault.Error) {
	t.Helper()
	f := fault.As(r.Fault)
	switch {
	case want == none && (r.Fault != nil || r.List == nil):
		t.Errorf("got %+v, %v, want a list", r.List, r.Fault)
	case want != none && (f == nil || *f != *want || r.List != nil):
		t.Errorf("got %+v, %#v, want %#v", r.List, f, want)
	}
}

var (
	nameMissing = fault.Mandatory(addressbook.FieldName)
	nameTaken   = fault.Taken(addressbook.FieldName)
)

func TestListResults(t *testing.T) {
	t.Parallel()
	clock := time.Unix(1_753_000_000, 0)
	s := open(t, addressbook.Options{Clock: clocktest.Func(func() time.Time { return clock })})
	unreadable := fault.New(fault.Invalid, "the list is a text")
	name := addressbook.Given
	long := strings.Repeat("é", addressbook.MaxTextLength)
	r, err := s.CreateLists(t.Context(), s.account, []addressbook.ListDraft{
		{Name: name("a"), Tag: name("tag")},
		{Fault: unreadable},
		{},
		{Name: name("")},
		{Name: name(long + "é")},
		{Name: name("a\x00")},
		{Name: name("b"), Tag: name("\xff")},
		{Name: name("a")},
		{Name: name(long)},
		{Name: name("b"), Tag: name("")},
	}, nil)
	if err != nil || len(r) != 10 {
		t.Fatalf("%d results, %v", len(r), err)
	}
	listIs(t, r[0], none)
	listIs(t, r[1], unreadable)
	listIs(t, r[2], nameMissing)
	listIs(t, r[3], nameMissing)
	listIs(t, r[4], fault.TooLong(addressbook.FieldName, 255))
	listIs(t, r[5], fault.HasNUL(addressbook.FieldName))
	listIs(t, r[6], fault.NotUTF8(addressbook.FieldTag))
	listIs(t, r[7], nameTaken)
	listIs(t, r[8], none)
	listIs(t, r[9], none)
	if t.Failed() {
		t.FailNow()
	}
	a, b := *r[0].List, *r[9].List
	want := addressbook.List{SID: a.SID, Name: "a", Tag: name("tag"), Created: clock, Updated: clock}
	if diff := cmp.Diff(want, a); diff != "" {
		t.Errorf("new list (-want +got):\n%s", diff)
	}
	if !b.Created.After(r[8].List.Created) || b.SID.Prefix() <= r[8].List.SID.Prefix() {
		t.Errorf("lists of one call are not in the order of their creation: %+v, %+v", *r[8].List, b)
	}

	clock = clock.Add(time.Hour)
	r, err = s.UpdateLists(t.Context(), s.account, []addressbook.ListPatch{
		{SID: a.SID, Tag: addressbook.Change{Set: true}},
		{SID: a.SID, Fault: unreadable},
		{SID: a.SID, Name: addressbook.Change{Set: true}},
		{SID: a.SID, Name: set("")},
		{SID: a.SID, Name: set(long + "é")},
		{SID: a.SID, Tag: set("a\x00")},
		{SID: a.SID, Name: set("b")},
		{SID: addressbook.SID{1}, Name: set("c")},
		{SID: b.SID, Name: set("any")},
	}, nil)
	if err != nil || len(r) != 9 {
		t.Fatalf("%d results, %v", len(r), err)
	}
	a.Tag, a.Updated = addressbook.Text{}, clock
	b.Name, b.Updated = "any", clock
	listIs(t, r[0], none)
	listIs(t, r[1], unreadable)
	listIs(t, r[2], nameMissing)
	listIs(t, r[3], nameMissing)
	listIs(t, r[4], fault.TooLong(addressbook.FieldName, 255))
	listIs(t, r[5], fault.HasNUL(addressbook.FieldTag))
	listIs(t, r[6], nameTaken)
	listIs(t, r[7], addressbook.ErrNoList)
	listIs(t, r[8], none)
	for i, l := range map[int]addressbook.List{0: a, 8: b} {
		got, err := s.List(t.Context(), s.account, l.SID)
		if diff := cmp.Diff(l, got); err != nil || diff != "" {
			t.Errorf("list (-want +got): %v\n%s", err, diff)
		}
		if diff := cmp.Diff(&l, r[i].List); diff != "" {
			t.Errorf("result (-want +got):\n%s", diff)
		}
	}
}

func TestMembershipResults(t *testing.T) {
	t.Parallel()
	clock := time.Unix(1_753_000_000, 0)
	s := open(t, addressbook.Options{Clock: clocktest.Func(func() time.Time { return clock })})
	c := *s.create(t, draft("9876543210"))[0].Contact
	lists, err := s.CreateLists(t.Context(), s.account, []addressbook.ListDraft{{Name: addressbook.Given("a")}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	l := lists[0].List.SID
	unreadable := fault.New(fault.Invalid, "the reference is a text")
	refs := []addressbook.ContactRef{{Fault: unreadable}, {SID: c.SID}, {SID: addressbook.SID{1}}, {SID: c.SID}}
	added, err := s.AddToList(t.Context(), s.account, l, refs, nil)
	if err != nil {
		t.Fatal(err)
	}
	member := &addressbook.Membership{List: l, Contact: c.SID, Created: clock}
	clock = clock.Add(time.Hour)
	want := []addressbook.MembershipResult{
		{Fault: unreadable}, {Membership: member}, {Fault: addressbook.ErrNoContact}, {Membership: member, Fault: addressbook.ErrMember},
	}
	if diff := cmp.Diff(want, added); diff != "" {
		t.Errorf("added (-want +got):\n%s", diff)
	}
	removed, err := s.RemoveFromList(t.Context(), s.account, l, refs, nil)
	if err != nil {
		t.Fatal(err)
	}
	want = []addressbook.MembershipResult{
		{Fault: unreadable}, {Membership: member}, {Fault: addressbook.ErrNoMember}, {Fault: addressbook.ErrNoMember},
	}
	if diff := cmp.Diff(want, removed); diff != "" {
		t.Errorf("removed (-want +got):\n%s", diff)
	}
	// Of a list that is not there, also when none of the references is good.
	for _, refs := range [][]addressbook.ContactRef{refs, {{Fault: unreadable}}} {
		if _, err := s.AddToList(t.Context(), s.account, c.SID, refs, nil); !errors.Is(err, addressbook.ErrNoList) {
			t.Errorf("add: %v", err)
		}
		if _, err := s.RemoveFromList(t.Context(), s.account, c.SID, refs, nil); !errors.Is(err, addressbook.ErrNoList) {
			t.Errorf("remove: %v", err)
		}
	}
}
