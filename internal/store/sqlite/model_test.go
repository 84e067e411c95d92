package sqlite

import (
	"path/filepath"
	"testing"

	"callbook/internal/store/storetest"
)

// TestAddressBookModel is storetest's, with all the trouble that this engine
// can be made to have: commits that fail, and number indexes that are let go
// whenever another account is written to.
func TestAddressBookModel(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "callbook.db")
	var last *served
	var open func(t *testing.T) storetest.Stores
	open = func(t *testing.T) storetest.Stores {
		s := serveFile(t, path, Options{IndexBytes: 1})
		last = s
		var commit error
		s.watch(func(int) error { return commit })
		// Thousands of commits, and no power cut among them.
		if err := setPragmas(s.book.conn, "synchronous = OFF"); err != nil {
			t.Fatal(err)
		}
		return storetest.Stores{
			Accounts: s.db,
			Contacts: s.book, Trash: s.book,
			Receipts: s.book,
			Reopen: func() storetest.Stores {
				s.close(t)
				return open(t)
			},
			FailCommits: func(err error) { commit = err },
		}
	}
	storetest.AddressBookModel(t, 2, open)
	last.right(t)
}
