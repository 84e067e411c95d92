package phone

import "testing"

// TestOrigins: what Origins have, Origin tells, and their Ranges leave out none of it.
func TestOrigins(t *testing.T) {
	t.Parallel()
	numbers := []Number{919876543210, 14155550123, 16135550123, 447400123456, 441481960194, 80012345678, 18005550123, 12005550123, 5}
	for _, c := range []struct {
		of   Origins
		want []Number
	}{
		{Origins{}, numbers},
		{Origins{In: []string{"IN"}}, []Number{919876543210}},
		{Origins{In: []string{"US"}}, []Number{14155550123, 18005550123}},
		{Origins{In: []string{"CA", "GG"}}, []Number{16135550123, 441481960194}},
		{Origins{In: []string{"001"}}, []Number{80012345678}},
		{Origins{In: []string{""}}, []Number{12005550123, 5}},
		{Origins{In: []string{}}, nil},
		{Origins{NotIn: []string{"US", "GB", "GG", ""}}, []Number{919876543210, 16135550123, 80012345678}},
		{Origins{In: []string{"US"}, NotIn: []string{"US"}}, nil},
		{Origins{Lines: []Line{TollFree}}, []Number{80012345678, 18005550123}},
		{Origins{Lines: []Line{Mobile, UnknownLine}, NotIn: []string{"IN"}}, []Number{447400123456, 12005550123, 5}},
	} {
		var got []Number
		for _, n := range numbers {
			if !c.of.Has(n) {
				continue
			}
			got = append(got, n)
			inside := c.of.Ranges() == nil
			for _, r := range c.of.Ranges() {
				inside = inside || r.Has(n)
			}
			if !inside {
				t.Errorf("%+v has %v, and its ranges do not", c.of, n)
			}
		}
		if len(got) != len(c.want) {
			t.Errorf("%+v has %v, want %v", c.of, got, c.want)
			continue
		}
		for i := range got {
			if got[i] != c.want[i] {
				t.Errorf("%+v has %v, want %v", c.of, got, c.want)
				break
			}
		}
	}
	for _, line := range Lines() {
		if got, ok := ParseLine(line.String()); !ok || got != line {
			t.Errorf("ParseLine(%q) = %v, %v", line.String(), got, ok)
		}
	}
	for name, want := range map[string]bool{"IN": true, "001": true, "unknown": true, "in": true, "Unknown": true, "": false, "ZZ": false, "91": false} {
		if _, ok := ParseRegion(name); ok != want {
			t.Errorf("ParseRegion(%q) = %v, want %v", name, ok, want)
		}
	}
}
