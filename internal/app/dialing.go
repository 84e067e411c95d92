package app

import (
	"context"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/carrier/simulator"
	"callbook/internal/clock"
	"callbook/internal/dialer"
	"callbook/internal/store"
)

// Simulator says how the simulated telephone works. The zero value is the default.
type Simulator struct {
	// Speed is how many times as fast as the clock campaigns and their calls go; zero
	// means 1.
	Speed int
	// Seed chooses how long calls ring and talk.
	Seed uint64
}

// dialer returns what places the calls of campaigns, and the clock that they go by. A
// fast clock goes on from the latest date that is stored: the simulated time of an
// earlier start is ahead of the real one.
func (cfg Config) dialer(ctx context.Context, stores *store.Set) (*dialer.Dialer, clock.Clock, error) {
	calls := cfg.Clock
	if cfg.Simulator.Speed > 1 {
		last, err := stores.Contacts.LastSID(ctx)
		if err != nil {
			return nil, nil, err
		}
		calls = clock.NewFast(cfg.Clock, last.Time(), cfg.Simulator.Speed)
	}
	phone := simulator.New(simulator.Options{Clock: calls, Seed: cfg.Simulator.Seed})
	return dialer.New(stores.Dialing, phone, dialer.Options{
		Log: cfg.Log, Clock: cfg.Clock, Calls: calls, Speed: cfg.Simulator.Speed, Gate: dialer.Rules{}, ReportURL: cfg.reportURL,
	}), calls, nil
}

// reportURL returns where a campaign's report is.
func (cfg Config) reportURL(acct account.Account, sid addressbook.SID) string {
	return cfg.BaseURL + "/v2/accounts/" + acct.SID + "/campaigns/" + sid.String() + "/report"
}
