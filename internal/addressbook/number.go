package addressbook

import (
	"fmt"

	"callbook/internal/account"
	"callbook/internal/phone"
)

// numberReader reads the numbers of an account's contacts.
type numberReader struct {
	region *phone.Region
	strict bool // E.164 only
}

// numbers returns the reader for the account's numbers.
func (b *Book) numbers(acct account.Account) (numberReader, error) {
	region, err := phone.RegionByCode(acct.Region)
	if err != nil {
		return numberReader{}, fmt.Errorf("account %s: %w", acct.SID, err)
	}
	return numberReader{region: region, strict: b.strict}, nil
}

// read reads a text that is one number.
func (r numberReader) read(text string) (phone.Number, error) {
	if r.strict {
		return phone.ParseE164(text)
	}
	return r.region.Parse(text)
}

// first reads the first number of a text that may have several, and counts the others. A
// strict reader accepts only one number.
func (r numberReader) first(text string) (n phone.Number, leftOut int, err error) {
	if r.strict {
		n, err = phone.ParseE164(text)
		return n, 0, err
	}
	return r.region.ParseFirst(text)
}

// Number reads a number as if it were given for a contact of the account. A text that is
// no number is an Invalid fault.
func (b *Book) Number(acct account.Account, raw string) (phone.Number, error) {
	numbers, err := b.numbers(acct)
	if err != nil {
		return 0, err
	}
	return numbers.read(raw)
}
