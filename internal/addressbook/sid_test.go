package addressbook

import (
	"bytes"
	"math"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// anyTime draws the time of a clock that may do anything: stand, creep, leap,
// be set back.
func anyTime(t *rapid.T, last int64) int64 {
	const year2020, year2200 = 1_577_836_800_000_000_000, 7_258_118_400_000_000_000
	var next int64
	switch rapid.IntRange(0, 4).Draw(t, "clock") {
	case 0:
		next = last
	case 1:
		next = last + rapid.Int64Range(1, 1000).Draw(t, "nanoseconds")
	case 2:
		next = last + rapid.Int64Range(1, int64(time.Hour)).Draw(t, "later")
	case 3:
		next = last - rapid.Int64Range(1, int64(time.Hour)).Draw(t, "earlier")
	default:
		next = rapid.Int64Range(year2020, year2200).Draw(t, "any time")
	}
	return min(max(next, year2020), year2200)
}

func TestBirths(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var b births
		var lastSID SID
		lastNanos, clock := int64(math.MinInt64), int64(1_753_000_000_123_456_789)
		for range rapid.IntRange(1, 20).Draw(t, "series") {
			clock = anyTime(t, clock)
			n := rapid.SampledFrom([]int{1, 2, 3, 100, 5000}).Draw(t, "n")
			series := b.next(time.Unix(0, clock), n)
			for i := range n {
				sid, nanos := series.take()
				if bytes.Compare(sid[:8], lastSID[:8]) <= 0 {
					t.Fatalf("sid %v follows %v", sid, lastSID)
				}
				if nanos <= lastNanos {
					t.Fatalf("created at %d after %d", nanos, lastNanos)
				}
				if i == 0 && nanos != clock && tickOf(clock) > tickOf(lastNanos) {
					t.Fatalf("the first of a series was created at %d, the clock says %d", nanos, clock)
				}
				checkSID(t, sid, nanos)
				lastSID, lastNanos = sid, nanos
			}
		}
	})
}

// checkSID checks that the sid is a UUID of version 7 (RFC 9562, section 5.7,
// with the fraction of method 3) whose time is this one, to the tick.
func checkSID(t *rapid.T, sid SID, nanos int64) {
	if version, variant := sid[6]>>4, sid[8]>>6; version != 7 || variant != 0b10 {
		t.Fatalf("%v has version %d, variant %b", sid, version, variant)
	}
	ms := int64(0)
	for _, b := range sid[:6] {
		ms = ms<<8 | int64(b)
	}
	fraction := int64(sid[6]&0x0f)<<8 | int64(sid[7])
	if ms != nanos/1e6 || fraction != nanos%1e6*4096/1e6 {
		t.Fatalf("sid %v has the time %d and %d/4096 ms, created at %d ns", sid, ms, fraction, nanos)
	}
}

// TestTicks goes through every tick of a millisecond: its first nanosecond is
// in it, and the one before is not.
func TestTicks(t *testing.T) {
	t.Parallel()
	for _, ms := range []int64{1, 1_753_000_000_123} {
		for fraction := range int64(fractions) {
			tick := tick(ms<<fractionBits | fraction)
			if got := tickOf(tick.nanos()); got != tick {
				t.Fatalf("tick %d begins at %d, which is in tick %d", tick, tick.nanos(), got)
			}
			if got := tickOf(tick.nanos() - 1); got != tick-1 {
				t.Fatalf("%d ns is in tick %d, want the one before %d", tick.nanos()-1, got, tick)
			}
		}
	}
}

func TestConcurrentBirths(t *testing.T) {
	t.Parallel()
	const goroutines, series, n = 16, 50, 20
	var b births
	now := time.Unix(1_753_000_000, 0) // stands still
	var mu sync.Mutex
	seen := make(map[uint64]bool)
	dates := make(map[int64]bool)
	var all sync.WaitGroup
	for range goroutines {
		all.Go(func() {
			for range series {
				s := b.next(now, n)
				mu.Lock()
				for range n {
					sid, nanos := s.take()
					seen[sid.Prefix()], dates[nanos] = true, true
				}
				mu.Unlock()
			}
		})
	}
	all.Wait()
	if want := goroutines * series * n; len(seen) != want || len(dates) != want {
		t.Errorf("%d sids and %d dates are distinct, want %d", len(seen), len(dates), want)
	}
}

func TestParseSID(t *testing.T) {
	t.Parallel()
	sid := SID{0x01, 0x98, 0xab, 0xcd, 0xef, 0x01, 0x72, 0x34, 0x80, 0, 0, 0, 0, 0, 0, 0xff}
	const text = "0198abcdef01723480000000000000ff"
	if got := sid.String(); got != text {
		t.Errorf("String is %s", got)
	}
	if got := string(sid.AppendTo([]byte("/contacts/"))); got != "/contacts/"+text {
		t.Errorf("AppendTo gives %s", got)
	}
	if got := sid.Prefix(); got != 0x0198abcdef017234 {
		t.Errorf("Prefix is %x", got)
	}
	for in, ok := range map[string]bool{
		text:                                    true,
		strings.ToUpper(text):                   true,
		"0198ABcdef01723480000000000000fF":      true,
		strings.Repeat("0", 32):                 true,
		"":                                      false,
		text[1:]:                                false,
		text + "0":                              false,
		text + text:                             false,
		" " + text[1:]:                          false,
		text[:31] + "g":                         false,
		text[:31] + "\x00":                      false,
		text[:30] + "é":                         false,
		"0x" + text[2:]:                         false,
		"0198abcd-ef01-7234-8000-0000000000ff":  false,
		"+198abcdef01723480000000000000ff"[:32]: false,
	} {
		got, parsed := ParseSID(in)
		if parsed != ok {
			t.Errorf("%q: accepted: %t", in, parsed)
		}
		if !parsed && got != (SID{}) {
			t.Errorf("%q: refused with the sid %v", in, got)
		}
		if parsed && got.String() != strings.ToLower(in) {
			t.Errorf("%q was read as %v", in, got)
		}
	}
}

func FuzzParseSID(f *testing.F) {
	f.Add("0198abcdef01723480000000000000ff")
	f.Add("0198ABCDEF01723480000000000000FF")
	f.Add("0198abcdef01723480000000000000f")
	f.Add("")
	f.Fuzz(func(t *testing.T, in string) {
		sid, ok := ParseSID(in)
		if want := regexp.MustCompile(`^[0-9a-fA-F]{32}$`).MatchString(in); ok != want {
			t.Fatalf("%q: accepted: %t, want %t", in, ok, want)
		}
		if !ok {
			return
		}
		if sid.String() != strings.ToLower(in) {
			t.Fatalf("%q was read as %v", in, sid)
		}
		if again, ok := ParseSID(sid.String()); !ok || again != sid {
			t.Fatalf("%v is read again as %v", sid, again)
		}
	})
}
