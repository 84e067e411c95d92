package phone

import (
	"sync"

	"github.com/nyaruka/phonenumbers"
)

// country is a calling code and the regions that share it.
type country struct {
	code     Number
	digits   []byte          // the digits of code, as values
	main     *plan           // the plan of its main region, which says which lengths are possible
	validity func() *regions // says which of its numbers are valid; built at the first call
	faults   faults          // the faults of its numbers
}

// newCountry makes a country from the metadata of its regions, the main region
// first. Without metadata the library must decide about its numbers.
func newCountry(code int, metadata []*phonenumbers.PhoneMetadata) *country {
	c := &country{code: Number(code), digits: Number(code).digits(nil), main: &plan{}, faults: newFaults("", code)}
	if len(metadata) > 0 {
		c.main = newPlan(metadata[0])
		c.faults = newFaults(metadata[0].GetId(), code)
	}
	c.validity = sync.OnceValue(func() *regions { return newRegions(metadata) })
	return c
}

// regions are the regions that share a calling code.
type regions struct {
	list    []region
	leading *automaton // finds the regions by a number's leading digits; nil if no region has leading digits
}

// region tells which numbers of a calling code are valid in one of its regions.
type region struct {
	code       string // ISO 3166-1, or nonGeographic
	oneForm    bool   // whether its mobile and fixed-line numbers have the same patterns
	hasLeading bool   // whether leading digits identify its numbers
	types      *automaton
	byLength   [maxNationalDigits + 1]uint32 // the types that have numbers of a length
}

// maxRegions bounds the regions of a calling code, since a set of them is a
// uint32. Its highest bit stands for no region.
const maxRegions = 31

// The bits of a number's types: generalType is the region's general form, which
// every valid number also has. newRegion relies on their order.
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

// newRegions builds the tables of a calling code. It returns nil if tables cannot express
// the metadata.
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
			lengths = ^uint64(0) // only the pattern decides
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

// kinds returns the types of the number, generalType among them, or 0 if it is
// not valid in the region.
func (r *region) kinds(national []byte) uint32 {
	types := r.types.read(national) & r.byLength[len(national)]
	if types&generalType == 0 || types == generalType {
		return 0
	}
	return types
}

// haveForm reports whether the number has the general form of one of the regions.
func (all *regions) haveForm(national []byte) bool {
	for i := range all.list {
		r := &all.list[i]
		if r.types.read(national)&r.byLength[len(national)]&generalType != 0 {
			return true
		}
	}
	return false
}

// valid reports whether the number is valid in the first region that claims it.
func (all *regions) valid(national []byte) bool {
	_, types := all.claimer(national)
	return types != 0
}

// claimer returns the first region that claims the number, and the number's
// types there. A region with leading digits claims the numbers that start with
// them, and a region without claims the numbers that are valid there. If no
// region claims the number, r is nil.
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
				claims = 1 << maxRegions // no region; not 0, so that it is read only once
			}
		}
		if claims>>i&1 != 0 {
			return r, r.kinds(national)
		}
	}
	return nil, 0
}
