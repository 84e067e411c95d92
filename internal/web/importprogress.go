package web

import (
	"time"

	"callbook/internal/upload"
)

// progress is how far an upload is.
type progress struct {
	URL     string // where the next one is
	Rows    int
	Percent int    // of the file's bytes; -1 when that is not known
	Rate    int    // rows a second
	Left    string // how long it will take; "" when that is not known
}

// leastForRate is how long an import has run before its rate means something.
const leastForRate = time.Second

func progressOf(u *upload.Upload, url string) progress {
	p := progress{URL: url, Rows: u.Stats.Total(), Percent: -1}
	if u.Size > 0 {
		p.Percent = int(100 * min(u.Position.Offset, u.Size) / u.Size)
	}
	took := u.Updated.Sub(u.Started)
	if p.Rows == 0 || took < leastForRate {
		return p
	}
	p.Rate = int(float64(p.Rows) / took.Seconds())
	if u.Size > 0 && u.Position.Offset > 0 {
		p.Left = about(time.Duration(float64(took) / float64(u.Position.Offset) * float64(u.Size-u.Position.Offset)))
	}
	return p
}

// about is a duration in words that promise no more than is known.
func about(left time.Duration) string {
	switch {
	case left < 2*time.Second:
		return "a moment"
	case left < 90*time.Second:
		return "about " + count(int(left.Round(time.Second).Seconds())) + " seconds"
	case left < 90*time.Minute:
		return "about " + count(int(left.Round(time.Minute).Minutes())) + " minutes"
	}
	return "about " + count(int(left.Round(time.Hour).Hours())) + " hours"
}
