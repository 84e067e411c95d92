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

// fields are the texts of a draft, by the names that faults use.
var fields = map[string]func(*addressbook.Draft) *addressbook.Text{
	"FirstName":   func(d *addressbook.Draft) *addressbook.Text { return &d.FirstName },
	"LastName":    func(d *addressbook.Draft) *addressbook.Text { return &d.LastName },
	"CompanyName": func(d *addressbook.Draft) *addressbook.Text { return &d.CompanyName },
	"Email":       func(d *addressbook.Draft) *addressbook.Text { return &d.Email },
	"Tag":         func(d *addressbook.Draft) *addressbook.Text { return &d.Tag },
}

func TestTexts(t *testing.T) {
	t.Parallel()
	s := open(t, addressbook.Options{})
	for name, field := range fields {
		t.Run(name, func(t *testing.T) {
			for _, text := range []string{
				"", "a", strings.Repeat("a", 255), strings.Repeat("é", 255), strings.Repeat("𝄞", 255), "\x01\n\t\u2028\uFFFD",
			} {
				// The number is taken after the first, and the rules come first.
				d := draft("9876543210")
				*field(&d) = addressbook.Given(text)
				if f := s.create(t, d)[0].Fault; f != nil && fault.As(f).Kind != fault.Duplicate {
					t.Errorf("%d bytes: %v", len(text), f)
				}
			}
			for text, detail := range map[string]string{
				strings.Repeat("a", 256):              "Maximum allowed length for " + name + " is 255",
				strings.Repeat("é", 256):              "Maximum allowed length for " + name + " is 255",
				strings.Repeat("𝄞", 256):              "Maximum allowed length for " + name + " is 255",
				strings.Repeat("a", 1<<20):            "Maximum allowed length for " + name + " is 255",
				"a\x00":                               "Invalid " + name + ": the NUL character is not allowed",
				"\x00":                                "Invalid " + name + ": the NUL character is not allowed",
				"\xff":                                "Invalid " + name + ": not valid UTF-8",
				"a\xc3":                               "Invalid " + name + ": not valid UTF-8",
				"\xed\xa0\x80":                        "Invalid " + name + ": not valid UTF-8", // half of a surrogate pair
				strings.Repeat("é", 254) + "\xc3":     "Invalid " + name + ": not valid UTF-8",
				strings.Repeat("é", 254) + "\x00":     "Invalid " + name + ": the NUL character is not allowed",
				strings.Repeat("a", 200) + "\xf0\x9d": "Invalid " + name + ": not valid UTF-8",
			} {
				d := draft("9876543210")
				*field(&d) = addressbook.Given(text)
				is(t, s.create(t, d)[0], fault.Invalid, detail)
			}
		})
	}
}

func TestCustomField(t *testing.T) {
	t.Parallel()
	s := open(t, addressbook.Options{})
	object := func(bytes int) string { return `{"a":"` + strings.Repeat("x", bytes-8) + `"}` }
	for text, detail := range map[string]string{
		"":                                       "",
		"{}":                                     "",
		object(addressbook.MaxCustomFieldLength): "",
		object(addressbook.MaxCustomFieldLength + 1): "Maximum allowed length for CustomField is 16384",
		// Counted in bytes: half as many characters.
		`{"a":"` + strings.Repeat("é", 8190) + `"}`: "Maximum allowed length for CustomField is 16384",
		"{\"a\":\"\xff\"}":                          "Invalid CustomField: not valid UTF-8",
	} {
		d := draft("9876543210")
		d.CustomField = text
		r := s.create(t, d)[0]
		if detail != "" {
			is(t, r, fault.Invalid, detail)
		} else if r.Fault != nil && fault.As(r.Fault).Kind != fault.Duplicate {
			t.Errorf("%d bytes: %v", len(text), r.Fault)
		}
	}
}

// TestFirstFault checks which of many mistakes is told.
func TestFirstFault(t *testing.T) {
	t.Parallel()
	s := open(t, addressbook.Options{})
	d := addressbook.Draft{
		FirstName:   addressbook.Given("\x00"),
		CustomField: "\xff",
		Fault:       fault.New(fault.Invalid, "unreadable"),
	}
	is(t, s.create(t, d)[0], fault.Invalid, "unreadable")
	d.Fault = nil
	is(t, s.create(t, d)[0], fault.Missing, missing) // null
	d.Number = addressbook.Given("")
	is(t, s.create(t, d)[0], fault.Missing, missing)
	d.Number = addressbook.Given("1-800-FLOWERS")
	is(t, s.create(t, d)[0], fault.Invalid, invalid)
	d.Number = addressbook.Given("9876543210")
	is(t, s.create(t, d)[0], fault.Invalid, "Invalid FirstName: the NUL character is not allowed")
	d.FirstName = addressbook.Text{}
	is(t, s.create(t, d)[0], fault.Invalid, "Invalid CustomField: not valid UTF-8")
	d.CustomField = ""
	is(t, s.create(t, d)[0], 0, "")
}

// TestNothingToStore checks that the store is not asked when no draft is good.
func TestNothingToStore(t *testing.T) {
	t.Parallel()
	// Its store panics, whatever is asked of it.
	s := shelf{addressbook.New(fakeStore{}, addressbook.Options{}), account.Account{SID: "acme", Region: "IN"}}
	s.create(t)
	r := s.create(t, draft("12"), draft(""), addressbook.Draft{Fault: fault.New(fault.Invalid, "unreadable")})
	is(t, r[0], fault.Invalid, invalid)
	is(t, r[1], fault.Missing, missing)
	is(t, r[2], fault.Invalid, "unreadable")
}

func TestStoreFails(t *testing.T) {
	t.Parallel()
	trouble := errors.New("the store is gone")
	for name, decides := range map[string]bool{"before it has decided": false, "after it has decided": true} {
		t.Run(name, func(t *testing.T) {
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
