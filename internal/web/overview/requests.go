package overview

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"time"

	"callbook/internal/usage"
	"callbook/internal/web/shell"
	"callbook/internal/web/words"
)

// requestsPage is the data of the template requests.html.
type requestsPage struct {
	Day  string    // the selected day, such as 2 January 2006, or ""
	Sum  usage.Day // the sum of the selected days
	Why  []refusal
	Days []dayRow // the newest first
}

// refusal counts the requests with one error code.
type refusal struct {
	Code      int // 0 means unknown
	Requests  int
	Why, Help string
}

// dayRow is a row of the table of days.
type dayRow struct {
	usage.Day
	Label, URL string
	Current    bool
}

// requests shows how many requests have succeeded on the last days, or on one of them,
// and why others have not.
func (room *Room) requests(r *http.Request) (shell.Answer, error) {
	days, err := room.Usage.Days(r.Context(), shell.AccountOf(r), requestDays)
	if err != nil {
		return shell.Answer{}, err
	}
	asked := r.URL.Query().Get("day")
	if _, err := time.Parse(time.DateOnly, asked); err != nil && asked != "" {
		return shell.Answer{}, shell.Unreadable("day")
	}
	var page requestsPage
	for _, d := range slices.Backward(days) {
		day := d.Date.Time().Format(time.DateOnly)
		row := dayRow{Day: d, Label: dayLabel(d.Date), URL: "/requests?day=" + day, Current: day == asked}
		page.Days = append(page.Days, row)
		if row.Current {
			page.Day = d.Date.Time().Format("2 January 2006")
		}
		if asked != "" && !row.Current {
			continue
		}
		page.Sum.AddDay(d)
	}
	if asked != "" && page.Day == "" {
		return shell.GoTo("/requests").Noting("Requests are told of day by day for the last two weeks."), nil
	}
	page.Why = refusals(page.Sum)
	return pages.Show("requests", "Requests", page), nil
}

// refusals returns the requests that did not succeed, by their codes, the most frequent
// first.
func refusals(d usage.Day) []refusal {
	unknown := d.Requests[usage.Refused] + d.Requests[usage.Failed]
	var all []refusal
	for _, code := range slices.Sorted(maps.Keys(d.Codes)) {
		why, help := words.Refusal(code)
		all = append(all, refusal{code, d.Codes[code], why, help})
		unknown -= d.Codes[code]
	}
	slices.SortStableFunc(all, func(a, b refusal) int { return cmp.Compare(b.Requests, a.Requests) })
	if unknown > 0 {
		why, help := words.Refusal(0)
		all = append(all, refusal{0, unknown, why, help})
	}
	return all
}
