package phone

import (
	"strconv"
	"sync/atomic"

	"callbook/internal/fault"
)

// Region is the default country of numbers that are written without one. It holds
// the dialling rules of that country from libphonenumber's metadata. [RegionByCode]
// returns it. A Region is immutable and safe for concurrent use.
type Region struct {
	code      string
	plans     *directory
	plan      *plan      // the region's own plan
	country   *country   // of its calling code, which other regions may share
	prefix    []byte     // the digits of the calling code
	idd       *automaton // the international prefix, dialled before a foreign number
	iddStarts uint16     // the digits that idd can start with
}

// known caches the regions, by the two letters of their code.
var known [26 * 26]atomic.Pointer[Region]

// RegionByCode returns the region with this ISO 3166-1 alpha-2 code in capital
// letters, such as "IN". It returns the same pointer for the same code. The first
// call for a code builds its tables, which takes milliseconds. A code that
// libphonenumber has no metadata for is a [*fault.Error] of kind Invalid.
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
	// Two callers may have built it concurrently; the first to store wins.
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

// Parse reads a number in any spelling. Blanks and punctuation are left out,
// decimal digits of any script are digits, and one plus may come before them.
//
// With a plus, the number must have a length that is possible for its country.
// Without a plus, Parse takes the first of these that applies: a number that is
// valid in the region (with a national or international prefix, with the calling
// code, or with none of them), an international number that is valid once a plus
// is put before it, a number of a length that is possible in the region.
//
// Anything else is a [*fault.Error] whose Need is [fault.PhoneNumber]. Parse does
// not translate letters to digits or drop extensions.
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
