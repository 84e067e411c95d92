package addressbook

import (
	"slices"
	"strings"
	"unicode/utf8"

	"callbook/internal/account"
	"callbook/internal/fault"
	"callbook/internal/phone"
)

// MaxSearchWords bounds the different words of a search. Each is looked for in every
// contact.
const MaxSearchWords = 16

// SearchTerms are the conditions of a search. A contact matches if it matches all Words,
// or if its number contains Digits, or if its number is Number.
type SearchTerms struct {
	Words []SearchWord // empty matches every contact
	// Digits is a part of a number, with the plus if it begins with one; "" matches no
	// number.
	Digits string
	Number phone.Number // zero matches no contact
}

// SearchWord is a word of a search. A contact matches it if Text is part of its number
// with the plus, or of the [SearchText] of its joined names, its company's name or its
// e-mail. It also matches if Digits is not "" and is part of its number with the plus.
type SearchWord struct {
	Text, Digits string
}

// Terms returns the conditions of [Query.Search], for stores.
func (q *Query) Terms() SearchTerms {
	words := searchWords(q.Search)
	terms := SearchTerms{Words: make([]SearchWord, len(words))}
	for i, word := range words {
		terms.Words[i] = SearchWord{Text: word, Digits: numberPart(word)}
	}
	if digits := numberPart(SearchText(q.Search)); !terms.matchedBy(digits) {
		terms.Digits = digits
	}
	if !terms.matchedBy(q.searched.String()) {
		terms.Number = q.searched
	}
	return terms
}

// matchedBy reports whether a number with these digits matches all words. Then a store
// need not look for the digits too.
func (t *SearchTerms) matchedBy(digits string) bool {
	for _, w := range t.Words {
		if w.Digits == "" || !strings.Contains(digits, w.Digits) {
			return false
		}
	}
	return true
}

// notText is a word that no stored text has, since it is not UTF-8.
const notText = "\xff"

// searchWords returns the distinct words of a search.
func searchWords(search string) []string {
	if strings.IndexByte(search, 0) >= 0 || !utf8.ValidString(search) {
		return []string{notText} // a text with such bytes is never stored
	}
	var words []string
	for word := range strings.FieldsSeq(SearchText(search)) {
		if !slices.Contains(words, word) {
			words = append(words, word)
		}
	}
	return words
}

// numberPart returns the digits of text as they may occur in a number, or "". It removes
// leading zeros, which are a prefix for calls within the country or abroad. If fewer than
// five digits remain, it keeps the zeros: the text is rather the end of a number.
func numberPart(text string) string {
	const fewest = 5 // least digits of the beginning of a number
	digits, _ := phone.Digits(text)
	if number := strings.TrimLeft(digits, "0"); len(number) >= fewest {
		return number
	}
	return digits
}

// SearchTerms returns the conditions of a search, like [Query.Terms]. It returns a fault
// if the search has more than [MaxSearchWords] words.
func (b *Book) SearchTerms(acct account.Account, search string) (SearchTerms, error) {
	q := Query{Search: search}
	var err error
	if search != "" {
		q.searched, err = b.checkSearch(acct, search)
	}
	return q.Terms(), err
}

// checkSearch refuses a search of too many words. It returns the number that search
// spells in the account's country, or zero. This does not depend on whether the account
// accepts such spellings elsewhere.
func (b *Book) checkSearch(acct account.Account, search string) (phone.Number, error) {
	if len(searchWords(search)) > MaxSearchWords {
		return 0, fault.TooLong(FieldSearch, MaxSearchWords)
	}
	if _, ok := phone.Digits(SearchText(search)); !ok {
		return 0, nil
	}
	numbers, err := b.numbers(acct)
	if err != nil {
		return 0, err
	}
	number, err := numbers.region.Parse(search)
	if err != nil {
		return 0, nil // it may be part of a number
	}
	return number, nil
}
