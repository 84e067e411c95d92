package account

import (
	"context"
	"slices"
	"time"
)

// Content is something that an account has, and that is deleted with it.
type Content struct {
	Name string // in the plural, as "contacts"
	Rows int64
}

// The names of an account's keys among its contents. Stores count all of them under
// KeysContent.
const (
	KeysContent      = "API keys"
	endedKeysContent = "API keys that work no more"
)

// Contents counts the rows that belong to an account, and what it has of interest, by
// name. It leaves out what the account has none of. Keys that are revoked or have expired
// have a name of their own.
func (d *Directory) Contents(ctx context.Context, acct Account) (named []Content, rows int64, err error) {
	if named, rows, err = d.store.Contents(ctx, acct.ID); err != nil {
		return nil, 0, err
	}
	at := slices.IndexFunc(named, func(c Content) bool { return c.Name == KeysContent })
	if at < 0 {
		return named, rows, nil
	}
	keys, err := d.store.Keys(ctx, acct.ID)
	if err != nil {
		return nil, 0, err
	}
	var split [2]Content
	split[0].Name, split[1].Name = KeysContent, endedKeysContent
	for _, k := range slices.DeleteFunc(keys, Key.forCommand) {
		if k.Ended(d.clock.Now()) {
			split[1].Rows++
		} else {
			split[0].Rows++
		}
	}
	has := slices.DeleteFunc(split[:], func(c Content) bool { return c.Rows == 0 })
	return slices.Replace(named, at, at+1, has...), rows, nil
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
