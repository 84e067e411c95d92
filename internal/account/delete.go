package account

import (
	"context"
	"time"
)

// Content is something that an account has, and that is deleted with it.
type Content struct {
	Name string // in the plural, as "contacts"
	Rows int64
}

// Contents counts the rows that belong to an account, and what it has of interest, by
// name. It leaves out what the account has none of.
func (d *Directory) Contents(ctx context.Context, acct Account) (named []Content, rows int64, err error) {
	return d.store.Contents(ctx, acct.ID)
}

// InProgress returns how many campaigns of the account are in progress.
func (d *Directory) InProgress(ctx context.Context, acct Account) (campaigns int, err error) {
	return d.store.InProgress(ctx, acct.ID)
}

// deletedAtOnce is how many rows one transaction deletes, and maxRest bounds the pause
// after it, in which others write.
const (
	deletedAtOnce = 2000
	maxRest       = 500 * time.Millisecond
)

// Delete deletes an account and everything that belongs to it. From the beginning on, all
// servers refuse the account, as a disabled one; it cannot be changed or enabled again.
// Delete goes in small transactions. If it ends early, because ctx ends or the program is
// killed, the next Delete goes on. Progress is called with the number of rows deleted so
// far. The error for an unknown account is a NotFound fault.
func (d *Directory) Delete(ctx context.Context, sid string, progress func(rows int64)) error {
	a, err := d.change(ctx, sid, func(a *Account) error {
		if a.Deleted.IsZero() {
			a.Deleted = d.clock.Now()
		}
		return nil
	})
	if err != nil {
		return err
	}
	var rows int64
	for done := false; !done; {
		for n := 1; n > 0; {
			began := d.clock.Now()
			if n, err = d.store.DeleteContents(ctx, a.ID, deletedAtOnce); err != nil {
				return err
			}
			rows += int64(n)
			progress(rows)
			select {
			case <-ctx.Done():
				return context.Cause(ctx)
			case <-d.clock.Tick(min(maxRest, max(time.Millisecond, d.clock.Now().Sub(began)))):
			}
		}
		if done, err = d.store.DeleteAccount(ctx, a.ID); err != nil {
			return err
		}
	}
	return nil
}
