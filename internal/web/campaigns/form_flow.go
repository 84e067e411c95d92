package campaigns

import (
	"net/http"

	"callbook/internal/account"
	"callbook/internal/callflow/library"
	"callbook/internal/campaign"
	"callbook/internal/fault"
	"callbook/internal/web/shell"
)

// flowURL returns the URL by which a campaign refers to a flow of the account. Nobody
// requests it.
func flowURL(acct account.Account, name string) string {
	return "http://my.exotel.com/" + acct.SID + "/exoml/start_voice/" + name
}

// heardFlow returns the flow of the account that a campaign plays, or nil if the campaign
// plays a text or the account has no such flow.
func (room *Room) heardFlow(r *http.Request, c *campaign.Campaign) (*library.Flow, error) {
	name := c.FlowName()
	if name == "" {
		return nil, nil
	}
	flow, err := room.Flows.Get(r.Context(), shell.AccountOf(r), name)
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	return flow, err
}

// offerFlows returns the field that selects a flow of the account.
func (room *Room) offerFlows(r *http.Request, chosen string) (shell.Field, error) {
	f := shell.Field{Name: "flow", Label: "Flow", Type: "select", Value: chosen, Options: []shell.Option{{Value: "", Label: "One by its address, below"}}}
	page, err := room.Flows.List(r.Context(), shell.AccountOf(r), library.Query{Limit: library.MaxFlows, Brief: true})
	there := chosen == ""
	for i := range page.Flows {
		flow := &page.Flows[i]
		label := flow.Name
		if flow.Title != "" {
			label = flow.Title + " (" + flow.Name + ")"
		}
		f.Options, there = append(f.Options, shell.Option{Value: flow.Name, Label: label}), there || flow.Name == chosen
	}
	if !there {
		f.Options = append(f.Options, shell.Option{Value: chosen, Label: chosen})
	}
	return f, err
}
