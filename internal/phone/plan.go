package phone

import "github.com/nyaruka/phonenumbers"

// plan is the part of a region's numbering plan that finds the national number in dialled
// digits.
type plan struct {
	general      *automaton // the general form of a national number; nil if tables cannot express it
	prefix       *automaton // the national prefix, with carrier codes; nil if there is none
	prefixStarts uint16     // the digits that prefix can start with
	// transforms means that the library rewrites a prefix instead of removing it, if the
	// prefix's last group takes part in the match. The tables cannot do that.
	transforms bool
	// Sets of lengths, as bits 0 to 63, which exceed any input: the lengths of
	// whole national numbers, the lengths beyond the longest of them, and the
	// union of both, which may remain after a prefix is cut.
	possible, tooLong, cuttable uint64
}

const (
	minNationalDigits = 2  // libphonenumber's MIN_LENGTH_FOR_NSN
	maxNationalDigits = 17 // libphonenumber's MAX_LENGTH_FOR_NSN
)

// newPlan builds the tables of a region. If that is impossible, the plan has no general
// form, and the library must decide about the region's numbers.
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

// setLengths computes the sets of lengths as the library's testNumberLength does:
// a length that is possible only within an area counts neither as possible nor
// as too long. The metadata lists lengths in ascending order.
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

// matches reports whether digits have the general form of a national number.
func (p *plan) matches(digits []byte) bool { return p.general.read(digits) != 0 }

// cut returns the length of the national prefix to remove from digits.
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
	// A prefix is not removed if that would turn a valid form into an invalid one.
	if p.matches(digits) && !p.matches(digits[count:]) {
		return 0, true
	}
	return count, true
}

// national returns the national number in digits without a calling code. It removes the
// national prefix if the remaining length is possible or too long. It returns nil if
// there is no number.
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
