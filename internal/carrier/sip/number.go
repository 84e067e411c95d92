package sip

import (
	"strconv"
	"strings"

	"callbook/internal/phone"
	"callbook/internal/trunk"
)

// written returns a number as a trunk expects it.
func written(n phone.Number, f trunk.Format) string {
	switch f {
	case trunk.Bare:
		return strings.TrimPrefix(n.String(), "+")
	case trunk.National:
		code := strconv.Itoa(int(n.CallingCode()))
		return "0" + strings.TrimPrefix(strings.TrimPrefix(n.String(), "+"), code)
	}
	return n.String()
}

// shown returns a caller id as a trunk expects it. It returns a caller id that is not in
// E.164, such as a short code, without the characters that cannot be dialed.
func shown(callerID string, f trunk.Format) string {
	if n, err := phone.ParseE164(callerID); err == nil {
		return written(n, f)
	}
	return dialable(callerID)
}

// dialable keeps what may stand in the user part of a SIP URI and is part of a number.
func dialable(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r == '+' || r == '*' || r == '#' {
			return r
		}
		return -1
	}, s)
}

// callerIDOn returns a campaign's caller id as a trunk writes it, and whether the trunk may
// show it.
func callerIDOn(t *trunk.Trunk, callerID string) (string, bool) {
	own, may := t.Shows(callerID)
	id := shown(own, t.Format)
	return id, may && id != ""
}

// fits reports whether a trunk is for a number.
func fits(t *trunk.Trunk, to phone.Number) bool {
	if len(t.Prefixes) == 0 {
		return true
	}
	for _, p := range t.Prefixes {
		if strings.HasPrefix(to.String(), "+"+strings.TrimPrefix(p, "+")) {
			return true
		}
	}
	return false
}
