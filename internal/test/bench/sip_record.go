package main

import (
	"context"
	"errors"
	"path/filepath"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/campaign"
	"callbook/internal/carrier"
	"callbook/internal/clock"
	"callbook/internal/dialer"
	"callbook/internal/event"
	"callbook/internal/phone"
	"callbook/internal/recording"
	"callbook/internal/store/sqlite"
	"callbook/internal/work"
)

// orders returns what makes the nth order: its call, its number and, if calls are recorded,
// what stores their sound. That is stored of calls in flight only, so a campaign has all of
// them in flight.
func (r role) orders() (func(n int) carrier.Order, error) {
	var made contacts
	sids := addressbook.NewSIDs(clock.System)
	if r.Record == "" {
		return func(int) carrier.Order {
			sid, _ := sids.Next()
			return carrier.Order{Call: sid, To: phone.Number(made.number())}
		}, nil
	}
	ctx, now := context.Background(), time.Now()
	stores, err := sqlite.OpenStores(ctx, filepath.Join(r.Record, "bench.db"), sqlite.Options{})
	if err != nil {
		return nil, err
	}
	acct, err := stores.Accounts.CreateAccount(ctx, account.Account{SID: "bench", Region: "IN", TimeZone: time.UTC, Created: now})
	if err != nil {
		return nil, err
	}
	c := &campaign.Campaign{Account: acct.ID, State: campaign.Created, Created: now, Updated: now, Settings: campaign.Settings{SendAt: now, EndAt: now.Add(time.Hour), Record: true}}
	c.SID, _ = sids.Next()
	for range r.Most {
		c.From = append(c.From, phone.Number(made.number()))
	}
	lease := work.Lease{Server: "bench", Until: c.EndAt}
	err = stores.Campaigns.InsertCampaign(ctx, c, func(campaign.Running) error { return nil }, nil)
	_, errLease := stores.Dialing.ClaimAccounts(ctx, lease, now, 1)
	_, errExpand := stores.Dialing.Expand(ctx, lease, acct.ID, c.SID, now, r.Most, nil)
	errStart := stores.Dialing.ChangeOpen(ctx, lease, acct.ID, c.SID, func(c *campaign.Campaign) []event.Event {
		c.Start(now)
		return nil
	})
	dials, errClaim := stores.Dialing.Claim(ctx, lease, acct.ID, c.SID, dialer.ClaimQuery{Now: now, Limit: r.Most, Scan: r.Most},
		func(c *campaign.Campaign, t *campaign.Target, _ dialer.Callee) (*campaign.Call, []event.Event) {
			call := new(campaign.Call)
			call.SID, _ = sids.Next()
			c.Claim(t, call)
			return call, nil
		})
	recordings := recording.New(stores.Recordings, recording.Options{})
	return func(n int) carrier.Order {
		call := &dials[n].Call
		return carrier.Order{Call: call.SID, To: call.Number, Record: recordings.Record(acct, c.SID, call.SID)}
	}, errors.Join(err, errLease, errExpand, errStart, errClaim)
}
