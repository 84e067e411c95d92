package phone

import (
	"strings"
	"testing"

	"github.com/nyaruka/phonenumbers"
)

// ofRegion returns the metadata's example of each type of number in the region.
func ofRegion(code string) (all []*phonenumbers.PhoneNumber) {
	for kind := phonenumbers.FIXED_LINE; kind <= phonenumbers.VOICEMAIL; kind++ {
		if n := phonenumbers.GetExampleNumberForType(code, kind); n != nil {
			all = append(all, n)
		}
	}
	return all
}

// TestExamplesOfEachRegion reads each region's own numbers, spelled in every
// format of the library.
func TestExamplesOfEachRegion(t *testing.T) {
	t.Parallel()
	count, skipped := 0, 0
	for code := range phonenumbers.GetSupportedRegions() {
		r := mustRegion(t, code)
		for _, example := range ofRegion(code) {
			want := "+" + international(example)
			for _, format := range []phonenumbers.PhoneNumberFormat{
				phonenumbers.E164, phonenumbers.INTERNATIONAL, phonenumbers.NATIONAL, phonenumbers.RFC3966,
			} {
				raw := phonenumbers.Format(example, format)
				if again := library(raw, code); wellFormed(again) == nil || international(again) != want[1:] {
					skipped++ // the library itself does not read it so
					continue
				}
				if n, err := r.Parse(raw); n.String() != want {
					t.Errorf("%s %q: got %q, %+v, want %q", code, raw, n, err, want)
				}
				count++
			}
		}
	}
	if count < 5000 || skipped > 8 {
		t.Errorf("%d spellings were read, and %d were not", count, skipped)
	}
}

// TestExamplesOfOtherRegions reads the numbers of all other countries as they are
// dialled there. Few of them may come out as numbers of the account's country.
func TestExamplesOfOtherRegions(t *testing.T) {
	t.Parallel()
	for code, most := range map[string]int{"IN": 450, "US": 60, "DE": 1400, "SG": 160, "AE": 570} {
		r := mustRegion(t, code)
		var all, own, foreign int
		for other := range phonenumbers.GetSupportedRegions() {
			for _, example := range ofRegion(other) {
				if Number(example.GetCountryCode()) == r.country.code {
					continue
				}
				all++
				n, err := r.Parse(phonenumbers.Format(example, phonenumbers.NATIONAL))
				switch {
				case err != nil:
				case n.country() == r.country:
					own++
				default:
					foreign++
				}
			}
		}
		t.Logf("%s: of %d numbers of other countries, %d are read as its own, %d as foreign ones", code, all, own, foreign)
		if all < 1000 || own > most || foreign > all/40 {
			t.Errorf("%s: of %d numbers of other countries, %d are read as its own, %d as foreign ones", code, all, own, foreign)
		}
	}
}

// TestTwoNumbers reads two numbers of each region in a row, which are never one
// number.
func TestTwoNumbers(t *testing.T) {
	t.Parallel()
	for code := range phonenumbers.GetSupportedRegions() {
		r := mustRegion(t, code)
		all := ofRegion(code)
		for i, example := range all {
			for _, format := range []phonenumbers.PhoneNumberFormat{phonenumbers.E164, phonenumbers.NATIONAL} {
				first := phonenumbers.Format(example, format)
				want, err := r.Parse(first)
				if err != nil || !want.valid() {
					continue
				}
				for _, between := range []string{"/", " / ", ", ", ";", " ::: ", "\n", " | "} {
					for _, second := range []string{"90", phonenumbers.Format(all[(i+1)%len(all)], format)} {
						raw := first + between + second
						if n, err := r.Parse(raw); err == nil {
							t.Errorf("%s %q is read as one number, %s", code, raw, n)
						}
						if n, leftOut, err := r.ParseFirst(raw); n != want || leftOut != 1 {
							t.Errorf("%s %q: got %q, %d left out, %v", code, raw, n, leftOut, err)
						}
					}
				}
			}
		}
	}
}

// TestCallingCodeTwice writes the calling code of each example twice. That is the
// example or no number, unless it is a valid number as it stands.
func TestCallingCodeTwice(t *testing.T) {
	t.Parallel()
	undone, all := 0, 0
	for code := range phonenumbers.GetSupportedRegions() {
		r := mustRegion(t, code)
		for _, example := range ofRegion(code) {
			once := international(example)
			calling := Number(example.GetCountryCode()).String()[1:]
			for _, raw := range []string{"+" + calling + " " + once, calling + once, "00" + calling + once} {
				if strings.HasPrefix(raw, "00") && numberingPlans().metadata[code].GetInternationalPrefix() != "00" {
					continue
				}
				all++
				n, err := r.Parse(raw)
				if n.String() == "+"+once {
					undone++
				} else if err == nil && !n.valid() {
					t.Errorf("%s %q: got %q, want %q or none", code, raw, n, once)
				}
			}
		}
	}
	t.Logf("of %d, %d were taken for the number with its calling code once", all, undone)
	if undone < all*8/10 {
		t.Errorf("of %d, only %d were taken for the number with its calling code once", all, undone)
	}
}
