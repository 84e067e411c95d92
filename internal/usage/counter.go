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
	// flushEvery is how often counts are stored. A server that is killed loses
	// the counts of this interval.
	flushEvery = 5 * time.Second
	// retentionDays is how long counts are stored.
	retentionDays = 400
	// maxPending bounds the counts in memory during an outage of the database.
	// It is enough for all accounts that are active within some hours.
	maxPending = 100_000
	// quarter divides time so that a day begins at a multiple of it in every
	// time zone.
	quarter = 15 * time.Minute
)

// Options change how a [Counter] works.
type Options struct {
	// Log receives errors; nil means slog.Default().
	Log *slog.Logger
	// Clock tells when a request came; nil means [clock.System].
	Clock clock.Clock
}

// Counter counts requests. It is safe for concurrent use.
type Counter struct {
	store    Store
	accounts *account.Directory
	opts     Options

	// flushing is a semaphore of one. Flush holds it while counts move from
	// pending to the store, and Days holds it while it reads both.
	flushing chan struct{}

	mu      sync.Mutex
	pending map[key]int
}

// key has the properties by which requests are counted. It has no date, because that
// depends on the account's time zone, and Count does not wait to look it up.
type key struct {
	account string // its sid
	quarter int64  // quarter hours since 1970
	outcome Outcome
	code    int // the argument of Count
}

// NewCounter returns a Counter. Counts stay in memory until [Counter.Run] or
// [Counter.Flush] stores them.
func NewCounter(store Store, accounts *account.Directory, opts Options) *Counter {
	if opts.Log == nil {
		opts.Log = slog.Default()
	}
	opts.Clock = cmp.Or(opts.Clock, clock.System)
	return &Counter{store: store, accounts: accounts, opts: opts, flushing: make(chan struct{}, 1), pending: make(map[key]int)}
}

// Count counts a request of the account with this sid. Status is the HTTP status of the
// answer, and code the API's code of an error. Count does not block.
func (c *Counter) Count(accountSID string, status, code int) {
	k := key{accountSID, c.opts.Clock.Now().Unix() / int64(quarter/time.Second), outcomeOf(status), code}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.pending[k]; ok || len(c.pending) < maxPending {
		c.pending[k]++
	}
}

// Run stores the counts every few seconds until ctx ends, and then once more. Once a day,
// it deletes days that are too old.
func (c *Counter) Run(ctx context.Context) {
	var forgotten Date
	clock.Job{
		Clock: c.opts.Clock, Every: flushEvery, Flushes: true,
		Do: func(ctx context.Context) error {
			err := c.Flush(ctx)
			if today := dateOf(c.opts.Clock.Now().UTC()); err == nil && today != forgotten {
				if err = c.store.ForgetRequests(ctx, today-retentionDays); err == nil {
					forgotten = today
				}
			}
			return err
		},
		Log: c.opts.Log, Failed: "counts of requests could not be written down, or old ones removed; it will be tried again",
	}.Run(ctx)
}

// Flush stores the pending counts. After an error, they stay pending.
func (c *Counter) Flush(ctx context.Context) error {
	if err := c.lockFlush(ctx); err != nil {
		return err
	}
	defer c.unlockFlush()
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

// lockFlush acquires the semaphore flushing, or fails when ctx ends.
func (c *Counter) lockFlush(ctx context.Context) error {
	select {
	case c.flushing <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (c *Counter) unlockFlush() { <-c.flushing }

// dated sums up the pending counts by account and by day in the account's time zone.
func (c *Counter) dated(ctx context.Context, pending map[key]int) ([]Count, error) {
	type day struct {
		account account.ID
		date    Date
		outcome Outcome
		code    int
	}
	known := make(map[string]account.Account)
	sums := make(map[day]int)
	for k, n := range pending {
		acct, ok := known[k.account]
		if !ok {
			var err error
			acct, err = c.accounts.Account(ctx, k.account)
			if fault.Is(err, fault.NotFound) {
				continue
			}
			if err != nil {
				return nil, err
			}
			known[k.account] = acct
		}
		sums[day{acct.ID, k.date(acct), k.outcome, k.code}] += n
	}
	counts := make([]Count, 0, len(sums))
	for d, n := range sums {
		counts = append(counts, Count{Account: d.account, Date: d.date, Outcome: d.outcome, Code: d.code, Requests: n})
	}
	return counts, nil
}

func (k key) date(acct account.Account) Date {
	return dateOf(time.Unix(k.quarter*int64(quarter/time.Second), 0).In(acct.TimeZone))
}

// Days returns the account's last n days in its time zone, today last. It includes
// days without requests.
func (c *Counter) Days(ctx context.Context, acct account.Account, n int) ([]Day, error) {
	// During a flush, a count could be read twice or not at all.
	if err := c.lockFlush(ctx); err != nil {
		return nil, err
	}
	defer c.unlockFlush()
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
		if i := k.date(acct) - first; i >= 0 && int(i) < n {
			days[i].Add(Count{Outcome: k.outcome, Code: k.code, Requests: requests})
		}
	}
	return days, nil
}
