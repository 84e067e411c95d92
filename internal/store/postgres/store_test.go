package postgres

import (
	"context"
	"sync"
	"testing"

	"callbook/internal/account"
	"callbook/internal/event"
	"callbook/internal/store/storetest"
	"callbook/internal/summary"
	"callbook/internal/test/pgtest"
)

func TestAddressBookContract(t *testing.T) {
	t.Parallel()
	storetest.AddressBook(t, func(t *testing.T) storetest.Stores {
		return stores(t, pgtest.Database(t, Migrate))
	})
}

// TestAddressBookContractWithoutStatements is as through a pooler that gives each
// transaction another connection, and so keeps no prepared statements.
func TestAddressBookContractWithoutStatements(t *testing.T) {
	if testing.Short() {
		t.Skip("the contract runs once when the tests are to be short")
	}
	t.Parallel()
	storetest.AddressBook(t, func(t *testing.T) storetest.Stores {
		return stores(t, pgtest.Database(t, Migrate)+"&default_query_exec_mode=exec")
	})
}

// TestContractCopying is with every contact copied that may be.
func TestContractCopying(t *testing.T) {
	if testing.Short() {
		t.Skip("the contract runs once when the tests are to be short")
	}
	t.Parallel()
	engine := func(t *testing.T) storetest.Stores {
		return storesCopying(t, pgtest.Database(t, Migrate), 1)
	}
	storetest.AddressBookWrites(t, engine)
	storetest.Uploads(t, engine)
}

func TestFullList(t *testing.T) {
	if testing.Short() {
		t.Skip("long, and does nothing at once")
	}
	t.Parallel()
	storetest.FullList(t, func(t *testing.T) storetest.Stores {
		return stores(t, pgtest.Database(t, Migrate))
	})
}

func TestUploadsContract(t *testing.T) {
	t.Parallel()
	storetest.Uploads(t, func(t *testing.T) storetest.Stores {
		return stores(t, pgtest.Database(t, Migrate))
	})
}

// TestCampaignsContract is as through a pooler, as in
// [TestAddressBookContractWithoutStatements]. The dialer's own tests prepare statements.
func TestCampaignsContract(t *testing.T) {
	t.Parallel()
	storetest.Campaigns(t, func(t *testing.T) storetest.Stores {
		return stores(t, pgtest.Database(t, Migrate)+"&default_query_exec_mode=exec")
	})
}

func TestSuppressionsContract(t *testing.T) {
	t.Parallel()
	storetest.Suppressions(t, func(t *testing.T) storetest.Stores {
		return stores(t, pgtest.Database(t, Migrate))
	})
}

func TestPersonsContract(t *testing.T) {
	t.Parallel()
	storetest.Persons(t, func(t *testing.T) storetest.Stores {
		return stores(t, pgtest.Database(t, Migrate))
	})
}

func TestFlowsContract(t *testing.T) {
	t.Parallel()
	storetest.Flows(t, func(t *testing.T) storetest.Stores {
		return stores(t, pgtest.Database(t, Migrate))
	})
}

func TestPromptsContract(t *testing.T) {
	t.Parallel()
	storetest.Prompts(t, func(t *testing.T) storetest.Stores {
		return stores(t, pgtest.Database(t, Migrate))
	})
}

func TestRecordingsContract(t *testing.T) {
	t.Parallel()
	storetest.Recordings(t, func(t *testing.T) storetest.Stores {
		return stores(t, pgtest.Database(t, Migrate))
	})
}

func TestTrunksContract(t *testing.T) {
	t.Parallel()
	storetest.Trunks(t, func(t *testing.T) storetest.Stores {
		return stores(t, pgtest.Database(t, Migrate))
	})
}

func TestAuditContract(t *testing.T) {
	t.Parallel()
	storetest.Audit(t, func(t *testing.T) storetest.Stores {
		return stores(t, pgtest.Database(t, Migrate))
	})
}

func TestAccountsContract(t *testing.T) {
	t.Parallel()
	storetest.Accounts(t, func(t *testing.T) account.Store {
		return open(t, pgtest.Database(t, Migrate))
	})
}

func TestKeyRunning(t *testing.T) {
	t.Parallel()
	for name, least := range map[string]int{"inserting": minCopyRows, "copying": 1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			storetest.KeyRunning(t, func(t *testing.T) storetest.Stores {
				return storesCopying(t, pgtest.Database(t, Migrate), least)
			})
		})
	}
}

func TestAddressBookModel(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t, Migrate)
	storetest.AddressBookModel(t, 2, func(t *testing.T) storetest.Stores { return stores(t, url) })
	recount(t, open(t, url))
}

func stores(t *testing.T, url string) storetest.Stores { return storesCopying(t, url, minCopyRows) }

// storesCopying is stores, with another limit for what is copied.
func storesCopying(t *testing.T, url string, least int) storetest.Stores {
	db := open(t, url)
	db.minCopyRows = least
	closed := sync.OnceFunc(func() {
		recount(t, db)
		db.Close()
	})
	t.Cleanup(closed)
	return storetest.Stores{
		Accounts: db,
		Contacts: db, Trash: db,
		Receipts:  db,
		Uploads:   db,
		Campaigns: db, Dialing: db.Dialing(), Suppressions: db, Flows: db, Prompts: db, Recordings: db, Trunks: db, CallDialogs: db, Persons: db, Audit: db,
		Reopen: func() storetest.Stores {
			closed()
			return storesCopying(t, url, least)
		},
	}
}

// open opens a database as a server does that has nothing to migrate.
func open(t *testing.T, url string) *DB {
	t.Helper()
	db, err := Open(t.Context(), url, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// recount checks what must be true of the tables at any time.
func recount(t *testing.T, db *DB) {
	t.Helper()
	for what, query := range map[string]string{
		"accounts whose counter is wrong": `SELECT count(*) FROM accounts
			WHERE (SELECT coalesce(sum(contacts), 0) FROM contact_counts WHERE account_id = accounts.id)
				<> (SELECT count(*) FROM contacts WHERE account_id = accounts.id)`,
		"contacts with a number that is none": `SELECT count(*) FROM contacts WHERE number <= 0`,
		"contacts without an account":         `SELECT count(*) FROM contacts WHERE account_id NOT IN (SELECT id FROM accounts)`,
		"lists whose counter is wrong": `SELECT count(*) FROM lists WHERE contact_count <>
			(SELECT count(*) FROM list_members WHERE account_id = lists.account_id AND list_sid = lists.sid)`,
		"members without a list": `SELECT count(*) FROM list_members WHERE NOT EXISTS
			(SELECT 1 FROM lists WHERE account_id = list_members.account_id AND sid = list_sid)`,
		"members without a contact": `SELECT count(*) FROM list_members WHERE NOT EXISTS
			(SELECT 1 FROM contacts WHERE account_id = list_members.account_id AND sid = contact_sid)`,
	} {
		var n int
		// Not the test's own context, which has ended when it is cleaned up.
		if err := db.pool.QueryRow(context.Background(), query).Scan(&n); err != nil {
			t.Errorf("%s: %v", query, err)
		}
		if n != 0 {
			t.Errorf("%d %s", n, what)
		}
	}
}

func TestSessionsContract(t *testing.T) {
	t.Parallel()
	storetest.Sessions(t, func(t *testing.T) storetest.SessionStores {
		db := open(t, pgtest.Database(t, Migrate))
		return storetest.SessionStores{Accounts: db, Sessions: db}
	})
}

func TestUsageContract(t *testing.T) {
	t.Parallel()
	storetest.Usage(t, func(t *testing.T) storetest.UsageStores {
		db := open(t, pgtest.Database(t, Migrate))
		return storetest.UsageStores{Accounts: db, Usage: db}
	})
}

func TestFactsContract(t *testing.T) {
	t.Parallel()
	storetest.Facts(t, func(t *testing.T) (storetest.Stores, summary.Store) {
		s := stores(t, pgtest.Database(t, Migrate))
		return s, s.Accounts.(*DB)
	})
}

func TestEventsContract(t *testing.T) {
	t.Parallel()
	storetest.Events(t, func(t *testing.T) storetest.EventStores {
		db := open(t, pgtest.Database(t, Migrate))
		return storetest.EventStores{Accounts: db, Events: db.Events(), Add: func(ctx context.Context, events []event.Event) error {
			return db.write(ctx, account.None, "add events", func(t *tx) error {
				t.insertEvents(events)
				return nil
			})
		}}
	})
}
