package app

import (
	"cmp"
	"context"

	"callbook/internal/account"
	"callbook/internal/event"
	"callbook/internal/store"
)

// agent returns the User-Agent of requests to URLs that API clients have given.
func (cfg Config) agent() string { return "callbook/" + cmp.Or(cfg.Version, "unknown") }

// deliverer returns the sender of callbacks.
func (cfg Config) deliverer(stores *store.Set, accounts *account.Directory) *event.Deliverer {
	return event.New(stores.Events, event.Options{
		Log: cfg.Log, Clock: cfg.Clock, Agent: cfg.agent(), Private: cfg.CallbackPrivate, Sent: cfg.Metrics.Callback,
		Secret: func(ctx context.Context, id account.ID) ([]byte, error) {
			return accounts.Secret(ctx, account.Account{ID: id}, account.Callbacks)
		},
	})
}
