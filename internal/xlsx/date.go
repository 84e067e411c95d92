package xlsx

import (
	"math"
	"strconv"
	"time"
)

// epoch is the first day of a workbook's calendar: false means 1900, true means 1904, as
// in old programs for the Macintosh.
type epoch bool

// time returns the time of a serial date. Serial dates count a 29 February 1900, which
// never existed, as day 60. So the days before it have serial dates that are one too
// small.
func (e epoch) time(days float64) time.Time {
	first := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
	switch {
	case bool(e):
		first = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)
	case days < 60:
		days++
	}
	whole := math.Floor(days)
	milliseconds := math.Round((days - whole) * 86_400_000)
	return first.AddDate(0, 0, int(whole)).Add(time.Duration(milliseconds) * time.Millisecond)
}

// maxDays is the first serial date beyond the year 9999, the last that spreadsheets have.
const maxDays = 2_958_466

// appendDate appends a serial date as a date and time. Outside of the calendar, it
// appends the plain number.
func (s *section) appendDate(b []byte, days float64, base epoch) []byte {
	if days < 0 || days >= maxDays {
		return appendGeneral(b, days)
	}
	t := base.time(days)
	hours12, fraction := false, 0
	for i, p := range s.parts {
		hours12 = hours12 || p.text == "am/pm" && p.kind == dateField
		if p.kind == literal && p.text == "." || p.kind == point {
			for fraction = 0; i+1+fraction < len(s.parts) && s.parts[i+1+fraction].kind == digit; fraction++ {
			}
		}
	}
	if fraction == 0 {
		t = t.Round(time.Second)
	}
	for i, p := range s.parts {
		switch p.kind {
		case dateField:
			b = appendDateField(b, p.text, t, hours12)
		case elapsed:
			unit := map[byte]float64{'h': 24, 'm': 24 * 60, 's': 24 * 60 * 60}[p.text[0]]
			b = appendPadded(b, int(math.Floor(days*unit+1e-6)), len(p.text))
		case digit:
			if i == 0 || s.parts[i-1].kind != digit { // the fraction of a second
				b = append(b, t.Format(".000")[1:][:min(3, max(1, fraction))]...)
			}
		default:
			b = append(b, p.text...)
		}
	}
	return b
}

func appendDateField(b []byte, field string, t time.Time, hours12 bool) []byte {
	switch field[0] {
	case 'y':
		if len(field) <= 2 {
			return append(b, t.Format("06")...)
		}
		return append(b, t.Format("2006")...)
	case 'm':
		switch len(field) {
		case 3:
			return append(b, t.Format("Jan")...)
		case 4:
			return append(b, t.Format("January")...)
		case 5:
			return append(b, t.Format("January")[0])
		}
		return appendPadded(b, int(t.Month()), len(field))
	case 'd':
		switch len(field) {
		case 3:
			return append(b, t.Format("Mon")...)
		case 4:
			return append(b, t.Format("Monday")...)
		}
		return appendPadded(b, t.Day(), len(field))
	case 'h':
		hour := t.Hour()
		if hours12 {
			hour = (hour+11)%12 + 1
		}
		return appendPadded(b, hour, len(field))
	case 'n':
		return appendPadded(b, t.Minute(), len(field))
	case 's':
		return appendPadded(b, t.Second(), len(field))
	}
	return append(b, t.Format("PM")...)
}

func appendPadded(b []byte, n, width int) []byte {
	text := strconv.Itoa(n)
	for range min(width, 4) - len(text) {
		b = append(b, '0')
	}
	return append(b, text...)
}
