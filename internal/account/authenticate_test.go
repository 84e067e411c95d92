package account_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"callbook/internal/account"
	"callbook/internal/fault"
)

func TestAuthenticate(t *testing.T) {
	t.Parallel()
	o := open(t)
	a, k, token := o.create(t, "acme")
	other, otherKey, otherToken := o.create(t, "other")
	for range 2 { // the second time from memory
		for _, login := range []struct {
			key, token string
			want       account.ID
		}{
			{k.ID, token, a.ID},
			{otherKey.ID, otherToken, other.ID},
			{k.ID, otherToken, 0},
			{otherKey.ID, token, 0},
			{k.ID, "", 0},
			{k.ID, token + " ", 0},
			{k.ID, token[:63], 0},
			{k.ID, strings.ToUpper(token), 0},
			{strings.ToUpper(k.ID), token, 0},
			{"acme", token, 0},
			{"", token, 0},
			{"", "", 0},
		} {
			got, err := o.Authenticate(t.Context(), login.key, login.token)
			if login.want == 0 {
				// One answer to all, so that nobody learns which keys there are.
				isFault(t, err, fault.Unauthenticated)
				if got.Account.ID != 0 || err.Error() != "The API key or token is wrong or missing" {
					t.Errorf("key %q: got %+v, %v", login.key, got, err)
				}
			} else if err != nil || got.Account.ID != login.want || got.Account.TimeZone == nil || got.Key != login.key {
				t.Errorf("key %q: got %+v, %v", login.key, got, err)
			}
		}
	}
	if _, err := o.RevokeKey(t.Context(), k.ID); err != nil {
		t.Fatal(err)
	}
	o.clock.Add(time.Second)
	_, err := o.Authenticate(t.Context(), k.ID, token)
	isFault(t, err, fault.Unauthenticated)
}

// TestRevokedElsewhere has the command revoke a key that a server knows.
func TestRevokedElsewhere(t *testing.T) {
	t.Parallel()
	server := open(t)
	command := account.NewDirectory(server.store, server.clock)
	_, k, token := server.create(t, "acme")
	// As a busy server does, it asks again and again: what it knows of the
	// key must not become younger by being used.
	authenticate := func() error {
		_, err := server.Authenticate(t.Context(), k.ID, token)
		return err
	}
	if err := authenticate(); err != nil {
		t.Fatal(err)
	}
	revoked, err := command.RevokeKey(t.Context(), k.ID)
	if err != nil || !revoked.Revoked.Equal(start) {
		t.Fatalf("the revoked key is %+v, %v", revoked, err)
	}
	const step = 10 * time.Millisecond
	for passed := time.Duration(0); passed < time.Second; passed += step {
		if err := authenticate(); err != nil {
			isFault(t, err, fault.Unauthenticated)
		}
		server.clock.Add(step)
	}
	for range 3 {
		isFault(t, authenticate(), fault.Unauthenticated)
		server.clock.Add(time.Second)
	}
	again, err := command.RevokeKey(t.Context(), k.ID)
	if err != nil || !again.Revoked.Equal(start) {
		t.Errorf("revoked a second time it is %+v, %v", again, err)
	}
}

func TestLastUse(t *testing.T) {
	t.Parallel()
	o := open(t)
	_, k, token := o.create(t, "acme")
	if err := o.FlushUsed(t.Context()); err != nil {
		t.Fatal(err)
	}
	used := func() time.Time {
		t.Helper()
		if err := o.FlushUsed(t.Context()); err != nil {
			t.Fatal(err)
		}
		keys, err := o.Keys(t.Context(), "acme")
		if err != nil || len(keys) != 1 {
			t.Fatalf("the keys are %+v, %v", keys, err)
		}
		return keys[0].LastUsed
	}
	if at := used(); !at.IsZero() {
		t.Errorf("a key that was never used was used at %v", at)
	}
	for range 3 {
		o.clock.Add(7 * time.Second)
		if _, err := o.Authenticate(t.Context(), k.ID, token); err != nil {
			t.Fatal(err)
		}
	}
	o.clock.Add(time.Hour)
	if _, err := o.Authenticate(t.Context(), k.ID, "wrong"); err == nil {
		t.Fatal("a wrong token was accepted")
	}
	if at := used(); !at.Equal(start.Add(21 * time.Second)) {
		t.Errorf("the last use was %v, want that of the last good token", at.Sub(start))
	}
}

func TestConcurrentAuthenticate(t *testing.T) {
	t.Parallel()
	o := open(t)
	a, k, token := o.create(t, "acme")
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			for range 20 {
				got, err := o.Authenticate(t.Context(), k.ID, token)
				if err != nil || got.Account.ID != a.ID {
					t.Errorf("got %+v, %v", got, err)
				}
				if _, err := o.Authenticate(t.Context(), k.ID, "wrong"); err == nil {
					t.Error("a wrong token was accepted")
				}
				o.clock.Add(50 * time.Millisecond)
				if i%4 == 0 {
					if err := o.FlushUsed(t.Context()); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	all.Wait()
	if err := o.FlushUsed(t.Context()); err != nil {
		t.Error(err)
	}
	c, err := o.store.Credentials(t.Context(), k.ID)
	if err != nil || !c.Key.LastUsed.After(start) {
		t.Errorf("the last use is %v, %v", c.Key.LastUsed, err)
	}
}
