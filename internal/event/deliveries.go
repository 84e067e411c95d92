package event

import (
	"context"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/clock"
)

// Deliveries is the one door for who looks at the events of campaigns, or has them sent
// again. It is safe for concurrent use.
type Deliveries struct {
	store Store
	clock clock.Clock
	wake  func()
}

// NewDeliveries returns a Deliveries over a store. Wake is called when something is to be
// sent again; it may be [Deliverer.Wake].
func NewDeliveries(store Store, c clock.Clock, wake func()) *Deliveries {
	return &Deliveries{store: store, clock: c, wake: wake}
}

// Page returns one page of a campaign's events, the newest last unless q says otherwise.
// A campaign that is not there has none.
func (d *Deliveries) Page(ctx context.Context, account account.ID, campaign addressbook.SID, q Query) (Page, error) {
	return d.store.Deliveries(ctx, account, campaign, q)
}

// SendAgain has the event with this [Event.Name] sent again, whatever became of it, and
// returns how it is then. One that is not there is [ErrNotFound].
func (d *Deliveries) SendAgain(ctx context.Context, account account.ID, campaign, name addressbook.SID) (Delivery, error) {
	id, ok := idOf(campaign, name)
	if !ok {
		return Delivery{}, ErrNotFound
	}
	again, err := d.store.SendAgain(ctx, account, campaign, id, d.clock.Now())
	if err == nil {
		d.wake()
	}
	return again, err
}

// SendAllAgain has all events of a campaign sent again that were given up, and returns
// how many there were. An error leaves those that it came to before.
func (d *Deliveries) SendAllAgain(ctx context.Context, account account.ID, campaign addressbook.SID) (n int, err error) {
	const batch = 1000
	now := d.clock.Now()
	for last := batch; last == batch && err == nil; n += last {
		last, err = d.store.SendAllAgain(ctx, account, campaign, now, batch)
	}
	if n > 0 {
		d.wake()
	}
	return n, err
}
