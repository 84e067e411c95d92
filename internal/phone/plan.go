package phone

import "github.com/nyaruka/phonenumbers"

// plan is how numbers of one region are built, as far as it takes to find the
// number in what was dialled.
type plan struct {
	general      *automaton // the general form of a national number; nil when no tables could be made
	prefix       *automaton // the national prefix, with carrier codes; nil when there is none
	prefixStarts uint16     // the digits that prefix can start with
	// transforms says that a match in which the prefix's last group takes
	// part is rewritten, not cut: that is for the library.
	transforms bool
	// Sets of lengths: those of whole national numbers, those beyond the
	// longest of them, and both. 63 is over any length of an input.
	possible, tooLong, cuttable uint64
}

const (
	minNationalDigits = 2  // libphonenumber's MIN_LENGTH_FOR_NSN
	maxNationalDigits = 17 // libphonenumber's MAX_LENGTH_FOR_NSN
)

// newPlan makes the tables of a region. Where that is not possible the plan
// has no general form, and its numbers are undecided.
func newPlan(m *phonenumbers.PhoneMetadata) *plan {
	p := &plan{}
	desc := m.GetGeneralDesc()
	if desc.GetNationalNumberPattern() == "" || len(desc.GetPossibleLength()) == 0 {
		return p
	}
	p.setLengths(desc)
	if pattern := m.GetNationalPrefixForParsing(); pattern != "" {
		prefix, err := newPrefix(pattern)
		if err != nil {
			return p
		}
		p.prefix, p.prefixStarts = prefix, prefix.starts()
		p.transforms = m.GetNationalPrefixTransformRule() != ""
		if p.transforms && prefix.accept[start]&groupHere != 0 {
			return p
		}
	}
	var n nfa
	if err := n.add(desc.GetNationalNumberPattern(), 1); err != nil {
		return p
	}
	if general, err := newSet(&n); err == nil {
		p.general = general
	}
	return p
}

// setLengths sorts lengths as the library's testNumberLength does: local ones
// go first, the rest are in ascending order.
func (p *plan) setLengths(desc *phonenumbers.PhoneNumberDesc) {
	lengths := desc.GetPossibleLength()
	if lengths[0] == -1 {
		return
	}
	local := lengthSet(desc.GetPossibleLengthLocalOnly())
	p.possible = lengthSet(lengths) &^ local
	longest := lengths[len(lengths)-1]
	for length := longest + 1; length < 64; length++ {
		p.tooLong |= 1 << length
	}
	p.tooLong &^= local
	p.cuttable = p.possible | p.tooLong
}

func lengthSet(lengths []int32) (set uint64) {
	for _, length := range lengths {
		if 0 <= length && length < 64 {
			set |= 1 << length
		}
	}
	return set
}

// matches tells whether digits have the general form of a national number.
func (p *plan) matches(digits []byte) bool { return p.general.read(digits) != 0 }

// cut returns how many digits at the front are a national prefix and go.
func (p *plan) cut(digits []byte) (count int, decided bool) {
	if len(digits) == 0 || p.prefixStarts>>digits[0]&1 == 0 {
		return 0, true
	}
	count, group := p.prefix.prefix(digits)
	if count <= 0 {
		return 0, true
	}
	if group && p.transforms {
		return 0, false
	}
	// What is a number as it stands does not become none.
	if p.matches(digits) && !p.matches(digits[count:]) {
		return 0, true
	}
	return count, true
}

// national returns the national number in digits, which have no calling code
// any more: without its prefix, if what remains has a length that allows it.
// It is nil when there is no such number.
func (p *plan) national(digits []byte) (number []byte, decided bool) {
	if p.general == nil {
		return nil, false
	}
	if len(digits) < minNationalDigits {
		return nil, true
	}
	count, decided := p.cut(digits)
	if !decided {
		return nil, false
	}
	if p.cuttable>>(len(digits)-count)&1 != 0 {
		digits = digits[count:]
	}
	if len(digits) < minNationalDigits || len(digits) > maxNationalDigits {
		return nil, true
	}
	return digits, true
}
