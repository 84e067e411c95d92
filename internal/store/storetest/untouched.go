package storetest

import (
	"context"
	"errors"
	"testing"

	"callbook/internal/addressbook"
)

// cancelledEdits are given up before they begin: they change nothing.
func cancelledEdits(t *testing.T, f *fixture) {
	c, d := contact(firstNumber), contact(firstNumber+1)
	l := list("list")
	f.insertAllNew(t, c, d)
	f.addLists(t, l)
	f.join(t, l, c)
	l.ContactCount = 1
	reason := errors.New("the client went away")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(reason)
	book := patching(f.Contacts, moment())
	for name, edit := range map[string]func() error{
		"update contacts": func() error {
			_, err := book.UpdateContacts(ctx, f.acct, []addressbook.Patch{{SID: c.SID, Number: setNumber(firstNumber + 9)}}, nil)
			return err
		},
		"delete contacts": func() error {
			return f.Contacts.DeleteContacts(ctx, f.account, NewDeletion(), []addressbook.SID{c.SID}, nil)
		},
		"insert lists": func() error {
			return f.Contacts.InsertLists(ctx, f.account, []addressbook.List{list("another")}, nil)
		},
		"update lists": func() error {
			_, err := book.UpdateLists(ctx, f.acct, []addressbook.ListPatch{{SID: l.SID, Name: set("another")}}, nil)
			return err
		},
		"delete lists": func() error {
			return f.Contacts.DeleteLists(ctx, f.account, NewDeletion(), []addressbook.SID{l.SID}, nil)
		},
		"add members": func() error {
			return f.Contacts.AddMembers(ctx, f.account, l.SID, joining(l, d.SID), nil)
		},
		"remove members": func() error {
			return f.Contacts.RemoveMembers(ctx, f.account, l.SID, []addressbook.SID{c.SID}, nil)
		},
	} {
		for range 20 {
			if err := edit(); !errors.Is(err, context.Canceled) && !errors.Is(err, reason) {
				t.Fatalf("%s: the error is %v, want that of the context", name, err)
			}
		}
	}
	f.holds(t, c, d)
	f.listed(t, l)
	f.hasMembers(t, l, c)
	f.insertAllNew(t, contact(firstNumber+9))
}

// editsApart has the same sids in two accounts, as a contact and a list of each
// can have: what is done to one is not done to the other.
func editsApart(t *testing.T, f *fixture) {
	other := &fixture{Stores: f.Stores, acct: addAccount(t, f.Accounts, "other")}
	other.account = other.acct.ID
	mine, theirs := contacts(firstNumber, 2), contacts(firstNumber, 2)
	myList, theirList := list("list"), list("list")
	theirList.SID = myList.SID
	for i := range theirs {
		theirs[i].SID = mine[i].SID
		theirs[i].Texts[addressbook.LastName] = addressbook.Given("of the other account")
	}
	f.insertAllNew(t, mine...)
	other.insertAllNew(t, theirs...)
	f.addLists(t, myList)
	other.addLists(t, theirList)
	joined := f.join(t, myList, mine...)[0].Created
	other.join(t, theirList, theirs...)
	second := list("a second list")
	other.addLists(t, second)
	other.join(t, second, theirs...)

	page := getPage(t, f.Contacts, f.account, addressbook.Query{Window: addressbook.Window{Limit: 1}, WithLists: true})
	same(t, "lists of a contact", page.Lists, [][]addressbook.ListRef{{{SID: myList.SID, Name: "list", Joined: joined}}})
	results, at := f.update(t, addressbook.Patch{SID: mine[1].SID, Texts: addressbook.Changes{addressbook.Tag: set("mine")}, Number: setNumber(firstNumber + 9)})
	mine[1].Texts[addressbook.Tag], mine[1].Number, mine[1].Updated = addressbook.Given("mine"), firstNumber+9, at
	same(t, "results", results, []addressbook.Result{became(mine[1])})
	f.delete(t, mine[0].SID)
	f.hasMembers(t, myList, mine[1])
	other.holds(t, theirs...)
	other.hasMembers(t, theirList, theirs...)
	other.hasMembers(t, second, theirs...)

	f.deleteLists(t, myList.SID)
	f.listed(t)
	other.hasMembers(t, theirList, theirs...)
	other.hasMembers(t, second, theirs...)
}
