package phone

import "github.com/nyaruka/phonenumbers"

// longestShort is how many digits the national number of a short number has at most, in
// libphonenumber's metadata.
const longestShort = 9

// Service tells whether the number is one that leads to a service and not to a person:
// an emergency number, another short number, or one of premium rate. Anything else may
// be called.
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

// short tells whether a number is a short one.
func short(n *phonenumbers.PhoneNumber) bool { return phonenumbers.IsValidShortNumber(n) }
