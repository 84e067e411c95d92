package e2e

import (
	"net/http"
	"syscall"
	"testing"

	"callbook/internal/test/pgtest"
)

// TestKeyOnAnotherServer stops a server in the middle of a request with a key:
// another server that gets the request too says so at once, and does it as soon
// as the first is gone.
func TestKeyOnAnotherServer(t *testing.T) {
	t.Parallel()
	db, auth := newShared(t)
	one, two := startServer(t, db), startServer(t, db)
	some := []contact{{Number: "+919800000001"}, {Number: "+919800000002"}}
	// The first waits for one of the numbers.
	letGo := pgtest.Hold(t, db, `INSERT INTO contacts (account_id, sid, number, name_key, date_created, date_updated)
		SELECT id, gen_random_uuid(), 919800000002, '', 0, 0 FROM accounts`)
	cut := make(chan struct{})
	go func() {
		defer close(cut)
		_, _ = newClient(t, one, auth).keyed("a-key", some) // it is never answered
	}()
	pgtest.AwaitWaiting(t, db, 1)
	if err := one.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	c := newClient(t, two, auth)
	ask := func() answer {
		t.Helper()
		got, err := c.keyed("a-key", some)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if got := ask(); got.status != http.StatusConflict || got.header.Get("Retry-After") != "1" {
		t.Errorf("while the first is running: got %d %s", got.status, got.body)
	}
	letGo()
	one.kill(t)
	<-cut
	var got answer
	if !waitFor(patience, func() bool { got = ask(); return got.status != http.StatusConflict }) {
		t.Fatal("the key does not become free")
	}
	if bulk, err := got.bulk(len(some)); err != nil || bulk.Metadata.Success != len(some) {
		t.Errorf("got %s, %v", got.body, err)
	}
	if stored := storedContacts(t, c); len(stored) != len(some) {
		t.Errorf("there are %d contacts, want %d", len(stored), len(some))
	}
}
