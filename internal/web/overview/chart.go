package overview

import (
	"fmt"
	"time"

	"callbook/internal/usage"
	"callbook/internal/web/words"
)

// Plots are drawn on a field of 100 by 100 that the page stretches; words stand
// around it, so that they keep their size. What is told by a plot is told by a
// table, too. Every scale begins at zero.

// columnChart is columns over time, each of parts that stand on each other.
type columnChart struct {
	Top      string // what the upper edge stands for
	Middle   string // what the line between it and 0 does; "" for half of one
	From, To string // what the left and right edges stand for
	Desc     string // for those who cannot see it
	Unit     string // what a row of the table is: Day, Week or Month
	Columns  []column
	Total    int
}

// column is a day, week or month.
type column struct {
	Label, Title string
	URL          string // what is behind it; "" when that is nothing
	Slot, Each   string // where it begins on the field, with the gap at its sides, and how wide that is
	X, Width     string
	Parts        []columnPart
	parts        []columnPart // with counts, from the lowest on

	Before, Added, Total       int // of a growth
	Succeeded, Refused, Failed int // of requests
}

// columnPart is a part of a column, on the field.
type columnPart struct {
	Kind, Y, Height string
	Count           int
}

// draw places the columns on a scale that has room for as many as most.
func (c *columnChart) draw(most int) {
	top := niceTop(max(most, fewestTop))
	c.Top, c.Middle = words.Count(top), half(top)
	each := 100 / float64(len(c.Columns))
	for i := range c.Columns {
		col := &c.Columns[i]
		col.Slot, col.Each = fmt.Sprintf("%.2f", float64(i)*each), fmt.Sprintf("%.2f", each)
		col.X, col.Width = fmt.Sprintf("%.2f", (float64(i)+0.2)*each), fmt.Sprintf("%.2f", 0.6*each)
		floor := 100.0
		for _, part := range col.parts {
			if part.Count == 0 {
				continue
			}
			height := 100 * float64(part.Count) / float64(top)
			floor -= height
			part.Y, part.Height = fmt.Sprintf("%.2f", floor), fmt.Sprintf("%.2f", height)
			col.Parts = append(col.Parts, part)
		}
	}
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

// requestColumns draws the requests of some days.
func requestColumns(days []usage.Day) columnChart {
	c := columnChart{From: dayLabel(days[0].Date), To: "Today", Unit: "Day"}
	most := 0
	for _, d := range days {
		most = max(most, d.Total())
		c.Total += d.Total()
		col := column{
			Label:     dayLabel(d.Date),
			Succeeded: d.Succeeded(), Refused: d.Refused(), Failed: d.Failed(),
		}
		if d.Total() > 0 {
			col.URL = "/requests?day=" + d.Date.Time().Format(time.DateOnly)
		}
		for outcome, kind := range []string{"good", "warn", "bad"} {
			col.parts = append(col.parts, columnPart{Kind: kind, Count: d.Requests[outcome]})
		}
		col.Title = fmt.Sprintf("%s: %s succeeded, %s refused, %s failed", col.Label,
			words.Count(col.Succeeded), words.Count(col.Refused), words.Count(col.Failed))
		c.Columns = append(c.Columns, col)
	}
	c.Desc = fmt.Sprintf("%s in %d days.", words.Plural(c.Total, "request", "requests"), len(days))
	c.draw(most)
	return c
}

func dayLabel(d usage.Date) string { return d.Time().Format("2 Jan") }
