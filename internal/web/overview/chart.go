package overview

import (
	"fmt"
	"time"

	"callbook/internal/usage"
	"callbook/internal/web/words"
)

// Plots are drawn on a field of 100 by 100, which the page stretches. The labels are
// outside of the field, so that they keep their size. A table beside each plot has the
// same data. Every scale begins at zero.

// columnChart is a chart of stacked columns over time.
type columnChart struct {
	Top      string // the label of the upper edge
	Middle   string // the label of the middle line, or "" if half of the top is not a whole number
	From, To string // the labels of the left and right edges
	Desc     string // for screen readers
	Unit     string // the heading of the table's first column: Day, Week or Month
	Columns  []column
	Total    int
}

// column is the column of a day, week or month.
type column struct {
	Label, Title string
	URL          string // a page with its details, or ""
	Slot, Each   string // the column's left edge and width on the field, gaps included
	X, Width     string
	Parts        []columnPart
	parts        []columnPart // those with counts, from the bottom up

	Before, Added, Total       int // for a chart of growth
	Succeeded, Refused, Failed int // for a chart of requests
}

// columnPart is a part of a column on the field.
type columnPart struct {
	Kind, Y, Height string
	Count           int
}

// draw computes the places of the columns. The scale has room for most.
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

// half returns half of n, or "" if that is not a whole number.
func half(n int) string {
	if n%2 != 0 {
		return ""
	}
	return words.Count(n / 2)
}

// niceTop returns the smallest round number that is at least n. The round numbers are
// close together, so that columns use most of a plot's height.
func niceTop(n int) int {
	for power := 1; ; power *= 10 {
		for _, tenths := range []int{10, 12, 16, 20, 30, 40, 50, 60, 80} {
			if top := tenths * power / 10; top >= n {
				return top
			}
		}
	}
}

// requestColumns returns the chart of the requests by day.
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
