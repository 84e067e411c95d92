package usage

import (
	"cmp"
	"context"
	"log/slog"
	"sync"
	"time"

	"callbook/internal/account"
	"callbook/internal/clock"
	"callbook/internal/fault"
)

const (
	// flushEvery is how often counts are written down: what a killed server
	// loses.
	flushEvery = 5 * time.Second
	// keptDays is how long counts are kept.
	keptDays = 400
	// maxPending bounds what is counted in memory while the database is away.
	// It is far more than the accounts that ask within some hours.
	maxPending = 100_000
	// quarter is what days begin at in every time zone.
	quarter = 15 * time.Minute
)

// Options change how a [Counter] works.
type Options struct {
	// Log gets what goes wrong; nil means slog.Default().
	Log *slog.Logger
	// Clock tells when a request came; nil means [clock.System].
	Clock clock.Clock
}

// Counter counts requests. It is safe for concurrent use.
type Counter struct {
	store    Store
	accounts *account.Directory
	opts     Options

	// flushing is held while pending is written down, and while it is read
	// together with the store.
	flushing chan struct{}

	mu      sync.Mutex
	pending map[key]int
}

// key is what is counted together. Which day it is on, only the account's time
// zone tells, and the caller does not wait for that.
type key struct {
	account string // its sid
	quarter int64  // of an hour, since 1970
	outcome Outcome
}

// NewCounter returns a Counter, which keeps what it counts in memory until
// [Counter.Run] or [Counter.Flush] writes it down.
func NewCounter(store Store, accounts *account.Directory, opts Options) *Counter {
	if opts.Log == nil {
		opts.Log = slog.Default()
	}
	opts.Clock = cmp.Or(opts.Clock, clock.System)
	return &Counter{store: store, accounts: accounts, opts: opts, flushing: make(chan struct{}, 1), pending: make(map[key]int)}
}

// Count counts a request of the account with this sid that was answered with
// this HTTP status now. It does not wait.
func (c *Counter) Count(accountSID string, status int) {
	k := key{accountSID, c.opts.Clock.Now().Unix() / int64(quarter/time.Second), outcomeOf(status)}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.pending[k]; ok || len(c.pending) < maxPending {
		c.pending[k]++
	}
}

// Run writes the counts down every few seconds until ctx ends, and once more then.
func (c *Counter) Run(ctx context.Context) {
	every := c.opts.Clock.Tick(flushEvery)
	failing := false // an outage is told once
	told := func(err error) {
		if err != nil && !failing {
			c.opts.Log.Error("counts of requests could not be written down, or old ones removed; it will be tried again", "error", err)
		}
		failing = err != nil
	}
	var forgotten Date
	for {
		select {
		case <-every:
		case <-ctx.Done():
			told(c.Flush(context.WithoutCancel(ctx)))
			return
		}
		err := c.Flush(ctx)
		if today := dateOf(c.opts.Clock.Now().UTC()); err == nil && today != forgotten {
			if err = c.store.ForgetRequests(ctx, today-keptDays); err == nil {
				forgotten = today
			}
		}
		if ctx.Err() == nil {
			told(err)
		}
	}
}

// Flush writes down what was counted. After an error it is still counted.
func (c *Counter) Flush(ctx context.Context) error {
	if err := c.hold(ctx); err != nil {
		return err
	}
	defer c.letGo()
	c.mu.Lock()
	pending := c.pending
	c.pending = make(map[key]int)
	c.mu.Unlock()
	if len(pending) == 0 {
		return nil
	}
	counts, err := c.dated(ctx, pending)
	if err == nil {
		err = c.store.AddRequests(ctx, counts)
	}
	if err == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for k, n := range pending {
		if _, ok := c.pending[k]; ok || len(c.pending) < maxPending {
			c.pending[k] += n
		}
	}
	return err
}

// hold waits until nobody else flushes, or ctx ends. Without an error, letGo
// must follow.
func (c *Counter) hold(ctx context.Context) error {
	select {
	case c.flushing <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (c *Counter) letGo() { <-c.flushing }

// dated puts what was counted on the days of its accounts.
func (c *Counter) dated(ctx context.Context, pending map[key]int) ([]Count, error) {
	type day struct {
		account int64
		date    Date
		outcome Outcome
	}
	known := make(map[string]account.Account)
	sums := make(map[day]int)
	for k, n := range pending {
		acct, ok := known[k.account]
		if !ok {
			var err error
			acct, err = c.accounts.Account(ctx, k.account)
			if f := fault.As(err); f != nil && f.Kind == fault.NotFound {
				continue
			}
			if err != nil {
				return nil, err
			}
			known[k.account] = acct
		}
		sums[day{acct.ID, k.date(acct), k.outcome}] += n
	}
	counts := make([]Count, 0, len(sums))
	for d, n := range sums {
		counts = append(counts, Count{Account: d.account, Date: d.date, Outcome: d.outcome, Requests: n})
	}
	return counts, nil
}

func (k key) date(acct account.Account) Date {
	return dateOf(time.Unix(k.quarter*int64(quarter/time.Second), 0).In(acct.TimeZone))
}

// Days returns the account's last days in its time zone, so many and the last
// one today, also those without requests.
func (c *Counter) Days(ctx context.Context, acct account.Account, n int) ([]Day, error) {
	// So that nothing is counted twice or not at all.
	if err := c.hold(ctx); err != nil {
		return nil, err
	}
	defer c.letGo()
	today := dateOf(c.opts.Clock.Now().In(acct.TimeZone))
	first := today - Date(n) + 1
	stored, err := c.store.Requests(ctx, acct.ID, first, today)
	if err != nil {
		return nil, err
	}
	days := make([]Day, n)
	for i := range days {
		days[i].Date = first + Date(i)
	}
	for _, d := range stored {
		days[d.Date-first] = d
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for k, requests := range c.pending {
		if k.account != acct.SID {
			continue
		}
		if at := k.date(acct) - first; at >= 0 && int(at) < n {
			days[at].Requests[k.outcome] += requests
		}
	}
	return days, nil
}
