package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/audit"
	"callbook/internal/auditlog"
	"callbook/internal/clock"
	"callbook/internal/journal"
	"callbook/internal/phone"
	"callbook/internal/trash"
)

// Audit runs the contract of [auditlog.Store], and what stores promise about the entries
// of other writes. Open gives each test a database of its own, as for [AddressBook].
func Audit(t *testing.T, open func(t *testing.T) Stores) {
	run(t, func(t *testing.T) *fixture { return newFixture(t, open(t)) }, []test[*fixture]{
		{"entries of inserts", insertEntries},
		{"entries of updates", updateEntries},
		{"entries of the trash", trashEntries},
		{"nothing without a change", noEntries},
		{"control writes", controlEntries},
		{"pages of entries", entryPages},
		{"filters of entries", entryFilters},
		{"histories", histories},
		{"old entries", oldEntries},
	})
}

// audited returns the context of a request.
func audited(ctx context.Context) context.Context {
	return audit.From(ctx, &audit.Origin{Actor: audit.ByKey("k"), Address: "192.0.2.1", Request: "r", Now: moment})
}

func (f *fixture) entries(t *testing.T, q auditlog.Query) []audit.Entry {
	t.Helper()
	if q.Limit == 0 {
		q.Limit = 100
	}
	page, err := f.Audit.AuditEntries(t.Context(), f.account, q)
	if err != nil {
		t.Fatal(err)
	}
	return page.Entries
}

// told checks the newest entries, as "action done failed", and clears the log.
func (f *fixture) told(t *testing.T, what string, want ...string) []audit.Entry {
	t.Helper()
	all := f.entries(t, auditlog.Query{})
	var got []string
	for _, e := range all {
		got = append(got, fmt.Sprintf("%s %d %d", e.Action, e.Done, e.Failed))
		if e.Actor != audit.ByKey("k") || e.Address != "192.0.2.1" || e.Request != "r" || e.Account != int64(f.account) {
			t.Errorf("%s: an entry says %+v", what, e)
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	same(t, what, got, want)
	if _, err := f.Audit.DeleteAuditEntries(t.Context(), f.account, audit.FirstSID(moment().Add(time.Hour)), 1000); err != nil {
		t.Fatal(err)
	}
	return all
}

func drafts(first phone.Number, n int) []addressbook.Draft {
	all := make([]addressbook.Draft, n)
	for i := range all {
		all[i].Number = addressbook.Given("+" + fmt.Sprint(int64(first)+int64(i)))
	}
	return all
}

// insertEntries inserts few and many contacts, with and without a receipt: stores insert
// them in different ways.
func insertEntries(t *testing.T, f *fixture) {
	book := addressbook.New(f.Contacts, addressbook.Options{})
	number := firstNumber
	for _, n := range []int{1, 20, 120, 1200} {
		for _, keyed := range []bool{false, true} {
			ctx := audited(t.Context())
			var ready journal.Ready[[]addressbook.Result]
			if keyed {
				key := fmt.Sprint("key-", n)
				ctx = journal.WithClaim(ctx, journal.Claim{Key: key})
				ready = func([]addressbook.Result) *journal.Receipt { return &journal.Receipt{Key: key, Created: moment()} }
			}
			what := fmt.Sprintf("%d contacts, with a key: %v", n, keyed)
			made, err := book.CreateContacts(ctx, f.acct, append(drafts(number, n), addressbook.Draft{}), addressbook.CreateOptions{}, ready)
			if err != nil {
				t.Fatal(err)
			}
			entries := f.told(t, what, fmt.Sprintf("contacts.create %d 1", n))
			for _, r := range made[:n] {
				if len(entries) != 1 || !entries[0].Subjects.Contains(r.Contact.SID) {
					t.Fatalf("%s: the entry does not tell of %s", what, r.Contact.SID)
				}
			}
			number += phone.Number(n)
		}
	}
	// Half of them are there.
	for _, n := range []int{2, 40, 1000} {
		for on, want := range map[addressbook.OnDuplicate][]string{
			addressbook.RejectDuplicate: {fmt.Sprintf("contacts.create %d %d", n/2, n/2)},
			addressbook.UpdateDuplicate: {fmt.Sprintf("contacts.create %d 0", n/2), fmt.Sprintf("contacts.update %d 0", n/2)},
		} {
			if _, err := book.CreateContacts(audited(t.Context()), f.acct, drafts(number-phone.Number(n/2), n), addressbook.CreateOptions{OnDuplicate: on}, nil); err != nil {
				t.Fatal(err)
			}
			f.told(t, fmt.Sprintf("%d, of which half are there, %v", n, on), want...)
			number += phone.Number(n / 2)
		}
	}
}

func updateEntries(t *testing.T, f *fixture) {
	book := addressbook.New(f.Contacts, addressbook.Options{})
	ctx := audited(t.Context())
	made, err := book.CreateContacts(ctx, f.acct, drafts(firstNumber, 3), addressbook.CreateOptions{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	f.told(t, "creation", "contacts.create 3 0")
	patches := make([]addressbook.Patch, 4)
	for i := range made {
		patches[i].SID = made[i].Contact.SID
		patches[i].Texts[addressbook.Tag] = addressbook.Change{Set: true, Text: addressbook.Given("new")}
	}
	patches[2].Texts[addressbook.Tag].Text = addressbook.Text{} // which it is
	if _, err := book.UpdateContacts(ctx, f.acct, patches, nil); err != nil {
		t.Fatal(err)
	}
	entries := f.told(t, "update", "contacts.update 2 1")
	if len(entries) == 1 {
		e := entries[0]
		same(t, "fields", e.Fields, []string{"tag"})
		for i, r := range made {
			if got := e.Subjects.Contains(r.Contact.SID); got != (i < 2) {
				t.Errorf("the entry tells of contact %d: %v", i, got)
			}
		}
	}
	lists, err := book.CreateLists(ctx, f.acct, []addressbook.ListDraft{{Name: addressbook.Given("a")}, {Name: addressbook.Given("a")}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	f.told(t, "lists", "lists.create 1 1")
	list := lists[0].List.SID
	refs := []addressbook.ContactRef{{SID: made[0].Contact.SID}, {SID: made[1].Contact.SID}, {SID: list}}
	if _, err := book.AddToList(ctx, f.acct, list, refs, nil); err != nil {
		t.Fatal(err)
	}
	f.told(t, "members", "members.add 2 1")
	if _, err := book.RemoveFromList(ctx, f.acct, list, refs[:1], nil); err != nil {
		t.Fatal(err)
	}
	if e := f.told(t, "members", "members.remove 1 0"); len(e) == 1 && e[0].Object != list.String() {
		t.Errorf("members of list %s", e[0].Object)
	}
}

func trashEntries(t *testing.T, f *fixture) {
	book := addressbook.New(f.Contacts, addressbook.Options{})
	keeper := trash.NewKeeper(f.Trash, book, trash.Options{})
	ctx := audited(t.Context())
	made, err := book.CreateContacts(ctx, f.acct, drafts(firstNumber, 3), addressbook.CreateOptions{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	refs := make([]addressbook.ContactRef, len(made))
	for i, r := range made {
		refs[i].SID = r.Contact.SID
	}
	f.told(t, "creation", "contacts.create 3 0")
	if _, err := book.DeleteContacts(ctx, f.acct, book.NewDeletion(), refs, nil); err != nil {
		t.Fatal(err)
	}
	f.told(t, "deletion", "contacts.delete 3 0")
	if _, err := keeper.RestoreContacts(ctx, f.acct, refs[:1], nil); err != nil {
		t.Fatal(err)
	}
	f.told(t, "restoring", "contacts.restore 1 0")
	if _, err := keeper.EraseContacts(ctx, f.acct, refs[:2], nil); err != nil {
		t.Fatal(err)
	}
	f.told(t, "erasing", "contacts.erase 1 1")
	if _, err := keeper.Empty(ctx, f.acct); err != nil {
		t.Fatal(err)
	}
	f.told(t, "emptying", "trash.empty 1 0")
	if _, err := keeper.Empty(ctx, f.acct); err != nil {
		t.Fatal(err)
	}
	f.told(t, "emptying again")
}

// noEntries makes writes that change nothing, and one that fails.
func noEntries(t *testing.T, f *fixture) {
	book := addressbook.New(f.Contacts, addressbook.Options{})
	ctx := audited(t.Context())
	if _, err := book.CreateContacts(ctx, f.acct, drafts(firstNumber, 2), addressbook.CreateOptions{}, nil); err != nil {
		t.Fatal(err)
	}
	f.told(t, "creation", "contacts.create 2 0")
	for range 2 {
		if _, err := book.CreateContacts(ctx, f.acct, drafts(firstNumber, 2), addressbook.CreateOptions{}, nil); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := book.CreateContacts(ctx, f.acct, drafts(firstNumber+9, 60), addressbook.CreateOptions{DryRun: true}, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := book.DeleteContacts(ctx, f.acct, book.NewDeletion(), []addressbook.ContactRef{{}}, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := book.AddToList(ctx, f.acct, addressbook.SID{1}, []addressbook.ContactRef{{}}, nil); err == nil {
		t.Error("there is no such list")
	}
	f.told(t, "nothing")
	// A receipt that is there refuses the write.
	keyed := journal.WithClaim(ctx, journal.Claim{Key: "key"})
	for i, n := range []int{1, 1, 120} {
		_, err := book.CreateContacts(keyed, f.acct, drafts(firstNumber+100*phone.Number(i+1), n), addressbook.CreateOptions{}, func([]addressbook.Result) *journal.Receipt {
			return &journal.Receipt{Key: "key", Created: moment()}
		})
		if i > 0 && !errors.Is(err, journal.ErrTaken) {
			t.Errorf("the same key again: %v", err)
		}
	}
	f.told(t, "a key", "contacts.create 1 0")
	if f.FailCommits != nil {
		f.FailCommits(errors.New("the disk is full"))
		if _, err := book.CreateContacts(ctx, f.acct, drafts(firstNumber+800, 1), addressbook.CreateOptions{}, nil); err == nil {
			t.Error("the commit did not fail")
		}
		f.FailCommits(nil)
		f.told(t, "a failed commit")
	}
}

func controlEntries(t *testing.T, f *fixture) {
	ctx := audited(t.Context())
	d := account.NewDirectory(f.Accounts, clock.System)
	k, _, err := d.CreateKey(ctx, f.acct.SID, account.KeyDraft{Name: "n"})
	if err != nil {
		t.Fatal(err)
	}
	if e := f.told(t, "a key", "keys.create 1 0"); len(e) == 1 && e[0].Object != k.ID {
		t.Errorf("the entry is of the key %s, want %s", e[0].Object, k.ID)
	}
	for range 2 {
		if _, err := d.RevokeKey(ctx, k.ID); err != nil {
			t.Fatal(err)
		}
	}
	f.told(t, "revoked twice", "keys.revoke 1 0")
	other, err := d.Create(ctx, "other", "IN", "UTC")
	if err != nil {
		t.Fatal(err)
	}
	page, err := f.Audit.AuditEntries(ctx, other.ID, auditlog.Query{Limit: 9})
	if err != nil || len(page.Entries) != 1 || page.Entries[0].Action != audit.AccountsCreate || page.Entries[0].Object != "other" {
		t.Errorf("the log of the new account has %+v, %v", page.Entries, err)
	}
}

// add adds an entry that tells of a change.
func (f *fixture) add(t *testing.T, actor audit.Actor, c audit.Change) audit.Entry {
	t.Helper()
	if c.Done = max(c.Done, 1); c.Action == "" {
		c.Action = audit.ContactsUpdate
	}
	ctx, note := audit.Begin(audit.By(audited(t.Context()), actor), f.account, c)
	if err := f.Audit.AddAuditEntries(ctx, note); err != nil {
		t.Fatal(err)
	}
	return f.entries(t, auditlog.Query{Limit: 1})[0]
}

func entryPages(t *testing.T, f *fixture) {
	var want []audit.Entry
	for i := range 7 {
		want = append([]audit.Entry{f.add(t, audit.Server, audit.Change{Done: i + 1, Fields: []string{"name", "tag"}, Object: fmt.Sprint("o", i%2)})}, want...)
	}
	f.reopen()
	var got []audit.Entry
	for q := (auditlog.Query{Limit: 3}); ; {
		page, err := f.Audit.AuditEntries(t.Context(), f.account, q)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, page.Entries...)
		if q.Before = page.Next; q.Before == ([16]byte{}) {
			break
		}
	}
	same(t, "all pages", got, want)
	same(t, "of a time", f.entries(t, auditlog.Query{From: want[4].Time(), Until: want[1].Time()}), want[2:5])
	if n := len(f.entries(t, auditlog.Query{Object: "o1"})); n != 3 {
		t.Errorf("%d entries of an object", n)
	}
}

func entryFilters(t *testing.T, f *fixture) {
	for _, actor := range []audit.Actor{audit.ByKey("a"), audit.ByKey("b"), audit.ByCommand(""), audit.ByCommand("7"), audit.Server} {
		for _, action := range []audit.Action{audit.ContactsCreate, audit.ContactsDelete, audit.ListsCreate} {
			f.add(t, actor, audit.Change{Action: action})
		}
	}
	for _, tt := range []struct {
		q    auditlog.Query
		want int
	}{
		{auditlog.Query{Action: audit.ContactsCreate}, 5},
		{auditlog.Query{Action: "contacts."}, 10},
		{auditlog.Query{Action: "contacts"}, 0},
		{auditlog.Query{Actor: audit.ByKey("a")}, 3},
		{auditlog.Query{Actor: "key"}, 6},
		{auditlog.Query{Actor: "command"}, 6},
		{auditlog.Query{Actor: "key", Action: "lists."}, 2},
		{auditlog.Query{Actor: "x\x00", Action: "\xff"}, 0},
	} {
		if got := len(f.entries(t, tt.q)); got != tt.want {
			t.Errorf("%+v: %d entries, want %d", tt.q, got, tt.want)
		}
	}
}

func histories(t *testing.T, f *fixture) {
	book := addressbook.New(f.Contacts, addressbook.Options{})
	ctx := audited(t.Context())
	made, err := book.CreateContacts(ctx, f.acct, drafts(firstNumber, 100), addressbook.CreateOptions{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := book.CreateContacts(ctx, f.acct, drafts(firstNumber+200, 100), addressbook.CreateOptions{}, nil); err != nil {
		t.Fatal(err)
	}
	var some []addressbook.SID
	for i, r := range made {
		if i%2 == 0 {
			some = append(some, r.Contact.SID)
		}
	}
	list := made[7].Contact.SID // any sid
	f.add(t, audit.Server, audit.Change{Action: audit.ContactsDelete, Subjects: audit.Some(some)})
	f.add(t, audit.Server, audit.Change{Action: audit.MembersAdd, Subjects: audit.One(made[4].Contact.SID), Object: list.String()})
	for at, want := range map[int][]audit.Action{
		0: {audit.ContactsDelete, audit.ContactsCreate}, 1: {audit.ContactsCreate}, 99: {audit.ContactsCreate},
		4: {audit.MembersAdd, audit.ContactsDelete, audit.ContactsCreate}, 7: {audit.MembersAdd, audit.ContactsCreate},
	} {
		var got []audit.Action
		q := auditlog.Query{Of: made[at].Contact.SID, Limit: 1}
		for {
			page, err := f.Audit.AuditEntries(t.Context(), f.account, q)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range page.Entries {
				got = append(got, e.Action)
			}
			if q.Before = page.Next; q.Before == ([16]byte{}) {
				break
			}
		}
		same(t, fmt.Sprintf("the history of contact %d", at), got, want)
	}
}

func oldEntries(t *testing.T, f *fixture) {
	for range 5 {
		f.add(t, audit.Server, audit.Change{})
	}
	all := f.entries(t, auditlog.Query{})
	for _, want := range []int{2, 1, 0} {
		deleted, err := f.Audit.DeleteAuditEntries(t.Context(), f.account, all[1].SID, 2)
		if err != nil || deleted != want {
			t.Errorf("%d were deleted, %v, want %d", deleted, err, want)
		}
	}
	same(t, "what is left", f.entries(t, auditlog.Query{}), all[:2])
}
