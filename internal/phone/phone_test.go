package phone

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"callbook/internal/fault"
)

// reading is a text and the number it stands for; "" is none.
type reading struct{ region, raw, want string }

// contract is the table of the wire contract's section on numbers.
var contract = []reading{
	{"IN", "+919876543210", "+919876543210"},
	{"IN", "919876543210", "+919876543210"},
	{"IN", "9876543210", "+919876543210"},
	{"IN", "09876543210", "+919876543210"},
	{"IN", "08012345678", "+918012345678"},
	{"IN", "00919876543210", "+919876543210"},
	{"IN", " +91 98765-43210 ", "+919876543210"},
	{"IN", "९८७६५४३२१०", "+919876543210"},
	{"IN", "+14155550123", "+14155550123"},
	{"IN", "+442079460123", "+442079460123"},
	{"IN", "+91910XXXXX10", ""},
	{"IN", "1-800-FLOWERS", ""},
	{"IN", "98765 43210 ext 5", ""},
	{"IN", "12", ""},
	{"IN", "+0123456789", ""},
	{"IN", "", ""},
	{"IN", "+", ""},
	{"IN", "91919876543210", "+919876543210"},
	{"IN", "+91 91 98765 43210", "+919876543210"},
	{"IN", "(091) 9876543210", "+919876543210"},
	{"IN", "98765432101", ""},
	{"IN", "987654321", ""},
	{"IN", "23456789", ""},
	{"IN", "0501234567", ""},
	{"IN", "081234567890", ""},
	{"IN", "022-23456789/90", ""},
	{"IN", "98765 43210 / 11", ""},
	{"IN", "p:+919876543210", "+919876543210"},
	{"IN", "tel:+919876543210", "+919876543210"},
	{"IN", `="9876543210"`, "+919876543210"},
	{"IN", "9876543210.0", "+919876543210"},
}

var spellings = []reading{
	// How people write numbers in India.
	{"IN", "1800 123 4567", "+9118001234567"},
	{"IN", "011 2345 6789", "+911123456789"},
	{"IN", "+91 (0) 98765 43210", "+919876543210"},
	{"IN", "+91 098765 43210", "+919876543210"},
	{"IN", "(+91) 98765 43210", "+919876543210"},
	{"IN", "[91] 98765/43210", "+919876543210"},
	{"IN", "98765.43210~", "+919876543210"},
	{"IN", "9123456789", "+919123456789"},
	{"IN", "919123456789", "+919123456789"},
	{"IN", "0 91234 56789", "+919123456789"},
	{"IN", "0014155550123", "+14155550123"},
	{"IN", "14155552671", "+14155552671"},
	{"IN", "442079460123", "+442079460123"},
	{"IN", "98765432101234567", ""},
	{"IN", "0000919876543210", ""},
	{"IN", "00", ""},
	{"IN", "0", ""},
	{"IN", "+91", ""},
	{"IN", "+9198765", ""},
	{"IN", "+80012345678", "+80012345678"},
	{"IN", "+9999999999999", ""},

	// Digits, blanks and marks of other scripts.
	{"IN", "＋９１ ９８７６５ ４３２１０", "+919876543210"},
	{"IN", "٩٨٧٦٥٤٣٢١٠", "+919876543210"},
	{"IN", "௯௮௭௬௫௪௩௨௧௦", "+919876543210"},
	{"IN", "𝟵𝟴𝟳𝟲𝟱𝟰𝟯𝟮𝟭𝟬", "+919876543210"},
	{"IN", "\u202A+91\u00A098765\u200943210\u202C", "+919876543210"},
	{"IN", "\uFEFF\u200E+91\u201398765\u201143210\u200B", "+919876543210"},
	{"IN", "+91\u206698765\u206943210\u00AD\u2060", "+919876543210"},
	{"IN", "（+91）98765\u201243210\t", "+919876543210"},

	// What is no number's spelling.
	{"IN", "98765,43210", ""},
	{"IN", "9876543210;5", ""},
	{"IN", "9876543210,,5", ""},
	{"IN", "9876543210#", ""},
	{"IN", "*9876543210", ""},
	{"IN", "++919876543210", ""},
	{"IN", "+91+9876543210", ""},
	{"IN", "91+9876543210", ""},
	{"IN", "98765\n43210", ""},
	{"IN", "98765 43210\r\n", "+919876543210"},
	{"IN", "\n+919876543210\n", "+919876543210"},
	{"IN", "\n", ""},
	{"IN", "+919876543210.00", "+919876543210"},
	{"IN", " 9876543210.0\n", "+919876543210"},
	{"IN", "987654321.0", ""},
	{"IN", "9876543210.5", ""},
	{"IN", "919876543210.", "+919876543210"},
	{"IN", "98765.00000", "+919876500000"},
	{"IN", "98.76.54.32.00", "+919876543200"},
	{"FR", "06.12.34.56.00", "+33612345600"},
	{"IN", "9876543210\x00", ""},
	{"IN", "9876543210\xff", ""},
	{"IN", "\xe0\xa5", ""},
	{"IN", "987654321²", ""},
	{"IN", "९८७६५४३२१०अ", ""},
	{"IN", "+919876543210;ext=5", ""},
	{"IN", "9876543210 x5", ""},
	{"IN", "98765O3210", ""},
	{"IN", strings.Repeat("9", 33), ""},
	{"IN", strings.Repeat(" ", 200) + "9876543210", "+919876543210"},
	{"IN", strings.Repeat(" ", 2000) + "9876543210", ""},
	{"IN", "9876543210" + strings.Repeat(" ", 2000), ""},
	{"IN", "()", ""},

	{"US", "(415) 555-2671", "+14155552671"},
	{"US", "1 415 555 2671", "+14155552671"},
	{"US", "011 44 20 7946 0123", "+442079460123"},
	{"US", "1-800-356-9377", "+18003569377"},
	{"US", "(416) 967-1111", "+14169671111"},
	{"US", "442079460123", "+442079460123"},
	{"US", "555-2671", ""},
	{"CA", "(416) 967-1111", "+14169671111"},
	{"CA", "415 555 2671", "+14155552671"},
	{"CA", "310 1234", ""}, // valid there, yet not possible after +1: it would not mean itself
	{"BS", "365 1234", "+12423651234"},
	{"GB", "020 7946 0123", "+442079460123"},
	{"GB", "+44 (0)20 7946 0123", "+442079460123"},
	{"GB", "44 020 7946 0123", "+442079460123"},
	{"GB", "0800 123 4567", "+448001234567"},
	{"IT", "06 6982", "+39066982"},
	{"IT", "+39 06 6982", "+39066982"},
	{"IT", "347 123 4567", "+393471234567"},
	{"DE", "030 123456", "+4930123456"},
	{"DE", "0049 (0)30 123456", "+4930123456"},
	{"AR", "011 15-2345-6789", "+5491123456789"},
	{"AR", "+54 9 11 2345-6789", "+5491123456789"},
	{"BR", "(11) 96123-4567", "+5511961234567"},
	{"BR", "0 15 11 96123 4567", "+5511961234567"},
	{"MX", "55 1234 5678", "+525512345678"},
	{"RU", "8 (912) 345-67-89", "+79123456789"},
	{"RU", "8 10 44 20 7946 0123", "+442079460123"},
	{"KZ", "8 701 234 5678", "+77012345678"},
	{"SG", "9123 4567", "+6591234567"},
	{"SG", "6591234567", "+6591234567"},
	{"JP", "090-1234-5678", "+819012345678"},
	{"JP", "010 1 415 555 2671", "+14155552671"},
	{"AU", "0412 345 678", "+61412345678"},
	{"AU", "0011 44 20 7946 0123", "+442079460123"},
	{"HU", "06 20 123 4567", "+36201234567"},
	{"FR", "06 12 34 56 78", "+33612345678"},
	{"SM", "886377", "+3780549886377"},
}

func TestParse(t *testing.T) {
	t.Parallel()
	for _, s := range append(contract, spellings...) {
		got, err := mustRegion(t, s.region).Parse(s.raw)
		if got.String() != s.want {
			t.Errorf("%s %q: got %q, want %q", s.region, s.raw, got, s.want)
		}
		if s.want == "" {
			isInvalidNumber(t, s.raw, err)
		} else if err != nil {
			t.Errorf("%s %q: %v", s.region, s.raw, err)
		}
	}
}

func isInvalidNumber(t *testing.T, raw string, err error) {
	t.Helper()
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind != fault.Invalid || f.Field != Field || !f.Need.OfNumber() {
		t.Errorf("%q: error is %v, want one that needs a number", raw, err)
	}
}

func TestParseE164(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{
		"+919876543210", "+14155552671", "+442079460123", "+39066982", "+80012345678", "+3780549886377", "+5491123456789",
	} {
		if n, err := ParseE164(raw); err != nil || n.String() != raw {
			t.Errorf("%q: got %q, %v", raw, n, err)
		}
	}
	for _, raw := range []string{
		"", "+", "+9", "919876543210", " +919876543210", "+919876543210 ", "+91 9876543210", "+91-9876543210",
		"+4402079460123", "+910009876543210", "+0123456789", "+12345", "+1234567890123456", "＋919876543210",
		"+९१९८७६५४३२१०", "++919876543210", "+91987654321O", "+9198765432109876", "+999999999999",
	} {
		n, err := ParseE164(raw)
		if n != 0 {
			t.Errorf("%q: got %q", raw, n)
		}
		isInvalidNumber(t, raw, err)
	}
}

func TestNumberText(t *testing.T) {
	t.Parallel()
	for n, want := range map[Number]string{
		0: "", 919876543210: "+919876543210", 999999999999999: "+999999999999999",
	} {
		if got := n.String(); got != want {
			t.Errorf("String of %d: got %q, want %q", uint64(n), got, want)
		}
		if got := string(n.AppendTo([]byte("tel:"))); got != "tel:"+want {
			t.Errorf("AppendTo of %d: got %q", uint64(n), got)
		}
	}
}

func TestRegionByCode(t *testing.T) {
	t.Parallel()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for _, code := range []string{"NZ", "KE", "DO", "XK"} {
				r, err := RegionByCode(code)
				again, _ := RegionByCode(code)
				if err != nil || r != again || r.code != code {
					t.Errorf("%s: got %p, then %p, %v", code, r, again, err)
				}
			}
		})
	}
	wg.Wait()
	for _, code := range []string{"", "I", "in", "ZZ", "IND", "001", "I\x00", "ÄÄ", strings.Repeat("IN", 100)} {
		r, err := RegionByCode(code)
		f := fault.As(err)
		if r != nil || f == nil || f.Kind != fault.Invalid ||
			!strings.Contains(f.Detail, "ISO 3166-1") || len(f.Detail) > 200 {
			t.Errorf("%q: got %v, %v", code, r, err)
		}
	}
}

// TestParseIsConcurrent lets goroutines meet while tables are being made.
func TestParseIsConcurrent(t *testing.T) {
	t.Parallel()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for _, s := range spellings {
				r, err := RegionByCode(s.region)
				if err != nil {
					t.Error(err)
					return
				}
				if n, _ := r.Parse(s.raw); n.String() != s.want {
					t.Errorf("%s %q: got %q, want %q", s.region, s.raw, n, s.want)
				}
			}
		})
	}
	wg.Wait()
}

func TestNoAllocation(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	in := mustRegion(t, "IN")
	b := make([]byte, 0, 64)
	for _, raw := range []string{
		"+919876543210", "09876543210", "919876543210", "00919876543210", "९८७६५४३२१०", "+14155550123",
		"98765 43210 ext 5", "12", "", "+0123456789", "98765432101234567",
	} {
		parse := func() {
			n, _ := in.Parse(raw)
			b = n.AppendTo(b[:0])
			_, _ = ParseE164(raw)
			_, _ = RegionByCode("IN")
		}
		parse()
		if n := testing.AllocsPerRun(100, parse); n != 0 {
			t.Errorf("%q: %v allocations", raw, n)
		}
	}
}
