package contacttable

import (
	"context"

	"callbook/internal/account"
	"callbook/internal/addressbook"
)

// Joined is what became of contacts that were put into a list.
type Joined struct{ Added, Already, Gone int }

// AddMembers puts contacts into a list.
func AddMembers(ctx context.Context, book *addressbook.Book, acct account.Account, list addressbook.SID, sids []addressbook.SID) (done Joined, err error) {
	results, err := book.AddToList(ctx, acct, list, Refs(sids), nil)
	for _, r := range results {
		switch r.Fault {
		case nil:
			done.Added++
		case addressbook.ErrMember:
			done.Already++
		default:
			done.Gone++
		}
	}
	return done, err
}

// RemoveMembers takes contacts out of a list, and tells how many were in it.
func RemoveMembers(ctx context.Context, book *addressbook.Book, acct account.Account, list addressbook.SID, sids []addressbook.SID) (removed int, err error) {
	results, err := book.RemoveFromList(ctx, acct, list, Refs(sids), nil)
	for _, r := range results {
		if r.Fault == nil {
			removed++
		}
	}
	return removed, err
}

// Refs names contacts by their sids.
func Refs(sids []addressbook.SID) []addressbook.ContactRef {
	all := make([]addressbook.ContactRef, len(sids))
	for i, sid := range sids {
		all[i].SID = sid
	}
	return all
}

// MakeList creates a list. An empty tag is none.
func MakeList(ctx context.Context, book *addressbook.Book, acct account.Account, name, tag string) (addressbook.List, error) {
	draft := addressbook.ListDraft{Name: addressbook.Given(name), Tag: addressbook.Text{Value: tag, Given: tag != ""}}
	results, err := book.CreateLists(ctx, acct, []addressbook.ListDraft{draft}, nil)
	if err == nil {
		err = results[0].Fault
	}
	if err != nil {
		return addressbook.List{}, err
	}
	return *results[0].List, nil
}
