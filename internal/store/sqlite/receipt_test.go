package sqlite

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/fault"
	"callbook/internal/journal"
	"callbook/internal/store/storetest"
	"callbook/internal/upload"
)

func receipt(key string) journal.Receipt {
	return journal.Receipt{Key: key, Status: 207, Body: []byte("answer to " + key), Created: time.Unix(1_750_000_000, 0)}
}

// keyed begins an insert that has a receipt.
func (s *served) keyed(t *testing.T, account account.ID, key string, contacts []addressbook.Contact) <-chan error {
	outcome := make(chan error, 1)
	go func() { outcome <- s.insertKeyed(t, account, key, contacts) }()
	return outcome
}

func (s *served) insertKeyed(t *testing.T, account account.ID, key string, contacts []addressbook.Contact) error {
	r := receipt(key)
	return s.book.InsertContacts(journal.WithClaim(t.Context(), journal.Claim{Key: key}), account, contacts, addressbook.CreateOptions{},
		func([]*addressbook.Contact) *journal.Receipt { return &r })
}

// hasReceipt checks that the key has its receipt, or none.
func (s *served) hasReceipt(t *testing.T, account account.ID, key string, want bool) {
	t.Helper()
	r, err := s.book.Receipt(t.Context(), account, key)
	if !want && fault.Is(err, fault.NotFound) {
		return
	}
	if err != nil || !want || string(r.Body) != "answer to "+key {
		t.Errorf("the receipt of %q is %+v, %v; want one: %t", key, r, err, want)
	}
}

// TestRedoKeepsReceipts has jobs with receipts in a group of which one fails:
// the others' are written again.
func TestRedoKeepsReceipts(t *testing.T) {
	t.Parallel()
	s := serve(t, Options{})
	acme := s.account(t, "acme").ID
	_, first, release := s.holdFirst(t, acme)
	insert := s.keyed(t, acme, "insert", contacts(firstNumber+1, 10))
	s.queued(t, 1)
	list := addressbook.List{SID: addressbook.SID{1}, Name: "list", Created: time.Unix(1, 0), Updated: time.Unix(1, 0)}
	edit := make(chan error, 1)
	calls := 0 // of ready; the writer calls it
	go func() {
		edit <- s.book.InsertLists(t.Context(), acme, []addressbook.List{list}, func([]addressbook.ListResult) *journal.Receipt {
			calls++
			r := receipt("edit")
			return &r
		})
	}()
	s.queued(t, 2)
	s.submit(t, failingJob(t, false))
	s.queued(t, 3)
	taken := s.keyed(t, acme, "taken", contacts(firstNumber+100, 300))
	s.queued(t, 4)
	release()
	for name, outcome := range map[string]<-chan error{"first": first, "insert": insert, "edit": edit, "taken": taken} {
		if err := <-outcome; err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, key := range []string{"insert", "edit", "taken"} {
		s.hasReceipt(t, acme, key, true)
	}
	if calls != 2 {
		t.Errorf("the edit was done %d times", calls)
	}
	// A key that is taken fails its own job, and not the others'.
	if err := s.insertKeyed(t, acme, "taken", contacts(firstNumber+1000, 300)); !errors.Is(err, journal.ErrTaken) {
		t.Errorf("the error is %v", err)
	}
	if n := s.stored(t, acme); n != 311 {
		t.Errorf("%d contacts are stored", n)
	}
	s.recount(t)
}

// TestFailedCommitKeepsNoReceipt has commits that fail.
func TestFailedCommitKeepsNoReceipt(t *testing.T) {
	t.Parallel()
	s := serve(t, Options{})
	acme := s.account(t, "acme").ID
	var broken atomic.Bool
	s.watch(func(int) error {
		if broken.Load() {
			return errDisk
		}
		return nil
	})
	s.insert(t, acme, contacts(firstNumber, 1), 1)
	broken.Store(true)
	if err := s.insertKeyed(t, acme, "insert", contacts(firstNumber, 10)); !errors.Is(err, errDisk) {
		t.Errorf("the error is %v", err)
	}
	if err := s.book.AddReceipt(t.Context(), acme, receipt("alone")); !errors.Is(err, errDisk) {
		t.Errorf("the error is %v", err)
	}
	for _, key := range []string{"insert", "alone"} {
		s.hasReceipt(t, acme, key, false)
	}
	broken.Store(false)
	if err := s.insertKeyed(t, acme, "insert", contacts(firstNumber, 10)); err != nil {
		t.Error(err)
	}
	s.hasReceipt(t, acme, "insert", true)
	s.recount(t)
}

// TestPanicBeforeReceipt: when no answer can be made, the work is not done, and
// the writer goes on.
func TestPanicBeforeReceipt(t *testing.T) {
	t.Parallel()
	s := serve(t, Options{})
	acme := s.account(t, "acme").ID
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic did not come through")
			}
		}()
		ctx := journal.WithClaim(t.Context(), journal.Claim{Key: "key"})
		_ = s.book.InsertContacts(ctx, acme, contacts(firstNumber, 300), addressbook.CreateOptions{},
			func([]*addressbook.Contact) *journal.Receipt { panic("trouble") })
	}()
	err := s.book.DeleteContacts(t.Context(), acme, storetest.NewDeletion(), []addressbook.SID{{1}},
		func([]addressbook.Result) *journal.Receipt { panic("trouble") })
	if err == nil || fault.As(err) != nil || !strings.Contains(err.Error(), "panic: a string\n") ||
		strings.Contains(err.Error(), "trouble") || !strings.Contains(err.Error(), "receipt_test.go") {
		t.Errorf("the error is %v", err)
	}
	s.insert(t, acme, contacts(firstNumber, 300), 300)
	s.recount(t)
}

// TestReceiptsOfUploads has those of uploads that come and are cancelled.
func TestReceiptsOfUploads(t *testing.T) {
	t.Parallel()
	s := serve(t, Options{})
	acme := s.account(t, "acme")
	at := time.Unix(1_750_000_000, 0)
	u := upload.Upload{SID: addressbook.SID{1}, Account: acme, ListName: "Leads", Created: at, Updated: at}
	list := addressbook.List{SID: addressbook.SID{2}, Name: "Leads", Created: at, Updated: at}
	add := func(u upload.Upload, list addressbook.List, key string) error {
		r := receipt(key)
		return s.book.AddUpload(t.Context(), u, list, func(addressbook.List) *journal.Receipt { return &r })
	}
	end := func(sid addressbook.SID, key string) error {
		r := receipt(key)
		return s.book.EndUpload(t.Context(), acme.ID, sid, upload.Cancelled, at, func(upload.Upload) *journal.Receipt { return &r })
	}
	if err := add(u, list, "add"); err != nil {
		t.Fatal(err)
	}
	s.hasReceipt(t, acme.ID, "add", true)
	second := u
	second.SID = addressbook.SID{3}
	if err := add(second, list, "add"); !errors.Is(err, journal.ErrTaken) {
		t.Errorf("the error is %v", err)
	}
	if err := end(second.SID, "end"); fault.As(err) != upload.ErrNoUpload {
		t.Errorf("the upload was added: %v", err)
	}
	list.Type = addressbook.Dynamic
	if err := add(second, list, "refused"); fault.As(err) == nil {
		t.Errorf("the error is %v", err)
	}
	s.hasReceipt(t, acme.ID, "refused", false)
	if err := end(u.SID, "add"); !errors.Is(err, journal.ErrTaken) {
		t.Errorf("the error is %v", err)
	}
	var got upload.Upload
	if err := s.book.EndUpload(t.Context(), acme.ID, u.SID, upload.Cancelled, at, storetest.Told(&got)); err != nil || got.State != upload.Cancelled {
		t.Errorf("got %+v, %v", got, err)
	}
	if err := end(u.SID, "end"); err != nil { // it has ended, which is answered too
		t.Error(err)
	}
	s.hasReceipt(t, acme.ID, "end", true)
}
