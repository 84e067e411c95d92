package postgres

import (
	"context"
	"testing"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/journal"
	"callbook/internal/phone"
	"callbook/internal/store/storetest"
	"callbook/internal/test/pgtest"
	"callbook/internal/upload"
)

// These tests stop one transaction where it waits for another, and so see what
// comes between its statements. Sids and numbers are those of insert.

// addLists adds lists with these sids, and puts all the contacts into each.
func addLists(t *testing.T, db *DB, account account.ID, lists []addressbook.SID, contacts ...addressbook.SID) {
	t.Helper()
	for _, sid := range lists {
		l := addressbook.List{SID: sid, Name: sid.String(), Created: time.Unix(1, 0), Updated: time.Unix(1, 0)}
		err := db.InsertLists(t.Context(), account, []addressbook.List{l}, nil)
		if err == nil {
			err = db.AddMembers(t.Context(), account, sid, members(sid, contacts...), nil)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func members(list addressbook.SID, contacts ...addressbook.SID) []addressbook.Membership {
	all := make([]addressbook.Membership, len(contacts))
	for i, c := range contacts {
		all[i] = addressbook.Membership{List: list, Contact: c, Created: time.Unix(1, 0)}
	}
	return all
}

func deleteContact(ctx context.Context, db *DB, account account.ID, sid addressbook.SID) error {
	return db.DeleteContacts(ctx, account, storetest.NewDeletion(), []addressbook.SID{sid}, nil)
}

// TestNumberIsFreed has another server delete the contact whose number an insert
// has left out, before it looks who that is: the number is free, so the insert
// takes it.
func TestNumberIsFreed(t *testing.T) {
	t.Parallel()
	for name, duplicates := range map[string]addressbook.OnDuplicate{
		"reject": addressbook.RejectDuplicate, "update": addressbook.UpdateDuplicate,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := pgtest.Database(t, Migrate)
			db, other := open(t, url), open(t, url)
			acct := addAccount(t, db)
			if err := insert(t.Context(), db, acct, 1); err != nil {
				t.Fatal(err)
			}
			// The insert passes over 1, and waits for who is taking 2.
			letGo := pgtest.Hold(t, url, `INSERT INTO contacts (account_id, sid, number, name_key, date_created, date_updated)
				VALUES ($1, gen_random_uuid(), 2, '', 0, 0)`, acct)
			fresh := make([]addressbook.Contact, 2)
			for i := range fresh {
				fresh[i] = addressbook.Contact{SID: addressbook.SID{byte(11 + i)}, Number: phone.Number(1 + i), Created: time.Unix(2, 0), Updated: time.Unix(2, 0)}
			}
			told := []*addressbook.Contact{{}, {}}
			inserted := make(chan error, 1)
			go func() {
				opts := addressbook.CreateOptions{OnDuplicate: duplicates}
				inserted <- db.InsertContacts(t.Context(), acct, fresh, opts, func(existing []*addressbook.Contact) *journal.Receipt {
					told = existing
					return nil
				})
			}()
			pgtest.AwaitWaiting(t, url, 1)
			if err := deleteContact(t.Context(), other, acct, addressbook.SID{1}); err != nil {
				t.Fatal(err)
			}
			letGo()
			if err := <-inserted; err != nil {
				t.Fatal(err)
			}
			for i, c := range told {
				if c != nil {
					t.Errorf("number %d is said to be of %v", i+1, c.SID)
				}
				if got, err := db.Contact(t.Context(), acct, fresh[i].SID); err != nil || got.Number != fresh[i].Number {
					t.Errorf("the contact with number %d is %v, %v", i+1, got, err)
				}
			}
			recount(t, db)
		})
	}
}

// TestListsBeforeMembers deletes a contact while somebody has one of its lists:
// it waits with the lists before locked, and neither those behind nor any
// member, so that it deadlocks with nobody.
func TestListsBeforeMembers(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t, Migrate)
	db := open(t, url)
	acct := addAccount(t, db)
	if err := insert(t.Context(), db, acct, 1); err != nil {
		t.Fatal(err)
	}
	lists := []addressbook.SID{{1}, {2}, {3}}
	addLists(t, db, acct, []addressbook.SID{lists[2], lists[0], lists[1]}, addressbook.SID{1})
	letGo := pgtest.Hold(t, url, `SELECT 1 FROM lists WHERE account_id = $1 AND sid = $2 FOR NO KEY UPDATE`, acct, [16]byte(lists[1]))
	deleted := make(chan error, 1)
	go func() { deleted <- deleteContact(t.Context(), db, acct, addressbook.SID{1}) }()
	pgtest.AwaitWaiting(t, url, 1)
	free := func(query string) (n int) {
		t.Helper()
		err := db.pool.QueryRow(t.Context(), `WITH free AS (`+query+` FOR UPDATE SKIP LOCKED) SELECT count(*) FROM free`).Scan(&n)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := free(`SELECT 1 FROM list_members`); n != len(lists) {
		t.Errorf("%d members are not locked, want all %d", n, len(lists))
	}
	for i, want := range []int{0, 0, 1} {
		if n := free(`SELECT 1 FROM lists WHERE sid = '` + lists[i].String() + `'`); n != want {
			t.Errorf("list %d: not locked: %d, want %d", i+1, n, want)
		}
	}
	letGo()
	if err := <-deleted; err != nil {
		t.Error(err)
	}
	recount(t, db)
}

// TestListGoesWithNewMembers deletes a list while another server puts a contact
// into it: the delete waits, and sees the member that has come.
func TestListGoesWithNewMembers(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t, Migrate)
	db, other := open(t, url), open(t, url)
	acct := addAccount(t, db)
	if err := insert(t.Context(), db, acct, 1); err != nil {
		t.Fatal(err)
	}
	list := addressbook.SID{1}
	addLists(t, db, acct, []addressbook.SID{list})
	at, goOn, added := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		added <- other.AddMembers(t.Context(), acct, list, members(list, addressbook.SID{1}), func([]addressbook.MembershipResult) *journal.Receipt {
			close(at)
			<-goOn
			return nil
		})
	}()
	<-at
	deleted := make(chan error, 1)
	var results []addressbook.ListResult
	go func() {
		deleted <- db.DeleteLists(t.Context(), acct, storetest.NewDeletion(), []addressbook.SID{list}, func(r []addressbook.ListResult) *journal.Receipt {
			results = r
			return nil
		})
	}()
	pgtest.AwaitWaiting(t, url, 1)
	close(goOn)
	if err := <-added; err != nil {
		t.Fatal(err)
	}
	if err := <-deleted; err != nil {
		t.Fatal(err)
	}
	// What is told of a list is what it was when it went.
	if l := results[0].List; l == nil || l.ContactCount != 1 {
		t.Errorf("the list was %+v, want one with a contact", l)
	}
	recount(t, db)
}

// TestTrimLocksWhatItDeletes has somebody hold the lock of an upload that stays.
// Those beyond the limit are deleted all the same, and it is not waited for.
func TestTrimLocksWhatItDeletes(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t, Migrate)
	db := open(t, url)
	acct := newAccount(t, db, "demo")
	const uploads, kept = 4, 1
	for i := range uploads {
		u := upload.Upload{
			Account: acct, SID: addressbook.SID{byte(i + 1)}, ListName: "Leads", Header: []byte("number"),
			Created: time.Unix(1, 0), Updated: time.Unix(1, 0), Started: time.Unix(1, 0),
		}
		list := addressbook.List{SID: addressbook.SID{100}, Name: "Leads", Created: time.Unix(1, 0), Updated: time.Unix(1, 0)}
		err := db.AddUpload(t.Context(), u, list, nil)
		if err == nil {
			err = db.EndUpload(t.Context(), acct.ID, u.SID, upload.Cancelled, time.Unix(2, 0), nil)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	newest := addressbook.SID{uploads}
	letGo := pgtest.Hold(t, url, `SELECT FROM uploads WHERE sid = $1 FOR UPDATE`, (*sidValue)(&newest))
	defer letGo()
	d, err := db.TrimUploads(t.Context(), acct.ID, upload.Limits{Uploads: kept, ErrorBytes: 1}, 100)
	if err != nil || len(d.Uploads) != uploads-kept {
		t.Errorf("%d uploads were deleted, want %d: %v", len(d.Uploads), uploads-kept, err)
	}
}
