package dialer

import (
	"context"
	"time"

	"callbook/internal/callflow"
	"callbook/internal/callflow/ask"
	"callbook/internal/callflow/library"
	"callbook/internal/campaign"
	"callbook/internal/carrier"
)

// A campaign whose URL names a flow of the account plays the flow as it is when a call is
// placed. The dialing of an account keeps the flows of its open campaigns in memory. With
// each refresh, it reads those that have changed.

// readFlows returns the existing flows that the open campaigns name. It takes those that
// have not changed from before.
func (a *dialing) readFlows(ctx context.Context, open []campaign.Campaign, before map[string]*library.Flow) (map[string]*library.Flow, error) {
	flows, known := make(map[string]*library.Flow), make(map[string]time.Time)
	for i := range open {
		name := open[i].FlowName()
		if name == "" {
			continue
		}
		known[name] = time.Time{}
		if f := before[name]; f != nil {
			flows[name], known[name] = f, f.Updated
		}
	}
	if len(known) == 0 {
		return flows, nil
	}
	changed, err := a.d.store.ChangedFlows(ctx, a.id, known)
	for i := range changed {
		flows[changed[i].Name] = &changed[i]
	}
	return flows, err
}

// flow returns the account's flow that the campaign names, or nil.
func (a *dialing) flow(c *campaign.Campaign) *library.Flow {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.flows[c.FlowName()]
}

// flowOf returns what the callees of a campaign hear, with its variables. It returns nil if
// the flow is unknown.
func (a *dialing) flowOf(c *campaign.Campaign) *callflow.Flow { return a.unspoken(c).In(c.Language) }

// unspoken is flowOf without the language of the campaign.
func (a *dialing) unspoken(c *campaign.Campaign) *callflow.Flow {
	switch flow := a.flow(c); {
	case flow != nil:
		return &flow.Flow
	case c.Text == "":
		return nil
	case c.FlowType == campaign.IVR:
		return callflow.Menu(c.Text, c.RepeatMenu)
	}
	return callflow.Greeting(c.Text)
}

// filled returns what the callee of a target hears. Vars are the target's values of the
// variables.
func (a *dialing) filled(c *campaign.Campaign, vars map[string]string) *callflow.Flow {
	flow, names := a.flowOf(c), c.Vars
	if flow == nil {
		return nil
	}
	if f := a.flow(c); f != nil {
		names = f.Vars
	}
	return flow.Fill(names, vars)
}

// orderOf returns the carrier's order for a call. Vars are the target's values of the
// variables in spoken texts.
func (a *dialing) orderOf(c *campaign.Campaign, call *campaign.Call, vars map[string]string) carrier.Order {
	o := carrier.Order{Call: call.SID, To: call.Number, CallerID: c.CallerID, Attempt: call.Attempt, Flow: a.filled(c, vars)}
	if o.Flow != nil && a.d.opts.Asker != nil && o.Flow.Asks() {
		o.Ask = a.askerOf(c, call)
	}
	if a.d.opts.Sounds != nil {
		o.Sound = a.soundOf()
	}
	if c.Record && a.d.opts.Recorder != nil {
		o.Record = a.d.opts.Recorder(a.acct(), c.SID, call.SID)
	}
	return o
}

// askerOf returns the function that requests the URLs of a call's flow.
func (a *dialing) askerOf(c *campaign.Campaign, call *campaign.Call) func(context.Context, callflow.URL, string) callflow.Input {
	about := ask.Call{
		Account: a.acct(), Call: call.SID, To: call.Number, CallerID: c.CallerID, Flow: c.FlowName(), CustomField: c.CustomField, Placed: call.SID.Time(),
	}
	return func(ctx context.Context, u callflow.URL, digits string) callflow.Input {
		now := about
		now.Now = a.d.now()
		return a.d.opts.Asker.Ask(ctx, &now, u, digits)
	}
}

// varsOf returns a function that returns a contact's values of the campaign's variables,
// or nil if the campaign has none.
func (a *dialing) varsOf(c *campaign.Campaign) Vars {
	names := c.Vars
	if f := a.flow(c); f != nil {
		names = f.Vars
	}
	if len(names) == 0 {
		return nil
	}
	return campaign.EncodedValues(names)
}
