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

// requestsPage is what the template requests.html shows.
type requestsPage struct {
	Day  string    // the one that is asked for, as 2 January 2006; "" for all of them
	Sum  usage.Day // of the days that are asked for
	Why  []refusal
	Days []dayRow // newest first
}

// refusal is the requests of one error code.
type refusal struct {
	Code      int // 0 when it is not known
	Requests  int
	Why, Help string
}

// dayRow is a day of the table.
type dayRow struct {
	usage.Day
	Label, URL string
	Current    bool
}

// requests tells what became of the requests of the last days, or of one of them, and
// why some were refused.
func (room *Room) requests(r *http.Request) (shell.Answer, error) {
	days, err := room.Usage.Days(r.Context(), shell.AccountOf(r), requestDays)
	if err != nil {
		return shell.Answer{}, err
	}
	asked := r.URL.Query().Get("day")
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

// refusals are the requests that did not succeed by their codes, most first.
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
