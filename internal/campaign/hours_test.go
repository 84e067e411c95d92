package campaign

import (
	"testing"
	"time"
)

// TestOpen: when callees may be called.
func TestOpen(t *testing.T) {
	t.Parallel()
	zones := func(names ...string) (all []*time.Location) {
		for _, name := range names {
			zone, err := time.LoadLocation(name)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, zone)
		}
		return all
	}
	india, coasts := zones("Asia/Kolkata"), zones("America/New_York", "America/Los_Angeles")
	for name, tt := range map[string]struct {
		hours, days string
		zones       []*time.Location
		now, want   string // "" is never
	}{
		"nothing is set":              {"always", "always", nil, "2026-06-01T03:00:00+05:30", "2026-06-01T03:00:00+05:30"},
		"within":                      {"09:00-21:00", "always", india, "2026-06-01T09:00:00+05:30", "2026-06-01T09:00:00+05:30"},
		"before":                      {"09:00-21:00", "always", india, "2026-06-01T08:59:59+05:30", "2026-06-01T09:00:00+05:30"},
		"at the end":                  {"09:00-21:00", "always", india, "2026-06-01T21:00:00+05:30", "2026-06-02T09:00:00+05:30"},
		"a Sunday":                    {"09:00-21:00", "mon-sat", india, "2026-05-31T12:00:00+05:30", "2026-06-01T09:00:00+05:30"},
		"days alone":                  {"always", "mon", india, "2026-05-31T12:00:00+05:30", "2026-06-01T00:00:00+05:30"},
		"two coasts, too early":       {"09:00-21:00", "always", coasts, "2026-06-01T13:30:00Z", "2026-06-01T16:00:00Z"},
		"two coasts, within both":     {"09:00-21:00", "always", coasts, "2026-06-01T20:00:00Z", "2026-06-01T20:00:00Z"},
		"two coasts, too late in one": {"09:00-21:00", "always", coasts, "2026-06-02T01:30:00Z", "2026-06-02T16:00:00Z"},
		"no hour is shared":           {"09:00-12:00", "always", coasts, "2026-06-01T20:00:00Z", ""},
		"nobody knows the zone":       {"09:00-21:00", "always", nil, "2026-06-01T12:00:00Z", ""},
		"a day without midnight":      {"always", "sun", zones("America/Havana"), "2026-03-07T12:00:00-05:00", "2026-03-08T01:00:00-04:00"},
		"winter begins":               {"09:00-21:00", "always", zones("Europe/Berlin"), "2026-10-24T22:00:00+02:00", "2026-10-25T09:00:00+01:00"},
	} {
		var p Policy
		var err error
		if p.Hours, err = ParseHours(tt.hours); err != nil {
			t.Fatal(err)
		}
		if p.Days, err = ParseDays(tt.days); err != nil {
			t.Fatal(err)
		}
		now, err := time.Parse(time.RFC3339, tt.now)
		if err != nil {
			t.Fatal(err)
		}
		var want time.Time
		if tt.want != "" {
			if want, err = time.Parse(time.RFC3339, tt.want); err != nil {
				t.Fatal(err)
			}
		}
		if got := p.Open(tt.zones, now); !got.Equal(want) {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
}

// TestDay: a day lasts from midnight to midnight, and from one o'clock where the clocks
// go forward at midnight.
func TestDay(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ zone, at, from, until string }{
		{"", "2026-06-01T12:00:00Z", "2026-06-01T00:00:00Z", "2026-06-02T00:00:00Z"},
		{"Asia/Kolkata", "2026-06-01T20:00:00Z", "2026-06-02T00:00:00+05:30", "2026-06-03T00:00:00+05:30"},
		{"Europe/Berlin", "2026-10-25T12:00:00Z", "2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00"},
		{"America/Havana", "2026-03-07T23:30:00-05:00", "2026-03-07T00:00:00-05:00", "2026-03-08T01:00:00-04:00"},
		{"America/Havana", "2026-03-08T23:30:00-04:00", "2026-03-08T01:00:00-04:00", "2026-03-09T00:00:00-04:00"},
		{"Asia/Beirut", "2026-03-29T23:30:00+03:00", "2026-03-29T01:00:00+03:00", "2026-03-30T00:00:00+03:00"},
	} {
		var zones []*time.Location
		if tt.zone != "" {
			zone, err := time.LoadLocation(tt.zone)
			if err != nil {
				t.Fatal(err)
			}
			zones = append(zones, zone)
		}
		var times [3]time.Time
		for i, text := range []string{tt.at, tt.from, tt.until} {
			var err error
			if times[i], err = time.Parse(time.RFC3339, text); err != nil {
				t.Fatal(err)
			}
		}
		if from, until := Day(zones, times[0]); !from.Equal(times[1]) || !until.Equal(times[2]) {
			t.Errorf("%s at %s: the day is from %v until %v", tt.zone, tt.at, from, until)
		}
	}
}

// TestParseHours: what is read is written so again, and what is wrong is refused.
func TestParseHours(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"09:00-21:00", "00:00-23:59", "always", "default"} {
		if h, err := ParseHours(text); err != nil || h.String() != text {
			t.Errorf("%q is read as %v, %v", text, h, err)
		}
	}
	for _, text := range []string{"", "9", "21:00-09:00", "09:00", "09:00-09:00", "09:00-25:00", "-"} {
		if h, err := ParseHours(text); err == nil {
			t.Errorf("%q is read as %v", text, h)
		}
	}
	for text, want := range map[string]string{
		"mon-sat": "mon,tue,wed,thu,fri,sat", "Monday, wed": "mon,wed", "sat-mon": "sun,mon,sat", "sun-sun": "sun", "always": "always", "sun-sat": "always", "default": "default",
	} {
		if days, err := ParseDays(text); err != nil || FormatDays(days) != want {
			t.Errorf("%q is read as %q, %v, want %q", text, FormatDays(days), err, want)
		}
	}
	for _, text := range []string{"", "mo", "montag", "mon-", "mon,,tue", "-"} {
		if days, err := ParseDays(text); err == nil {
			t.Errorf("%q is read as %q", text, FormatDays(days))
		}
	}
}
