package dialer

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"sync"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/campaign"
	"callbook/internal/carrier"
	"callbook/internal/clock"
	"callbook/internal/work"
)

const (
	// leaseTime is how long a server may be silent before another one takes over an
	// account's dialing. With pollEvery it makes a hand-over take eight seconds at most.
	leaseTime = 6 * time.Second
	// pollEvery is how often a server looks for accounts, and for what other servers
	// have changed in those that it has.
	pollEvery  = time.Second
	renewEvery = 2 * time.Second
	// maxAccounts is how many accounts a server claims at once.
	maxAccounts = 100
	// releaseTimeout is how long the end of Run may take to write down what is known and
	// to give leases back.
	releaseTimeout = 5 * time.Second
)

// Options are what a [Dialer] is made with.
type Options struct {
	Log *slog.Logger
	// Clock is the server's: leases go by it. It must not be nil.
	Clock clock.Clock
	// Calls is the clock that campaigns and calls go by, and Speed how many times as
	// fast as Clock it runs. Nil means Clock.
	Calls clock.Clock
	Speed int
	// SIDs makes the sids of calls, by Calls. Nil means new ones.
	SIDs *addressbook.SIDs
	// Gate has the accounts' own rules; nil lets all calls pass.
	Gate Gate
	// ReportURL returns the absolute URL of a campaign's report; nil means "".
	ReportURL func(context.Context, account.Account, addressbook.SID) (string, error)
}

// Dialer places the calls of campaigns. It is safe for concurrent use.
type Dialer struct {
	store   Store
	carrier carrier.Carrier
	opts    Options
	server  string // names this Dialer among all that share the store
	sids    *addressbook.SIDs
	flights flights
	woken   signal
	working sync.WaitGroup

	mu       sync.Mutex
	accounts map[account.ID]*dialing
}

// New returns a Dialer that does nothing yet.
func New(store Store, c carrier.Carrier, opts Options) *Dialer {
	if opts.Calls == nil {
		opts.Calls = opts.Clock
	}
	if opts.SIDs == nil {
		opts.SIDs = addressbook.NewSIDs(opts.Calls)
	}
	opts.Speed = max(1, opts.Speed)
	return &Dialer{
		store: store, carrier: c, opts: opts, server: rand.Text(), sids: opts.SIDs,
		flights: flights{of: make(map[addressbook.SID]*flight)}, woken: newSignal(), accounts: make(map[account.ID]*dialing),
	}
}

// Real tells whether calls come to telephones, and so to people.
func (d *Dialer) Real() bool { return d.carrier.Real() }

// Run places calls until ctx ends. Then it writes down what is known of calls in flight,
// and gives its leases back, so that another server goes on. It is called once.
func (d *Dialer) Run(ctx context.Context) {
	calling, hangUp := context.WithCancel(context.WithoutCancel(ctx))
	var carriers sync.WaitGroup
	carriers.Go(func() { d.carrier.Run(calling, d.flights.tell) })
	poll := clock.Job{
		Clock: d.opts.Clock, Every: renewEvery, Do: d.renew,
		Log: d.opts.Log, Failed: "the leases of dialing could not be renewed; it will be tried again",
	}
	d.working.Go(func() { poll.Run(ctx) })
	d.look(ctx)
	d.working.Wait()
	hangUp()
	carriers.Wait()
}

// look claims accounts until ctx ends.
func (d *Dialer) look(ctx context.Context) {
	failing := false
	for tick := d.opts.Clock.Tick(pollEvery); ; {
		err := d.claimAccounts(ctx)
		if err != nil && !failing && ctx.Err() == nil {
			d.opts.Log.Error("accounts with campaigns could not be claimed; it will be tried again", "error", err)
		}
		failing = err != nil
		select {
		case <-ctx.Done():
			return
		case <-tick:
		case <-d.woken:
		}
	}
}

// claimAccounts begins to dial for accounts for which no server does.
func (d *Dialer) claimAccounts(ctx context.Context) error {
	claimed, err := d.store.ClaimAccounts(ctx, d.lease(), d.opts.Clock.Now(), maxAccounts)
	for _, acct := range claimed {
		a := newDialing(d, acct)
		d.mu.Lock()
		_, known := d.accounts[acct.ID]
		if !known {
			d.accounts[acct.ID] = a
		}
		d.mu.Unlock()
		if known {
			continue // it was late to renew a lease that it has, and goes on
		}
		d.working.Go(func() { a.run(ctx) })
	}
	return err
}

// renew extends the leases of all accounts, and lets go of those that were lost.
func (d *Dialer) renew(ctx context.Context) error {
	d.mu.Lock()
	ids := make([]account.ID, 0, len(d.accounts))
	for id := range d.accounts {
		ids = append(ids, id)
	}
	d.mu.Unlock()
	if len(ids) == 0 {
		return nil
	}
	lost, err := d.store.RenewAccounts(ctx, d.lease(), ids)
	for _, id := range lost {
		if a := d.dialing(id); a != nil {
			a.lose()
		}
	}
	return err
}

// forget takes an account out, before its lease is given back.
func (d *Dialer) forget(id account.ID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.accounts, id)
}

// lease returns this server's lease, which begins now.
func (d *Dialer) lease() work.Lease {
	return work.Lease{Server: d.server, Until: d.opts.Clock.Now().Add(leaseTime)}
}

// now is the time that campaigns and calls go by.
func (d *Dialer) now() time.Time { return d.opts.Calls.Now() }

// dialing returns that of an account, or nil when this server does not dial for it.
func (d *Dialer) dialing(id account.ID) *dialing {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.accounts[id]
}

// Wake tells that something has changed for the account, so that nobody waits for the
// next look.
func (d *Dialer) Wake(id account.ID) {
	if a := d.dialing(id); a != nil {
		a.chores.wake()
	}
	d.woken.wake()
}

// Settled returns when no call of a campaign that was paused can leave any more, on any
// server. It waits two seconds at most.
func (d *Dialer) Settled(ctx context.Context, id account.ID, sid addressbook.SID) {
	const longest, every = 2 * time.Second, 20 * time.Millisecond
	if a := d.dialing(id); a != nil {
		a.settled(ctx, sid)
		return
	}
	// Another server may have the account. What it has claimed is being placed until it
	// says that it has left.
	begun := d.opts.Clock.Now()
	for tick := d.opts.Clock.Tick(every); d.opts.Clock.Now().Sub(begun) < longest; {
		placing, err := d.placing(ctx, id, sid)
		if err == nil && !placing {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-tick:
		}
	}
}

// placing tells whether a call of the campaign may be leaving.
func (d *Dialer) placing(ctx context.Context, id account.ID, sid addressbook.SID) (bool, error) {
	var after addressbook.SID
	for {
		calls, err := d.store.InFlight(ctx, id, after, page)
		if err != nil {
			return false, err
		}
		for i := range calls {
			if calls[i].Campaign == sid && calls[i].State == campaign.Placing {
				return true, nil
			}
		}
		if len(calls) < page {
			return false, nil
		}
		after = calls[len(calls)-1].SID
	}
}

// page is how many calls or targets are read or changed at once.
const page = 1000

// over tells whether an error of a store means that there is nothing left to do with
// what was asked for.
func over(err error) bool {
	return errors.Is(err, campaign.ErrNotFound)
}
