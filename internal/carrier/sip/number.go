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

// shown returns a caller id as a trunk expects it. One that is not in E.164, such as a
// short code, stays as it is.
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

// minSame is how many digits two spellings of a number have in common at least.
const minSame = 8

// callerIDOn returns the spelling of a campaign's caller id on a trunk, and whether the
// trunk may show it. None without digits can be shown. Campaigns may spell it with or without the calling code.
func callerIDOn(t *trunk.Trunk, callerID string) (string, bool) {
	if len(t.CallerIDs) == 0 {
		id := shown(callerID, t.Format)
		return id, id != ""
	}
	given := significant(callerID)
	for _, id := range t.CallerIDs {
		own := significant(id)
		short, long := given, own
		if len(short) > len(long) {
			short, long = long, short
		}
		if given == own && given != "" || len(short) >= minSame && strings.HasSuffix(long, short) {
			return shown(id, t.Format), true
		}
	}
	return "", false
}

// significant returns the digits of a number without leading zeros.
func significant(s string) string {
	return strings.TrimLeft(strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s), "0")
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
