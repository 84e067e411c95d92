package phone

import (
	"sync"

	"github.com/nyaruka/phonenumbers"
)

// country is a calling code and the regions that share it.
type country struct {
	code     Number
	width    int             // the digits of code
	main     *plan           // the plan of its main region, by which its numbers are possible or not
	validity func() *regions // which of its numbers are valid; prepared when first asked
}

// newCountry takes the metadata of the calling code's regions, main one first.
// Without any, its numbers are undecided.
func newCountry(code, width int, metadata []*phonenumbers.PhoneMetadata) *country {
	c := &country{code: Number(code), width: width, main: &plan{}}
	if len(metadata) > 0 {
		c.main = newPlan(metadata[0])
	}
	c.validity = sync.OnceValue(func() *regions { return newRegions(metadata) })
	return c
}

// regions are those of a calling code.
type regions struct {
	list    []region
	leading *automaton // tells which regions' leading digits a number has; nil when none has any
}

// region tells which numbers of a calling code are valid in one of its regions.
type region struct {
	code       string // ISO 3166-1, or nonGeographic
	oneForm    bool   // its mobile numbers and those of fixed lines look the same
	hasLeading bool   // it claims numbers by their leading digits
	types      *automaton
	byLength   [maxNationalDigits + 1]uint32 // the types that have numbers of a length
}

// maxRegions is how many regions of a calling code a set of claims can tell
// apart, with one bit left for nobody's.
const maxRegions = 31

// The bits of a region's types, in the order of newRegion: the general form, and
// those that something asks for by name.
const (
	generalType = 1 << iota
	fixedType
	tollFreeType
	premiumType
	sharedType
	voipType
	personalType
	pagerType
	uanType
	voicemailType
	mobileType
)

// newRegions makes the tables of a calling code; nil when that is not possible.
func newRegions(metadata []*phonenumbers.PhoneMetadata) *regions {
	if len(metadata) == 0 || len(metadata) > maxRegions {
		return nil
	}
	all := &regions{}
	var leading nfa
	for i, m := range metadata {
		r, err := newRegion(m)
		if err != nil {
			return nil
		}
		if digits := m.GetLeadingDigits(); digits != "" && len(metadata) > 1 {
			r.hasLeading = true
			if err := leading.add("(?:"+digits+")[0-9]*", 1<<i); err != nil {
				return nil
			}
		}
		all.list = append(all.list, r)
	}
	if len(leading.starts) > 0 {
		set, err := newSet(&leading)
		if err != nil {
			return nil
		}
		all.leading = set
	}
	return all
}

func newRegion(m *phonenumbers.PhoneMetadata) (region, error) {
	descs := []*phonenumbers.PhoneNumberDesc{
		m.GetGeneralDesc(),
		m.GetFixedLine(), m.GetTollFree(), m.GetPremiumRate(), m.GetSharedCost(), m.GetVoip(),
		m.GetPersonalNumber(), m.GetPager(), m.GetUan(), m.GetVoicemail(),
	}
	if !m.GetSameMobileAndFixedLinePattern() {
		descs = append(descs, m.GetMobile())
	}
	r := region{code: m.GetId(), oneForm: m.GetSameMobileAndFixedLinePattern()}
	var n nfa
	for i, desc := range descs {
		lengths := lengthSet(desc.GetPossibleLength())
		if len(desc.GetPossibleLength()) == 0 {
			lengths = ^uint64(0) // only the pattern tells
		}
		pattern := desc.GetNationalNumberPattern()
		if pattern == "" || lengths == 0 {
			continue
		}
		if err := n.add(pattern, generalType<<i); err != nil {
			return r, err
		}
		for length := range r.byLength {
			if lengths>>length&1 != 0 {
				r.byLength[length] |= generalType << i
			}
		}
	}
	types, err := newSet(&n)
	r.types = types
	return r, err
}

// kinds returns the types that the number is of, with generalType; 0 is none.
func (r *region) kinds(national []byte) uint32 {
	types := r.types.read(national) & r.byLength[len(national)]
	if types&generalType == 0 || types == generalType {
		return 0
	}
	return types
}

// valid tells whether the number is valid in the first region that claims it.
func (all *regions) valid(national []byte) bool {
	_, types := all.claimer(national)
	return types != 0
}

// claimer returns the first region that claims the number: by its leading digits
// or, in a region without such, by the number being valid there; and the types
// that the number is of there. Nil is nobody.
func (all *regions) claimer(national []byte) (r *region, types uint32) {
	var claims uint32
	for i := range all.list {
		r := &all.list[i]
		if !r.hasLeading {
			if types := r.kinds(national); types != 0 {
				return r, types
			}
			continue
		}
		if claims == 0 {
			if claims = all.leading.read(national); claims == 0 {
				claims = 1 << maxRegions // nobody's, and not to be read again
			}
		}
		if claims>>i&1 != 0 {
			return r, r.kinds(national)
		}
	}
	return nil, 0
}
