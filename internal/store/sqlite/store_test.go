package sqlite

import (
	"context"
	"testing"

	"callbook/internal/account"
	"callbook/internal/event"
	"callbook/internal/store/storetest"
	"callbook/internal/summary"
)

func TestAddressBookContract(t *testing.T) {
	t.Parallel()
	contract := storetest.AddressBook
	if testing.Short() {
		contract = storetest.AddressBookWrites // TestAddressBookContractFromBothEnds reads
	}
	contract(t, func(t *testing.T) storetest.Stores {
		return stores(t, newFile(t), Options{})
	})
}

// TestAddressBookContractWithoutMemory lets a number index go whenever another
// account is written to.
func TestAddressBookContractWithoutMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("long, and only the writer's goroutine does other things than in TestAddressBookContract")
	}
	t.Parallel()
	storetest.AddressBookWrites(t, func(t *testing.T) storetest.Stores {
		return stores(t, newFile(t), Options{IndexBytes: 1})
	})
}

// TestAddressBookContractFromBothEnds begins every scan at both ends, and takes
// many scans for a page.
func TestAddressBookContractFromBothEnds(t *testing.T) {
	t.Parallel()
	storetest.AddressBookReads(t, func(t *testing.T) storetest.Stores {
		return stores(t, newFile(t), Options{scans: fromBothEnds})
	})
}

// fromBothEnds are limits that small address books reach.
var fromBothEnds = scanLimits{second: 1, places: 5, sample: 2, bothEnds: 1, batch: 1}

func TestFullList(t *testing.T) {
	if testing.Short() {
		t.Skip("long, and does nothing at once")
	}
	t.Parallel()
	storetest.FullList(t, func(t *testing.T) storetest.Stores {
		return stores(t, newFile(t), Options{})
	})
}

func TestUploadsContract(t *testing.T) {
	t.Parallel()
	storetest.Uploads(t, func(t *testing.T) storetest.Stores {
		return stores(t, newFile(t), Options{})
	})
}

func TestCampaignsContract(t *testing.T) {
	t.Parallel()
	storetest.Campaigns(t, func(t *testing.T) storetest.Stores {
		return stores(t, newFile(t), Options{})
	})
}

func TestSuppressionsContract(t *testing.T) {
	t.Parallel()
	storetest.Suppressions(t, func(t *testing.T) storetest.Stores {
		return stores(t, newFile(t), Options{})
	})
}

func TestPersonsContract(t *testing.T) {
	t.Parallel()
	storetest.Persons(t, func(t *testing.T) storetest.Stores {
		return stores(t, newFile(t), Options{})
	})
}

func TestFlowsContract(t *testing.T) {
	t.Parallel()
	storetest.Flows(t, func(t *testing.T) storetest.Stores {
		return stores(t, newFile(t), Options{})
	})
}

func TestPromptsContract(t *testing.T) {
	t.Parallel()
	storetest.Prompts(t, func(t *testing.T) storetest.Stores {
		return stores(t, newFile(t), Options{})
	})
}

func TestRecordingsContract(t *testing.T) {
	t.Parallel()
	storetest.Recordings(t, func(t *testing.T) storetest.Stores {
		return stores(t, newFile(t), Options{})
	})
}

func TestTrunksContract(t *testing.T) {
	t.Parallel()
	storetest.Trunks(t, func(t *testing.T) storetest.Stores {
		return stores(t, newFile(t), Options{})
	})
}

func TestAccountsContract(t *testing.T) {
	t.Parallel()
	storetest.Accounts(t, func(t *testing.T) account.Store { return serveFile(t, newFile(t), Options{}).db })
}

func stores(t *testing.T, path string, opts Options) storetest.Stores {
	s := serveFile(t, path, opts)
	t.Cleanup(func() {
		if !s.closed {
			s.right(t)
		}
	})
	return storetest.Stores{
		Accounts: s.db,
		Contacts: s.book, Trash: s.book,
		Receipts:  s.book,
		Uploads:   s.book,
		Campaigns: s.book.Campaigns(), Dialing: s.book.Campaigns(), Suppressions: s.book, Flows: s.book, Prompts: s.book, Recordings: s.book.Campaigns(), Trunks: s.db, CallDialogs: s.book, Persons: s.book, Audit: s.db,
		FailCommits: func(err error) { s.watch(func(int) error { return err }) },
		Reopen: func() storetest.Stores {
			s.close(t)
			return stores(t, path, opts)
		},
	}
}

func TestAuditContract(t *testing.T) {
	t.Parallel()
	storetest.Audit(t, func(t *testing.T) storetest.Stores {
		return stores(t, newFile(t), Options{})
	})
}

func TestSessionsContract(t *testing.T) {
	t.Parallel()
	storetest.Sessions(t, func(t *testing.T) storetest.SessionStores {
		db := serveFile(t, newFile(t), Options{}).db
		return storetest.SessionStores{Accounts: db, Sessions: db}
	})
}

func TestUsageContract(t *testing.T) {
	t.Parallel()
	storetest.Usage(t, func(t *testing.T) storetest.UsageStores {
		db := serveFile(t, newFile(t), Options{}).db
		return storetest.UsageStores{Accounts: db, Usage: db}
	})
}

func TestFactsContract(t *testing.T) {
	t.Parallel()
	storetest.Facts(t, func(t *testing.T) (storetest.Stores, summary.Store) {
		s := serveFile(t, newFile(t), Options{})
		return storetest.Stores{Accounts: s.db, Contacts: s.book, Trash: s.book}, s.db
	})
}

func TestEventsContract(t *testing.T) {
	t.Parallel()
	storetest.Events(t, func(t *testing.T) storetest.EventStores {
		s := serveFile(t, newFile(t), Options{})
		return storetest.EventStores{Accounts: s.db, Events: s.book.Events(), Add: func(ctx context.Context, events []event.Event) error {
			return s.book.edit(ctx, account.None, len(events), "add events", func(tx *editTx) error { return tx.insertEvents(events) })
		}}
	})
}
