package phone

import "bytes"

// The functions in this file replace the library's parseHelper for texts of digits only,
// with tables. If decided is false, the tables cannot decide, and the caller must ask the
// library.

// candidate is a parsed number that has not been validated yet.
type candidate struct {
	country  *country // nil means no number
	national []byte   // with the leading zeros that belong to the number
}

// decide returns the same number as reference, from the tables.
func (r *Region) decide(digits []byte, plus bool) (n Number, decided bool) {
	if plus {
		return r.plans.withPlus(digits)
	}
	local, decided := r.local(digits)
	if !decided {
		return 0, false
	}
	if ok, decided := local.valid(); ok || !decided {
		return local.stored(decided)
	}
	foreign, decided := r.plans.international(digits)
	if !decided {
		return 0, false
	}
	if ok, decided := foreign.valid(); ok || !decided {
		return foreign.stored(decided)
	}
	return r.plans.number(local)
}

// withPlus returns the number that the digits spell after a plus.
func (d *directory) withPlus(digits []byte) (n Number, decided bool) {
	found, decided := d.international(digits)
	if !decided {
		return 0, false
	}
	return d.number(found)
}

// number returns the number of a candidate that has the general form of its country,
// valid or not. If an invalid candidate has its calling code twice, and is valid with one
// of them removed, number returns the valid number.
func (d *directory) number(found candidate) (n Number, decided bool) {
	if found.country == nil {
		return 0, true
	}
	if bytes.HasPrefix(found.national, found.country.digits) {
		ok, decided := found.valid()
		if ok || !decided {
			return found.stored(decided)
		}
		once, decided := d.international(found.national)
		if !decided {
			return 0, false
		}
		if ok, decided := once.valid(); ok || !decided {
			return once.stored(decided)
		}
	}
	if ok, decided := found.wellFormed(); !ok || !decided {
		return 0, decided
	}
	return found.stored(true)
}

// valid reports whether the digits are a valid number, dialled in the region or
// international.
func (r *Region) valid(digits []byte, plus bool) bool {
	if !plus && r.validLocal(digits) {
		return true
	}
	found, decided := r.plans.international(digits)
	if decided {
		if ok, decided := found.valid(); decided {
			return ok
		}
	}
	return valid(library("+"+text(digits), "")) != nil
}

// validLocal reports whether the digits, dialled in the region, are a valid number.
func (r *Region) validLocal(digits []byte) bool {
	found, decided := r.local(digits)
	if decided {
		if ok, decided := found.valid(); decided {
			return ok
		}
	}
	return valid(library(text(digits), r.code)) != nil
}

// international parses digits that begin with a calling code.
func (d *directory) international(digits []byte) (found candidate, decided bool) {
	c, rest := d.split(digits)
	if c == nil {
		return candidate{}, true
	}
	return c.read(c.main, rest)
}

// local parses digits as someone in the region dials them.
func (r *Region) local(digits []byte) (found candidate, decided bool) {
	if r.plan.general == nil {
		return candidate{}, false
	}
	if len(digits) < minNationalDigits {
		return candidate{}, true
	}
	if rest := r.behindIDD(digits); rest != nil {
		return r.plans.international(rest)
	}
	if bytes.HasPrefix(digits, r.country.digits) {
		rest := digits[len(r.country.digits):]
		count, decided := r.plan.cut(rest)
		if !decided {
			return candidate{}, false
		}
		rest = rest[count:]
		if r.plan.tooLong>>len(digits)&1 != 0 || r.plan.matches(rest) && !r.plan.matches(digits) {
			return r.country.read(r.country.main, rest)
		}
	}
	return r.country.read(r.plan, digits)
}

// behindIDD returns the digits after the region's international prefix, or nil if they do
// not begin with it.
func (r *Region) behindIDD(digits []byte) []byte {
	if len(digits) == 0 || r.iddStarts>>digits[0]&1 == 0 {
		return nil
	}
	count, _ := r.idd.prefix(digits)
	// No calling code starts with 0.
	if count > 0 && (count == len(digits) || digits[count] != 0) {
		return digits[count:]
	}
	return nil
}

// read extracts the national number from digits with the plan p.
func (c *country) read(p *plan, digits []byte) (found candidate, decided bool) {
	national, decided := p.national(digits)
	if !decided || national == nil {
		return candidate{}, decided
	}
	return candidate{country: c, national: national}, true
}

func (found candidate) valid() (ok, decided bool) {
	if found.country == nil {
		return false, true
	}
	all := found.country.validity()
	if all == nil {
		return false, false
	}
	return all.valid(found.national), true
}

// wellFormed reports whether the candidate has the general form of a region of its
// country.
func (found candidate) wellFormed() (ok, decided bool) {
	p := found.country.main
	if p.general == nil {
		return false, false
	}
	if p.matches(found.national) {
		return true, true
	}
	all := found.country.validity()
	if all == nil {
		return false, false
	}
	return all.haveForm(found.national), true
}

// stored returns the E.164 number of a candidate that is valid or well-formed, or
// 0 unless all of these hold: its length is possible in its country, E.164 allows
// that length, and parsing the number again after a plus yields the same number.
func (found candidate) stored(decided bool) (Number, bool) {
	if !decided || found.country == nil {
		return 0, decided
	}
	p := found.country.main
	if p.general == nil {
		return 0, false
	}
	if p.possible>>len(found.national)&1 == 0 || len(found.country.digits)+len(found.national) > maxNumberDigits {
		return 0, true
	}
	count, decided := p.cut(found.national)
	if !decided {
		return 0, false
	}
	if count > 0 && p.cuttable>>(len(found.national)-count)&1 != 0 {
		return 0, true
	}
	n := found.country.code
	for _, v := range found.national {
		n = n*10 + Number(v)
	}
	return n, true
}
