package upload

import (
	"context"
	"errors"
	"time"

	"callbook/internal/account"
	"callbook/internal/clock"
)

const (
	// DefaultRetention is how long an upload is kept after it has ended.
	DefaultRetention = 90 * 24 * time.Hour
	// Forever is the retention of uploads that are never deleted for their age.
	Forever time.Duration = -1

	// retainEvery is how often the importer looks for uploads to delete.
	retainEvery = 15 * time.Second
	// retainRows is how many rows one transaction deletes: a few hundredths of a
	// second, for which other writes wait.
	retainRows = 500
)

// Limits are what is kept of an account's uploads that have ended, whatever their
// age. Beyond, the oldest go first.
type Limits struct {
	Uploads    int   // with everything that is known of them
	ErrorBytes int64 // of the error rows of all uploads
}

// accountLimits are those of every account.
var accountLimits = Limits{Uploads: 10_000, ErrorBytes: 1 << 30}

// RetentionStore is the part of a [Store] that deletes what is old.
type RetentionStore interface {
	// DeleteUploads deletes uploads of any account, with their error rows, that
	// have ended and were updated before this time, the oldest first. It deletes at
	// most so many rows, of both kinds, in one transaction. An upload whose error
	// rows are more loses the last of them, which then count as omitted, and goes
	// in a later call. What another server is deleting is left to it.
	DeleteUploads(ctx context.Context, before time.Time, rows int) (Deleted, error)

	// TrimUploads deletes what an account has beyond the limits, in the same way:
	// uploads that have ended beyond the newest ones, and error rows of those
	// that have ended, the oldest first.
	TrimUploads(ctx context.Context, account account.ID, l Limits, rows int) (Deleted, error)
}

// Deleted is what a call of a [RetentionStore] has deleted.
type Deleted struct {
	Rows    int      // of uploads and of their error rows
	Uploads []Upload // SID and Account.ID
}

// Retention is how long uploads are kept after they have ended; [Forever] is no
// bound.
func (i *Importer) Retention() time.Duration { return i.opts.Retention }

// retain deletes uploads that are too old or too many, until ctx ends. No contact and no list
// goes with an upload.
func (i *Importer) retain(ctx context.Context) {
	clock.Job{
		Clock: i.opts.Clock, Every: retainEvery, Do: i.deleteExpired,
		Log: i.opts.Log, Failed: "old uploads could not be deleted; it will be tried again",
	}.Run(ctx)
}

// deleteExpired deletes what is over an account's limits, and what is older than
// the retention. After an error it goes on with the other accounts, and retries
// that one the next time.
func (i *Importer) deleteExpired(ctx context.Context) error {
	var errs []error
	for _, account := range i.takeEnded() {
		err := i.deleteAll(ctx, func() (Deleted, error) { return i.store.TrimUploads(ctx, account, accountLimits, retainRows) })
		if err != nil {
			i.noteEnded(account)
			errs = append(errs, err)
		}
	}
	if i.opts.Retention != Forever {
		before := i.opts.Clock.Now().Add(-i.opts.Retention)
		errs = append(errs, i.deleteAll(ctx, func() (Deleted, error) { return i.store.DeleteUploads(ctx, before, retainRows) }))
	}
	return errors.Join(errs...)
}

// deleteAll deletes until nothing is left to delete, a transaction at a time, so
// that other writes come between.
func (i *Importer) deleteAll(ctx context.Context, some func() (Deleted, error)) error {
	uploads := 0
	for ctx.Err() == nil {
		d, err := some()
		if err != nil {
			return err
		}
		for _, u := range d.Uploads {
			i.remove(u.Account.ID, u.SID) // which an ended upload has only after a crash
		}
		uploads += len(d.Uploads)
		if d.Rows < retainRows {
			break
		}
	}
	if uploads > 0 {
		i.opts.Log.Info("deleted old uploads", "uploads", uploads)
	}
	return ctx.Err()
}

// noteEnded notes an account that may be over its limits. The note is in memory:
// an account that is over them when the server stops is trimmed once its next
// upload has ended.
func (i *Importer) noteEnded(account account.ID) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.ended[account] = struct{}{}
}

// takeEnded returns the accounts that were noted, and forgets them.
func (i *Importer) takeEnded() []account.ID {
	i.mu.Lock()
	defer i.mu.Unlock()
	var all []account.ID
	for account := range i.ended {
		all = append(all, account)
	}
	clear(i.ended)
	return all
}
