package phone

import (
	"slices"
	"strconv"

	"github.com/nyaruka/phonenumbers"
)

// CallingCode is a country calling code, such as 91 for India. Several regions
// may share one: those of North America share 1. Zero means no calling code.
type CallingCode int

// Range is the range of numbers from From to To, both included.
type Range struct{ From, To Number }

// Has reports whether the number is in the range.
func (r Range) Has(n Number) bool { return r.From <= n && n <= r.To }

// CallingCodes returns all calling codes that libphonenumber knows, in ascending
// order.
func CallingCodes() []CallingCode {
	var codes []CallingCode
	for code := range phonenumbers.GetSupportedCallingCodes() {
		codes = append(codes, CallingCode(code))
	}
	slices.Sort(codes)
	return codes
}

// Regions returns the ISO 3166-1 codes of the regions that share the calling
// code, the main region first. It returns "001" for a calling code that belongs
// to no country, and nothing for one that does not exist.
func (c CallingCode) Regions() []string {
	return phonenumbers.GetRegionCodesForCountryCode(int(c))
}

// RegionCallingCode returns the calling code of the region with this ISO 3166-1 code, or
// zero if libphonenumber does not know the region.
func RegionCallingCode(region string) CallingCode {
	return CallingCode(phonenumbers.GetCountryCodeForRegion(region))
}

// Numbers returns the ranges of all possible numbers of the calling code, in
// ascending order. They hold no other numbers, since no calling code is a prefix
// of another.
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

// CallingCode returns the calling code of the number, or zero if n is not a
// number.
func (n Number) CallingCode() CallingCode {
	c := n.country()
	if c == nil {
		return 0
	}
	return CallingCode(c.code)
}

// country returns the country of the number, or nil if n is not a number.
func (n Number) country() *country {
	var buf [maxNumberDigits + 5]byte
	c, _ := numberingPlans().split(n.digits(buf[:0]))
	return c
}

// digits appends the values of the number's digits to b. Erased numbers have none.
func (n Number) digits(b []byte) []byte {
	if n.Erased() {
		return b
	}
	b = strconv.AppendUint(b, uint64(n), 10)
	for i := range b {
		b[i] -= '0'
	}
	return b
}

// Region returns the region of [Number.Origin]. If that is unknown, it returns
// the main region of the calling code, or "" if n is not a number.
func (n Number) Region() string {
	if region, _ := n.Origin(); region != "" {
		return region
	}
	if regions := n.CallingCode().Regions(); len(regions) > 0 {
		return regions[0]
	}
	return ""
}

// International formats the number in the digit groups of its country, with the
// calling code before them: "+91 98765 43210". It takes microseconds.
func (n Number) International() string {
	if n.Erased() {
		return n.String()
	}
	parsed := library(n.String(), "")
	if parsed == nil {
		return n.String()
	}
	return phonenumbers.Format(parsed, phonenumbers.INTERNATIONAL)
}
