package library

import (
	"cmp"
	"context"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/audit"
	"callbook/internal/campaign"
	"callbook/internal/clock"
	"callbook/internal/journal"
)

// Library manages the flows of accounts. It is safe for concurrent use.
type Library struct {
	store Store
	book  *addressbook.Book
	clock clock.Clock
}

// New returns a Library over store. Book knows the fields of contacts, which are the
// variables of texts. A nil clock means [clock.System].
func New(store Store, book *addressbook.Book, c clock.Clock) *Library {
	return &Library{store: store, book: book, clock: cmp.Or(c, clock.System)}
}

// check validates a flow and finds its variables.
func (l *Library) check(ctx context.Context, acct account.Account, f *Flow) error {
	if err := f.check(); err != nil {
		return err
	}
	known, err := campaign.Variables(ctx, l.book, acct)
	if err == nil {
		f.Vars, err = f.Variables(known)
	}
	return err
}

// Create adds a flow. If the flow is invalid, the error is a fault that names the step.
// Ready may be nil.
func (l *Library) Create(ctx context.Context, acct account.Account, f Flow, ready journal.Ready[*Flow]) (*Flow, error) {
	if err := l.check(ctx, acct, &f); err != nil {
		return nil, err
	}
	f.Created = l.clock.Now()
	f.Updated = f.Created
	ctx, ready = audited(ctx, acct, audit.FlowsCreate, ready)
	if err := l.store.InsertFlow(ctx, acct.ID, &f, ready); err != nil {
		return nil, err
	}
	return &f, nil
}

// Replace replaces the flow of the same name. Running campaigns use the new one within
// two seconds. If ifUpdated is not zero and the flow was Updated since, Replace changes
// nothing. Ready may be nil.
func (l *Library) Replace(ctx context.Context, acct account.Account, f Flow, ifUpdated time.Time, ready journal.Ready[*Flow]) (*Flow, error) {
	if err := l.check(ctx, acct, &f); err != nil {
		return nil, err
	}
	f.Updated = l.clock.Now()
	ctx, ready = audited(ctx, acct, audit.FlowsReplace, ready)
	if err := l.store.ReplaceFlow(ctx, acct.ID, &f, ifUpdated, ready); err != nil {
		return nil, err
	}
	return &f, nil
}

// Delete deletes a flow and returns it. The error is [ErrInUse] if a campaign that has not
// ended uses the flow. Ready may be nil.
func (l *Library) Delete(ctx context.Context, acct account.Account, name string, ready journal.Ready[*Flow]) (deleted *Flow, err error) {
	if !flowName.MatchString(name) {
		return nil, ErrNotFound
	}
	ctx, ready = audited(ctx, acct, audit.FlowsDelete, ready)
	err = l.store.DeleteFlow(ctx, acct.ID, name, func(f *Flow) *journal.Receipt {
		deleted = f
		return ready.Receipt(f)
	})
	if err != nil {
		return nil, err
	}
	return deleted, nil
}

// audited is [journal.Audited] for a flow. People name flows, so the log has a
// fingerprint.
func audited(ctx context.Context, acct account.Account, action audit.Action, ready journal.Ready[*Flow]) (context.Context, journal.Ready[*Flow]) {
	return journal.Audited(ctx, acct.ID, ready, func(f *Flow) audit.Change {
		return audit.Change{Action: action, Object: audit.Fingerprint(f.Name), Done: 1}
	})
}

// Get returns a flow, or [ErrNotFound].
func (l *Library) Get(ctx context.Context, acct account.Account, name string) (*Flow, error) {
	if !flowName.MatchString(name) {
		return nil, ErrNotFound
	}
	return l.store.Flow(ctx, acct.ID, name)
}

// There reports whether the account has a flow of this name.
func (l *Library) There(ctx context.Context, acct account.Account, name string) (bool, error) {
	_, err := l.Get(ctx, acct, name)
	if err == ErrNotFound {
		return false, nil
	}
	return err == nil, err
}

// List returns a page of the account's flows.
func (l *Library) List(ctx context.Context, acct account.Account, q Query) (Page, error) {
	return l.store.Flows(ctx, acct.ID, q)
}
