package app

import (
	"context"
	"fmt"
	"net"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/callflow/library"
	"callbook/internal/campaign"
	"callbook/internal/carrier/simulator"
	"callbook/internal/clock"
	"callbook/internal/dialer"
	"callbook/internal/report"
	"callbook/internal/store"
)

// Simulator configures the simulated telephone. The zero value is the default.
type Simulator struct {
	// Speed is how many times faster than real time campaigns and their calls run; zero
	// means 1.
	Speed int
	// Seed is the seed of random durations.
	Seed uint64
	// Instant lets calls end as soon as they begin.
	Instant bool
}

// speed returns the speed of the simulated telephone, or 0 if a carrier calls people.
func (s Simulator) speed(real bool) int {
	if real {
		return 0
	}
	return max(1, s.Speed)
}

// mostSkew is how far the clocks of several servers may be apart. A later time is that of
// a simulation which was faster than the clock.
const mostSkew = 5 * time.Second

// campaigns returns the campaigns and the dialer. Their clock and sids continue from the
// latest stored campaign or call, because the simulated time of an earlier run may be
// ahead of the real time.
func (cfg Config) campaigns(ctx context.Context, stores *store.Set, book *addressbook.Book, flows *library.Library, opts dialer.Options) (*campaign.Campaigns, *dialer.Dialer, error) {
	last, err := stores.Campaigns.LastCampaignSID(ctx)
	if err != nil {
		return nil, nil, err
	}
	calls := cfg.Clock
	if ahead := last.Time().Sub(cfg.Clock.Now()); cfg.Carrier == nil && (cfg.Simulator.Speed > 1 || ahead > mostSkew) {
		calls = clock.NewFast(cfg.Clock, last.Time(), max(1, cfg.Simulator.Speed))
	}
	sids := addressbook.NewSIDs(calls)
	sids.Resume(last)
	phone := cfg.Carrier
	if phone == nil {
		phone = simulator.New(simulator.Options{Clock: calls, Seed: cfg.Simulator.Seed, Instant: cfg.Simulator.Instant})
	}
	opts.Calls, opts.SIDs, opts.Speed = calls, sids, cfg.Simulator.Speed
	d := dialer.New(stores.Dialing, phone, opts)
	return campaign.New(stores.Campaigns, book, campaign.Options{
		Clock: calls, SIDs: sids, Dialer: d, Real: phone.Real(), FlowThere: flows.There,
	}), d, nil
}

// reports makes the URLs of reports in callbacks. Callbacks are sent in the background,
// where no request tells the server's address.
type reports struct {
	links *report.Links
	base  string
}

// listening sets the address at which the server listens, for a server without a
// configured URL.
func (r *reports) listening(at net.Addr, secure bool) {
	if r.base != "" {
		return
	}
	host := at.String()
	if tcp, ok := at.(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		host = fmt.Sprintf("localhost:%d", tcp.Port)
	}
	r.base = "http://" + host
	if secure {
		r.base = "https://" + host
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
