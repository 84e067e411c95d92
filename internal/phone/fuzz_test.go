package phone

import (
	"regexp"
	"slices"
	"testing"
	"unicode"

	"github.com/nyaruka/phonenumbers"
)

func FuzzParse(f *testing.F) {
	var codes []string
	for code := range phonenumbers.GetSupportedRegions() {
		codes = append(codes, code)
	}
	slices.Sort(codes)
	for _, s := range append(contract, spellings...) {
		f.Add(uint16(slices.Index(codes, s.region)), s.raw)
	}
	in := uint16(slices.Index(codes, "IN"))
	for _, raw := range []string{
		"+91 91 98765 43210", "022-23456789/90", "9876543210 ::: 9876543211", "12, 9876543210/11", "9876543210 ext 5",
		`="9876543210"`, "p:9876543210", "9876543210.0", "9.876543211E9", "9.19877E+11", "98765\u206543210", "+999123456789",
	} {
		f.Add(in, raw)
	}
	wrappers := regexp.MustCompile(`(?i)^[^0-9]*\b(tel|p|whatsapp):|[0-9]e\+?[0-9]{1,2}\b`)
	e164 := regexp.MustCompile(`^\+[1-9][0-9]{1,14}$`)
	f.Fuzz(func(t *testing.T, pick uint16, raw string) {
		code := codes[int(pick)%len(codes)]
		r := mustRegion(t, code)
		n, err := r.Parse(raw)
		if (n == 0) != (err != nil) {
			t.Fatalf("%s %q: got %q, %v", code, raw, n, err)
		}
		var spelled spelling
		if len(raw) <= maxInputBytes && !endsInZeros(raw) && spelled.read(raw) {
			want := reference(text(spelled.digits()), spelled.plus, code)
			if n != want && (n != 0 || !r.joins(&spelled, want)) {
				t.Fatalf("%s %q: got %q, the library says %q", code, raw, n, want)
			}
		}
		first, leftOut, firstErr := r.ParseFirst(raw)
		if (first == 0) != (firstErr != nil) || n != 0 && (first != n || leftOut != 0) || n == 0 && first != 0 && leftOut == 0 {
			t.Fatalf("%s %q: got %q, %v, the first is %q, %d, %v", code, raw, n, err, first, leftOut, firstErr)
		}
		if strict, err := ParseE164(raw); err == nil && (strict.String() != raw || strict != n) {
			t.Fatalf("%s %q: strict gives %q, else %q", code, raw, strict, n)
		}
		if err != nil {
			isInvalidNumber(t, raw, err)
			return
		}
		for _, c := range wrappers.ReplaceAllString(raw, "") {
			if unicode.IsLetter(c) && !ignorable(c) {
				t.Fatalf("%s %q: accepted with a letter", code, raw)
			}
		}
		s := n.String()
		if !e164.MatchString(s) {
			t.Fatalf("%s %q: got %q", code, raw, s)
		}
		for _, other := range []string{code, "IN", "US", "IT", "AR"} {
			if again, err := mustRegion(t, other).Parse(s); err != nil || again != n {
				t.Fatalf("%s %q: %q read again in %s is %q, %v", code, raw, s, other, again, err)
			}
		}
		if again, err := ParseE164(s); err != nil || again != n {
			t.Fatalf("%s %q: %q strictly is %q, %v", code, raw, s, again, err)
		}
	})
}
