package event

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"callbook/internal/account"
	"callbook/internal/clock"
	"callbook/internal/limit"
	"callbook/internal/work"
)

const (
	// pollEvery is how often a server looks for due events. ClaimEvery is how often it
	// claims accounts whose events no server delivers. With leaseTime, a takeover needs
	// nine seconds at most.
	pollEvery  = 500 * time.Millisecond
	claimEvery = time.Second
	// claimAgain is how soon after a claim the server may claim an account that has just got
	// events. It may fail, because another server has the account.
	claimAgain = 50 * time.Millisecond
	renewEvery = 2 * time.Second
	leaseTime  = 8 * time.Second
	// maxAccounts is how many accounts a server claims at once. MaxReceivers is how many
	// receivers with waiting events it reads in one poll, an equal share of each account,
	// but leastReceivers of each. The next poll goes on with the receivers that follow.
	maxAccounts                  = 100
	maxReceivers, leastReceivers = 2000, 20
	// maxLanes is how many receivers a server sends to at the same time. AccountLanes is
	// how many of them may belong to one account.
	maxLanes, accountLanes = 256, 64
	// places is how many requests run at the same time. PerHost is how many of them go to
	// one host. One account alone gets half of either; two accounts get a third each.
	places, perHost = 256, 32
	// endTimeout bounds how long Run, when it ends, takes to store outcomes and to give
	// leases back.
	endTimeout = 5 * time.Second
	// keepFor is how long an event is kept after its creation.
	keepFor    = 30 * 24 * time.Hour
	purgeEvery = 10 * time.Minute
	purgeBatch = 1000
)

// Options configure a [Deliverer].
type Options struct {
	Log   *slog.Logger
	Clock clock.Clock
	// Secret returns the key that signs an account's events.
	Secret func(context.Context, account.ID) ([]byte, error)
	// Sent is called after each request with the state that its event has then. It must
	// not block, and may be nil.
	Sent func(State)
	// Agent is the User-Agent of the requests.
	Agent string
	// Private lets events go to private, loopback and link-local addresses.
	Private bool
	// Transport makes the requests. If it is nil, they go to the network.
	Transport http.RoundTripper
}

// Deliverer sends events to the callers' programs. It is safe for concurrent use.
type Deliverer struct {
	store  Store
	opts   Options
	sender *sender
	server string // names this Deliverer among all that share the store
	woken  chan struct{}
	told   chan struct{}
	// strangers means that accounts whose lease this server may not have got new events.
	strangers atomic.Bool
	working   sync.WaitGroup
	places    *limit.Pool

	mu        sync.Mutex
	accounts  map[account.ID]*held // the accounts whose lease this server has
	receivers map[Receiver]*breaker
	hosts     map[string]*host // hosts that lanes send to, by origin
}

// held is an account whose lease a server has.
type held struct {
	used  time.Time // when it last had a due event
	after string    // the origin after which the next poll reads its receivers; "" is before all
}

// host bounds the requests to one host, over all accounts.
type host struct {
	places *limit.Pool
	lanes  int
}

// New returns a Deliverer that does nothing yet.
func New(store Store, opts Options) *Deliverer {
	if opts.Sent == nil {
		opts.Sent = func(State) {}
	}
	return &Deliverer{
		store: store, opts: opts, sender: newSender(opts), server: rand.Text(),
		woken: make(chan struct{}, 1), told: make(chan struct{}, 1), places: limit.New(places, limit.Options{Spare: true}),
		accounts: make(map[account.ID]*held), receivers: make(map[Receiver]*breaker), hosts: make(map[string]*host),
	}
}

// Wake makes the Deliverer claim accounts and look for events now, and not only at its next
// poll. [Deliveries] calls it after it has queued events again.
func (d *Deliverer) Wake() {
	select {
	case d.woken <- struct{}{}:
	default: // a wake-up is pending already
	}
}

// Told makes the Deliverer look for new events of an account. The dialer calls it after it
// has stored them.
func (d *Deliverer) Told(id account.ID) {
	d.mu.Lock()
	_, ours := d.accounts[id]
	d.mu.Unlock()
	if !ours {
		d.strangers.Store(true)
	}
	d.lookAgain()
}

// lookAgain lets look go on.
func (d *Deliverer) lookAgain() {
	select {
	case d.told <- struct{}{}:
	default: // it will look
	}
}

// Run sends events until ctx ends, and then gives requests under way a moment to finish.
// Events whose delivery is not known are sent again by the next server. Run may be called
// only once.
func (d *Deliverer) Run(ctx context.Context) {
	renew := clock.Job{
		Clock: d.opts.Clock, Every: renewEvery, Do: d.renew,
		Log: d.opts.Log, Failed: "the leases of callbacks could not be renewed; it will be tried again",
	}
	purge := clock.Job{
		Clock: d.opts.Clock, Every: purgeEvery, Do: d.purge,
		Log: d.opts.Log, Failed: "old callbacks could not be deleted; it will be tried again",
	}
	d.working.Go(func() { renew.Run(ctx) })
	d.working.Go(func() { purge.Run(ctx) })
	d.look(ctx)
	d.working.Wait()
	d.release(ctx, slices.Collect(maps.Keys(d.accounts)))
	d.sender.client.CloseIdleConnections()
}

// look claims accounts and starts lanes until ctx ends.
func (d *Deliverer) look(ctx context.Context) {
	failing := false
	var claimed, asked time.Time // by the two clocks
	for tick := d.opts.Clock.Tick(pollEvery); ; {
		now := d.opts.Clock.Now()
		var err error
		strange := d.strangers.Load()
		var soon <-chan time.Time
		switch since := now.Sub(claimed); {
		case since >= claimEvery || since < 0 || strange && time.Since(asked) >= claimAgain:
			claimed, asked = now, time.Now()
			d.strangers.Store(false)
			err = d.claim(ctx, now)
		case strange:
			soon = time.After(claimAgain)
		}
		err = errors.Join(err, d.poll(ctx, now))
		if err != nil && !failing && ctx.Err() == nil {
			d.opts.Log.Error("callbacks to be sent could not be read; it will be tried again", "error", err)
		}
		failing = err != nil
		select {
		case <-ctx.Done():
			return
		case <-tick:
		case <-d.woken:
			claimed = time.Time{}
		case <-d.told:
		case <-soon:
		}
	}
}

// lease returns a lease of this server that lasts leaseTime from now.
func (d *Deliverer) lease() work.Lease {
	return work.Lease{Server: d.server, Until: d.opts.Clock.Now().Add(leaseTime)}
}

// claim claims accounts that have waiting events and that no server delivers for.
func (d *Deliverer) claim(ctx context.Context, now time.Time) error {
	claimed, err := d.store.ClaimAccounts(ctx, d.lease(), now, maxAccounts)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, id := range claimed {
		d.accounts[id] = &held{used: now}
	}
	return nil
}

// renew extends the leases of the accounts that had due events lately, and gives the
// other leases back.
func (d *Deliverer) renew(ctx context.Context) error {
	const idleAfter = time.Minute
	now := d.opts.Clock.Now()
	var ours, idle []account.ID
	d.mu.Lock()
	for id, held := range d.accounts {
		if now.Sub(held.used) > idleAfter {
			idle = append(idle, id)
			delete(d.accounts, id)
		} else {
			ours = append(ours, id)
		}
	}
	d.mu.Unlock()
	d.release(ctx, idle)
	if len(ours) == 0 {
		return nil
	}
	lost, err := d.store.RenewAccounts(ctx, d.lease(), ours)
	d.drop(lost...)
	return err
}

// drop forgets accounts whose lease another server has taken.
func (d *Deliverer) drop(lost ...account.ID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, id := range lost {
		delete(d.accounts, id)
	}
}

// release gives leases back.
func (d *Deliverer) release(ctx context.Context, accounts []account.ID) {
	if len(accounts) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTimeout)
	defer cancel()
	if err := d.store.ReleaseAccounts(ctx, d.server, accounts); err != nil {
		d.opts.Log.Error("the leases of callbacks could not be given back; they run out", "error", err)
	}
}

// purge deletes events older than keepFor.
func (d *Deliverer) purge(ctx context.Context) error {
	for {
		more, err := d.store.Purge(ctx, d.opts.Clock.Now().Add(-keepFor), purgeBatch)
		if err != nil || !more {
			return err
		}
	}
}
