package words

import "time"

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
