package addressbook

import (
	"slices"
	"strings"
	"unicode/utf8"

	"callbook/internal/account"
	"callbook/internal/fault"
	"callbook/internal/phone"
)

// MaxSearchWords is how many different words a search may have. Each is looked for in
// every contact.
const MaxSearchWords = 16

// SearchTerms are the conditions that a search makes. A contact is found if it matches
// all words. It is also found by its number alone: if that has Digits, or is Number.
type SearchTerms struct {
	Words []SearchWord // none finds every contact
	// Digits is a part of a number, with the plus if it begins with one; "" is in
	// no number.
	Digits string
	Number phone.Number // zero is nobody's
}

// SearchWord is a word of a search. A contact matches it if Text is a part of the
// [SearchText] of its joined names, its company's name or its e-mail, or of its number
// with the plus, or if Digits, unless that is "", is a part of its number with the plus.
type SearchWord struct {
	Text, Digits string
}

// Terms returns the conditions that [Query.Search] makes. It is for stores.
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

// matchedBy reports whether a number with these digits matches all words, so that there
// is no need to look for the digits too.
func (t *SearchTerms) matchedBy(digits string) bool {
	for _, w := range t.Words {
		if w.Digits == "" || !strings.Contains(digits, w.Digits) {
			return false
		}
	}
	return true
}

// notText is a word that no text has, since it is not UTF-8.
const notText = "\xff"

// searchWords returns the different words of a search.
func searchWords(search string) []string {
	if strings.IndexByte(search, 0) >= 0 || !utf8.ValidString(search) {
		return []string{notText} // no stored text has a part that none may have
	}
	var words []string
	for word := range strings.FieldsSeq(SearchText(search)) {
		if !slices.Contains(words, word) {
			words = append(words, word)
		}
	}
	return words
}

// numberPart returns the digits of a text that may be a part of a number, as they would
// stand in it, or "". Zeros that begin a number do not stand in it, since they are a
// prefix of calls within the country or abroad. Few digits behind zeros are rather the
// end of a number.
func numberPart(text string) string {
	const fewest = 5 // digits that may begin a number
	digits, _ := phone.Digits(text)
	if number := strings.TrimLeft(digits, "0"); len(number) >= fewest {
		return number
	}
	return digits
}

// SearchTerms returns the conditions that a search makes, as [Query.Terms] does. A
// search of more than [MaxSearchWords] words is a fault.
func (b *Book) SearchTerms(acct account.Account, search string) (SearchTerms, error) {
	q := Query{Search: search}
	var err error
	if search != "" {
		q.searched, err = b.checkSearch(acct, search)
	}
	return q.Terms(), err
}

// checkSearch refuses a search of too many words. It returns the number that the search
// is in the account's country, whether or not the account takes such spellings; zero if
// it is none.
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
		return 0, nil // it is a part of one
	}
	return number, nil
}
