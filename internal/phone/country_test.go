package phone

import (
	"strings"
	"testing"

	"github.com/nyaruka/phonenumbers"
)

func desc(pattern string, lengths ...int32) *phonenumbers.PhoneNumberDesc {
	return &phonenumbers.PhoneNumberDesc{NationalNumberPattern: &pattern, PossibleLength: lengths}
}

// TestSharedCallingCode holds the rules for regions of one calling code, with
// metadata that differs where the real one happens not to.
func TestSharedCallingCode(t *testing.T) {
	t.Parallel()
	all := newRegions([]*phonenumbers.PhoneMetadata{
		{ // claims what is valid in it
			GeneralDesc: desc(`[12]\d{3,5}`, 4, 5), FixedLine: desc(`1\d+`, 4), TollFree: desc(`9\d{3}`), Pager: desc(`NA`, -1),
		},
		{ // claims all that starts with 2, valid or not
			LeadingDigits: new("2"), GeneralDesc: desc(`\d{4}`, 4), Mobile: desc(`22\d+`),
		},
		{ // its numbers are reached only if nobody before claims them
			GeneralDesc: desc(`\d{4}`, 4), SameMobileAndFixedLinePattern: new(true), FixedLine: desc(`[235]\d{3}`), Mobile: desc(`6\d{3}`),
		},
	})
	if all == nil {
		t.Fatal("no tables")
	}
	for number, want := range map[string]bool{
		"1234":   true,  // fixed line of the first
		"12345":  false, // general length, not the type's
		"123456": false, // the patterns match, no length does
		"9123":   false, // toll-free without the general form
		"2234":   true,  // mobile of the second
		"2345":   false, // claimed by the second, though valid in the third
		"5123":   true,  // fixed line of the third
		"3123":   true,
		"6123":   false, // its mobile pattern does not count
		"7123":   false, // general form of the third, no type
	} {
		if got := all.valid(values(number)); got != want {
			t.Errorf("%s: got %v, want %v", number, got, want)
		}
	}
}

// TestWithoutTables sees that what no table can be made of stays undecided.
func TestWithoutTables(t *testing.T) {
	t.Parallel()
	bad := desc(`\b1`, 1)
	for name, metadata := range map[string][]*phonenumbers.PhoneMetadata{
		"nothing":        nil,
		"too many":       make([]*phonenumbers.PhoneMetadata, maxRegions+1),
		"type":           {{GeneralDesc: bad}},
		"leading digits": {{GeneralDesc: desc(`1`, 1)}, {GeneralDesc: desc(`1`, 1), LeadingDigits: new(`\b1`)}},
	} {
		if newRegions(metadata) != nil {
			t.Errorf("%s: tables were made", name)
		}
	}
	for name, m := range map[string]*phonenumbers.PhoneMetadata{
		"no general form": {},
		"general form":    {GeneralDesc: bad},
		"prefix":          {GeneralDesc: desc(`1`, 1), NationalPrefixForParsing: new(`\b0`)},
		"empty rewriting": {GeneralDesc: desc(`1`, 1), NationalPrefixForParsing: new(`(0?)`), NationalPrefixTransformRule: new("9$1")},
	} {
		if newPlan(m).general != nil {
			t.Errorf("%s: tables were made", name)
		}
	}

	c := newCountry(91, nil)
	d := &directory{}
	d.width[919] = 2
	d.countries[91].Store(c)
	r := &Region{code: "IN", plans: d, plan: c.main, country: c}
	for _, raw := range []string{"+919876543210", "919876543210", "9876543210"} {
		var s spelling
		s.read(raw)
		if n, decided := r.decide(s.digits(), s.plus); decided {
			t.Errorf("%s: decided as %q", raw, n)
		}
		if n, err := r.Parse(raw); err != nil || n != 919876543210 {
			t.Errorf("%s: the library was not asked: %q, %v", raw, n, err)
		}
	}
}

func TestSplit(t *testing.T) {
	t.Parallel()
	for digits, want := range map[string]string{
		"": "", "1": "", "12": "", "123": "1 23", "919": "91 9", "3530": "353 0", "353": "353 ", "0123": "", "9999": "",
	} {
		c, rest := numberingPlans().split(values(digits))
		got := ""
		if c != nil {
			got = strings.TrimPrefix(c.code.String(), "+") + " " + text(rest)
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", digits, got, want)
		}
	}
}
