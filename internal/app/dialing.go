package app

import (
	"context"
	"fmt"
	"net"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/campaign"
	"callbook/internal/carrier/simulator"
	"callbook/internal/clock"
	"callbook/internal/dialer"
	"callbook/internal/report"
	"callbook/internal/store"
)

// Simulator says how the simulated telephone works. The zero value is the default.
type Simulator struct {
	// Speed is how many times as fast as the clock campaigns and their calls go; zero
	// means 1.
	Speed int
	// Seed chooses how long calls ring and talk.
	Seed uint64
	// Instant lets calls end as soon as they leave.
	Instant bool
}

// campaigns returns the campaigns and what places their calls. The clock that they go by
// and their sids go on from the latest campaign or call that is stored: the simulated
// time of an earlier start may be ahead of the real one.
func (cfg Config) campaigns(ctx context.Context, stores *store.Set, book *addressbook.Book, r *reports) (*campaign.Campaigns, *dialer.Dialer, error) {
	last, err := stores.Campaigns.LastCampaignSID(ctx)
	if err != nil {
		return nil, nil, err
	}
	calls := cfg.Clock
	if cfg.Simulator.Speed > 1 {
		calls = clock.NewFast(cfg.Clock, last.Time(), cfg.Simulator.Speed)
	}
	sids := addressbook.NewSIDs(calls)
	sids.Resume(last)
	phone := cfg.Carrier
	if phone == nil {
		phone = simulator.New(simulator.Options{Clock: calls, Seed: cfg.Simulator.Seed, Instant: cfg.Simulator.Instant})
	}
	d := dialer.New(stores.Dialing, phone, dialer.Options{
		Log: cfg.Log, Clock: cfg.Clock, Calls: calls, SIDs: sids, Speed: cfg.Simulator.Speed, Gate: dialer.Rules{}, ReportURL: r.url,
	})
	return campaign.New(stores.Campaigns, book, campaign.Options{Clock: calls, SIDs: sids, Dialer: d, Real: phone.Real()}), d, nil
}

// reports makes the URLs of reports that callers are told in the background, where no
// request says how they reach the server.
type reports struct {
	links *report.Links
	base  string
}

// listening notes where the server listens, for one that was not told its own address.
func (r *reports) listening(at net.Addr) {
	if r.base != "" {
		return
	}
	r.base = "http://" + at.String()
	if tcp, ok := at.(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		r.base = fmt.Sprintf("http://localhost:%d", tcp.Port)
	}
}

// url returns the absolute URL of a campaign's report, which needs no key.
func (r *reports) url(ctx context.Context, acct account.Account, sid addressbook.SID) (string, error) {
	signer, err := r.links.Of(ctx, acct)
	if err != nil {
		return "", err
	}
	return r.base + signer.Path(sid), nil
}
