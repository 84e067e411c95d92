package upload

import (
	"context"
	"errors"
	"time"

	"callbook/internal/account"
	"callbook/internal/clock"
)

const (
	// DefaultRetention is how long an upload is kept after its end.
	DefaultRetention = 90 * 24 * time.Hour
	// Forever is the retention of uploads that do not become too old.
	Forever time.Duration = -1

	// retainEvery is how often the importer looks for uploads to delete.
	retainEvery = 15 * time.Second
	// retainRows is how many rows one transaction deletes. Other writers wait some 20 ms
	// for it.
	retainRows = 500
)

// Limits bound what is kept of an account's ended uploads, whatever their age. The oldest
// are deleted first.
type Limits struct {
	Uploads    int   // whole uploads
	ErrorBytes int64 // of the error rows of all uploads
}

// accountLimits are the limits of every account.
var accountLimits = Limits{Uploads: 10_000, ErrorBytes: 1 << 30}

// RetentionStore is the part of a [Store] that deletes old uploads.
type RetentionStore interface {
	// DeleteUploads deletes uploads of all accounts that have ended and were last updated
	// before a time, the oldest first, with their error rows. One call deletes up to this
	// many rows, of both kinds, in one transaction. From an upload with more error rows
	// it deletes the last of those, which then count as omitted; a later call deletes the
	// rest. It skips uploads that another server is deleting.
	DeleteUploads(ctx context.Context, before time.Time, rows int) (Deleted, error)

	// TrimUploads deletes what exceeds an account's limits in the same way, the oldest
	// first: ended uploads, and error rows of ended uploads.
	TrimUploads(ctx context.Context, account account.ID, l Limits, rows int) (Deleted, error)
}

// Deleted is what a call of [RetentionStore] has deleted.
type Deleted struct {
	Rows    int      // uploads and error rows together
	Uploads []Upload // SID and Account.ID
}

// Retention returns how long uploads are kept after their end; [Forever] means no limit.
func (i *Importer) Retention() time.Duration { return i.opts.Retention }

// retain deletes uploads that are too old or too many, until ctx ends. It never deletes
// contacts or lists.
func (i *Importer) retain(ctx context.Context) {
	clock.Job{
		Clock: i.opts.Clock, Every: retainEvery, Do: i.deleteExpired,
		Log: i.opts.Log, Failed: "old uploads could not be deleted; it will be tried again",
	}.Run(ctx)
}

// deleteExpired deletes what exceeds accounts' limits and the retention. After an error
// it goes on with the other accounts, and retries the failed one the next time.
func (i *Importer) deleteExpired(ctx context.Context) error {
	var errs []error
	for _, id := range i.takeEnded() {
		err := i.deleteAll(ctx, func() (Deleted, error) { return i.store.TrimUploads(ctx, id, accountLimits, retainRows) })
		if errors.Is(err, account.ErrDeleted) {
			continue // it goes, with its uploads
		}
		if err != nil {
			i.noteEnded(id)
			errs = append(errs, err)
		}
	}
	if i.opts.Retention != Forever {
		before := i.opts.Clock.Now().Add(-i.opts.Retention)
		errs = append(errs, i.deleteAll(ctx, func() (Deleted, error) { return i.store.DeleteUploads(ctx, before, retainRows) }))
	}
	return errors.Join(errs...)
}

// deleteAll calls some until nothing is left. Each call is a transaction, so other writes
// get their turns in between.
func (i *Importer) deleteAll(ctx context.Context, some func() (Deleted, error)) error {
	uploads := 0
	for ctx.Err() == nil {
		d, err := some()
		if err != nil {
			return err
		}
		for _, u := range d.Uploads {
			i.remove(u.Account.ID, u.SID) // after a crash, an ended upload may still have its file
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

// noteEnded remembers an account that may exceed its limits, in memory only. After a
// restart, the account is trimmed when its next upload has ended.
func (i *Importer) noteEnded(account account.ID) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.ended[account] = struct{}{}
}

// takeEnded returns the remembered accounts and forgets them.
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
