package event

import (
	"context"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/audit"
	"callbook/internal/clock"
)

// Deliveries lets people look at the events of campaigns and send them again. It is safe
// for concurrent use.
type Deliveries struct {
	store Store
	clock clock.Clock
	wake  func()
}

// NewDeliveries returns a Deliveries over a store. It calls wake when an event is to be
// sent again; wake may be [Deliverer.Wake].
func NewDeliveries(store Store, c clock.Clock, wake func()) *Deliveries {
	return &Deliveries{store: store, clock: c, wake: wake}
}

// Page returns one page of a campaign's events, oldest first unless q says otherwise. A
// campaign that does not exist has no events.
func (d *Deliveries) Page(ctx context.Context, account account.ID, campaign addressbook.SID, q Query) (Page, error) {
	return d.store.Deliveries(ctx, account, campaign, q)
}

// SendAgain queues the event with this [Event.Name] to be sent again, whatever its state,
// and returns its new state. If there is no such event, the error is [ErrNotFound].
func (d *Deliveries) SendAgain(ctx context.Context, account account.ID, campaign, name addressbook.SID) (Delivery, error) {
	id, ok := idOf(campaign, name)
	if !ok {
		return Delivery{}, ErrNotFound
	}
	ctx, _ = audit.Begin(ctx, account, audit.Change{Action: audit.CallbacksResend, Object: campaign.String(), Done: 1})
	again, err := d.store.SendAgain(ctx, account, campaign, id, d.clock.Now())
	if err == nil {
		d.wake()
	}
	return again, err
}

// SendAllAgain queues all events of a campaign that were given up, and returns how many
// there were. After an error, some of them may be queued.
func (d *Deliveries) SendAllAgain(ctx context.Context, account account.ID, campaign addressbook.SID) (n int, err error) {
	const batch = 1000
	now := d.clock.Now()
	ctx, _ = audit.Begin(ctx, account, audit.Change{Action: audit.CallbacksResend, Object: campaign.String()})
	for last := batch; last == batch && err == nil; n += last {
		last, err = d.store.SendAllAgain(ctx, account, campaign, now, batch)
	}
	if n > 0 {
		d.wake()
	}
	return n, err
}
