package campaigns

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/campaign"
	"callbook/internal/event"
	"callbook/internal/fault"
	"callbook/internal/web/shell"
	"callbook/internal/web/words"
)

// callbacksData is the data of the template callbacks.html, which lists the callbacks of
// a campaign.
type callbacksData struct {
	summary
	Tab    string // see the part campaign-header
	States []shell.Option
	State  string
	Rows   []callbackRow
	Counts event.Counts
	turn
}

// callbackRow is an event and its delivery.
type callbackRow struct {
	event.Delivery
	ID         string
	Number     string // the number that it is about, or "" for the whole campaign
	About      string
	Text, Kind string // the words and the badge of its state
	Why        string // the result of the last attempt
	Tries      string
	Next       time.Time // the next attempt
}

// callbackFilters are the filters of the table of callbacks.
var callbackFilters = []struct {
	option shell.Option
	states []event.State
}{
	{shell.Option{Value: "", Label: "All"}, nil},
	{shell.Option{Value: "waiting", Label: "Waiting"}, []event.State{event.Waiting}},
	{shell.Option{Value: "delivered", Label: "Delivered"}, []event.State{event.Delivered}},
	{shell.Option{Value: "given-up", Label: "Given up"}, []event.State{event.GivenUp}},
}

// troubles are the words for reasons why an event was not delivered.
var troubles = map[event.Trouble]string{
	event.Refused: "It was refused", event.Redirected: "It redirects, which is not followed", event.TimedOut: "No answer in time",
	event.UnknownHost: "The host's name has no address", event.Unreachable: "There is no connection", event.Insecure: "TLS failed, as by an invalid certificate",
	event.PrivateAddress: "It is a private address, which needs --callback-private", event.NoHTTP: "What answered does not speak HTTP",
}

func (room *Room) callbacksPage(r *http.Request, c *campaign.Campaign) (shell.Answer, error) {
	query := r.URL.Query()
	data := callbacksData{summary: room.summary(c), Tab: "callbacks", State: query.Get("state")}
	q := event.Query{Desc: true, Limit: pageRows, Offset: offsetOf(query)}
	for _, f := range callbackFilters {
		data.States = append(data.States, f.option)
		if f.option.Value == data.State {
			q.States = f.states
		}
	}
	if err := checkState(data.State, data.States); err != nil {
		return shell.Answer{}, err
	}
	page, err := room.Events.Page(r.Context(), shell.AccountOf(r).ID, c.SID, q)
	if err != nil {
		return shell.Answer{}, err
	}
	for _, d := range page.Deliveries {
		data.Rows = append(data.Rows, callbackRowOf(d))
	}
	data.Counts = page.Counts
	data.turn = turnOf("/campaigns/"+c.SID.String()+"/callbacks", "callback", "callbacks", url.Values{"state": {data.State}}, q.Offset, len(data.Rows), page.Total)
	return pages.Show("callbacks", c.Name+": callbacks", data).PieceAt("callback-results", data.Here), nil
}

func callbackRowOf(d event.Delivery) callbackRow {
	row := callbackRow{Delivery: d, ID: d.Name().String(), Why: troubles[d.Answer.Trouble]}
	told := d.Told()
	switch d.Event.Kind {
	case event.CallStatus:
		row.Number, row.About = told.Number.International(), "Call ended"
		if text, _ := words.OutcomeNamed(told.Status); text != "" {
			row.About += ": " + strings.ToLower(text)
		}
	case event.CallSchedule:
		row.Number, row.About = told.Number.International(), "Number done"
	case event.Status:
		if row.About = "The campaign has ended"; told.Status == campaign.InProgress.String() {
			row.About = "The campaign has begun"
		}
	}
	switch status := d.Answer.Status; {
	case status != 0 && row.Why != "":
		row.Why += fmt.Sprintf(" (%d)", status)
	case status != 0:
		row.Why = fmt.Sprintf("It answered %d", status)
	}
	if d.Tries > 1 || d.State != event.Delivered && d.Tries > 0 {
		row.Tries = words.Plural(d.Tries, "try", "tries")
	}
	switch d.State {
	case event.Waiting:
		row.Text, row.Kind = "Waiting", "info"
		row.Next, _ = d.Due.Time()
		if d.Due == event.Behind {
			row.Why = "It waits for those before it"
		}
	case event.Delivered:
		row.Text, row.Kind = "Delivered", "good"
	default:
		row.Text, row.Kind = "Given up", "bad"
	}
	return row
}

// sendAgain queues callbacks to be sent again: one, or all that were given up.
func (room *Room) sendAgain(r *http.Request) (shell.Answer, error) {
	sid := shell.PathSID(r, "sid")
	back := shell.GoTo("/campaigns/" + sid.String() + "/callbacks")
	acct := shell.AccountOf(r).ID
	if r.PostForm.Get("all") != "" {
		n, err := room.Events.SendAllAgain(r.Context(), acct, sid)
		if err != nil {
			return shell.Answer{}, err
		}
		return back.Saying(words.Plural(n, "callback is", "callbacks are") + " sent again."), nil
	}
	name, ok := addressbook.ParseSID(r.PostForm.Get("event"))
	if !ok {
		return shell.Answer{}, event.ErrNotFound
	}
	if _, err := room.Events.SendAgain(r.Context(), acct, sid, name); err != nil {
		if fault.Is(err, fault.NotFound) {
			return back.Noting("This callback is not kept any more."), nil
		}
		return shell.Answer{}, err
	}
	return back.Saying("The callback is sent again."), nil
}
