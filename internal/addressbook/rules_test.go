package addressbook_test

import (
	"errors"
	"strings"
	"testing"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/fault"
	"callbook/internal/journal"
)

func TestTexts(t *testing.T) {
	t.Parallel()
	s := open(t, addressbook.Options{})
	for field, described := range addressbook.TextFields {
		name := described.Key
		t.Run(string(name), func(t *testing.T) {
			for _, text := range []string{
				"", "a", strings.Repeat("a", 255), strings.Repeat("é", 255), strings.Repeat("𝄞", 255), "\x01\n\t\u2028\uFFFD",
			} {
				// The number is taken after the first, and the rules come first.
				d := draft("9876543210")
				d.Texts[field] = addressbook.Given(text)
				if f := s.create(t, d)[0].Fault; f != nil && !fault.Is(f, fault.Duplicate) {
					t.Errorf("%d bytes: %v", len(text), f)
				}
			}
			for text, want := range map[string]*fault.Error{
				strings.Repeat("a", 256):              fault.TooLong(name, 255),
				strings.Repeat("é", 256):              fault.TooLong(name, 255),
				strings.Repeat("𝄞", 256):              fault.TooLong(name, 255),
				strings.Repeat("a", 1<<20):            fault.TooLong(name, 255),
				"a\x00":                               fault.HasNUL(name),
				"\x00":                                fault.HasNUL(name),
				"\xff":                                fault.NotUTF8(name),
				"a\xc3":                               fault.NotUTF8(name),
				"\xed\xa0\x80":                        fault.NotUTF8(name), // half of a surrogate pair
				strings.Repeat("é", 254) + "\xc3":     fault.NotUTF8(name),
				strings.Repeat("é", 254) + "\x00":     fault.HasNUL(name),
				strings.Repeat("a", 200) + "\xf0\x9d": fault.NotUTF8(name),
			} {
				d := draft("9876543210")
				d.Texts[field] = addressbook.Given(text)
				is(t, s.create(t, d)[0], want)
			}
		})
	}
}

func TestCustomField(t *testing.T) {
	t.Parallel()
	s := open(t, addressbook.Options{})
	object := func(bytes int) string { return `{"a":"` + strings.Repeat("x", bytes-8) + `"}` }
	for text, want := range map[string]*fault.Error{
		"":                                       none,
		"{}":                                     none,
		object(addressbook.MaxCustomFieldLength): none,
		object(addressbook.MaxCustomFieldLength + 1): fault.TooLong(addressbook.FieldCustomField, 16384),
		// Counted in bytes: half as many characters.
		`{"a":"` + strings.Repeat("é", 8190) + `"}`: fault.TooLong(addressbook.FieldCustomField, 16384),
		"{\"a\":\"\xff\"}":                          fault.NotUTF8(addressbook.FieldCustomField),
	} {
		d := draft("9876543210")
		d.CustomField = text
		r := s.create(t, d)[0]
		if want != none {
			is(t, r, want)
		} else if r.Fault != nil && !fault.Is(r.Fault, fault.Duplicate) {
			t.Errorf("%d bytes: %v", len(text), r.Fault)
		}
	}
}

// TestFirstFault checks which of many mistakes is told.
func TestFirstFault(t *testing.T) {
	t.Parallel()
	s := open(t, addressbook.Options{})
	unreadable := fault.New(fault.Invalid, "unreadable")
	d := addressbook.Draft{
		Texts:       addressbook.Texts{addressbook.FirstName: addressbook.Given("\x00")},
		CustomField: "\xff",
		Fault:       unreadable,
	}
	is(t, s.create(t, d)[0], unreadable)
	d.Fault = nil
	is(t, s.create(t, d)[0], missing) // null
	d.Number = addressbook.Given("")
	is(t, s.create(t, d)[0], missing)
	d.Number = addressbook.Given("1-800-FLOWERS")
	is(t, s.create(t, d)[0], letters)
	d.Number = addressbook.Given("9876543210")
	is(t, s.create(t, d)[0], fault.HasNUL("first_name"))
	d.Texts[addressbook.FirstName] = addressbook.Text{}
	is(t, s.create(t, d)[0], fault.NotUTF8(addressbook.FieldCustomField))
	d.CustomField = ""
	is(t, s.create(t, d)[0], none)
}

// TestNothingToStore checks that the store is not asked when no draft is good.
func TestNothingToStore(t *testing.T) {
	t.Parallel()
	// Its store panics, whatever is asked of it.
	s := shelf{addressbook.New(fakeStore{}, addressbook.Options{}), account.Account{SID: "acme", Region: "IN"}}
	s.create(t)
	unreadable := fault.New(fault.Invalid, "unreadable")
	r := s.create(t, draft("12"), draft(""), addressbook.Draft{Fault: unreadable})
	is(t, r[0], tooShort)
	is(t, r[1], missing)
	is(t, r[2], unreadable)
}

func TestStoreFails(t *testing.T) {
	t.Parallel()
	trouble := errors.New("the store is gone")
	for name, decides := range map[string]bool{"before it has decided": false, "after it has decided": true} {
		t.Run(string(name), func(t *testing.T) {
			store := fakeStore{insert: func(contacts []addressbook.Contact, decided journal.Ready[[]*addressbook.Contact]) error {
				if decides {
					decided(make([]*addressbook.Contact, len(contacts)))
				}
				return trouble
			}}
			book := addressbook.New(store, addressbook.Options{})
			calls := 0
			results, err := book.CreateContacts(t.Context(), account.Account{SID: "acme", Region: "IN"},
				[]addressbook.Draft{draft("9876543210"), draft("9876543210"), draft("12")},
				addressbook.CreateOptions{}, func([]addressbook.Result) *journal.Receipt { calls++; return nil })
			if !errors.Is(err, trouble) || results != nil {
				t.Errorf("the error is %v, want that of the store; results %v", err, results)
			}
			if (calls == 1) != decides {
				t.Errorf("ready was called %d times", calls)
			}
		})
	}
}

// TestUnknownRegion has an account that no Directory makes.
func TestUnknownRegion(t *testing.T) {
	t.Parallel()
	book := addressbook.New(fakeStore{}, addressbook.Options{})
	_, err := book.CreateContacts(t.Context(), account.Account{SID: "acme", Region: "XX"},
		[]addressbook.Draft{draft("+919876543210")},
		addressbook.CreateOptions{}, func([]addressbook.Result) *journal.Receipt { t.Error("there are results"); return nil })
	if err == nil || !strings.Contains(err.Error(), "acme") {
		t.Errorf("the error is %v, want one that tells the account", err)
	}
}

// TestSeveralNumbers creates contacts of drafts that take the first of several
// numbers, and refuses the others.
func TestSeveralNumbers(t *testing.T) {
	t.Parallel()
	s := open(t, addressbook.Options{})
	cell := func(number string) addressbook.Draft {
		return addressbook.Draft{Number: addressbook.Given(number), FirstNumber: true}
	}
	r := s.create(t,
		cell("98765 43210 ::: 98765 43211, 98765 43212"),
		cell("022-23456789/90"),
		cell("98765 43213"),
		cell("98765 43210; 98765 43214"), // a repeat
		draft("98765 43215, 98765 43216"),
		cell("98765, 43215"))
	for i, want := range []struct {
		number  string
		leftOut int
	}{{"+919876543210", 2}, {"+912223456789", 1}, {"+919876543213", 0}} {
		is(t, r[i], none)
		if got := r[i].Contact.Number.String(); got != want.number || r[i].LeftOut != want.leftOut {
			t.Errorf("%d: got %s with %d left out, want %+v", i, got, r[i].LeftOut, want)
		}
	}
	is(t, r[3], taken)
	if r[3].LeftOut != 1 || r[3].Contact.SID != r[0].Contact.SID {
		t.Errorf("the repeat gives %+v", r[3])
	}
	several := fault.NotNumber(addressbook.FieldNumber, fault.OneNumber, "")
	is(t, r[4], several)
	is(t, r[5], several)

	strict := open(t, addressbook.Options{StrictNumbers: true})
	is(t, strict.create(t, cell("+919876543210, +919876543211"))[0], notE164)
}
