package phone

import (
	"regexp"
	"slices"
	"strconv"
	"sync"

	"github.com/nyaruka/phonenumbers"
)

// reference parses digits with the library. The tables must agree with it. If they cannot
// decide, its answer counts. It returns 0 if the digits are not a number.
func reference(digits string, plus bool, region string) Number {
	var n *phonenumbers.PhoneNumber
	if plus {
		n = referenceNumber(library("+"+digits, ""))
	} else {
		local := library(digits, region)
		if n = valid(local); n == nil {
			n = valid(library("+"+digits, ""))
		}
		if n == nil {
			n = referenceNumber(local)
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
	reparsed := wellFormed(library("+"+e164, ""))
	if reparsed == nil || international(reparsed) != e164 {
		return 0
	}
	value, err := strconv.ParseUint(e164, 10, 64)
	if err != nil {
		return 0
	}
	return Number(value)
}

// referenceNumber does what directory.number does.
func referenceNumber(n *phonenumbers.PhoneNumber) *phonenumbers.PhoneNumber {
	if n == nil || valid(n) != nil {
		return n
	}
	once := valid(library("+"+phonenumbers.GetNationalSignificantNumber(n), ""))
	if once != nil && once.GetCountryCode() == n.GetCountryCode() {
		return once
	}
	return wellFormed(n)
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

// wellFormed returns n if it has a possible length and the general form of a
// region with its calling code, and otherwise nil.
func wellFormed(n *phonenumbers.PhoneNumber) *phonenumbers.PhoneNumber {
	if n == nil || phonenumbers.IsPossibleNumberWithReason(n) != phonenumbers.IS_POSSIBLE {
		return nil
	}
	national := phonenumbers.GetNationalSignificantNumber(n)
	code := int(n.GetCountryCode())
	for i, id := range phonenumbers.GetRegionCodesForCountryCode(code) {
		m := numberingPlans().metadata[id]
		if id == nonGeographic {
			m = numberingPlans().nonGeo[code]
		}
		desc := m.GetGeneralDesc()
		if i > 0 && !slices.Contains(desc.GetPossibleLength(), int32(len(national))) {
			continue
		}
		if pattern(desc.GetNationalNumberPattern()).MatchString(national) {
			return n
		}
	}
	return nil
}

var compiled sync.Map // the compiled patterns of the metadata, by their text

// pattern returns the pattern of the metadata, which must match a whole number.
func pattern(text string) *regexp.Regexp {
	if re, ok := compiled.Load(text); ok {
		return re.(*regexp.Regexp)
	}
	re := regexp.MustCompile("^(?:" + text + ")$")
	compiled.Store(text, re)
	return re
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
