package phone

import "bytes"

// The functions here follow the library's parseHelper for a text of digits
// only, step by step, on the tables. Where they are not decided the library
// must be asked.

// found is a number on its way through the rules.
type found struct {
	country  *country // nil is no number
	national []byte   // with any leading zeros that belong to it
}

// decide does what reference does.
func (r *Region) decide(digits []byte, plus bool) (n Number, decided bool) {
	if plus {
		return r.plans.withPlus(digits)
	}
	local, decided := r.local(digits)
	if !decided {
		return 0, false
	}
	if ok, decided := local.valid(); ok || !decided {
		return local.number(decided)
	}
	foreign, decided := r.plans.international(digits)
	if !decided {
		return 0, false
	}
	if ok, decided := foreign.valid(); ok || !decided {
		return foreign.number(decided)
	}
	return local.number(true)
}

// withPlus returns the number that the digits spell after a plus.
func (d *directory) withPlus(digits []byte) (n Number, decided bool) {
	f, decided := d.international(digits)
	return f.number(decided)
}

// international reads digits that start with a calling code.
func (d *directory) international(digits []byte) (f found, decided bool) {
	c, rest := d.split(digits)
	if c == nil {
		return found{}, true
	}
	return c.read(c.main, rest)
}

// local reads digits as they are dialled in the region.
func (r *Region) local(digits []byte) (f found, decided bool) {
	if r.plan.general == nil {
		return found{}, false
	}
	if len(digits) < minNationalDigits {
		return found{}, true
	}
	if r.iddStarts>>digits[0]&1 != 0 {
		count, _ := r.idd.prefix(digits)
		// No calling code starts with 0.
		if count > 0 && (count == len(digits) || digits[count] != 0) {
			return r.plans.international(digits[count:])
		}
	}
	if bytes.HasPrefix(digits, r.prefix) {
		rest := digits[len(r.prefix):]
		count, decided := r.plan.cut(rest)
		if !decided {
			return found{}, false
		}
		rest = rest[count:]
		if r.plan.tooLong>>len(digits)&1 != 0 || r.plan.matches(rest) && !r.plan.matches(digits) {
			return r.country.read(r.country.main, rest)
		}
	}
	return r.country.read(r.plan, digits)
}

// read finds the national number in digits by the plan p.
func (c *country) read(p *plan, digits []byte) (f found, decided bool) {
	national, decided := p.national(digits)
	if !decided || national == nil {
		return found{}, decided
	}
	return found{country: c, national: national}, true
}

func (f found) valid() (ok, decided bool) {
	if f.country == nil {
		return false, true
	}
	all := f.country.validity()
	if all == nil {
		return false, false
	}
	return all.valid(f.national), true
}

// number returns f if it is possible in its country, no longer than E.164
// allows, and means itself: read again after a plus, nothing may be cut off.
// Otherwise it returns 0.
func (f found) number(decided bool) (Number, bool) {
	if !decided || f.country == nil {
		return 0, decided
	}
	p := f.country.main
	if p.general == nil {
		return 0, false
	}
	if p.possible>>len(f.national)&1 == 0 || f.country.width+len(f.national) > maxNumberDigits {
		return 0, true
	}
	count, decided := p.cut(f.national)
	if !decided {
		return 0, false
	}
	if count > 0 && p.cuttable>>(len(f.national)-count)&1 != 0 {
		return 0, true
	}
	n := f.country.code
	for _, v := range f.national {
		n = n*10 + Number(v)
	}
	return n, true
}
