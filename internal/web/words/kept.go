package words

import "time"

// Kept says how long something is stored, such as "for 30 days". A negative duration
// means no limit.
func Kept(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d < 0:
		return "until the trash is emptied"
	case d >= day:
		return "for " + Plural(int(d/day), "day", "days")
	default:
		return "for " + Plural(int(d/time.Hour), "hour", "hours")
	}
}
