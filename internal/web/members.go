package web

import (
	"context"

	"callbook/internal/account"
	"callbook/internal/addressbook"
)

// joined is what became of contacts that were put into a list.
type joined struct{ added, already, gone int }

// addMembers puts contacts into a list.
func addMembers(ctx context.Context, book *addressbook.Book, acct account.Account, list addressbook.SID, sids []addressbook.SID) (done joined, err error) {
	results, err := book.AddToList(ctx, acct, list, refs(sids), nil)
	for _, r := range results {
		switch r.Fault {
		case nil:
			done.added++
		case addressbook.ErrMember:
			done.already++
		default:
			done.gone++
		}
	}
	return done, err
}

// removeMembers takes contacts out of a list, and tells how many were in it.
func removeMembers(ctx context.Context, book *addressbook.Book, acct account.Account, list addressbook.SID, sids []addressbook.SID) (removed int, err error) {
	results, err := book.RemoveFromList(ctx, acct, list, refs(sids), nil)
	for _, r := range results {
		if r.Fault == nil {
			removed++
		}
	}
	return removed, err
}

// refs names contacts by their sids.
func refs(sids []addressbook.SID) []addressbook.ContactRef {
	all := make([]addressbook.ContactRef, len(sids))
	for i, sid := range sids {
		all[i].SID = sid
	}
	return all
}

// makeList creates a list. An empty tag is none.
func makeList(ctx context.Context, book *addressbook.Book, acct account.Account, name, tag string) (addressbook.List, error) {
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
