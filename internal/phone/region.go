package phone

import (
	"strconv"
	"sync/atomic"

	"callbook/internal/fault"
)

// Region is the default country of numbers without a calling code. It has the dialling
// rules of that country from libphonenumber's metadata. [RegionByCode] returns it. A
// Region is immutable and safe for concurrent use.
type Region struct {
	code      string
	plans     *directory
	plan      *plan      // the region's own plan
	country   *country   // the country of its calling code, which other regions may share
	idd       *automaton // the international prefix, dialled before a foreign number
	iddStarts uint16     // the digits that idd can start with
	faults    faults     // the faults of its numbers
}

// known caches the regions, by the two letters of their code.
var known [26 * 26]atomic.Pointer[Region]

// RegionByCode returns the region with this ISO 3166-1 alpha-2 code in capital letters,
// such as "IN". It returns the same pointer for the same code. The first call for a code
// builds its tables, which takes milliseconds. The error for a code without metadata in
// libphonenumber is a [*fault.Error] of kind Invalid.
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
