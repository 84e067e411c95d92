package contacttable

import (
	"context"

	"callbook/internal/account"
	"callbook/internal/addressbook"
)

// Joined is the result of adding contacts to a list.
type Joined struct {
	Added, Already, Gone int
	SIDs                 []string // of the added ones
}

// AddMembers adds contacts to a list.
func AddMembers(ctx context.Context, book *addressbook.Book, acct account.Account, list addressbook.SID, sids []addressbook.SID) (done Joined, err error) {
	results, err := book.AddToList(ctx, acct, list, Refs(sids), nil)
	for i, r := range results {
		switch r.Fault {
		case nil:
			done.Added++
			done.SIDs = append(done.SIDs, sids[i].String())
		case addressbook.ErrMember:
			done.Already++
		default:
			done.Gone++
		}
	}
	return done, err
}

// RemoveMembers removes contacts from a list, and returns the sids of those that were in
// it.
func RemoveMembers(ctx context.Context, book *addressbook.Book, acct account.Account, list addressbook.SID, sids []addressbook.SID) (removed []string, err error) {
	results, err := book.RemoveFromList(ctx, acct, list, Refs(sids), nil)
	for i, r := range results {
		if r.Fault == nil {
			removed = append(removed, sids[i].String())
		}
	}
	return removed, err
}

// Refs returns references to contacts by their sids.
func Refs(sids []addressbook.SID) []addressbook.ContactRef {
	all := make([]addressbook.ContactRef, len(sids))
	for i, sid := range sids {
		all[i].SID = sid
	}
	return all
}

// MakeList creates a list. An empty tag means none.
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
