package account_test

import (
	"net/netip"
	"testing"

	"callbook/internal/account"
	"callbook/internal/fault"
)

func TestParseAccess(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		scopes, networks         []string
		wantScopes, wantNetworks string
		refused                  fault.Field
	}{
		{nil, nil, "", "", ""},
		{[]string{"lists", " Contacts:Read", "lists"}, nil, "contacts:read lists", "", ""},
		{nil, []string{"10.0.0.0/8", "192.0.2.10", "fd00::/8", "::ffff:192.0.2.10"}, "", "10.0.0.0/8 192.0.2.10/32 fd00::/8", ""},
		{[]string{"contacts"}, nil, "", "", account.FieldScopes},
		{[]string{""}, nil, "", "", account.FieldScopes},
		{nil, []string{"10.0.0.1/8"}, "", "", account.FieldNetworks},
		{nil, []string{"::ffff:10.0.0.0/104"}, "", "", account.FieldNetworks},
		{nil, []string{"fe80::1%eth0"}, "", "", account.FieldNetworks},
		{nil, []string{"somewhere"}, "", "", account.FieldNetworks},
	} {
		a, err := account.ParseAccess(tt.scopes, tt.networks)
		if f := fault.As(err); f != nil {
			if f.Field != tt.refused || f.Kind != fault.Invalid {
				t.Errorf("%q, %q: got %v", tt.scopes, tt.networks, err)
			}
			continue
		}
		scopes, networks := a.Encode()
		if err != nil || tt.refused != "" || scopes != tt.wantScopes || networks != tt.wantNetworks {
			t.Errorf("%q, %q: got %q, %q, %v", tt.scopes, tt.networks, scopes, networks, err)
		}
		again, err := account.DecodeAccess(scopes, networks)
		if s, n := again.Encode(); err != nil || s != scopes || n != networks {
			t.Errorf("decoded again: %+v, %v", again, err)
		}
	}
}

func TestAccess(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		scopes []string
		want   map[account.Scope]bool
	}{
		{nil, map[account.Scope]bool{account.ContactsRead: true, account.Lists: true, account.Admin: true}},
		{[]string{"admin"}, map[account.Scope]bool{account.ContactsRead: true, account.CampaignsScope: true, account.Admin: true}},
		{[]string{"contacts:write"}, map[account.Scope]bool{account.ContactsRead: true, account.ContactsWrite: true, account.Imports: false, account.Admin: false}},
		{[]string{"contacts:read"}, map[account.Scope]bool{account.ContactsRead: true, account.ContactsWrite: false, account.Lists: false}},
	} {
		a, err := account.ParseAccess(tt.scopes, nil)
		if err != nil {
			t.Fatal(err)
		}
		for s, want := range tt.want {
			if got := a.Allows(s); got != want {
				t.Errorf("%v allows %s: %v", tt.scopes, s, got)
			}
		}
	}
	a, err := account.ParseAccess(nil, []string{"10.0.0.0/8", "fd00::/8"})
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]bool{"10.1.2.3": true, "::ffff:10.1.2.3": true, "11.0.0.1": false, "fd12::1": true, "fe80::1": false} {
		if got := a.From(netip.MustParseAddr(text)); got != want {
			t.Errorf("from %s: %v", text, got)
		}
	}
	if a.From(netip.Addr{}) || !(account.Access{}).From(netip.Addr{}) {
		t.Error("an unknown address is in a network, or may not use a key without one")
	}
}
