package importer_test

import (
	"errors"
	"log/slog"
	"testing"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/importer"
	"callbook/internal/servertest"
	"callbook/internal/sqlite"
)

// TestOpenLeavesUploads: a server that comes no further than Open, as one whose
// port is taken, keeps no other from working what is running.
func TestOpenLeavesUploads(t *testing.T) {
	servertest.EmbeddedOnly(t, "the store is opened a second time, without a server")
	t.Parallel()
	path := servertest.NewDatabase(t)
	never := &gate{before: func(int) error { return errStop }}
	s := servertest.Start(t, servertest.Options{Path: path, Imports: never.over})
	c := s.Account("demo")
	u := c.Upload("Leads", "number\n"+asha+"\n")
	s.Stop()

	if lease := openOnly(t, path, u.ID); lease != (importer.Lease{}) {
		t.Errorf("the upload is %+v's", lease)
	}
	if got := c.At(servertest.Start(t, servertest.Options{Path: path})).Await(u); got.Stats.Success != 1 {
		t.Errorf("got %+v", got)
	}
}

// openOnly opens an Importer over a database, and returns the lease that an
// upload of the account demo has then.
func openOnly(t *testing.T, path, id string) importer.Lease {
	t.Helper()
	db, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	store, err := db.OpenAddressBook(sqlite.Options{})
	if err != nil {
		t.Fatal(errors.Join(err, db.Close()))
	}
	defer func() {
		if err := errors.Join(store.Close(), db.Close()); err != nil {
			t.Error(err)
		}
	}()
	log := slog.New(slog.DiscardHandler)
	book := addressbook.New(store, addressbook.Options{})
	if _, err := importer.Open(t.Context(), store, importer.NewDisk(path+".uploads"), book, importer.Options{Log: log}); err != nil {
		t.Fatal(err)
	}
	demo, err := account.NewDirectory(db, nil).Account(t.Context(), "demo")
	if err != nil {
		t.Fatal(err)
	}
	sid, ok := addressbook.ParseSID(id)
	if !ok {
		t.Fatalf("%q is no sid", id)
	}
	u, err := store.Upload(t.Context(), demo.ID, sid)
	if err != nil {
		t.Fatal(err)
	}
	return u.Lease
}
