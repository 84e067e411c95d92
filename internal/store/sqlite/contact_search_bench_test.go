package sqlite

import (
	"encoding/binary"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/phone"
)

// BenchmarkSearch reads pages of an account of a million contacts that no
// counter and no key tells. One contact in seven has a name that is not ASCII.
func BenchmarkSearch(b *testing.B) {
	ctx := b.Context()
	db, err := Open(ctx, filepath.Join(b.TempDir(), "callbook.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	book, err := db.OpenAddressBook(Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	defer book.Close()
	acme, err := db.CreateAccount(ctx, account.Account{SID: "acme", Region: "IN", TimeZone: time.UTC, Created: time.Unix(1_700_000_000, 0)})
	if err != nil {
		b.Fatal(err)
	}
	const batches, each = 200, 5000
	random := rand.New(rand.NewPCG(1, 2))
	for i := range batches {
		err := book.InsertContacts(ctx, acme.ID, people(random, i*each, each), addressbook.CreateOptions{}, nil)
		if err != nil {
			b.Fatal(err)
		}
	}

	page := func(sort addressbook.SortField, offset int) addressbook.Window {
		return addressbook.Window{Limit: 20, Sort: sort, Offset: offset}
	}
	created := page(addressbook.ByCreated, 0)
	for _, bench := range []struct {
		name string
		q    addressbook.Query
	}{
		{"Name/none", addressbook.Query{Window: created, Name: "nobody at all"}},
		{"Name/some", addressbook.Query{Window: created, Name: "asha"}},
		{"Name/not ASCII", addressbook.Query{Window: created, Name: "आशा"}},
		{"Search/none", addressbook.Query{Window: created, Search: "nobody at all"}},
		{"Search/all", addressbook.Query{Window: created, Search: "@MAIL"}},
		{"Search/words", addressbook.Query{Window: created, Search: "rajeshwari himalaya nobody"}},
		{"Search/accents", addressbook.Query{Window: created, Search: "Zoé Krishnamürthy"}},
		{"Search/not ASCII", addressbook.Query{Window: created, Search: "आशा mail"}},
		{"Search/digits", addressbook.Query{Window: created, Search: "(098765) 43210"}},
		{"Search/all, far on", addressbook.Query{Window: page(addressbook.ByCreated, 500_000), Search: "@MAIL"}},
		{"Email", addressbook.Query{Window: created, Email: "NOBODY@example.com"}},
		{"Tag", addressbook.Query{Window: created, Tag: "nobody"}},
		{"By name", addressbook.Query{Window: page(addressbook.ByName, 0)}},
		{"By name/far on", addressbook.Query{Window: page(addressbook.ByName, 500_000)}},
		{"By date of update", addressbook.Query{Window: page(addressbook.ByUpdated, 0)}},
		{"By person", addressbook.Query{Window: page(addressbook.ByPerson, 0)}},
		{"By company", addressbook.Query{Window: page(addressbook.ByCompany, 0)}},
		{"By e-mail", addressbook.Query{Window: page(addressbook.ByEmail, 0)}},
		{"By tag", addressbook.Query{Window: page(addressbook.ByTag, 0)}},
		{"By number", addressbook.Query{Window: page(addressbook.ByNumber, 0)}},
		{"By creation", addressbook.Query{Window: created}},
		{"By creation/far on", addressbook.Query{Window: page(addressbook.ByCreated, 500_000)}},
		{"By creation/last", addressbook.Query{Window: page(addressbook.ByCreated, 999_000)}},
		{"Custom field/some", addressbook.Query{Window: created, Custom: addressbook.CustomFilter{Key: "plan", Part: "GOLD"}}},
		{"Custom field/none", addressbook.Query{Window: created, Custom: addressbook.CustomFilter{Key: "plan", Part: "silver"}}},
		{"Name/some, by name", addressbook.Query{Window: page(addressbook.ByName, 0), Name: "asha"}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			for b.Loop() {
				if _, err := book.Contacts(ctx, acme.ID, bench.q); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// people are n contacts, the first of which is number from.
func people(random *rand.Rand, from, n int) []addressbook.Contact {
	first := []string{"Aarav", "Asha", "Bhavna", "Chandra", "Deepika", "Farhan", "Gayatri", "Harish", "Karthik", "Lakshmi", "Rajeshwari", "Vikram", "आशा", "Zoë"}
	last := []string{"Agarwal", "Banerjee", "Chatterjee", "Desai", "Gupta", "Krishnamurthy", "Mehta", "Patel", "Reddy", "Subramanian", "Venkatesan", "Iyer"}
	company := []string{"Anand Textiles Pvt Ltd", "Bharat Logistics", "Coromandel Foods", "Deccan Motors", "Himalaya Clinics"}
	pick := func(from []string) addressbook.Text { return addressbook.Given(from[random.IntN(len(from))]) }
	all := make([]addressbook.Contact, n)
	for i := range all {
		at := time.Unix(1_700_000_000, int64(from+i)*1000)
		c := &all[i]
		binary.BigEndian.PutUint64(c.SID[:8], uint64(at.UnixNano()))
		binary.BigEndian.PutUint64(c.SID[8:], random.Uint64())
		// A shuffle: the factor has nothing in common with the modulus.
		c.Number = phone.Number(916_000_000_000 + uint64(from+i)*2_654_435_761%4_000_000_007)
		c.Texts[addressbook.FirstName], c.Texts[addressbook.LastName], c.Texts[addressbook.CompanyName] = pick(first), pick(last), pick(company)
		c.Texts[addressbook.Email] = addressbook.Given("user." + strconv.FormatUint(uint64(random.Uint32()), 36) + "@mail.example.com")
		c.Texts[addressbook.Tag] = addressbook.Given("Member")
		c.CustomField = `{"plan":"gold","address":{"city":"Bengaluru","pin":"` + strconv.Itoa(110_000+random.IntN(700_000)) + `"}}`
		c.Created, c.Updated = at, at.Add(time.Duration(random.IntN(1e9)))
	}
	return all
}
