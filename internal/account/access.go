package account

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"callbook/internal/clientaddr"
	"callbook/internal/fault"
)

// Scope is a part of the API that a key may be restricted to.
type Scope string

// The scopes.
const (
	ContactsRead   Scope = "contacts:read"  // read and export contacts
	ContactsWrite  Scope = "contacts:write" // read and change contacts
	Lists          Scope = "lists"          // read and change lists and their members
	Imports        Scope = "imports"        // upload files of contacts, and read what became of them
	CampaignsScope Scope = "campaigns"      // campaigns, flows, recordings and suppressions
	Admin          Scope = "admin"          // everything, and signing in to the dashboard
)

// Scopes returns all scopes.
func Scopes() []Scope {
	return []Scope{ContactsRead, ContactsWrite, Lists, Imports, CampaignsScope, Admin}
}

// Access restricts what a key may do, and from where. The zero Access allows everything,
// from anywhere.
type Access struct {
	Scopes   []Scope // sorted; none means all
	Networks []netip.Prefix
}

const (
	// MaxNetworks bounds the networks of a key.
	MaxNetworks = 32

	FieldScopes   fault.Field = "scopes"
	FieldNetworks fault.Field = "networks"
)

// ParseAccess returns the Access that these texts describe. Scopes are their names, and
// networks are as "10.0.0.0/8", or a single address. The error is an Invalid fault.
func ParseAccess(scopes, networks []string) (a Access, err error) {
	for _, text := range scopes {
		s := Scope(strings.ToLower(strings.TrimSpace(text)))
		if !slices.Contains(Scopes(), s) {
			return Access{}, fault.InvalidField(FieldScopes, fmt.Sprintf("there is no scope %q; they are %s", text, ScopeList(Scopes())))
		}
		a.Scopes = append(a.Scopes, s)
	}
	slices.Sort(a.Scopes)
	a.Scopes = slices.Compact(a.Scopes)
	for _, text := range networks {
		network, err := clientaddr.ParseNetwork(strings.TrimSpace(text))
		if err != nil {
			return Access{}, fault.InvalidField(FieldNetworks, err.Error())
		}
		if !slices.Contains(a.Networks, network) {
			a.Networks = append(a.Networks, network)
		}
	}
	if len(a.Networks) > MaxNetworks {
		return Access{}, fault.InvalidField(FieldNetworks, fmt.Sprintf("a key has at most %d networks", MaxNetworks))
	}
	return a, nil
}

// Allows reports whether the scopes include one.
func (a Access) Allows(s Scope) bool {
	return len(a.Scopes) == 0 || slices.Contains(a.Scopes, s) || slices.Contains(a.Scopes, Admin) ||
		s == ContactsRead && slices.Contains(a.Scopes, ContactsWrite)
}

// From reports whether requests may come from an address. An unknown address is in no
// network.
func (a Access) From(addr netip.Addr) bool {
	return len(a.Networks) == 0 || slices.ContainsFunc(a.Networks, func(n netip.Prefix) bool { return n.Contains(addr.Unmap()) })
}

// ScopeList returns the names of scopes, as "contacts:read, lists".
func ScopeList(scopes []Scope) string {
	names := make([]string, len(scopes))
	for i, s := range scopes {
		names[i] = string(s)
	}
	return strings.Join(names, ", ")
}

// Encode returns the Access as two texts for a store. Each is "" if there is no
// restriction.
func (a Access) Encode() (scopes, networks string) {
	parts := make([]string, len(a.Networks))
	for i, n := range a.Networks {
		parts[i] = n.String()
	}
	return strings.ReplaceAll(ScopeList(a.Scopes), ", ", " "), strings.Join(parts, " ")
}

// DecodeAccess is the opposite of [Access.Encode].
func DecodeAccess(scopes, networks string) (Access, error) {
	return ParseAccess(strings.Fields(scopes), strings.Fields(networks))
}

// ErrWrongNetwork is the fault of a key that is used from outside of its networks.
var ErrWrongNetwork = fault.New(fault.Forbidden, "The API key may not be used from this address")

// LacksScope returns the fault of a request that needs another scope.
func LacksScope(s Scope) error {
	return fault.New(fault.Forbidden, fmt.Sprintf("The API key lacks the scope %q", s))
}

// fields returns the names of the fields that restrict the key.
func (a Access) fields() (names []string) {
	if len(a.Networks) > 0 {
		names = append(names, string(FieldNetworks))
	}
	if len(a.Scopes) > 0 {
		names = append(names, string(FieldScopes))
	}
	return names
}
