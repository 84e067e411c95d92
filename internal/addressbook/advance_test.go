package addressbook_test

import (
	"context"
	"errors"
	"testing"

	"callbook/internal/account"
	"callbook/internal/addressbook"
)

// stuckStore answers each page with the same one, as a damaged table does.
type stuckStore struct {
	addressbook.Store
	next addressbook.Position
}

func (s stuckStore) Contacts(context.Context, account.ID, addressbook.Query) (addressbook.Page, error) {
	return addressbook.Page{Contacts: make([]addressbook.Contact, 1), Next: &s.next}, nil
}

func (s stuckStore) Lists(context.Context, account.ID, addressbook.ListQuery) (addressbook.ListPage, error) {
	return addressbook.ListPage{Lists: make([]addressbook.List, 1), Next: &s.next}, nil
}

// TestPagesAdvance goes on from page to page of a store whose pages do not
// advance, or do.
func TestPagesAdvance(t *testing.T) {
	t.Parallel()
	acct := account.Account{ID: 1, SID: "acme", Region: "IN"}
	one, two := addressbook.SID{1}, addressbook.SID{2}
	for name, tt := range map[string]struct {
		sort        addressbook.SortField
		after, next addressbook.Position
		up, down    bool // whether it advances
	}{
		"same":           {after: addressbook.Position{SID: one}, next: addressbook.Position{SID: one}},
		"later":          {after: addressbook.Position{SID: one}, next: addressbook.Position{SID: two}, up: true},
		"earlier":        {after: addressbook.Position{SID: two}, next: addressbook.Position{SID: one}, down: true},
		"same name":      {addressbook.ByName, addressbook.Position{Key: "a", SID: one}, addressbook.Position{Key: "a", SID: one}, false, false},
		"later name":     {addressbook.ByName, addressbook.Position{Key: "a", SID: two}, addressbook.Position{Key: "b", SID: one}, true, false},
		"later of name":  {addressbook.ByName, addressbook.Position{Key: "a", SID: one}, addressbook.Position{Key: "a", SID: two}, true, false},
		"longer date":    {addressbook.ByUpdated, addressbook.Position{Key: "9", SID: two}, addressbook.Position{Key: "10", SID: one}, true, false},
		"same date":      {addressbook.ByUpdated, addressbook.Position{Key: "9", SID: one}, addressbook.Position{Key: "9", SID: one}, false, false},
		"made up cursor": {addressbook.ByUpdated, addressbook.Position{Key: "x", SID: one}, addressbook.Position{Key: "9", SID: one}, true, true},
	} {
		book := addressbook.New(stuckStore{next: tt.next}, addressbook.Options{})
		for desc, advances := range map[bool]bool{false: tt.up, true: tt.down} {
			w := addressbook.Window{Limit: 1, Sort: tt.sort, Desc: desc, After: &tt.after}
			_, err := book.Contacts(t.Context(), acct, addressbook.Query{Window: w})
			_, listErr := book.Lists(t.Context(), acct, addressbook.ListQuery{Window: w})
			for _, err := range []error{err, listErr} {
				if errors.Is(err, addressbook.ErrNoAdvance) == advances || advances && err != nil {
					t.Errorf("%s, descending %t: the error is %v", name, desc, err)
				}
			}
		}
	}
}
