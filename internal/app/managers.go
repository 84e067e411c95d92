package app

import (
	"context"
	"slices"
	"sync"
	"time"

	"callbook/internal/account"
)

// managers tells which accounts manage the trunks of the installation in the dashboard.
// Trunks belong to no account, and whoever changes them decides over the calls of all.
type managers struct {
	named    []string // sids of accounts; empty means the only account
	accounts *account.Directory

	mu    sync.Mutex
	only  string // the sid of the only account, or ""
	asked time.Time
}

// onlyFor is how long managers does not look again whether an account is the only one.
const onlyFor = 2 * time.Second

// include reports whether an account manages trunks. Whoever is signed in to the account may
// do everything: sessions begin with a link, or with a key whose scopes allow everything.
func (m *managers) include(ctx context.Context, acct account.Account) (bool, error) {
	if len(m.named) > 0 {
		return slices.Contains(m.named, acct.SID), nil
	}
	m.mu.Lock()
	only, known := m.only, time.Since(m.asked) < onlyFor
	m.mu.Unlock()
	if known {
		return acct.SID == only, nil
	}
	all, err := m.accounts.Accounts(ctx)
	if err != nil {
		return false, err
	}
	only = ""
	if len(all) == 1 {
		only = all[0].SID
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.only, m.asked = only, time.Now()
	return acct.SID == only, nil
}
