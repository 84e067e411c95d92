package phone

import (
	"strconv"

	"github.com/nyaruka/phonenumbers"
)

// Line is what kind of line a number leads to, as far as it tells.
type Line uint8

// The kinds of lines. In some countries, such as the USA, mobile numbers and
// those of fixed lines look the same.
const (
	UnknownLine Line = iota
	Mobile
	FixedLine
	FixedOrMobile
	TollFree
	VoIP
	OtherLine // premium rate, shared cost, personal, pager, company or voicemail
)

// Origin returns the ISO 3166-1 code of the region that a number is in, and what
// kind of line it leads to: what libphonenumber says of it, mostly read from
// tables in less than a microsecond. The region is "" where several share the
// calling code and the number is valid in none, and "001" for numbers that
// belong to no country.
func (n Number) Origin() (region string, line Line) {
	var buf [maxNumberDigits + 5]byte
	digits := strconv.AppendUint(buf[:0], uint64(n), 10)
	for i := range digits {
		digits[i] -= '0'
	}
	c, national := numberingPlans().split(digits)
	if c == nil {
		return "", UnknownLine
	}
	all := c.validity()
	if all == nil || len(national) > maxNationalDigits {
		return libraryOrigin(n)
	}
	r, types := all.claimer(national)
	switch {
	case r != nil:
		return r.code, lineOf(types, r.oneForm)
	case len(all.list) == 1:
		return all.list[0].code, UnknownLine
	}
	return "", UnknownLine
}

// lineOf reads a region's types in libphonenumber's order.
func lineOf(types uint32, oneForm bool) Line {
	switch {
	case types == 0:
		return UnknownLine
	case types&premiumType != 0:
		return OtherLine
	case types&tollFreeType != 0:
		return TollFree
	case types&sharedType != 0:
		return OtherLine
	case types&voipType != 0:
		return VoIP
	case types&(personalType|pagerType|uanType|voicemailType) != 0:
		return OtherLine
	case types&fixedType != 0 && (oneForm || types&mobileType != 0):
		return FixedOrMobile
	case types&fixedType != 0:
		return FixedLine
	case types&mobileType != 0:
		return Mobile
	}
	return UnknownLine
}

// libraryOrigin is what Origin must agree with.
func libraryOrigin(n Number) (region string, line Line) {
	parsed := library(n.String(), "")
	if parsed == nil {
		return "", UnknownLine
	}
	// The library says "ZZ" for no region.
	if region = phonenumbers.GetRegionCodeForNumber(parsed); region == "ZZ" {
		region = ""
	}
	switch phonenumbers.GetNumberType(parsed) {
	case phonenumbers.MOBILE:
		line = Mobile
	case phonenumbers.FIXED_LINE:
		line = FixedLine
	case phonenumbers.FIXED_LINE_OR_MOBILE:
		line = FixedOrMobile
	case phonenumbers.TOLL_FREE:
		line = TollFree
	case phonenumbers.VOIP:
		line = VoIP
	case phonenumbers.UNKNOWN:
		line = UnknownLine
	default:
		line = OtherLine
	}
	return region, line
}
