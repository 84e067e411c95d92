package campaign

import (
	"fmt"
	"strings"
	"time"

	"callbook/internal/fault"
)

// minutesOfDay is the number of minutes in a day.
const minutesOfDay = 24 * 60

const (
	// always means all day or every day in a text; byDefault means nil.
	always    = "always"
	byDefault = "default"
)

// ParseHours parses calling hours such as "09:00-21:00". "always" means all day, and
// "default" returns nil.
func ParseHours(text string) (*Hours, error) {
	switch text = strings.ToLower(strings.TrimSpace(text)); text {
	case always:
		return &Hours{Until: minutesOfDay}, nil
	case byDefault:
		return nil, nil
	}
	from, until, ok := strings.Cut(text, "-")
	h := &Hours{From: minuteOf(from), Until: minuteOf(until)}
	if !ok || h.From < 0 || h.Until < 0 || h.From >= h.Until {
		return nil, fault.New(fault.Invalid, fmt.Sprintf("calling hours %q are not valid: write them as 09:00-21:00, or always, or default", text))
	}
	return h, nil
}

// minuteOf returns the minute of a time of day up to 24:00, or -1 if the text is invalid.
func minuteOf(text string) int {
	text = strings.TrimSpace(text)
	if text == "24:00" {
		return minutesOfDay
	}
	t, err := time.Parse("15:04", text)
	if err != nil {
		return -1
	}
	return t.Hour()*60 + t.Minute()
}

// Always reports whether the hours allow all times: they are all day or nil.
func (h *Hours) Always() bool { return h == nil || h.From == 0 && h.Until == minutesOfDay }

// String returns the hours in the format of [ParseHours].
func (h *Hours) String() string {
	switch {
	case h == nil:
		return byDefault
	case h.Always():
		return always
	}
	return fmt.Sprintf("%02d:%02d-%02d:%02d", h.From/60, h.From%60, h.Until/60, h.Until%60)
}

// dayNames are the first three letters of the days of the week.
var dayNames = [7]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// everyDay are all days of the week.
var everyDay = [7]bool{true, true, true, true, true, true, true}

// EveryDay reports whether the days allow all days: they are the whole week or nil.
func EveryDay(days *[7]bool) bool { return days == nil || *days == everyDay }

// ParseDays parses days of the week such as "mon-sat" or "mon,wed,fri". "always" means
// all days, and "default" returns nil.
func ParseDays(text string) (*[7]bool, error) {
	var days [7]bool
	switch text = strings.ToLower(strings.TrimSpace(text)); text {
	case always:
		days = everyDay
		return &days, nil
	case byDefault:
		return nil, nil
	}
	for part := range strings.SplitSeq(text, ",") {
		first, last, isRange := strings.Cut(strings.TrimSpace(part), "-")
		from, to := dayOf(first), dayOf(last)
		if !isRange {
			to = from
		}
		if from < 0 || to < 0 {
			return nil, fault.New(fault.Invalid, fmt.Sprintf("calling days %q are not valid: write them as mon-sat, or as mon,wed, or always, or default", text))
		}
		days[from] = true
		for day := from; day != to; {
			day = (day + 1) % len(days)
			days[day] = true
		}
	}
	return &days, nil
}

// dayOf returns the index of a day of the week, 0 for Sunday, or -1 if the text is
// invalid.
func dayOf(text string) int {
	for i, name := range dayNames {
		if text = strings.TrimSpace(text); strings.HasPrefix(text, name) && strings.HasPrefix(strings.ToLower(time.Weekday(i).String()), text) {
			return i
		}
	}
	return -1
}

// FormatDays returns the days in the format of [ParseDays].
func FormatDays(days *[7]bool) string {
	switch {
	case days == nil:
		return byDefault
	case EveryDay(days):
		return always
	}
	var names []string
	for i, on := range days {
		if on {
			names = append(names, dayNames[i])
		}
	}
	return strings.Join(names, ",")
}

// Open returns now if a callee in these zones may be called now. Otherwise it returns the
// next moment that is within the hours and days in all of the zones, or the zero time if
// there is none within two weeks. Without zones the hours never hold: if hours are set, a
// callee with unknown zone is never called.
func (p *Policy) Open(zones []*time.Location, now time.Time) time.Time {
	if p.Hours.Always() && EveryDay(p.Days) {
		return now
	}
	if len(zones) == 0 {
		return time.Time{}
	}
	if p.openAt(zones, now) {
		return now
	}
	const days = 15
	var next time.Time
	for _, zone := range zones {
		local := now.In(zone)
		for d := range days {
			begin := 0
			if p.Hours != nil {
				begin = p.Hours.From
			}
			t := minuteIn(zone, local, d, begin)
			if t.After(now) && (next.IsZero() || t.Before(next)) && p.openAt(zones, t) {
				next = t
			}
		}
	}
	return next
}

// openAt reports whether t is within the hours and days in all of the zones.
func (p *Policy) openAt(zones []*time.Location, t time.Time) bool {
	for _, zone := range zones {
		local := t.In(zone)
		if p.Days != nil && !p.Days[local.Weekday()] {
			return false
		}
		minute := local.Hour()*60 + local.Minute()
		if p.Hours != nil && (minute < p.Hours.From || minute >= p.Hours.Until) {
			return false
		}
	}
	return true
}

// Day returns the bounds of the day in which t lies, in the first of the zones, or in UTC
// without zones.
func Day(zones []*time.Location, t time.Time) (from, until time.Time) {
	zone := time.UTC
	if len(zones) > 0 {
		zone = zones[0]
	}
	local := t.In(zone)
	return minuteIn(zone, local, 0, 0), minuteIn(zone, local, 1, 0)
}

// minuteIn returns when the minute of a day comes in a zone, days after local. If the
// clocks skip the minute, it returns a time after that. [time.Date] could return a time
// before, on another day.
func minuteIn(zone *time.Location, local time.Time, days, minute int) time.Time {
	t := time.Date(local.Year(), local.Month(), local.Day()+days, 0, minute, 0, 0, zone)
	early := (minute - t.Hour()*60 - t.Minute() + minutesOfDay) % minutesOfDay
	if early < minutesOfDay/2 {
		t = t.Add(time.Duration(early) * time.Minute)
	}
	return t
}
