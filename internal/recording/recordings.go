package recording

import (
	"cmp"
	"context"
	"log/slog"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/audit"
	"callbook/internal/clock"
	"callbook/internal/journal"
)

const (
	// DefaultRetention is how long recordings are kept by default.
	DefaultRetention = 30 * 24 * time.Hour
	// Forever is the retention of recordings that are never deleted because of their age.
	Forever time.Duration = -1

	// purgeEvery is how often old recordings are deleted.
	purgeEvery = time.Minute
	// purgeCalls is how many recordings one transaction deletes, of some hundred kilobytes
	// each. Other writes wait for it.
	purgeCalls = 20
)

// Options configure [Recordings].
type Options struct {
	Clock clock.Clock  // nil means [clock.System]
	Log   *slog.Logger // nil means slog.Default()
	// Retention is how long a recording is kept after its call was placed; zero means
	// DefaultRetention.
	Retention time.Duration
}

// Recordings manages the recordings of calls. It is safe for concurrent use.
type Recordings struct {
	store     Store
	clock     clock.Clock
	log       *slog.Logger
	retention time.Duration
}

// New returns the Recordings in store.
func New(store Store, opts Options) *Recordings {
	if opts.Log == nil {
		opts.Log = slog.Default()
	}
	return &Recordings{store: store, clock: cmp.Or(opts.Clock, clock.System), log: opts.Log, retention: cmp.Or(opts.Retention, DefaultRetention)}
}

// Retention returns how long recordings are kept, or Forever.
func (rs *Recordings) Retention() time.Duration { return rs.retention }

// Delete deletes the recording of a call. The error is [ErrNotThere] if there is none.
// Ready may be nil.
func (rs *Recordings) Delete(ctx context.Context, acct account.Account, campaign, call addressbook.SID, ready journal.Ready[*Recording]) error {
	ctx, ready = journal.Audited(ctx, acct.ID, ready, func(*Recording) audit.Change {
		return audit.Change{Action: audit.RecordingsDelete, Object: call.String(), Done: 1}
	})
	return rs.store.DeleteRecording(ctx, acct.ID, campaign, call, ready)
}

// Run deletes old recordings from time to time, until ctx ends.
func (rs *Recordings) Run(ctx context.Context) {
	if rs.retention == Forever {
		return
	}
	clock.Job{
		Clock: rs.clock, Every: purgeEvery, Do: rs.purge,
		Log: rs.log, Failed: "old recordings could not be deleted; it will be tried again",
	}.Run(ctx)
}

// purge deletes the recordings that are too old.
func (rs *Recordings) purge(ctx context.Context) error {
	before, all := addressbook.FirstSID(rs.clock.Now().Add(-rs.retention)), 0
	for ctx.Err() == nil {
		n, err := rs.store.DeleteRecordingsBefore(ctx, before, purgeCalls)
		if err != nil {
			return err
		}
		if all += n; n < purgeCalls {
			break
		}
	}
	if all > 0 {
		rs.log.Info("deleted the recordings of calls that were too old", "recordings", all)
	}
	return nil
}
