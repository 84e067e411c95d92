package phone

import (
	"strconv"
	"sync/atomic"

	"callbook/internal/fault"
)

// Region holds the rules by which numbers without a country are read: those of
// one default country, from libphonenumber's metadata. It comes from
// [RegionByCode], never changes, and is safe for concurrent use.
type Region struct {
	code      string
	plans     *directory
	plan      *plan      // the region's own plan
	country   *country   // its calling code, which other regions may share
	prefix    []byte     // the digits of the calling code
	idd       *automaton // what is dialled before a foreign number
	iddStarts uint16     // the digits that idd can start with
}

// known holds each region that was asked for, by its two letters.
var known [26 * 26]atomic.Pointer[Region]

// RegionByCode returns the region with this ISO 3166-1 alpha-2 code in capital
// letters, such as "IN": always the same one for a code. The first call for a
// code prepares its tables, which takes milliseconds; later calls only look it
// up. A code that libphonenumber has no rules for is a [*fault.Error] of kind
// Invalid.
func RegionByCode(code string) (*Region, error) {
	if len(code) != 2 || code[0]-'A' > 25 || code[1]-'A' > 25 {
		return nil, unknownRegion(code)
	}
	slot := &known[int(code[0]-'A')*26+int(code[1]-'A')]
	if r := slot.Load(); r != nil {
		return r, nil
	}
	r := numberingPlans().region(code)
	if r == nil {
		return nil, unknownRegion(code)
	}
	// Two callers may have built it at once; the first to store wins.
	slot.CompareAndSwap(nil, r)
	return slot.Load(), nil
}

func unknownRegion(code string) error {
	const advice = "give its two-letter ISO 3166-1 code in capitals, such as IN"
	if len(code) > 8 {
		return fault.New(fault.Invalid, "Unknown region: "+advice)
	}
	return fault.New(fault.Invalid, "Unknown region "+strconv.Quote(code)+": "+advice)
}

// Code returns the region's ISO 3166-1 alpha-2 code, such as "IN".
func (r *Region) Code() string { return r.code }

// Parse reads a number in any spelling. Blanks and punctuation are left out,
// decimal digits of any script are digits, and one plus may come before them.
//
// With a plus, the number must be possible for its country: of the right
// length. Without one it must be valid in the region (with its national or
// international prefix, its calling code, or none of them), or valid as an
// international number without its plus, or else possible in the region.
//
// Anything else is a [*fault.Error] of kind Invalid with the detail "Invalid
// Number": letters are never turned into digits, extensions never dropped.
func (r *Region) Parse(raw string) (Number, error) {
	var buf [maxInputDigits]byte
	count, plus, ok := clean(raw, &buf)
	if !ok {
		return 0, errInvalid
	}
	digits := buf[:count]
	n, decided := r.decide(digits, plus)
	if !decided {
		n = reference(text(digits), plus, r.code)
	}
	if n == 0 {
		return 0, errInvalid
	}
	return n, nil
}
