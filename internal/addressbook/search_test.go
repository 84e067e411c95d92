package addressbook_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/fault"
)

// searches is a store that only looks at what is searched for.
type searches struct {
	addressbook.Store
	terms *addressbook.SearchTerms
}

func (s searches) Contacts(_ context.Context, _ account.ID, q addressbook.Query) (addressbook.Page, error) {
	*s.terms = q.Terms()
	return addressbook.Page{}, nil
}

func TestSearchTerms(t *testing.T) {
	t.Parallel()
	type words = []addressbook.SearchWord
	word := func(text string) words { return words{{Text: text}} }
	none := words{{Text: "\xff"}}
	for _, tt := range []struct {
		search string
		want   addressbook.SearchTerms
	}{
		{"", addressbook.SearchTerms{Words: words{}}},
		{" \t\u00a0\u3000", addressbook.SearchTerms{Words: words{}}},
		{"\u0301", addressbook.SearchTerms{Words: words{}}},
		{"Rao", addressbook.SearchTerms{Words: word("rao")}},
		{" Rao\u00a0ASHA rao ", addressbook.SearchTerms{Words: words{{Text: "rao"}, {Text: "asha"}}}},
		{"Muñoz", addressbook.SearchTerms{Words: word("munoz")}},
		{"a\x00b", addressbook.SearchTerms{Words: none}},
		{"rao \xff", addressbook.SearchTerms{Words: none}},
		{"12", addressbook.SearchTerms{Words: words{{Text: "12", Digits: "12"}}}},
		{"0", addressbook.SearchTerms{Words: words{{Text: "0", Digits: "0"}}}},
		{"00-123", addressbook.SearchTerms{Words: words{{Text: "00-123", Digits: "00123"}}}},
		{"012345", addressbook.SearchTerms{Words: words{{Text: "012345", Digits: "12345"}}}},
		{"-", addressbook.SearchTerms{Words: word("-")}},
		{"+", addressbook.SearchTerms{Words: word("+")}},
		{"rao 098-765", addressbook.SearchTerms{Words: words{{Text: "rao"}, {Text: "098-765", Digits: "98765"}}}},
		{"987 65", addressbook.SearchTerms{Words: words{{Text: "987", Digits: "987"}, {Text: "65", Digits: "65"}}}},
		{"98765 43210", addressbook.SearchTerms{Words: words{{Text: "98765", Digits: "98765"}, {Text: "43210", Digits: "43210"}}}},
		{"09876543210", addressbook.SearchTerms{Words: words{{Text: "09876543210", Digits: "9876543210"}}}},
		{"98765 043210", addressbook.SearchTerms{Words: words{{Text: "98765", Digits: "98765"}, {Text: "043210", Digits: "43210"}}}},
		{"012 345", addressbook.SearchTerms{Words: words{{Text: "012", Digits: "012"}, {Text: "345", Digits: "345"}}, Digits: "12345"}},
		{"(098765) – 43210", addressbook.SearchTerms{
			Words:  words{{Text: "(098765)", Digits: "98765"}, {Text: "-"}, {Text: "43210", Digits: "43210"}},
			Digits: "9876543210", Number: 919876543210,
		}},
		{"+91 98765", addressbook.SearchTerms{Words: words{{Text: "+91", Digits: "+91"}, {Text: "98765", Digits: "98765"}}}},
		{"+44 (0)20 7946 0123", addressbook.SearchTerms{
			Words:  words{{Text: "+44", Digits: "+44"}, {Text: "(0)20", Digits: "020"}, {Text: "7946", Digits: "7946"}, {Text: "0123", Digits: "0123"}},
			Number: 442079460123,
		}},
		{"९८७६५४३२१०", addressbook.SearchTerms{Words: words{{Text: "९८७६५४३२१०", Digits: "9876543210"}}}},
		{"98765 x", addressbook.SearchTerms{Words: words{{Text: "98765", Digits: "98765"}, {Text: "x"}}}},
	} {
		for _, strict := range []bool{false, true} { // spellings are searched for whatever may be stored
			var got addressbook.SearchTerms
			book := addressbook.New(searches{terms: &got}, addressbook.Options{StrictNumbers: strict})
			_, err := book.Contacts(t.Context(), account.Account{Region: "IN"}, addressbook.Query{Search: tt.search})
			if diff := cmp.Diff(tt.want, got); err != nil || diff != "" {
				t.Errorf("%q: %v (-want +got):\n%s", tt.search, err, diff)
			}
		}
	}
}

func TestTooManySearchWords(t *testing.T) {
	t.Parallel()
	var got addressbook.SearchTerms
	book := addressbook.New(searches{terms: &got}, addressbook.Options{})
	search := func(words int) error {
		var all strings.Builder
		for i := range words {
			fmt.Fprintf(&all, "w%d W%[1]d ", i) // a word that comes again is none more
		}
		_, err := book.Contacts(t.Context(), account.Account{Region: "IN"}, addressbook.Query{Search: all.String()})
		return err
	}
	if err := search(addressbook.MaxSearchWords); err != nil || len(got.Words) != addressbook.MaxSearchWords {
		t.Errorf("%d words: %v, %v", addressbook.MaxSearchWords, got.Words, err)
	}
	if f := fault.As(search(addressbook.MaxSearchWords + 1)); f == nil || f.Kind != fault.Invalid || f.Field != addressbook.FieldSearch {
		t.Errorf("one more: %v", f)
	}
}
