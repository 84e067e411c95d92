package words

import (
	"fmt"
	"time"
)

// Length returns a duration in its two largest units, such as "2 hours 5 minutes". The
// shortest is "less than a minute".
func Length(d time.Duration) string {
	const day = 24 * time.Hour
	switch d = d.Round(time.Minute); {
	case d < time.Minute:
		return "less than a minute"
	case d < time.Hour:
		return Plural(int(d/time.Minute), "minute", "minutes")
	case d < day:
		return twoUnits(int(d/time.Hour), "hour", "hours", int(d%time.Hour/time.Minute), "minute", "minutes")
	}
	return twoUnits(int(d/day), "day", "days", int(d%day/time.Hour), "hour", "hours")
}

func twoUnits(n int, one, many string, rest int, restOne, restMany string) string {
	text := Plural(n, one, many)
	if rest > 0 {
		text += " " + Plural(rest, restOne, restMany)
	}
	return text
}

// Talk returns how long people talked, in seconds, to the second and short enough for a
// table, such as "45 s" or "1 h 2 min 5 s".
func Talk(seconds int) string {
	switch {
	case seconds < 60:
		return fmt.Sprintf("%d s", seconds)
	case seconds < 3600:
		return fmt.Sprintf("%d min %d s", seconds/60, seconds%60)
	}
	return fmt.Sprintf("%d h %d min %d s", seconds/3600, seconds/60%60, seconds%60)
}

// Took returns a duration that was measured, such as "1.5 ms", "2.3 s" or "1 min 5 s".
func Took(d time.Duration) string {
	switch {
	case d < time.Second:
		return fmt.Sprintf("%.1f ms", d.Seconds()*1000)
	case d < time.Minute:
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return Talk(int(d / time.Second))
}
