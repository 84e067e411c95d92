package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/budget"
)

// listsOfContact reads a contact's lists in pieces.
func listsOfContact(t *testing.T, f *fixture) {
	ctx := t.Context()
	all := contacts(firstNumber, 2)
	one, two := all[0], all[1]
	f.insertAllNew(t, all...)
	var want []addressbook.ListRef
	for i := range 7 {
		l := list(fmt.Sprintf("list %d", i))
		f.addLists(t, l)
		if i == 3 {
			continue
		}
		joined := f.join(t, l, one)[0].Created
		want = append(want, addressbook.ListRef{SID: l.SID, Name: l.Name, Joined: joined})
	}
	for _, limit := range []int{1, 2, 3, 6, 7} {
		var got []addressbook.ListRef
		for after := ""; ; after = got[len(got)-1].Name {
			some, err := f.Contacts.ListsOf(ctx, f.account, one.SID, after, limit)
			if err != nil {
				t.Fatal(err)
			}
			if got = append(got, some...); len(some) < limit {
				break
			}
		}
		same(t, fmt.Sprintf("lists by %d", limit), got, want)
	}
	for name, ask := range map[string]struct {
		account account.ID
		contact addressbook.SID
	}{
		"another contact": {f.account, two.SID},
		"another account": {f.account + 1, one.SID},
	} {
		got, err := f.Contacts.ListsOf(ctx, ask.account, ask.contact, "", 10)
		if err != nil || len(got) > 0 {
			t.Errorf("%s: got %v, %v", name, got, err)
		}
	}
}

// claimsOfMemory: they are made for what a method reads. One that is refused ends the method,
// and nothing was changed.
func claimsOfMemory(t *testing.T, f *fixture) {
	all := contacts(firstNumber, 200)
	var patches []addressbook.Patch
	var sids []addressbook.SID
	for _, c := range all {
		patches = append(patches, addressbook.Patch{SID: c.SID, Texts: addressbook.Changes{addressbook.Tag: set("changed")}})
		sids = append(sids, c.SID)
	}
	f.insertAllNew(t, all...)
	again := contacts(firstNumber, len(all))
	var lists []addressbook.List
	var listPatches []addressbook.ListPatch
	var listSIDs []addressbook.SID
	for i := range 200 {
		l := list(fmt.Sprintf("list %03d", i))
		lists = append(lists, l)
		listPatches = append(listPatches, addressbook.ListPatch{SID: l.SID, Tag: set("changed")})
		listSIDs = append(listSIDs, l.SID)
	}
	f.addLists(t, lists...)
	held := budget.New(256<<10, 8) // of which a request gets half, and 200 contacts weigh more
	for name, do := range map[string]func(context.Context) error{
		"page": func(ctx context.Context) error {
			_, err := f.Contacts.Contacts(ctx, f.account, addressbook.Query{Window: addressbook.Window{Limit: 1000}})
			return err
		},
		"search": func(ctx context.Context) error {
			_, err := f.Contacts.Contacts(ctx, f.account, addressbook.Query{Window: addressbook.Window{Limit: 1000, Sort: addressbook.ByName}})
			return err
		},
		"page of lists": func(ctx context.Context) error {
			_, err := f.Contacts.Lists(ctx, f.account, addressbook.ListQuery{Window: addressbook.Window{Limit: 1000}})
			return err
		},
		"insert": func(ctx context.Context) error {
			return f.Contacts.InsertContacts(ctx, f.account, again, addressbook.CreateOptions{OnDuplicate: addressbook.UpdateDuplicate},
				nil)
		},
		"update": func(ctx context.Context) error {
			return f.Contacts.UpdateContacts(ctx, f.account, patches, nil)
		},
		"delete": func(ctx context.Context) error {
			return f.Contacts.DeleteContacts(ctx, f.account, NewDeletion(), sids, nil)
		},
		"update lists": func(ctx context.Context) error {
			return f.Contacts.UpdateLists(ctx, f.account, listPatches, nil)
		},
		"delete lists": func(ctx context.Context) error {
			return f.Contacts.DeleteLists(ctx, f.account, NewDeletion(), listSIDs, nil)
		},
	} {
		ctx, share := held.Begin(t.Context())
		if err := share.Admit(f.account); err != nil {
			t.Fatal(err)
		}
		if err := do(ctx); !errors.Is(err, budget.ErrShare) {
			t.Errorf("%s: got %v", name, err)
		}
		share.End()
	}
	if memory, requests := held.InUse(); memory != 0 || requests != 0 {
		t.Errorf("%d bytes and %d places are held at the end", memory, requests)
	}
	f.holds(t, all...)
	f.listed(t, lists...)
}
