package app

import (
	"cmp"
	"context"

	"callbook/internal/account"
	"callbook/internal/event"
	"callbook/internal/store"
)

// deliverer returns the sender of callbacks.
func (cfg Config) deliverer(stores *store.Set, accounts *account.Directory) *event.Deliverer {
	return event.New(stores.Events, event.Options{
		Log: cfg.Log, Clock: cfg.Clock, Agent: "callbook/" + cmp.Or(cfg.Version, "unknown"), Private: cfg.CallbackPrivate,
		Secret: func(ctx context.Context, id account.ID) ([]byte, error) {
			return accounts.Secret(ctx, account.Account{ID: id}, account.Callbacks)
		},
	})
}
