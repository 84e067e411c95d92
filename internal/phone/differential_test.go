package phone

import (
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"

	"github.com/nyaruka/phonenumbers"
)

func mustRegion(t testing.TB, code string) *Region {
	t.Helper()
	r, err := RegionByCode(code)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// defaults are regions whose rules differ in kind: shared calling codes, main
// and other regions, leading zeros, carrier codes, rewriting prefixes.
var defaults = []string{
	"IN", "IN", "IN", "US", "US", "CA", "GB", "GG", "IT", "VA", "DE", "AR", "BR", "MX", "RU", "KZ", "SG", "JP",
	"AU", "CX", "FR", "KR", "CN", "HU", "MG", "SM", "NF", "LT", "BY", "LU", "CO", "FI", "AX", "CW", "BQ", "BS", "HK",
}

// TestAgreesWithLibrary compares the tables with the library on numbers of
// every calling code.
func TestAgreesWithLibrary(t *testing.T) {
	t.Parallel()
	const workers = 4
	count := 320_000 / workers
	switch {
	case raceEnabled:
		count /= 40
	case testing.Short():
		count /= 10
	}
	all := examples()
	var codes []string
	for code := range phonenumbers.GetSupportedCallingCodes() {
		codes = append(codes, strconv.Itoa(code))
	}
	var mu sync.Mutex
	var accepted, undecided, total int
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(w), 20))
			var ok, open int
			for range count {
				e := all[r.IntN(len(all))]
				region := defaults[r.IntN(len(defaults))]
				if r.IntN(2) == 0 && e.region != nonGeographic {
					region = e.region
				}
				var raw string
				switch p := r.IntN(20); {
				case p == 0:
					raw = randomDigits(r, 1+r.IntN(21))
				case p == 1:
					raw = "+" + randomDigits(r, 1+r.IntN(19))
				case p == 2:
					raw = "+" + codes[r.IntN(len(codes))] + randomDigits(r, r.IntN(19))
				case p == 3:
					region, raw = "IN", realistic(r)
				default:
					raw = dress(r, e)
				}
				n, decided, agreed := compare(t, region, raw)
				if !agreed {
					return
				}
				if n != 0 {
					ok++
				}
				if !decided {
					open++
				}
			}
			mu.Lock()
			defer mu.Unlock()
			accepted, undecided, total = accepted+ok, undecided+open, total+count
		})
	}
	wg.Wait()
	if total == 0 {
		return
	}
	t.Logf("%d numbers: %.1f%% accepted, %.2f%% left to the library", total,
		100*float64(accepted)/float64(total), 100*float64(undecided)/float64(total))
	if accepted < total/5 || accepted > total*4/5 {
		t.Errorf("%d of %d accepted: the sample says little", accepted, total)
	}
	if undecided > total/50 {
		t.Errorf("%d of %d left to the library", undecided, total)
	}
}

// compare asks both and reports a difference.
func compare(t *testing.T, code, raw string) (want Number, decided, agreed bool) {
	t.Helper()
	r, err := RegionByCode(code)
	if err != nil {
		t.Errorf("RegionByCode(%q): %v", code, err)
		return 0, false, false
	}
	var s spelling
	if !s.read(raw) {
		t.Errorf("%q is not read", raw)
		return 0, false, false
	}
	want = reference(text(s.digits()), s.plus, code)
	got, decided := r.decide(s.digits(), s.plus)
	if decided && got != want {
		t.Errorf("%s %q: tables say %q, library says %q", code, raw, got, want)
		return want, decided, false
	}
	return want, decided, true
}

// TestTablesDecideRealisticInput guards the share of numbers that never reach
// the library.
func TestTablesDecideRealisticInput(t *testing.T) {
	t.Parallel()
	in := mustRegion(t, "IN")
	r := rand.New(rand.NewPCG(7, 7))
	const total = 50_000
	open := 0
	for range total {
		raw := realistic(r)
		var s spelling
		if !s.read(raw) {
			t.Fatalf("%q is not read", raw)
		}
		if _, decided := in.decide(s.digits(), s.plus); !decided {
			open++
		}
	}
	t.Logf("%d of %d left to the library", open, total)
	if open > total/100 {
		t.Errorf("%d of %d left to the library, want at most 1%%", open, total)
	}
}

// TestEveryRegionHasTables sees to it that no metadata falls silently to the
// library as a whole.
func TestEveryRegionHasTables(t *testing.T) {
	t.Parallel()
	d := numberingPlans()
	largest := 0
	for code := range phonenumbers.GetSupportedRegions() {
		r := mustRegion(t, code)
		if r.code != code || r.plan.general == nil || r.idd == nil || r.country.validity() == nil {
			t.Errorf("%s: no tables", code)
		}
	}
	for code := range phonenumbers.GetSupportedCallingCodes() {
		c := d.country(code)
		all := c.validity()
		if all == nil || c.main.general == nil {
			t.Errorf("+%d: no tables", code)
			continue
		}
		for _, r := range all.list {
			largest = max(largest, len(r.types.next))
		}
		for short := code / 10; short > 0; short /= 10 {
			if phonenumbers.GetSupportedCallingCodes()[short] {
				t.Errorf("calling code %d starts with calling code %d", code, short)
			}
		}
	}
	t.Logf("largest automaton: %d states", largest)
}
