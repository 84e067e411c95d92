package trunk

import (
	"context"
	"slices"
	"strings"
)

// minSame is how many digits two spellings of a number have in common at least.
const minSame = 8

// Shows returns a campaign's caller id in the spelling of CallerIDs, and whether the trunk
// may show it. Campaigns may spell a caller id with or without the calling code. A trunk
// without CallerIDs may show every caller id that has a digit, as it is given.
func (t *Trunk) Shows(callerID string) (own string, may bool) {
	if len(t.CallerIDs) == 0 {
		return callerID, strings.ContainsAny(callerID, "0123456789")
	}
	given := significant(callerID)
	for _, id := range t.CallerIDs {
		own := significant(id)
		short, long := given, own
		if len(short) > len(long) {
			short, long = long, short
		}
		if given == own && given != "" || len(short) >= minSame && strings.HasSuffix(long, short) {
			return id, true
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

// MayShow reports whether any trunk may show a campaign's caller id, or there is no trunk.
func (s *Trunks) MayShow(ctx context.Context, callerID string) (bool, error) {
	all, err := s.Overview(ctx)
	if err != nil {
		return false, err
	}
	may := func(t Trunk) bool {
		_, may := t.Shows(callerID)
		return may
	}
	return len(all) == 0 || slices.ContainsFunc(all, may), nil
}
