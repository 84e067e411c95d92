package api

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"callbook/internal/campaign"
	"callbook/internal/fault"
)

// maxCampaignsLimit bounds a page of campaigns or calls.
const maxCampaignsLimit = 500

// parsePages reads offset and limit like parseUnsorted, or else page and page_size. Pages
// count from 1.
func parsePages(r *http.Request, path string, most int) (window, error) {
	w, err := parseUnsorted(r, path, most)
	if err != nil {
		return window{}, err
	}
	if !w.words.Has("offset") && !w.words.Has("limit") {
		page := 1
		for word, into := range map[string]*int{"page": &page, "page_size": &w.Limit} {
			if text := w.words.Get(word); w.words.Has(word) {
				if *into, err = strconv.Atoi(text); err != nil || *into < 1 {
					return window{}, fault.New(fault.Invalid, "Invalid "+word+": it must be a number, 1 or more")
				}
			}
		}
		w.Limit = min(w.Limit, most)
		const farthest = 1 << 40 // beyond all pages, and far from an overflow
		w.Offset = min(page-1, farthest/w.Limit) * w.Limit
	}
	w.words.Del("page")
	w.words.Del("page_size")
	return w, nil
}

// parseOrder reads sort_by: one of these fields and a direction.
func (w *window) parseOrder(fields ...string) (field string, err error) {
	field = fields[0]
	if !w.words.Has("sort_by") {
		return field, nil
	}
	field, direction, _ := strings.Cut(strings.ToLower(w.words.Get("sort_by")), ":")
	for _, known := range fields {
		if field == known && (direction == "" || direction == "asc" || direction == "desc") {
			w.Desc = direction == "desc"
			return field, nil
		}
	}
	return "", fault.New(fault.Invalid, "Invalid sort_by: it must be "+strings.Join(fields, " or ")+", then :asc or :desc")
}

// foldWord removes case, blanks, hyphens and underscores, by which the spellings of a
// status may differ.
func foldWord(word string) string {
	return strings.ToLower(strings.NewReplacer(" ", "", "-", "", "_", "").Replace(strings.TrimSpace(word)))
}

// statusWords calls take for each value of status, which may be repeated and may have
// several values separated by commas. Take returns false for an unknown value.
func (w *window) statusWords(take func(word string) bool) error {
	for _, some := range w.words["status"] {
		for word := range strings.SplitSeq(some, ",") {
			if word = foldWord(word); word != "" && !take(word) {
				return fault.New(fault.Invalid, "Invalid status: there is none called "+shorten(word))
			}
		}
	}
	return nil
}

// withOne returns some with one added, unless it is there already. A repeated value must
// not count twice.
func withOne[T comparable](some []T, one T) []T {
	if slices.Contains(some, one) {
		return some
	}
	return append(some, one)
}

// parseCampaignQuery reads a query of campaigns.
func parseCampaignQuery(r *http.Request) (campaign.Query, window, error) {
	w, err := parsePages(r, campaignsPath(accountOf(r)), maxCampaignsLimit)
	if err != nil {
		return campaign.Query{}, w, err
	}
	field, err := w.parseOrder("date_created", "name")
	if err != nil {
		return campaign.Query{}, w, err
	}
	w.paths.byOffset = true
	q := campaign.Query{ByName: field == "name", Desc: w.Desc, Offset: w.Offset, Limit: w.Limit}
	if q.Name, err = w.text("name"); err != nil {
		return q, w, err
	}
	if kind := w.words.Get("type"); kind != "" && kind != "trans" {
		return q, w, fault.New(fault.Invalid, "Invalid type: it must be trans")
	}
	err = w.statusWords(func(word string) bool {
		for _, state := range campaign.States() {
			if foldWord(state.String()) == word {
				q.States = append(q.States, state)
				return true
			}
		}
		return false
	})
	return q, w, err
}

// parseCallQuery reads a query of a campaign's calls.
func parseCallQuery(r *http.Request, path string) (campaign.CallQuery, window, error) {
	w, err := parsePages(r, path, maxCampaignsLimit)
	if err != nil {
		return campaign.CallQuery{}, w, err
	}
	if _, err := w.parseOrder("date_created"); err != nil {
		return campaign.CallQuery{}, w, err
	}
	w.paths.byOffset = true
	q := campaign.CallQuery{Desc: w.Desc, Offset: w.Offset, Limit: w.Limit}
	err = w.statusWords(func(word string) (known bool) {
		for o := campaign.Reached; o <= campaign.TrunkFailed; o++ {
			if foldWord(o.String()) == word {
				q.Outcomes, known = withOne(q.Outcomes, o), true
			}
		}
		for s := campaign.Placing; s < campaign.CallEnded; s++ {
			if foldWord((&campaign.Call{State: s}).Status()) == word {
				q.States, known = withOne(q.States, s), true
			}
		}
		return known
	})
	return q, w, err
}

// cursorBase is the number base of a cursor among targets, which is the position of the
// last target on the page before.
const cursorBase = 36

// targetWords maps the values of a target's status. Those of a target that has not ended
// tell its state, and whether it was called before.
var targetWords = map[string]struct {
	state campaign.TargetState
	again bool
}{
	"created":         {campaign.Waiting, false},
	"retry":           {campaign.Waiting, true},
	"inprogress":      {campaign.Calling, false},
	"retrying":        {campaign.Calling, true},
	"completed":       {campaign.TargetReached, false},
	"failed":          {campaign.TargetFailed, false},
	"faileddnd":       {campaign.Suppressed, false},
	"invalid":         {campaign.InvalidNumber, false},
	"failednoattempt": {campaign.NotAttempted, false},
}

var errTargetStatus = fault.New(fault.Invalid, "Invalid status: created, retry, in-progress, retrying and paused are asked for one at a time")

// parseTargetQuery reads a query of a campaign's targets. Some is false if no target can
// have the requested status.
func parseTargetQuery(r *http.Request, path string, c *campaign.Campaign) (q campaign.TargetQuery, w window, some bool, err error) {
	if w, err = parsePages(r, path, maxLimit); err != nil {
		return q, w, false, err
	}
	q = campaign.TargetQuery{Offset: w.Offset, Limit: w.Limit, After: -1}
	given, alone := 0, false
	err = w.statusWords(func(word string) bool {
		given++
		if word == "paused" {
			alone, q.States = true, []campaign.TargetState{campaign.Waiting}
			some = some || c.State == campaign.Paused
			return true
		}
		as, known := targetWords[word]
		if !known {
			return false
		}
		q.States = withOne(q.States, as.state)
		if !as.state.Ended() {
			alone, q.Again = true, &as.again
		}
		some = some || as.state != campaign.Waiting || c.State != campaign.Paused
		return true
	})
	if err == nil && alone && given > 1 {
		err = errTargetStatus
	}
	if err == nil && w.words.Has("cursor") {
		if w.words.Has("offset") {
			return q, w, false, fault.New(fault.Invalid, "Invalid cursor: it goes without an offset")
		}
		after, bad := strconv.ParseUint(w.words.Get("cursor"), cursorBase, 31)
		if bad != nil {
			return q, w, false, errCursor
		}
		q.After, q.Offset, w.Offset, w.paths.byCursor = int(after), 0, 0, true
	}
	return q, w, some || given == 0, err
}
