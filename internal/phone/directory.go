package phone

import (
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/nyaruka/phonenumbers"
)

// directory finds the country of a number by its calling code. It builds the
// tables of a country when they are first needed.
type directory struct {
	metadata    map[string]*phonenumbers.PhoneMetadata // by region
	nonGeo      map[int]*phonenumbers.PhoneMetadata    // by calling code
	width       [1000]uint8                            // by the first three digits: the length of the calling code
	preparation sync.Mutex
	countries   [1000]atomic.Pointer[country] // by calling code
}

var numberingPlans = sync.OnceValue(newDirectory)

// nonGeographic is libphonenumber's name for the region of calling codes that
// belong to no country.
const nonGeographic = "001"

func newDirectory() *directory {
	d := &directory{
		metadata: map[string]*phonenumbers.PhoneMetadata{},
		nonGeo:   map[int]*phonenumbers.PhoneMetadata{},
	}
	all, err := phonenumbers.MetadataCollection()
	if err != nil {
		// The metadata is embedded in the library, which panics at start without it.
		panic("phone: " + err.Error())
	}
	supported := phonenumbers.GetSupportedRegions()
	for _, m := range all.GetMetadata() {
		switch {
		case m.GetId() == nonGeographic:
			d.nonGeo[int(m.GetCountryCode())] = m
		case supported[m.GetId()]:
			d.metadata[m.GetId()] = m
		}
	}
	for code := range phonenumbers.GetSupportedCallingCodes() {
		if code < 1 || code > 999 {
			continue
		}
		first, count := code, 1
		for first < 100 {
			first, count = first*10, count*10
		}
		width := uint8(len(strconv.Itoa(code)))
		for i := first; i < first+count; i++ {
			if d.width[i] == 0 || width < d.width[i] {
				d.width[i] = width
			}
		}
	}
	return d
}

// split returns the country whose calling code the digits begin with, and the digits
// after that code. The country is nil if no calling code matches, or if there are at most
// two digits, which are too few for any number.
func (d *directory) split(digits []byte) (*country, []byte) {
	if len(digits) <= 2 {
		return nil, nil
	}
	three := int(digits[0])*100 + int(digits[1])*10 + int(digits[2])
	switch d.width[three] {
	case 1:
		return d.country(three / 100), digits[1:]
	case 2:
		return d.country(three / 10), digits[2:]
	case 3:
		return d.country(three), digits[3:]
	}
	return nil, nil
}

// country returns the country of a calling code that the library knows.
func (d *directory) country(code int) *country {
	if c := d.countries[code].Load(); c != nil {
		return c
	}
	return d.prepare(code)
}

func (d *directory) prepare(code int) *country {
	d.preparation.Lock()
	defer d.preparation.Unlock()
	if c := d.countries[code].Load(); c != nil {
		return c
	}
	var metadata []*phonenumbers.PhoneMetadata
	for _, id := range phonenumbers.GetRegionCodesForCountryCode(code) {
		m := d.metadata[id]
		if id == nonGeographic {
			m = d.nonGeo[code]
		}
		if m == nil || int(m.GetCountryCode()) != code {
			metadata = nil // the metadata is inconsistent
			break
		}
		metadata = append(metadata, m)
	}
	c := newCountry(code, metadata)
	d.countries[code].Store(c)
	return c
}

// region makes the region with this code. It returns nil if the library has no metadata
// for it.
func (d *directory) region(code string) *Region {
	m := d.metadata[code]
	if m == nil {
		return nil
	}
	c := d.country(int(m.GetCountryCode()))
	r := &Region{code: code, plans: d, country: c, plan: c.main, faults: newFaults(code, int(c.code))}
	if phonenumbers.GetRegionCodeForCountryCode(int(m.GetCountryCode())) != code {
		r.plan = newPlan(m)
	}
	idd, err := newPrefix(m.GetInternationalPrefix())
	if err != nil || idd.accept[start]&matchHere != 0 {
		// Without tables in the plan, the library decides about the region's numbers.
		r.plan, idd = &plan{}, nil
	} else {
		r.iddStarts = idd.starts()
	}
	r.idd = idd
	c.validity()
	return r
}
