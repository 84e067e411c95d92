package dialer

import (
	"context"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/campaign"
	"callbook/internal/carrier"
)

// recover begins to track the calls in flight that this server does not know. The first
// time, the account's last server has placed them. Later, a claim of this server failed
// but was committed: those calls never left, so recover takes their claims back.
func (a *dialing) recover(ctx context.Context) error {
	open := make(map[addressbook.SID]*campaign.Campaign)
	for _, c := range a.open() {
		open[c.SID] = &c
	}
	now := a.d.now()
	var after addressbook.SID
	for {
		calls, err := a.d.store.InFlight(ctx, a.id, after, page)
		if err != nil {
			return err
		}
		for i := range calls {
			call := &calls[i]
			c := open[call.Campaign]
			if c == nil || a.d.flights.has(call.SID) {
				continue
			}
			a.d.flights.add(&flight{
				a: a, ref: CallRef{Campaign: call.Campaign, Call: call.SID}, askAt: now,
				asked: carrier.Asked{Order: a.orderOf(c, call, nil), Placed: call.Placed},
			})
			if a.recovered {
				a.d.flights.takeBack(call.SID, time.Time{})
			}
		}
		if len(calls) < page {
			break
		}
		after = calls[len(calls)-1].SID
	}
	a.recovered = true
	a.resolve(ctx)
	return nil
}

// resolve asks the carrier about calls that have been silent for long. After an error it
// asks again with the next chores.
func (a *dialing) resolve(ctx context.Context) {
	for {
		now := a.d.now()
		asked := a.d.flights.silent(a, now, page)
		if len(asked) == 0 {
			a.mute = false
			return
		}
		answers, err := a.d.carrier.Resolve(ctx, asked)
		if err != nil {
			if !a.mute && ctx.Err() == nil {
				a.d.opts.Log.Warn("the carrier does not tell what became of calls; it will be asked again", "account", a.acct().SID, "error", err)
			}
			a.mute = true
			return
		}
		for i, answer := range answers {
			p := answer.Progress
			switch answer.Fate {
			case carrier.NotSent:
				a.d.flights.takeBack(asked[i].Call, time.Time{})
				continue
			case carrier.Unknown:
				p = carrier.Progress{State: campaign.CallEnded, Ended: now, Outcome: campaign.CallFailed, CauseText: interrupted}
			}
			p.Call = asked[i].Call
			a.d.flights.tell(p)
		}
	}
}

// interrupted is the cause of a failed call whose outcome nobody knows.
const interrupted = "interrupted"
