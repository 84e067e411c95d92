package campaigns

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"callbook/internal/addressbook"
	"callbook/internal/campaign"
	"callbook/internal/fault"
	"callbook/internal/web/shell"
	"callbook/internal/web/words"
)

// callsData is the data of the template calls.html.
type callsData struct {
	summary
	Tab      string // see the part campaign-header
	State    string
	States   []shell.Option
	Rows     []callRow
	Marked   bool // whether any of the rows has a mark
	Recorded bool // whether any of the rows has a recording
	turn
}

// callRow is a call with its target.
type callRow struct {
	campaign.Call
	Title, Number string
	Text, Kind    string // the words and the badge of the outcome
	Position      int
	Talk          string
	Messages      []words.Message // of the trunk, for those who manage trunks
}

// callFilters are the filters of the table of calls.
var callFilters = []struct {
	option   shell.Option
	outcomes []campaign.Outcome
	states   []campaign.CallState
}{
	{shell.Option{Value: "", Label: "All"}, nil, nil},
	{shell.Option{Value: "answered", Label: "Answered"}, []campaign.Outcome{campaign.Reached}, nil},
	{shell.Option{Value: "busy", Label: "Busy"}, []campaign.Outcome{campaign.Busy}, nil},
	{shell.Option{Value: "no-answer", Label: "No answer"}, []campaign.Outcome{campaign.NoAnswer}, nil},
	{shell.Option{Value: "failed", Label: "Failed"}, []campaign.Outcome{campaign.CallFailed, campaign.Unreachable, campaign.TrunkFailed}, nil},
	{shell.Option{Value: "flying", Label: "Not ended"}, nil, []campaign.CallState{campaign.Placing, campaign.Dialed, campaign.Ringing, campaign.Answered}},
}

func (room *Room) callsPage(r *http.Request, c *campaign.Campaign) (shell.Answer, error) {
	query := r.URL.Query()
	data := callsData{summary: room.summary(c), Tab: "calls", State: query.Get("state")}
	data.Renewed = shell.ByHTMX(r)
	q := campaign.CallQuery{Desc: true, Limit: pageRows, Offset: offsetOf(query)}
	for _, f := range callFilters {
		data.States = append(data.States, f.option)
		if f.option.Value == data.State {
			q.Outcomes, q.States = f.outcomes, f.states
		}
	}
	if err := checkState(data.State, data.States); err != nil {
		return shell.Answer{}, err
	}
	page, err := room.Campaigns.Calls(r.Context(), shell.AccountOf(r), c.SID, q)
	if err != nil {
		return shell.Answer{}, err
	}
	data.Rows = callRows(page)
	data.Marked = slices.ContainsFunc(data.Rows, func(row callRow) bool { return row.Mark != "" })
	data.Recorded = slices.ContainsFunc(data.Rows, func(row callRow) bool { return row.Recording > 0 })
	data.turn = turnOf("/campaigns/"+c.SID.String()+"/calls", "call", "calls", url.Values{"state": {data.State}}, q.Offset, len(data.Rows), page.Total)
	return pages.Show("calls", c.Name+": calls", data).PieceAt("call-results", data.Here), nil
}

// Failed reports whether the call has failed, for whatever reason.
func (row callRow) Failed() bool {
	return row.Outcome.Failed()
}

func callRows(page campaign.CallPage) []callRow {
	rows := make([]callRow, len(page.Calls))
	for i, call := range page.Calls {
		row := callRow{Call: call, Title: page.Targets[i].Name, Number: call.Number.International(), Position: call.Position}
		row.Text, row.Kind = words.CallOutcome(&call)
		if n := call.TalkTime(); n > 0 {
			row.Talk = words.Talk(n)
		}
		if row.Title == "" {
			row.Title = row.Number
		}
		rows[i] = row
	}
	return rows
}

// numbersData is the data of the template numbers.html.
type numbersData struct {
	summary
	Tab    string // see the part campaign-header
	State  string
	States []shell.Option
	Rows   []numberRow
	turn
}

// numberRow is a target.
type numberRow struct {
	campaign.Target
	Title, Phone string
	Text, Kind   string // the words and the badge of its state
	Why          string
	Last         string // the outcome of its last call
	HasContact   bool
}

// yes and no have addresses, for optional fields.
var yes, no = true, false

// numberFilters are the filters of the table of targets.
var numberFilters = []struct {
	option shell.Option
	states []campaign.TargetState
	again  *bool
}{
	{shell.Option{Value: "", Label: "All"}, nil, nil},
	{shell.Option{Value: "reached", Label: "Reached"}, []campaign.TargetState{campaign.TargetReached}, nil},
	{shell.Option{Value: "failed", Label: "Not reached"}, []campaign.TargetState{campaign.TargetFailed}, nil},
	{shell.Option{Value: "left-out", Label: "Left out"}, []campaign.TargetState{campaign.Suppressed, campaign.InvalidNumber, campaign.NotAttempted}, nil},
	{shell.Option{Value: "calling", Label: "Being called"}, []campaign.TargetState{campaign.Calling}, nil},
	{shell.Option{Value: "again", Label: "To be called again"}, []campaign.TargetState{campaign.Waiting}, &yes},
	{shell.Option{Value: "new", Label: "Not called yet"}, []campaign.TargetState{campaign.Waiting}, &no},
}

func (room *Room) numbersPage(r *http.Request, c *campaign.Campaign) (shell.Answer, error) {
	query := r.URL.Query()
	data := numbersData{summary: room.summary(c), Tab: "numbers", State: query.Get("state")}
	data.Renewed = shell.ByHTMX(r)
	q := campaign.TargetQuery{After: -1, Limit: pageRows, Offset: offsetOf(query)}
	for _, f := range numberFilters {
		data.States = append(data.States, f.option)
		if f.option.Value == data.State {
			q.States, q.Again = f.states, f.again
		}
	}
	if err := checkState(data.State, data.States); err != nil {
		return shell.Answer{}, err
	}
	page, err := room.Campaigns.Targets(r.Context(), shell.AccountOf(r), c.SID, q)
	if err != nil {
		return shell.Answer{}, err
	}
	for _, t := range page.Targets {
		data.Rows = append(data.Rows, rowOf(c, t))
	}
	data.turn = turnOf("/campaigns/"+c.SID.String()+"/numbers", "number", "numbers", url.Values{"state": {data.State}}, q.Offset, len(data.Rows), page.Total)
	return pages.Show("numbers", c.Name+": numbers", data).PieceAt("number-results", data.Here), nil
}

func rowOf(c *campaign.Campaign, t campaign.Target) numberRow {
	row := numberRow{Target: t, Title: t.Name, Phone: t.Number.International(), HasContact: t.Contact != addressbook.SID{}}
	row.Text, row.Kind = words.TargetState(c, &t)
	row.Why = words.TargetReason(t.Reason)
	if n := len(t.History); n > 0 && t.History[n-1].Outcome != 0 {
		row.Last, _ = words.Outcome(t.History[n-1].Outcome)
	}
	if row.Title == "" {
		row.Title = row.Phone
	}
	return row
}

// numberData is the data of the template number.html, which shows the history of a
// target.
type numberData struct {
	Of     summary
	Row    numberRow
	Calls  []callRow
	Traced bool // whether messages of calls are shown, where they are kept
}

func (room *Room) numberPage(r *http.Request, c *campaign.Campaign) (shell.Answer, error) {
	acct := shell.AccountOf(r)
	position, err := strconv.Atoi(r.PathValue("position"))
	if err != nil || position < 0 {
		return shell.Answer{}, errNoNumber
	}
	page, err := room.Campaigns.Targets(r.Context(), acct, c.SID, campaign.TargetQuery{After: position - 1, Limit: 1, NoTotal: true})
	if err != nil {
		return shell.Answer{}, err
	}
	if len(page.Targets) == 0 || page.Targets[0].Position != position {
		return shell.Answer{}, errNoNumber
	}
	calls, err := room.Campaigns.Calls(r.Context(), acct, c.SID, campaign.CallQuery{Position: &position, Limit: campaign.MaxHistory, NoTotal: true})
	if err != nil {
		return shell.Answer{}, err
	}
	data := numberData{Of: room.summary(c), Row: rowOf(c, page.Targets[0]), Calls: callRows(calls)}
	if data.Traced, err = room.addMessages(r, data.Calls); err != nil {
		return shell.Answer{}, err
	}
	return pages.Show("number", data.Row.Title, data), nil
}

// addMessages adds the messages of calls over trunks, which have the addresses and users of
// trunks: for those who manage trunks. It reports whether the visitor does.
func (room *Room) addMessages(r *http.Request, calls []callRow) (bool, error) {
	manages, err := shell.Manages(r)
	if err != nil || !manages || room.Trace == nil {
		return false, err
	}
	for i := range calls {
		calls[i].Messages = words.Messages(room.Trace(calls[i].SID), calls[i].Placed)
	}
	return true, nil
}

var errNoNumber = fault.New(fault.NotFound, "The campaign has no such number.")
