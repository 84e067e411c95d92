package phone

import "github.com/nyaruka/phonenumbers"

// longestShort is the length of the longest national number of a short number in
// libphonenumber's metadata.
const longestShort = 9

// Service reports whether the number leads to a service instead of a person: an emergency
// number, another short number, or a premium-rate number.
func (n Number) Service() bool {
	var buf [maxNumberDigits + 5]byte
	c, national := numberingPlans().split(n.digits(buf[:0]))
	if c == nil || len(national) > maxNationalDigits {
		return false
	}
	all := c.validity()
	if all == nil {
		parsed := library(n.String(), "")
		return parsed != nil && (phonenumbers.GetNumberType(parsed) == phonenumbers.PREMIUM_RATE || short(parsed))
	}
	r, types := all.claimer(national)
	switch {
	case r != nil:
		return types&premiumType != 0
	case len(national) <= longestShort: // only a number that is not valid can be a short number
		parsed := library(n.String(), "")
		return parsed != nil && short(parsed)
	}
	return false
}

// short reports whether n is a short number.
func short(n *phonenumbers.PhoneNumber) bool { return phonenumbers.IsValidShortNumber(n) }
