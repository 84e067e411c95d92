package phone

import "github.com/nyaruka/phonenumbers"

// Line is the kind of line to which a number leads, as far as the number tells.
type Line uint8

// The kinds of lines. FixedOrMobile is for countries such as the USA, whose
// mobile and fixed-line numbers look the same.
const (
	UnknownLine Line = iota
	Mobile
	FixedLine
	FixedOrMobile
	TollFree
	VoIP
	OtherLine // premium rate, shared cost, personal, pager, company or voicemail
)

// Origin returns the ISO 3166-1 code of the number's region and the kind of its
// line, as libphonenumber does. For most numbers tables give the answer in less
// than a microsecond. The region is "" if several regions share the calling code
// and the number is valid in none of them, and "001" if the number belongs to no
// country.
func (n Number) Origin() (region string, line Line) {
	var buf [maxNumberDigits + 5]byte
	c, national := numberingPlans().split(n.digits(buf[:0]))
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

// valid reports whether n is valid in one of the regions of its calling code.
func (n Number) valid() bool {
	region, line := n.Origin()
	return region != "" && line != UnknownLine
}

// lineOf maps a set of types to a Line, with libphonenumber's precedence.
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

// libraryOrigin is the reference for Origin: it asks libphonenumber.
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
