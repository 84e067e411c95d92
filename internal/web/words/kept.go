package words

import "time"

// Kept says how long something stays that is kept for so long: "for 30 days". Less than
// zero is until somebody deletes it.
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
