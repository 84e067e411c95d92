// Package campaigns has the pages of campaigns: their table, the form of a new campaign,
// and a campaign with its calls and targets.
package campaigns

import (
	"embed"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"callbook/internal/addressbook"
	"callbook/internal/callflow/library"
	"callbook/internal/campaign"
	"callbook/internal/event"
	"callbook/internal/recording"
	"callbook/internal/speech"
	"callbook/internal/suppression"
	"callbook/internal/trunk"
	"callbook/internal/web/shell"
	"callbook/internal/web/words"
)

//go:embed *.html
var files embed.FS

var pages = shell.NewPages(files)

// Room has the pages of campaigns.
type Room struct {
	Book      *addressbook.Book
	Campaigns *campaign.Campaigns
	// Events are the callbacks of campaigns. Suppressions are the numbers that no
	// campaign calls.
	Events       *event.Deliveries
	Suppressions *suppression.Suppressions
	Flows        *library.Library
	Recordings   *recording.Recordings
	// Voice speaks texts; nil means that the server has no voice.
	Voice *speech.Voice
	// Simulated is how many times as fast as the clock the simulated telephone goes; 0
	// means that people are called.
	Simulated int
	// Trace returns the messages of a call over a trunk, if they are kept. It is nil if the
	// telephone is simulated.
	Trace func(call addressbook.SID) []trunk.Message
}

// Routes implements shell.Room.
func (room *Room) Routes(d *shell.Dashboard) {
	pages.Parse()
	d.AddNav(shell.NavItem{Path: "/campaigns", Label: "Campaigns", Also: []string{"/flows", "/prompts"}, Icon: shell.Drawing(
		`<path d="M4 4.5c0 6 5.5 11.5 11.5 11.5l1-3.2-3.4-1.6-1.6 1.6c-2-.9-3.4-2.3-4.3-4.3l1.6-1.6-1.6-3.4z"/>`)})
	d.AddEntries(func() []shell.Entry {
		return []shell.Entry{
			{Path: "/campaigns/new", Label: "Make a campaign", More: "new create call people"},
			{Path: "/campaigns/suppressions", Label: "Numbers that are not called", More: "suppression do not call dnd"},
			{Path: "/campaigns/rules", Label: "Calling rules", More: "hours days pace limit countries"},
		}
	})
	d.Handle("GET /campaigns", room.listPage)
	d.Handle("GET /campaigns/new", room.newPage)
	d.HandleTyped("POST /campaigns/review", "/campaigns/new", room.review)
	d.Handle("GET /campaigns/review", room.reviewPage)
	d.HandleForm("POST /campaigns/hear", room.hear)
	d.Handle("GET /campaigns/audio", room.audio)
	d.HandleForm("POST /campaigns", room.create)
	d.Handle("GET /campaigns/rules", room.rulesPage)
	d.HandleTyped("POST /campaigns/rules", "/campaigns/rules", room.saveRules)
	d.Handle("GET /campaigns/suppressions", room.suppressionsPage)
	d.HandleTyped("POST /campaigns/suppressions", "/campaigns/suppressions", room.addSuppressions)
	d.HandleForm("POST /campaigns/suppressions/remove", room.removeSuppression)
	d.Handle("GET /campaigns/suppressions/export", suppressionsFile)
	d.Handle("GET /campaigns/{sid}", room.of(room.campaignPage))
	d.HandleForm("POST /campaigns/{sid}", room.act)
	d.HandleForm("POST /campaigns/{sid}/delete", room.remove)
	d.Handle("GET /campaigns/{sid}/hours", room.of(room.hoursPage))
	d.HandleTyped("POST /campaigns/{sid}/hours", "/campaigns/{sid}/hours", room.saveHours)
	d.Handle("GET /campaigns/{sid}/calls", room.of(room.callsPage))
	d.HandleForm("POST /campaigns/{sid}/record", room.record)
	d.Handle("GET /campaigns/{sid}/calls/{call}/recording", room.of(recordingFile))
	d.HandleForm("POST /campaigns/{sid}/calls/{call}/recording/delete", room.deleteRecording)
	d.Handle("GET /campaigns/{sid}/report", room.of(reportFile))
	d.Handle("GET /campaigns/{sid}/callbacks", room.of(room.callbacksPage))
	d.HandleForm("POST /campaigns/{sid}/callbacks", room.sendAgain)
	d.Handle("GET /campaigns/{sid}/numbers", room.of(room.numbersPage))
	d.Handle("GET /campaigns/{sid}/numbers/{position}", room.of(room.numberPage))
}

// of returns a handler that calls h with the campaign in the path.
func (room *Room) of(h func(*http.Request, *campaign.Campaign) (shell.Answer, error)) shell.Handler {
	return func(r *http.Request) (shell.Answer, error) {
		c, err := room.Campaigns.Get(r.Context(), shell.AccountOf(r), shell.PathSID(r, "sid"))
		if err != nil {
			return shell.Answer{}, err
		}
		return h(r, c)
	}
}

// summary is the part of a campaign that all its pages show.
type summary struct {
	*campaign.Campaign
	Simulated int
	Text      string // the words for its state
	Kind      string // the badge of its state
	Bar       []part
	Targets   int
	Renewed   bool // htmx gets only the part of the page that changes
}

// part is a part of the bar that shows the results of targets.
type part struct {
	Kind     string // a colour of charts
	Label    string
	Count    int
	X, Width string // in percent of the bar
	URL      string // the page of the numbers that it stands for
}

func (room *Room) summary(c *campaign.Campaign) summary {
	s := summary{Campaign: c, Simulated: room.Simulated}
	s.Text, s.Kind = words.CampaignState(c)
	n := c.Counts
	s.Targets = n.Targets()
	numbers := "/campaigns/" + c.SID.String() + "/numbers?state="
	s.Bar = []part{
		{Kind: "good", Label: "Reached", Count: n.Reached, URL: numbers + "reached"},
		{Kind: "bad", Label: "Not reached", Count: n.Failed, URL: numbers + "failed"},
		{Kind: "warn", Label: "Left out", Count: n.Suppressed + n.Invalid + n.NotAttempted, URL: numbers + "left-out"},
		{Kind: "active", Label: "Being called", Count: n.InFlight(), URL: numbers + "calling"},
		{Kind: "again", Label: "To be called again", Count: n.Retry, URL: numbers + "again"},
		{Kind: "before", Label: "Not called yet", Count: n.New, URL: numbers + "new"},
	}
	x := 0.0
	for i := range s.Bar {
		width := 100 * float64(s.Bar[i].Count) / float64(max(1, s.Targets))
		s.Bar[i].X, s.Bar[i].Width = fmt.Sprintf("%.3f", x), fmt.Sprintf("%.3f", width)
		x += width
	}
	return s
}

// pageRows is the number of rows on a full page.
const pageRows = 50

// listData is the data of the template campaigns.html.
type listData struct {
	Search, State string
	States        []shell.Option
	Rows          []summary
	Simulated     int
	Running       bool // whether a row may change while the page is open
	Tabs          []shell.Tab
	turn
}

// stateFilters are the filters of the table of campaigns.
var stateFilters = []struct {
	option shell.Option
	states []campaign.State
}{
	{shell.Option{Value: "", Label: "All but archived"}, []campaign.State{campaign.Created, campaign.InProgress, campaign.Paused, campaign.Completed, campaign.Failed, campaign.Canceled}},
	{shell.Option{Value: "running", Label: "Not ended"}, []campaign.State{campaign.Created, campaign.InProgress, campaign.Paused}},
	{shell.Option{Value: "ended", Label: "Ended"}, []campaign.State{campaign.Completed, campaign.Failed, campaign.Canceled}},
	{shell.Option{Value: "archived", Label: "Archived"}, []campaign.State{campaign.Archived}},
}

func (room *Room) listPage(r *http.Request) (shell.Answer, error) {
	query := r.URL.Query()
	data := listData{Search: strings.TrimSpace(query.Get("q")), State: query.Get("state"), Simulated: room.Simulated, Tabs: shell.CampaignTabs("/campaigns")}
	q := campaign.Query{Name: data.Search, Desc: true, Limit: pageRows, Offset: offsetOf(query)}
	for i, f := range stateFilters {
		data.States = append(data.States, f.option)
		if f.option.Value == data.State || i == 0 {
			q.States = f.states
		}
	}
	if err := checkState(data.State, data.States); err != nil {
		return shell.Answer{}, err
	}
	page, err := room.Campaigns.List(r.Context(), shell.AccountOf(r), q)
	if err != nil {
		return shell.Answer{}, err
	}
	for i := range page.Campaigns {
		c := &page.Campaigns[i]
		data.Rows = append(data.Rows, room.summary(c))
		data.Running = data.Running || !c.Closed
	}
	data.turn = turnOf("/campaigns", "campaign", "campaigns", url.Values{"q": {data.Search}, "state": {data.State}}, q.Offset, len(data.Rows), page.Total)
	return pages.Show("campaigns", "Campaigns", data).PieceAt("campaign-results", data.Here), nil
}

// checkState returns a fault unless a page's filter by state has this value.
func checkState(state string, options []shell.Option) error {
	if !slices.ContainsFunc(options, func(o shell.Option) bool { return o.Value == state }) {
		return shell.Unreadable("state")
	}
	return nil
}

// Nothing reports whether the account seems to have no campaigns.
func (data listData) Nothing() bool {
	return data.Total == 0 && data.Search == "" && data.State == ""
}

// turn is the pagination of a table.
type turn struct {
	From, To, Total  int    // rows, from 1
	More             bool   // there are more than Total
	One, Many        string // the noun for rows
	Here, Prev, Next string
}

// turnOf returns the pagination of a page with this many rows from an offset on. One and many
// are the noun for rows. Filters are the query of the page's URL.
func turnOf(path, one, many string, filters url.Values, offset, rows, total int) turn {
	at := func(offset int) string {
		address := url.Values{}
		for name, values := range filters {
			if values[0] != "" {
				address[name] = values
			}
		}
		if offset > 0 {
			address.Set("from", strconv.Itoa(offset+1))
		}
		if len(address) == 0 {
			return path
		}
		return path + "?" + address.Encode()
	}
	t := turn{One: one, Many: many, From: offset + 1, To: offset + rows, Total: total, Here: at(offset)}
	if offset > 0 {
		t.Prev = at(max(0, offset-pageRows))
	}
	if t.To < total && rows > 0 {
		t.Next = at(offset + rows)
	}
	return t
}

// offsetOf reads the offset of a page from a URL.
func offsetOf(query url.Values) int {
	n, err := strconv.Atoi(query.Get("from"))
	const most = 10_000_000
	if err != nil || n < 1 || n > most {
		return 0
	}
	return n - 1
}
