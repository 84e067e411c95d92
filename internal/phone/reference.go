package phone

import (
	"strconv"

	"github.com/nyaruka/phonenumbers"
)

// reference parses digits with the library. The tables must agree with it, and
// where they cannot decide its answer is used. It returns 0 when the digits are
// no number.
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
	// Parsing a stored number must yield the same number.
	reparsed := possible(library("+"+e164, ""))
	if reparsed == nil || international(reparsed) != e164 {
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

// text converts digit values to ASCII.
func text(digits []byte) string {
	b := make([]byte, len(digits))
	for i, v := range digits {
		b[i] = '0' + v
	}
	return string(b)
}
