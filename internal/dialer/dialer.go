package dialer

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/callflow/ask"
	"callbook/internal/campaign"
	"callbook/internal/carrier"
	"callbook/internal/clock"
	"callbook/internal/work"
)

const (
	// leaseTime is how long a server may be silent before another one takes over an
	// account's dialing. A takeover needs leaseTime and one or two pollEvery: eight
	// seconds at most.
	leaseTime = 6 * time.Second
	// pollEvery is how often a server claims accounts, renews its leases, and reads what
	// other servers have changed.
	pollEvery  = time.Second
	renewEvery = 2 * time.Second
	// maxAccounts is how many accounts a server claims at once.
	maxAccounts = 100
	// releaseTimeout bounds how long Run, when it ends, takes to record calls and to give
	// leases back.
	releaseTimeout = 5 * time.Second
)

// Options configure a [Dialer].
type Options struct {
	Log *slog.Logger
	// Clock is the server's clock, which leases go by. It must not be nil.
	Clock clock.Clock
	// Calls is the clock that campaigns and calls go by; nil means Clock. Speed is how
	// many times as fast as Clock it runs.
	Calls clock.Clock
	Speed int
	// SIDs makes the sids of calls, with the dates of the clock Calls. Nil means a new
	// generator.
	SIDs *addressbook.SIDs
	// Gate decides which numbers may be called when; nil lets all calls pass.
	Gate Gate
	// Asker requests the URLs of flows. If it is nil, all requests fail.
	Asker *ask.Asker
	// Sounds makes what callees hear. If it is nil, the carrier gets no sounds.
	Sounds Sounds
	// ReportURL returns the absolute URL of a campaign's report; nil means "".
	ReportURL func(context.Context, account.Account, addressbook.SID) (string, error)
	// RecordingURL returns the function that makes the absolute URLs of the recordings of
	// an account's calls; nil means "".
	RecordingURL func(context.Context, account.Account) (func(campaign, call addressbook.SID) string, error)
	// Recorder returns the function that gets the sound of a recorded call; see
	// [carrier.Order]. If it is nil, no call is recorded.
	Recorder func(acct account.Account, campaign, call addressbook.SID) func(samples []int16)
	// Told is called after events of an account were stored; nil means that nobody waits
	// for them.
	Told func(account.ID)
	// Ended is called after the outcome of a call was stored. It must not block. Nil
	// means that nobody counts calls.
	Ended func(campaign.Outcome)
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
	if opts.Told == nil {
		opts.Told = func(account.ID) {}
	}
	if opts.Ended == nil {
		opts.Ended = func(campaign.Outcome) {}
	}
	opts.Speed = max(1, opts.Speed)
	return &Dialer{
		store: store, carrier: c, opts: opts, server: rand.Text(), sids: opts.SIDs,
		flights: flights{of: make(map[addressbook.SID]*flight)}, woken: newSignal(), accounts: make(map[account.ID]*dialing),
	}
}

// Real reports whether the carrier rings real telephones, so that people hear the calls.
func (d *Dialer) Real() bool { return d.carrier.Real() }

// Run places calls until ctx ends. Then it records what it knows of the calls in flight
// and gives its leases back, so that another server can take over at once. Run may be
// called only once.
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

// claimAccounts claims accounts for which no server dials, and begins to dial for them.
func (d *Dialer) claimAccounts(ctx context.Context) error {
	claimed, err := d.store.ClaimAccounts(ctx, d.lease(), d.opts.Clock.Now(), maxAccounts)
	for _, acct := range claimed {
		if a := d.dialing(acct.ID); a != nil {
			// The lease ran out before this server renewed it, and another server may
			// have dialed in between. So start over: end the dialing and claim the
			// account again.
			a.lose()
			continue
		}
		a := newDialing(d, acct)
		owned, lose := context.WithCancel(ctx)
		a.lose = lose
		d.mu.Lock()
		d.accounts[acct.ID] = a
		d.mu.Unlock()
		d.working.Go(func() { a.run(owned) })
	}
	return err
}

// renew extends the leases of all accounts, and stops dialing for those that another
// server has taken over.
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

// forget removes an account, before its lease is given back.
func (d *Dialer) forget(id account.ID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.accounts, id)
}

// lease returns a lease of this server that lasts leaseTime from now.
func (d *Dialer) lease() work.Lease {
	return work.Lease{Server: d.server, Until: d.opts.Clock.Now().Add(leaseTime)}
}

// now returns the time by the clock of campaigns and calls.
func (d *Dialer) now() time.Time { return d.opts.Calls.Now() }

// dialing returns the dialing of an account, or nil if this server does not dial for it.
func (d *Dialer) dialing(id account.ID) *dialing {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.accounts[id]
}

// Load returns how many campaigns are in progress for which this server dials, and how
// many calls it has in flight.
func (d *Dialer) Load() (campaigns, calls int) {
	d.mu.Lock()
	accounts := slices.Collect(maps.Values(d.accounts))
	d.mu.Unlock()
	for _, a := range accounts {
		campaigns += a.inProgress()
	}
	return campaigns, d.flights.count()
}

// Wake makes the Dialer look at the account now, and not only at its next poll.
func (d *Dialer) Wake(id account.ID) {
	if a := d.dialing(id); a != nil {
		a.chores.wake()
	}
	d.woken.wake()
}

// Settled implements [campaign.Dialer].
func (d *Dialer) Settled(ctx context.Context, id account.ID, sid addressbook.SID) {
	const longest, every = 2 * time.Second, 20 * time.Millisecond
	late := d.opts.Clock.Tick(longest)
	if a := d.dialing(id); a != nil {
		a.settled(ctx, late, sid)
		return
	}
	// Another server may dial for the account. A call that it has claimed may still leave
	// while its stored state is Placing.
	for tick := d.opts.Clock.Tick(every); ; {
		placing, err := d.placing(ctx, id, sid)
		if err == nil && !placing {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-late:
			return
		case <-tick:
		}
	}
}

// placing reports whether any call of the campaign may be leaving right now.
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

// page is how many calls or targets one query reads.
const page = 1000

// gone reports whether an error of the store means that the campaign does not exist any
// more.
func gone(err error) bool { return errors.Is(err, campaign.ErrNotFound) }
