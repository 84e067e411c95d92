package storetest

import (
	"math"
	"strings"
	"testing"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/fault"
	"callbook/internal/phone"
)

// comesBack checks that the contacts are read as they were given: by sid, in a
// page, as the existing contact of an insert, and after a restart.
func comesBack(t *testing.T, f *fixture, all []addressbook.Contact) {
	t.Helper()
	f.insertAllNew(t, all...)
	check := func() {
		t.Helper()
		f.holds(t, all...)
		again := make([]addressbook.Contact, len(all))
		for i, c := range all {
			f.reads(t, c)
			again[i] = contact(c.Number)
		}
		for i, existing := range f.insert(t, again...) {
			if existing == nil {
				t.Fatalf("number %v was given twice", all[i].Number)
			}
			same(t, "existing contact", *existing, all[i])
		}
	}
	check()
	f.reopen()
	check()
}

func texts(t *testing.T, f *fixture) {
	var all []addressbook.Contact
	for _, text := range []addressbook.Text{
		{},
		addressbook.Given(""),
		addressbook.Given(" "),
		addressbook.Given("null"),
		addressbook.Given("0"),
		addressbook.Given(`'"; DROP TABLE contacts; --\`),
		addressbook.Given("%_?1$1:a@b"),
		addressbook.Given("line\r\nand\ttab\u0001\u007f\u2028"),
		addressbook.Given("नमस्ते 世界 é e\u0301 \u202Eabc\u200D"),
		addressbook.Given("𝄞👩‍👩‍👧‍👦\U0010FFFF\uFEFF\uFFFD"),
		addressbook.Given(strings.Repeat("𝄞", addressbook.MaxTextLength)),
	} {
		// One field at a time, so that a store that mixes them up is found.
		for field := range addressbook.NumTextFields {
			c := contact(firstNumber + phone.Number(len(all)))
			for i := range c.Texts {
				c.Texts[i] = addressbook.Given(strings.Repeat("x", i+1))
			}
			c.Texts[field] = text
			all = append(all, c)
		}
	}
	nothing := contact(firstNumber + 1000)
	nothing.Texts = addressbook.Texts{}
	nothing.CustomField = ""
	comesBack(t, f, append(all, nothing))
}

// customFields checks that the JSON is kept as bytes, not as a value.
func customFields(t *testing.T, f *fixture) {
	var all []addressbook.Contact
	for _, text := range []string{
		``,
		`{}`,
		"{ \"b\" :\t1,\n\"a\":[ ] }",
		`{"z":1,"a":2,"z":3}`,
		`{"n":[1.0,1e2,-0,0.10,12345678901234567890123]}`,
		`{"s":"\u0041\/\u0000 \ud834\udd1e 𝄞 <>&"}`,
		`{"deep":` + strings.Repeat(`[`, 500) + strings.Repeat(`]`, 500) + `}`,
		`{"long":"` + strings.Repeat("x", addressbook.MaxCustomFieldLength-11) + `"}`,
	} {
		c := contact(firstNumber + phone.Number(len(all)))
		c.CustomField = text
		all = append(all, c)
	}
	comesBack(t, f, all)
}

func dates(t *testing.T, f *fixture) {
	var all []addressbook.Contact
	for _, nanos := range []int64{
		0, 1, 999_999_999, 1_000_000_000,
		1_753_000_000_123_456_789, 1_753_000_000_123_456_790,
		math.MaxInt64, // in the year 2262
	} {
		c := contact(firstNumber + phone.Number(len(all)))
		c.Created, c.Updated = time.Unix(0, nanos), time.Unix(0, math.MaxInt64-nanos)
		all = append(all, c)
	}
	comesBack(t, f, all)
}

func numbers(t *testing.T, f *fixture) {
	var all []addressbook.Contact
	for _, n := range []phone.Number{
		1, 2, 9, 12345678,
		math.MaxInt32, math.MaxInt32 + 1, math.MaxUint32, math.MaxUint32 + 1,
		919876543210, 999_999_999_999_998, 999_999_999_999_999,
	} {
		all = append(all, contact(n))
	}
	comesBack(t, f, all)
}

func unknownContact(t *testing.T, f *fixture) {
	known := contact(firstNumber)
	isUnknown := func(sid addressbook.SID) {
		t.Helper()
		_, err := f.Contacts.Contact(t.Context(), f.account, sid)
		isFault(t, err, fault.NotFound)
	}
	isUnknown(known.SID)
	f.insertAllNew(t, known)
	f.reads(t, known)
	isUnknown(addressbook.SID{})
	for i := range known.SID {
		other := known.SID
		other[i] ^= 1
		isUnknown(other)
	}
}
