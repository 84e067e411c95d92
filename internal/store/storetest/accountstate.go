package storetest

import (
	"errors"
	"testing"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/audit"
	"callbook/internal/fault"
	"callbook/internal/session"
)

func changeAccount(t *testing.T, store account.Store) {
	was := addAccount(t, store, "acme")
	other := addAccount(t, store, "other")
	want := account.Account{
		ID: was.ID, SID: "new", Region: "GB", TimeZone: zone(t, "Europe/London"), Created: was.Created,
		RequestsAMinute: 200, Disabled: time.Unix(0, 1_753_000_000_123_456_789),
	}
	got, err := store.ChangeAccount(t.Context(), "acme", func(a *account.Account) error {
		same(t, "account to change", *a, was)
		*a = want
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "changed account", got, want)
	all, err := store.Accounts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	same(t, "accounts", all, []account.Account{want, other})

	_, err = store.ChangeAccount(t.Context(), "new", func(a *account.Account) error {
		a.SID = "other"
		return nil
	})
	isFault(t, err, fault.Duplicate)
	for _, sid := range []string{"acme", "", "a\x00b", "\xff"} {
		_, err = store.ChangeAccount(t.Context(), sid, func(*account.Account) error { return nil })
		isFault(t, err, fault.NotFound)
	}
	refused := errors.New("refused")
	_, err = store.ChangeAccount(t.Context(), "new", func(a *account.Account) error {
		a.Region = "US"
		return refused
	})
	if !errors.Is(err, refused) {
		t.Errorf("the error of change is %v", err)
	}
	if a, err := store.Account(t.Context(), "new"); err != nil || a.Region != "GB" {
		t.Errorf("after an error it is %+v, %v", a, err)
	}
}

// deleteAccount deletes an account with keys, in steps.
func deleteAccount(t *testing.T, store account.Store) {
	other := addAccount(t, store, "other")
	acme := addAccount(t, store, "acme")
	for i := range int64(5) {
		addKey(t, store, acme.ID, string(rune('a'+i)), i)
	}
	addKey(t, store, other.ID, "other", 1)
	if done, err := store.DeleteAccount(t.Context(), acme.ID); err != nil || done {
		t.Fatalf("an account with keys: %t, %v", done, err)
	}
	if _, err := store.ChangeAccount(t.Context(), "acme", func(a *account.Account) error { a.Deleted = time.Unix(1, 0); return nil }); err != nil {
		t.Fatal(err)
	}
	named, rows, err := store.Contents(t.Context(), acme.ID)
	if err != nil || len(named) != 1 || named[0] != (account.Content{Name: "API keys", Rows: 5}) || rows < 5 {
		t.Errorf("it has %+v, %d rows, %v", named, rows, err)
	}
	var deleted int64
	for n := 1; n > 0; deleted += int64(n) {
		if n, err = store.DeleteContents(t.Context(), acme.ID, 2); err != nil || n > 2 {
			t.Fatalf("deleted %d rows, %v", n, err)
		}
	}
	if deleted != rows {
		t.Errorf("deleted %d of %d rows", deleted, rows)
	}
	if done, err := store.DeleteAccount(t.Context(), acme.ID); err != nil || !done {
		t.Fatalf("an account without rows: %t, %v", done, err)
	}
	if _, err := store.Account(t.Context(), "acme"); !fault.Is(err, fault.NotFound) {
		t.Errorf("the deleted account: %v", err)
	}
	if keys := listKeys(t, store, other.ID); len(keys) != 1 {
		t.Errorf("the other account has %d keys", len(keys))
	}
	if again := addAccount(t, store, "acme"); again.ID <= acme.ID {
		t.Errorf("the id %d comes again, after %d", again.ID, acme.ID)
	}
}

// disabledAccount ends sessions and links, and lets no new ones in.
func disabledAccount(t *testing.T, s SessionStores) {
	acct := addAccount(t, s.Accounts, "acme")
	other := addAccount(t, s.Accounts, "other").ID
	for _, id := range []account.ID{acct.ID, other} {
		s.addLink(t, id, "link of "+string(rune('0'+id)), noon.Add(time.Hour))
		s.addSession(t, id, "session of "+string(rune('0'+id)), noon)
	}
	set := func(disabled time.Time) {
		t.Helper()
		if _, err := s.Accounts.ChangeAccount(t.Context(), "acme", func(a *account.Account) error { a.Disabled = disabled; return nil }); err != nil {
			t.Fatal(err)
		}
	}
	found := func(id account.ID, suffix string) (sessions, links bool) {
		t.Helper()
		_, _, err := s.Sessions.Session(t.Context(), hashOf("session of "+string(rune('0'+id))+suffix), noon)
		sessions = !errors.Is(err, session.ErrNoSession)
		_, err = s.Sessions.Link(t.Context(), hashOf("link of "+string(rune('0'+id))+suffix), noon)
		return sessions, !errors.Is(err, session.ErrNoSession)
	}
	set(noon)
	if sessions, links := found(acct.ID, ""); sessions || links {
		t.Errorf("of a disabled account there are sessions: %t, links: %t", sessions, links)
	}
	if sessions, links := found(other, ""); !sessions || !links {
		t.Errorf("of another account there are sessions: %t, links: %t", sessions, links)
	}
	// What comes in a moment too late opens nothing.
	s.addLink(t, acct.ID, "link of "+string(rune('0'+acct.ID))+" late", noon.Add(time.Hour))
	s.addSession(t, acct.ID, "session of "+string(rune('0'+acct.ID))+" late", noon)
	if sessions, links := found(acct.ID, " late"); sessions || links {
		t.Errorf("added late there are sessions: %t, links: %t", sessions, links)
	}
	if _, err := s.Sessions.TakeLink(t.Context(), hashOf("link of "+string(rune('0'+acct.ID))+" late"), session.Session{Hash: hashOf("new"), Created: noon, LastUsed: noon}, 10); !errors.Is(err, session.ErrNoSession) {
		t.Errorf("a link of a disabled account: %v", err)
	}
	set(time.Time{})
	if sessions, links := found(acct.ID, ""); sessions || links {
		t.Errorf("enabled again there are sessions: %t, links: %t", sessions, links)
	}
}

// noWritesWhileDeleted refuses what would come back into a deleted account.
func noWritesWhileDeleted(t *testing.T, f *fixture) {
	other := addAccount(t, f.Accounts, "other")
	f.insert(t, contacts(firstNumber, 2)...)
	_, err := f.Accounts.ChangeAccount(t.Context(), f.acct.SID, func(a *account.Account) error { a.Deleted = noon; return nil })
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tryInsert(t.Context(), f.Contacts, f.account, contacts(firstNumber+10, 1)); !errors.Is(err, account.ErrDeleted) {
		t.Errorf("insert: %v", err)
	}
	sid, created := born()
	err = f.Contacts.InsertLists(t.Context(), f.account, []addressbook.List{{SID: sid, Name: "new", Created: created, Updated: created}}, nil)
	if !errors.Is(err, account.ErrDeleted) {
		t.Errorf("insert a list: %v", err)
	}
	if f.Suppressions != nil {
		if err := f.Suppressions.AddSuppressions(t.Context(), f.account, suppressions(firstNumber, 1), nil); !errors.Is(err, account.ErrDeleted) {
			t.Errorf("suppress: %v", err)
		}
	}
	if _, err := tryInsert(t.Context(), f.Contacts, other.ID, contacts(firstNumber, 3)); err != nil {
		t.Errorf("insert into another account: %v", err)
	}
	if f.Audit != nil {
		ctx, note := audit.Begin(t.Context(), f.account, audit.Change{Action: audit.KeysRefused, Done: 1})
		if err := f.Audit.AddAuditEntries(ctx, note); !errors.Is(err, account.ErrDeleted) {
			t.Errorf("add to the audit log: %v", err)
		}
	}
	var rows int
	for n := 1; n > 0; rows += n {
		if n, err = f.Accounts.DeleteContents(t.Context(), f.account, 1); err != nil {
			t.Fatal(err)
		}
	}
	if done, err := f.Accounts.DeleteAccount(t.Context(), f.account); rows < 2 || err != nil || !done {
		t.Errorf("after %d rows: %t, %v", rows, done, err)
	}
	if _, err := tryInsert(t.Context(), f.Contacts, f.account, contacts(firstNumber+20, 1)); !errors.Is(err, account.ErrDeleted) {
		t.Errorf("insert into an account that is gone: %v", err)
	}
}
