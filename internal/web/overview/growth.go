package overview

import (
	"fmt"
	"net/url"
	"time"

	"callbook/internal/summary"
	"callbook/internal/web/words"
)

const (
	mostDays  = 62  // the most days to show one by one
	mostWeeks = 540 // the most days to show by week
	// fewestDays is the least number of days shown, so that a new address book does not
	// seem old.
	fewestDays = 14
	// fewestTop is the lowest top of a scale, so that a few contacts do not seem many.
	fewestTop = 10
	day       = 24 * time.Hour
)

// growth returns the chart of an address book's growth up to today, which is midnight
// UTC. Each day, week or month has the contacts that existed before and those that were
// added. A column leads to the latter.
func growth(days []summary.Day, today time.Time) columnChart {
	if len(days) == 0 {
		return columnChart{}
	}
	first, last := days[0].Date, days[len(days)-1].Date
	today = maxTime(today, last) // the clock may have been set back
	if earliest := today.AddDate(0, 0, 1-fewestDays); first.After(earliest) {
		first = earliest
	}
	steps, unit := stepsOf(first, today)
	c := columnChart{Unit: unit, To: "Today"}
	total, next := 0, 0
	for i, from := range steps {
		to := today
		if i+1 < len(steps) {
			to = steps[i+1].AddDate(0, 0, -1)
		}
		col := column{Label: from.Format("2 Jan 2006"), Before: total}
		if unit == "Month" {
			col.Label = from.Format("Jan 2006")
		}
		for next < len(days) && !days[next].Date.After(to) {
			col.Added += days[next].Contacts
			next++
		}
		total += col.Added
		col.Total = total
		if col.Added > 0 {
			col.URL = "/contacts?" + url.Values{"added_from": {from.Format(time.DateOnly)}, "added_to": {to.Format(time.DateOnly)}}.Encode()
		}
		col.parts = []columnPart{{Kind: "before", Count: col.Before}, {Kind: "good", Count: col.Added}}
		col.Title = fmt.Sprintf("%s: %s added, %s in all", col.Label, words.Count(col.Added), words.Count(total))
		c.Columns = append(c.Columns, col)
	}
	c.From = c.Columns[0].Label
	c.Total = total
	c.Desc = fmt.Sprintf("From %s to today the contacts that are there now have grown to %s.", days[0].Date.Format("2 Jan 2006"), words.Count(total))
	c.draw(total)
	return c
}

func maxTime(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// stepsOf divides the time between two days, both included, into days, weeks or months.
func stepsOf(from, to time.Time) (steps []time.Time, unit string) {
	next := func(at time.Time) time.Time { return at.AddDate(0, 0, 1) }
	switch days := int(to.Sub(from) / day); {
	case days < mostDays:
		unit = "Day"
	case days < mostWeeks:
		unit = "Week"
		next = func(at time.Time) time.Time { return at.AddDate(0, 0, 7) }
	default:
		unit = "Month"
		from = time.Date(from.Year(), from.Month(), 1, 0, 0, 0, 0, time.UTC)
		next = func(at time.Time) time.Time { return at.AddDate(0, 1, 0) }
	}
	for at := from; !at.After(to); at = next(at) {
		steps = append(steps, at)
	}
	return steps, unit
}
