package overview

import (
	"fmt"
	"strings"
	"time"

	"callbook/internal/summary"
	"callbook/internal/usage"
	"callbook/internal/web/words"
)

// Plots are drawn on a field of 100 by 100 that the page stretches; words stand
// around it, so that they keep their size. What is told by a plot is told by a
// table, too.

// areaChart is a line over time, with the area below it.
type areaChart struct {
	Line, Area string // the points of a polyline and of a polygon
	Top        string // what the upper edge stands for
	Middle     string // what the line between it and 0 does; "" for half a contact
	From, To   string // what the left and right edges stand for
	Between    string // what stands in the middle; "" where that would say little
	Desc       string // for those who cannot see it
	Unit       string // what a row of the table is: Day, Week or Month
	Rows       []areaRow
}

// areaRow is one step of an areaChart.
type areaRow struct {
	Label        string
	Added, Total int
}

const (
	mostDays  = 62  // that are shown one by one
	mostWeeks = 540 // days that are shown by week
	// fewestBetween is of how many steps on the one in the middle is named.
	fewestBetween = 6
)

// growth draws how an address book has grown up to today, a day as UTC has its
// midnight.
func growth(days []summary.Day, today time.Time) areaChart {
	if len(days) == 0 {
		return areaChart{}
	}
	steps, unit := stepsOf(days[0].Date, today)
	c := areaChart{Unit: unit}
	total, next := 0, 0
	for i, from := range steps {
		row := areaRow{Label: from.Format("2 Jan 2006")}
		if unit == "Month" {
			row.Label = from.Format("Jan 2006")
		}
		for next < len(days) && (i+1 == len(steps) || days[next].Date.Before(steps[i+1])) {
			row.Added += days[next].Contacts
			next++
		}
		total += row.Added
		row.Total = total
		c.Rows = append(c.Rows, row)
	}
	top := niceTop(total)
	var line strings.Builder
	line.WriteString("0,100")
	for i, row := range c.Rows {
		fmt.Fprintf(&line, " %.2f,%.2f", 100*float64(i+1)/float64(len(c.Rows)), 100-100*float64(row.Total)/float64(top))
	}
	c.Line = line.String()
	c.Area = c.Line + " 100,100"
	c.Top, c.Middle = words.Count(top), half(top)
	c.From, c.To = c.Rows[0].Label, "Today"
	if n := len(c.Rows); n >= fewestBetween {
		c.Between = c.Rows[n/2-1].Label
	}
	c.Desc = fmt.Sprintf("From %s to today the contacts that are there now have grown to %s.", c.From, words.Count(total))
	return c
}

// stepsOf divides the time from one day to another, both included.
func stepsOf(from, to time.Time) (steps []time.Time, unit string) {
	const day = 24 * time.Hour
	switch days := int(to.Sub(from) / day); {
	case days < mostDays:
		for at := from; len(steps) == 0 || !at.After(to); at = at.AddDate(0, 0, 1) {
			steps = append(steps, at)
		}
		return steps, "Day"
	case days < mostWeeks:
		for at := from; !at.After(to); at = at.AddDate(0, 0, 7) {
			steps = append(steps, at)
		}
		return steps, "Week"
	}
	for at := time.Date(from.Year(), from.Month(), 1, 0, 0, 0, 0, time.UTC); !at.After(to); at = at.AddDate(0, 1, 0) {
		steps = append(steps, at)
	}
	return steps, "Month"
}

// half is a half of n, "" when that is no whole number.
func half(n int) string {
	if n%2 != 0 {
		return ""
	}
	return words.Count(n / 2)
}

// niceTop is the least round number that n does not go beyond. Their steps are
// small, so that most of a plot's height is used.
func niceTop(n int) int {
	for power := 1; ; power *= 10 {
		for _, tenths := range []int{10, 12, 16, 20, 30, 40, 50, 60, 80} {
			if top := tenths * power / 10; top >= n {
				return top
			}
		}
	}
}

// bar is one of a table of bars.
type bar struct {
	Label    string
	Contacts int
	Width    string // of 100
	Percent  string
}

// barsOf makes a table of bars, of which the longest is as wide as can be; the
// parts are of so many in all.
func barsOf(all int, bars []bar) []bar {
	most := 1
	for _, b := range bars {
		most = max(most, b.Contacts)
	}
	for i := range bars {
		b := &bars[i]
		b.Width = fmt.Sprintf("%.2f", 100*float64(b.Contacts)/float64(most))
		b.Percent = percent(b.Contacts, all)
	}
	return bars
}

func percent(part, all int) string {
	switch of := 100 * float64(part) / float64(max(all, 1)); {
	case part == 0:
		return "0 %"
	case of < 0.1:
		return "< 0.1 %"
	case of < 10:
		return fmt.Sprintf("%.1f %%", of)
	default:
		return fmt.Sprintf("%.0f %%", of)
	}
}

// columnChart is requests by day, in columns of three parts.
type columnChart struct {
	Top      string
	Middle   string // as an areaChart has it
	From, To string
	Columns  []column
	Total    int
	Desc     string
}

// column is a day. The parts stand on each other, the good ones below.
type column struct {
	Label                      string
	X, Width                   string
	Parts                      []columnPart
	Succeeded, Refused, Failed int
}

// columnPart is a part of a column, on the field.
type columnPart struct{ Kind, Y, Height string }

// requestColumns draws the requests of some days.
func requestColumns(days []usage.Day) columnChart {
	most, total := 0, 0
	for _, d := range days {
		most = max(most, d.Total())
		total += d.Total()
	}
	c := columnChart{
		Total: total, Top: words.Count(niceTop(most)), Middle: half(niceTop(most)), From: dayLabel(days[0].Date), To: "Today",
		Desc: fmt.Sprintf("%s in %d days.", words.Plural(total, "request", "requests"), len(days)),
	}
	top := float64(niceTop(max(most, 1)))
	each := 100 / float64(len(days))
	for i, d := range days {
		col := column{
			Label: dayLabel(d.Date), X: fmt.Sprintf("%.2f", (float64(i)+0.22)*each), Width: fmt.Sprintf("%.2f", 0.56*each),
			Succeeded: d.Requests[usage.Succeeded], Refused: d.Requests[usage.Refused], Failed: d.Requests[usage.Failed],
		}
		floor := 100.0
		for outcome, kind := range []string{"good", "warn", "bad"} {
			height := 100 * float64(d.Requests[outcome]) / top
			if height == 0 {
				continue
			}
			floor -= height
			col.Parts = append(col.Parts, columnPart{kind, fmt.Sprintf("%.2f", floor), fmt.Sprintf("%.2f", height)})
		}
		c.Columns = append(c.Columns, col)
	}
	return c
}

func dayLabel(d usage.Date) string { return d.Time().Format("2 Jan") }
