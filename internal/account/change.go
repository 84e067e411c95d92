package account

import (
	"context"
	"fmt"
	"time"

	"callbook/internal/audit"
	"callbook/internal/fault"
)

// MaxRequestsAMinute bounds the requests a minute of an account that has a limit.
const MaxRequestsAMinute = 1_000_000

// The faults of a request for an account that may not be used.
var (
	ErrDisabled = fault.New(fault.Forbidden, "The account is disabled")
	ErrDeleted  = fault.New(fault.Forbidden, "The account is being deleted")
)

// Refusal returns the fault of a request for an account that is disabled or being
// deleted. Otherwise it returns nil.
func (a Account) Refusal() error {
	switch {
	case !a.Deleted.IsZero():
		return ErrDeleted
	case !a.Disabled.IsZero():
		return ErrDisabled
	}
	return nil
}

// Change changes an account. Change may be called more than once, each time with the
// current account; it must not change ID and Created. All servers follow within a second.
// The error is a NotFound fault for an unknown account, a Duplicate fault if the new sid
// is taken, ErrDeleted for an account that is being deleted, and otherwise an Invalid
// fault as for [New].
func (d *Directory) Change(ctx context.Context, sid string, change func(*Account)) (Account, error) {
	return d.change(ctx, sid, func(a *Account) error {
		if !a.Deleted.IsZero() {
			return ErrDeleted
		}
		change(a)
		if a.RequestsAMinute < 0 || a.RequestsAMinute > MaxRequestsAMinute {
			return fault.New(fault.Invalid, fmt.Sprintf("requests a minute must be 1 to %d, or off", MaxRequestsAMinute))
		}
		_, err := New(a.SID, a.Region, a.TimeZone.String())
		return err
	})
}

func (d *Directory) change(ctx context.Context, sid string, change func(*Account) error) (Account, error) {
	ctx, note := audit.Begin(ctx, None)
	a, err := d.store.ChangeAccount(ctx, sid, func(a *Account) error {
		was := *a
		if err := change(a); err != nil {
			return err
		}
		if !a.Deleted.IsZero() {
			if was.Deleted.IsZero() { // the log of the account goes with it
				note.Tell(audit.Change{Action: audit.AccountsDelete, Object: a.SID, Done: 1})
			}
			return nil
		}
		if fields := was.differences(a); len(fields) > 0 {
			audit.Of(note, a.ID)
			note.Tell(audit.Change{Action: audit.AccountsSet, Object: a.SID, Done: 1, Fields: fields})
		}
		return nil
	})
	d.mu.Lock()
	clear(d.known)
	d.mu.Unlock()
	return a, err
}

// differences returns the names of what is another in b.
func (a *Account) differences(b *Account) (fields []string) {
	for _, f := range []struct {
		name string
		same bool
	}{
		{"disabled", a.Disabled.Equal(b.Disabled)},
		{"region", a.Region == b.Region},
		{"requests_a_minute", a.RequestsAMinute == b.RequestsAMinute},
		{"sid", a.SID == b.SID},
		{"time_zone", a.TimeZone.String() == b.TimeZone.String()},
	} {
		if !f.same {
			fields = append(fields, f.name)
		}
	}
	return fields
}

// Disable disables an account: within a second all servers refuse its keys, its sessions
// and links have ended, and its campaigns place no calls. Nothing is lost. Disabling it
// again changes nothing. The errors are those of [Directory.Change].
func (d *Directory) Disable(ctx context.Context, sid string) (Account, error) {
	return d.Change(ctx, sid, func(a *Account) {
		if a.Disabled.IsZero() {
			a.Disabled = d.clock.Now()
		}
	})
}

// Enable lets an account that was disabled go on. Its sessions stay ended. The errors are
// those of [Directory.Change].
func (d *Directory) Enable(ctx context.Context, sid string) (Account, error) {
	return d.Change(ctx, sid, func(a *Account) { a.Disabled = time.Time{} })
}
