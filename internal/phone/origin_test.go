package phone

import (
	"math/rand/v2"
	"testing"

	"github.com/nyaruka/phonenumbers"
)

func TestOrigin(t *testing.T) {
	t.Parallel()
	for number, want := range map[string]struct {
		region string
		line   Line
	}{
		"+919876543210": {"IN", Mobile},
		"+911123456789": {"IN", FixedLine},
		"+911800123456": {"IN", TollFree},
		"+14155550123":  {"US", FixedOrMobile},
		"+16475550123":  {"CA", FixedOrMobile},
		"+447400123456": {"GB", Mobile},
		"+390612345678": {"IT", FixedLine},
		"+80012345678":  {"001", TollFree},
		"+19999999999":  {"", UnknownLine},
	} {
		n, err := ParseE164(number)
		if err != nil && want.line != UnknownLine {
			t.Errorf("%s: %v", number, err)
			continue
		}
		if err != nil {
			continue
		}
		if region, line := n.Origin(); region != want.region || line != want.line {
			t.Errorf("%s: got %s %d, want %s %d", number, region, line, want.region, want.line)
		}
	}
	if region, line := Number(0).Origin(); region != "" || line != UnknownLine {
		t.Errorf("no number: got %s %d", region, line)
	}
}

// TestOriginDifferential holds the tables against the library: for an example of
// each type in each region, and numbers that differ from it in their last
// digits.
func TestOriginDifferential(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	checked := 0
	for region := range phonenumbers.GetSupportedRegions() {
		for kind := phonenumbers.FIXED_LINE; kind <= phonenumbers.VOICEMAIL; kind++ {
			example := phonenumbers.GetExampleNumberForType(region, kind)
			if example == nil {
				continue
			}
			n, err := ParseE164(phonenumbers.Format(example, phonenumbers.E164))
			if err != nil {
				continue
			}
			for _, digits := range []Number{1, 1e3, 1e5, 1e7} {
				other := n - n%digits + Number(random.Uint64N(uint64(digits)))
				if other, err = ParseE164(other.String()); err != nil {
					continue
				}
				checked++
				region, line := other.Origin()
				if wantRegion, wantLine := libraryOrigin(other); region != wantRegion || line != wantLine {
					t.Errorf("%s: got %q %d, the library says %q %d", other, region, line, wantRegion, wantLine)
				}
			}
		}
	}
	if checked < 2000 {
		t.Errorf("only %d numbers were checked", checked)
	}
}

func BenchmarkOrigin(b *testing.B) {
	numbers := make([]Number, 1000)
	for i := range numbers {
		numbers[i] = 919800000000 + Number(rand.IntN(1e8))
	}
	for i := 0; b.Loop(); i++ {
		numbers[i%len(numbers)].Origin()
	}
}
