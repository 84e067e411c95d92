package phone

import (
	"slices"
	"strconv"

	"github.com/nyaruka/phonenumbers"
)

// CallingCode is a country calling code, as 91 for India. Several regions may
// share one, as those of North America share 1. Zero is none.
type CallingCode int

// Range is the numbers from one to another, both included.
type Range struct{ From, To Number }

// Has tells whether the number is in the range.
func (r Range) Has(n Number) bool { return r.From <= n && n <= r.To }

// CallingCodes returns all that libphonenumber knows, in rising order.
func CallingCodes() []CallingCode {
	var codes []CallingCode
	for code := range phonenumbers.GetSupportedCallingCodes() {
		codes = append(codes, CallingCode(code))
	}
	slices.Sort(codes)
	return codes
}

// Regions returns the ISO 3166-1 codes of the regions that share the calling
// code, its main one first; none when there is no such calling code, and "001"
// for one that belongs to no country.
func (c CallingCode) Regions() []string {
	return phonenumbers.GetRegionCodesForCountryCode(int(c))
}

// Numbers returns the ranges that hold all numbers of the calling code and no
// others: no calling code begins with another. They rise.
func (c CallingCode) Numbers() []Range {
	if c <= 0 {
		return nil
	}
	var ranges []Range
	from, to := Number(c), Number(c)
	for digits := len(strconv.Itoa(int(c))); digits < maxNumberDigits; digits++ {
		from, to = from*10, to*10+9
		ranges = append(ranges, Range{from, to})
	}
	return ranges
}

// CallingCode returns the number's; zero for what is no number.
func (n Number) CallingCode() CallingCode {
	text := strconv.FormatUint(uint64(n), 10)
	digits := make([]byte, len(text))
	for i := range digits {
		digits[i] = text[i] - '0'
	}
	country, _ := numberingPlans().split(digits)
	if country == nil {
		return 0
	}
	return CallingCode(country.code)
}

// Region returns the region of the number's [Number.Origin] or, where that tells
// none, the main region of its calling code. It is "" for what is no number.
func (n Number) Region() string {
	if region, _ := n.Origin(); region != "" {
		return region
	}
	if regions := n.CallingCode().Regions(); len(regions) > 0 {
		return regions[0]
	}
	return ""
}

// International writes the number in groups, as its country does, with the
// calling code before them: "+91 98765 43210". It takes microseconds.
func (n Number) International() string {
	parsed := library(n.String(), "")
	if parsed == nil {
		return n.String()
	}
	return phonenumbers.Format(parsed, phonenumbers.INTERNATIONAL)
}
