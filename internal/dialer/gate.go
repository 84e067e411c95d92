package dialer

import (
	"context"
	"time"

	"callbook/internal/account"
	"callbook/internal/campaign"
	"callbook/internal/event"
	"callbook/internal/phone"
)

// Gate has the account's own rules about who may be called when. Its methods are pure
// functions.
type Gate interface {
	// Check decides whether a number may be called now.
	Check(GateQuery) Verdict
	// DayOf returns the bounds of the day in which now lies, in the callee's time zone.
	DayOf(n phone.Number, now time.Time) (from, until time.Time)
}

// GateQuery asks a [Gate] about the number of a target that is due.
type GateQuery struct {
	Account    account.Account
	Policy     *campaign.Policy
	Campaign   *campaign.Campaign
	Number     phone.Number
	CallsToday int // to Number today; set only if the policy has a DailyCap
	Now        time.Time
}

// Verdict is the decision of a [Gate]. The zero Verdict lets the call pass.
type Verdict struct {
	// State, if not zero, is the target's final state: it is not called any more.
	State campaign.TargetState
	// Until, if not zero, postpones the target to this time, when the gate is asked
	// again.
	Until  time.Time
	Reason campaign.Reason
}

// admit decides about a target that is due. It returns the call that it claims, or nil if
// it has refused or postponed the target, or if the target's sounds are being made. If all
// targets of the campaign wait for a sound that has failed, admit sets silent to the time
// of the next try.
func (a *dialing) admit(ctx context.Context, now time.Time, silent *time.Time, p *campaign.Policy, c *campaign.Campaign, t *campaign.Target, callee Callee) (*campaign.Call, []event.Event) {
	refuse := func(s campaign.TargetState, r campaign.Reason) (*campaign.Call, []event.Event) {
		if s == campaign.NotAttempted && len(t.History) > 0 {
			s = campaign.TargetFailed // it was called before, and its last call stands
		}
		c.Refuse(t, s, r, now)
		return nil, a.render().TargetEnded(c, t, a.d.opts.Clock.Now())
	}
	switch {
	case !now.Before(c.EndAt) || now.Before(c.SendAt):
		return nil, nil // the campaign is about to end, or was moved to a later time
	case t.Number.Erased():
		return refuse(campaign.NotAttempted, campaign.NumberErased)
	case callee.Suppressed:
		return refuse(campaign.Suppressed, campaign.OnSuppression)
	case callee.Gone:
		return refuse(campaign.NotAttempted, campaign.ContactDeleted)
	case callee.Called && len(t.History) == 0:
		return refuse(campaign.NotAttempted, campaign.AlreadyCalled)
	case t.Number.Service():
		return refuse(campaign.InvalidNumber, campaign.NeverCalled)
	}
	if g := a.d.opts.Gate; g != nil {
		v := g.Check(GateQuery{a.acct(), p, c, t.Number, callee.CallsToday, now})
		if v.State != 0 {
			return refuse(v.State, v.Reason)
		}
		if !v.Until.IsZero() {
			c.Postpone(t, v.Reason, v.Until)
			return nil, nil
		}
	}
	switch h := a.hears(ctx, c, t); {
	case h.over:
		return refuse(campaign.NotAttempted, h.reason)
	case !h.until.IsZero():
		c.Postpone(t, h.reason, h.until)
		if !h.own {
			*silent = h.until
		}
		return nil, nil
	case !h.ready:
		if h.reason != 0 && t.Reason == 0 {
			c.Postpone(t, h.reason, now)
		}
		return nil, nil
	}
	sid, claimed := a.d.sids.Next()
	call := &campaign.Call{SID: sid, Placed: claimed}
	c.Claim(t, call)
	return call, nil
}
