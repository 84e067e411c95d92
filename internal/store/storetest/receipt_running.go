package storetest

import (
	"testing"

	"callbook/internal/addressbook"
	"callbook/internal/journal"
	"callbook/internal/upload"
)

// KeyRunning is a rule of stores that several servers share: while one is at a
// write for a key, no other does anything for it, or waits.
func KeyRunning(t *testing.T, open func(t *testing.T) Stores) {
	f := newFixture(t, open(t))
	r := receipt("key")
	ctx := f.claiming(t.Context(), r)
	u := f.upload(t, "Uploaded", csv("9876543210"), addressbook.CreateOptions{})
	again := u
	again.SID = list("another").SID
	writes := append(f.writes(t),
		write{"add upload", func(r journal.Receipt) error {
			return f.Uploads.AddUpload(ctx, again, list("Leads"), keeping[addressbook.List](r))
		}},
		write{"end upload", func(r journal.Receipt) error {
			return f.Uploads.EndUpload(ctx, f.account, u.SID, upload.Cancelled, moment(), keeping[upload.Upload](r))
		}},
		write{"add receipt", func(r journal.Receipt) error { return f.Receipts.AddReceipt(ctx, f.account, r) }},
	)
	before := f.everything(t)

	first := contacts(firstNumber+5000, 3)
	at, goOn, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- f.Contacts.InsertContacts(ctx, f.account, first, addressbook.CreateOptions{},
			func([]*addressbook.Contact) *journal.Receipt {
				close(at)
				<-goOn
				return &r
			})
	}()
	<-at
	for _, w := range writes {
		isError(t, w.name, w.do(r), journal.ErrRunning)
	}
	before.same(t, "while another is at it", f.everything(t))
	f.hasNoReceipt(t, r.Key)
	other := &fixture{Stores: f.Stores, account: addAccount(t, f.Accounts, "other").ID}
	if err := other.Receipts.AddReceipt(ctx, other.account, r); err != nil {
		t.Errorf("the key of another account: %v", err)
	}
	close(goOn)
	if err := <-ended; err != nil {
		t.Errorf("the first write: %v", err)
	}
	f.hasReceipts(t, r)
	for _, w := range writes {
		isError(t, w.name+" afterwards", w.do(r), journal.ErrTaken)
	}
	if got, want := f.everything(t).contacts.Total, before.contacts.Total+len(first); got != want {
		t.Errorf("there are %d contacts, want %d", got, want)
	}
}
