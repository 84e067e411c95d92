package phone

import (
	"strconv"

	"github.com/nyaruka/phonenumbers"
)

// reference says which number the digits spell by asking the library: it is
// what the tables must agree with, and the answer where they have none. It
// returns 0 when there is no such number.
func reference(digits string, plus bool, region string) Number {
	var n *phonenumbers.PhoneNumber
	if plus {
		n = possible(library("+"+digits, ""))
	} else {
		local := library(digits, region)
		if n = valid(local); n == nil {
			n = valid(library("+"+digits, ""))
		}
		if n == nil {
			n = possible(local)
		}
	}
	if n == nil {
		return 0
	}
	e164 := international(n)
	if len(e164) > maxNumberDigits {
		return 0
	}
	// A stored number must mean itself: a second reading may not change it.
	again := possible(library("+"+e164, ""))
	if again == nil || international(again) != e164 {
		return 0
	}
	value, err := strconv.ParseUint(e164, 10, 64)
	if err != nil {
		return 0
	}
	return Number(value)
}

func library(number, region string) *phonenumbers.PhoneNumber {
	n, err := phonenumbers.Parse(number, region)
	if err != nil {
		return nil
	}
	return n
}

func valid(n *phonenumbers.PhoneNumber) *phonenumbers.PhoneNumber {
	if n == nil || !phonenumbers.IsValidNumber(n) {
		return nil
	}
	return n
}

func possible(n *phonenumbers.PhoneNumber) *phonenumbers.PhoneNumber {
	if n == nil || phonenumbers.IsPossibleNumberWithReason(n) != phonenumbers.IS_POSSIBLE {
		return nil
	}
	return n
}

// international returns the digits of n with its calling code, without a plus.
func international(n *phonenumbers.PhoneNumber) string {
	return strconv.Itoa(int(n.GetCountryCode())) + phonenumbers.GetNationalSignificantNumber(n)
}

// text spells digit values as the library reads them.
func text(digits []byte) string {
	b := make([]byte, len(digits))
	for i, v := range digits {
		b[i] = '0' + v
	}
	return string(b)
}
