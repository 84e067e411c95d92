package app

import (
	"context"
	"fmt"
	"net"
	"net/url"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/callflow/library"
	"callbook/internal/campaign"
	"callbook/internal/carrier"
	"callbook/internal/dialer"
	"callbook/internal/fault"
	"callbook/internal/link"
	"callbook/internal/store"
	"callbook/internal/trace"
)

// campaigns returns the campaigns and the dialer. Their clock and sids continue from the
// latest stored campaign or call, because the simulated time of an earlier run may be
// ahead of the real time. Where people are called, the real time alone counts: a campaign
// would wait otherwise until the simulated time has come.
func (cfg Config) campaigns(ctx context.Context, stores *store.Set, book *addressbook.Book, flows *library.Library, opts dialer.Options) (*campaign.Campaigns, *dialer.Dialer, *telephone, error) {
	last, err := stores.Campaigns.LastCampaignSID(ctx)
	if err != nil {
		return nil, nil, nil, err
	}
	phone, err := cfg.telephone(ctx, stores, last.Time())
	if err != nil {
		return nil, nil, nil, err
	}
	sids := addressbook.NewSIDs(phone.clock)
	if !phone.Real() || last.Time().Sub(cfg.Clock.Now()) <= mostSkew {
		sids.Resume(last)
	}
	opts.Calls, opts.SIDs, opts.Speed = phone.clock, sids, phone.speed
	d := dialer.New(stores.Dialing, traced{phone, cfg.Trace}, opts)
	return campaign.New(stores.Campaigns, book, campaign.Options{
		Clock: phone.clock, SIDs: sids, Dialer: d, Real: phone.Real(), FlowThere: flows.There, MayShow: phone.mayShow,
	}), d, phone, nil
}

// traced is a carrier whose calls are traced as they are placed.
type traced struct {
	carrier.Carrier
	trace *trace.Tracer
}

// Place implements [carrier.Carrier].
func (t traced) Place(ctx context.Context, o carrier.Order) error {
	ctx, span := t.trace.Call(ctx)
	err := t.Carrier.Place(ctx, o)
	span.End(err)
	return err
}

// links makes the URLs of files in callbacks. Callbacks are sent in the background,
// where no request tells the server's address.
type links struct {
	links *link.Links
	base  string // the server's URL, without a path
}

// listening makes the server's URL of the address at which it listens, unless a URL is
// configured.
func (r *links) listening(at net.Addr, secure bool) {
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

// report returns the absolute URL of a campaign's report, which needs no key.
func (r *links) report(ctx context.Context, acct account.Account, sid addressbook.SID) (string, error) {
	signer, err := r.links.Of(ctx, acct)
	if err != nil {
		return "", err
	}
	return r.base + signer.Path(link.Report(sid)), nil
}

// command reports whether a command that has the database signed a request, with the secret
// of an account.
func (r *links) command(ctx context.Context, accounts *account.Directory, q url.Values) (bool, error) {
	acct, err := accounts.Account(ctx, q.Get("account"))
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	signer, err := r.links.Of(ctx, acct)
	return err == nil && signer.PermitsCommand(q), err
}

// recording returns a function that makes the absolute URLs of recordings of an account's
// calls, which need no key.
func (r *links) recording(ctx context.Context, acct account.Account) (func(campaign, call addressbook.SID) string, error) {
	signer, err := r.links.Of(ctx, acct)
	return func(campaign, call addressbook.SID) string {
		return r.base + signer.Path(link.Recording(campaign, call))
	}, err
}
