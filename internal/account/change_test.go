package account_test

import (
	"testing"
	"time"

	"callbook/internal/account"
	"callbook/internal/fault"
)

// TestChangedElsewhere has the command change an account that a server knows.
func TestChangedElsewhere(t *testing.T) {
	t.Parallel()
	server := open(t)
	command := account.NewDirectory(server.store, server.clock)
	_, k, token := server.create(t, "acme")
	authenticate := func() (account.Account, error) {
		server.clock.Add(time.Second)
		caller, err := server.Authenticate(t.Context(), k.ID, token)
		return caller.Account, err
	}
	if _, err := authenticate(); err != nil {
		t.Fatal(err)
	}
	_, err := command.Change(t.Context(), "acme", func(a *account.Account) {
		a.SID, a.Region, a.TimeZone, a.RequestsAMinute = "new", "GB", time.UTC, 200
	})
	if err != nil {
		t.Fatal(err)
	}
	if a, err := authenticate(); err != nil || a.SID != "new" || a.Region != "GB" || a.TimeZone != time.UTC || a.RequestsAMinute != 200 {
		t.Errorf("the server has %+v, %v", a, err)
	}
	disabled, err := command.Disable(t.Context(), "new")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := authenticate(); err != account.ErrDisabled {
		t.Errorf("a disabled account: %v", err)
	}
	if again, err := command.Disable(t.Context(), "new"); err != nil || !again.Disabled.Equal(disabled.Disabled) {
		t.Errorf("disabled twice, it is since %v, not %v: %v", again.Disabled, disabled.Disabled, err)
	}
	if _, err := command.Enable(t.Context(), "new"); err != nil {
		t.Fatal(err)
	}
	if _, err := authenticate(); err != nil {
		t.Errorf("enabled again: %v", err)
	}
}

func TestChangeRules(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.create(t, "acme")
	o.create(t, "other")
	for name, tt := range map[string]struct {
		sid    string
		change func(*account.Account)
		want   fault.Kind
	}{
		"unknown":       {"nobody", func(*account.Account) {}, fault.NotFound},
		"sid":           {"acme", func(a *account.Account) { a.SID = "a b" }, fault.Invalid},
		"sid taken":     {"acme", func(a *account.Account) { a.SID = "other" }, fault.Duplicate},
		"region":        {"acme", func(a *account.Account) { a.Region = "XX" }, fault.Invalid},
		"below nothing": {"acme", func(a *account.Account) { a.RequestsAMinute = -1 }, fault.Invalid},
		"too many":      {"acme", func(a *account.Account) { a.RequestsAMinute = account.MaxRequestsAMinute + 1 }, fault.Invalid},
	} {
		_, err := o.Change(t.Context(), tt.sid, tt.change)
		if !fault.Is(err, tt.want) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if a, err := o.Account(t.Context(), "acme"); err != nil || a.Region != account.DefaultRegion || a.RequestsAMinute != 0 {
		t.Errorf("what was refused has changed it: %+v, %v", a, err)
	}
}
