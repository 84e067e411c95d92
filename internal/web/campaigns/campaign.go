package campaigns

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"callbook/internal/callflow/library"
	"callbook/internal/campaign"
	"callbook/internal/fault"
	"callbook/internal/web/shell"
	"callbook/internal/web/words"
)

// campaignData is the data of the template campaign.html. Until the campaign is closed,
// htmx loads the changing part of the page repeatedly.
type campaignData struct {
	summary
	Lists     []listChoice
	Gone      int    // lists that were deleted in the meantime
	Rate      int    // calls per minute
	Left      string // the least time that the calls left take, without what they wait for
	Next      time.Time
	Retries   string
	Flow      *library.Flow  // see heardFlow
	Hours     string         // when people may be called; "" means always
	Spoken    string         // the name of the language of its texts, or ""
	Kept      string         // how long recordings are kept
	Callbacks []shell.Option // the URLs of callbacks, with what they are about
	// Pace has the columns of the last minutes, the first of which began at PaceFrom.
	// PaceTop is the top of the scale.
	Pace     []minute
	PaceTop  int
	PaceFrom time.Time

	MayPause, MayResume, MayComplete, MayArchive, MayDelete bool
}

// minute is a column in the chart of calls per minute.
type minute struct {
	Title             string
	X, Width, Y, High string
}

func (room *Room) campaignPage(r *http.Request, c *campaign.Campaign) (shell.Answer, error) {
	acct := shell.AccountOf(r)
	data := campaignData{summary: room.summary(c), Retries: retriesOf(c.Settings.Retries)}
	for _, told := range []shell.Option{
		{Label: "Told of each call", Value: c.CallStatusCallback},
		{Label: "Told of each number", Value: c.CallScheduleCallback},
		{Label: "Told of start and end", Value: c.StatusCallback},
	} {
		if told.Value != "" {
			data.Callbacks = append(data.Callbacks, told)
		}
	}
	policy, err := room.Campaigns.Policy(r.Context(), acct)
	if err != nil {
		return shell.Answer{}, err
	}
	data.Hours = hoursOf(policy, &c.Settings)
	data.Spoken, data.Kept = words.LanguageName(c.Language), kept(room.Recordings.Retention())
	data.Rate = policy.Rate()
	if c.Throttle > 0 {
		data.Rate = c.Throttle
	}
	data.MayPause = c.State == campaign.Created || c.State == campaign.InProgress
	data.MayResume = c.State == campaign.Paused
	data.MayComplete = data.MayResume || c.State == campaign.InProgress
	data.MayArchive = c.State.Ended() && c.State != campaign.Archived && c.Closed
	data.MayDelete = c.Started.IsZero() && !c.State.Ended()
	if !c.State.Ended() {
		if data.Next, err = room.Campaigns.Next(r.Context(), acct, c.SID); err != nil {
			return shell.Answer{}, err
		}
		if n := c.Counts.Waiting(); n > 0 {
			data.Left = "less than a minute of calling left"
			if left := time.Duration(n) * time.Minute / time.Duration(data.Rate); left >= time.Minute {
				data.Left = "at least " + words.Length(left) + " of calling left"
			}
		}
	}
	if !c.Closed && !c.Started.IsZero() {
		room.drawPace(r, &data)
	}
	if !shell.ByHTMX(r) {
		if err := room.namesOfLists(r, &data); err != nil {
			return shell.Answer{}, err
		}
		if data.Flow, err = room.heardFlow(r, data.Campaign); err != nil {
			return shell.Answer{}, err
		}
	}
	return pages.Show("campaign", c.Name, data).Piece("campaign-live"), nil
}

// namesOfLists adds the names of the campaign's lists to data.
func (room *Room) namesOfLists(r *http.Request, data *campaignData) error {
	for _, sid := range data.Settings.Lists {
		list, err := room.Book.List(r.Context(), shell.AccountOf(r), sid)
		if fault.Is(err, fault.NotFound) {
			data.Gone++
			continue
		}
		if err != nil {
			return err
		}
		data.Lists = append(data.Lists, listChoice{List: list})
	}
	return nil
}

// drawPace computes the chart of calls begun in each of the last minutes.
func (room *Room) drawPace(r *http.Request, data *campaignData) {
	since, calls := room.Campaigns.Pace(data.Campaign)
	data.PaceFrom, data.PaceTop = since, data.Rate
	for _, n := range calls {
		data.PaceTop = max(data.PaceTop, n)
	}
	each := 100.0 / float64(len(calls))
	for i, n := range calls {
		high := 100 * float64(n) / float64(data.PaceTop)
		at := since.Add(time.Duration(i) * time.Minute).In(shell.AccountOf(r).TimeZone)
		data.Pace = append(data.Pace, minute{
			Title: at.Format("15:04") + ": " + words.Plural(n, "call", "calls"),
			X:     fmt.Sprintf("%.2f", (float64(i)+0.15)*each), Width: fmt.Sprintf("%.2f", 0.7*each),
			Y: fmt.Sprintf("%.2f", 100-high), High: fmt.Sprintf("%.2f", high),
		})
	}
}

// retriesOf describes which calls are retried, and when.
func retriesOf(r *campaign.Retries) string {
	if r == nil || r.Number == 0 || !r.Busy && !r.NoAnswer && !r.Failed {
		return "Nobody is called again."
	}
	var after []string
	for _, o := range []campaign.Outcome{campaign.Busy, campaign.NoAnswer, campaign.CallFailed} {
		if r.After(o) {
			text, _ := words.Outcome(o)
			after = append(after, strings.ToLower(text))
		}
	}
	text := "Up to " + words.Plural(r.Number, "time", "times") + ", after " + words.Length(r.Interval)
	if r.Exponential && r.Number > 1 {
		text += ", then twice as long each time"
	}
	return text + ", when it was: " + strings.Join(after, ", ") + "."
}

// doings are the texts of the notices after actions.
var doings = map[campaign.Action]string{
	campaign.Pause:    "Paused. No new call is made; calls that are being made end by themselves.",
	campaign.Resume:   "The campaign goes on.",
	campaign.Complete: "The campaign has ended. Who was not called will not be called by it.",
	campaign.Archive:  "Archived. It is still in the table, under “Archived”.",
}

// act does the action of a button on the campaign's page.
func (room *Room) act(r *http.Request) (shell.Answer, error) {
	sid := shell.PathSID(r, "sid")
	action := campaign.Action(r.PostForm.Get("do"))
	page := "/campaigns/" + sid.String()
	_, err := room.Campaigns.Update(r.Context(), shell.AccountOf(r), sid, &campaign.Draft{Action: campaign.Some(string(action))}, nil)
	if fault.Is(err, fault.Invalid) {
		return shell.GoTo(page).Noting("That was not done, since the campaign has changed meanwhile."), nil
	}
	if err != nil {
		return shell.Answer{}, err
	}
	return shell.GoTo(page).Saying(doings[action]), nil
}

// remove deletes a campaign that has not started.
func (room *Room) remove(r *http.Request) (shell.Answer, error) {
	sid := shell.PathSID(r, "sid")
	c, err := room.Campaigns.Delete(r.Context(), shell.AccountOf(r), sid, nil)
	if fault.Is(err, fault.Forbidden) {
		return shell.GoTo("/campaigns/" + sid.String()).Noting("It was not deleted, since it has started. It can be ended."), nil
	}
	if err != nil {
		return shell.Answer{}, err
	}
	return shell.GoTo("/campaigns").Saying("Deleted the campaign " + c.Name + "."), nil
}

// reportFile sends the API's report of the campaign.
func reportFile(r *http.Request, c *campaign.Campaign) (shell.Answer, error) {
	return apiFile(r, "/campaigns/"+c.SID.String()+"/report"), nil
}

// apiFile returns the API's answer to a request for a file of the account.
func apiFile(r *http.Request, path string) shell.Answer {
	wire := shell.API(r)
	path = "/v2/accounts/" + shell.AccountOf(r).SID + path
	return shell.Answer{Raw: func(w http.ResponseWriter, r *http.Request) {
		request := r.Clone(r.Context())
		request.URL = &url.URL{Path: path}
		request.RequestURI = path
		wire.ServeHTTP(w, request)
	}}
}
