package phone

import (
	"slices"
	"testing"
	"time"
)

// TestZones: the zones of numbers, by what their digits tell.
func TestZones(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"+919876543210": {"Asia/Calcutta"},
		"+12125550123":  {"America/New_York"},
		"+442079460123": {"Europe/London"},
	} {
		n, err := ParseE164(text)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, zone := range n.Zones() {
			got = append(got, zone.String())
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s is in %q, want %q", text, got, want)
		}
	}
	n, err := ParseE164("+18005550123") // free of charge, for a whole continent
	if err != nil {
		t.Fatal(err)
	}
	if zones := n.Zones(); len(zones) < 2 || slices.Contains(zones, time.UTC) {
		t.Errorf("%s is in %v", n, zones)
	}
}
