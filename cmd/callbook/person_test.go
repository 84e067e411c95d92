package main

import (
	"strings"
	"testing"
	"time"

	"callbook/internal/account"
	"callbook/internal/clock/clocktest"
	"callbook/internal/fault"
	"callbook/internal/test/servertest"
)

// TestPersonBesideServer: the commands about a person beside a running server leave no API
// key in any list, also if one was killed before, and the audit log names the command.
func TestPersonBesideServer(t *testing.T) {
	t.Parallel()
	db := servertest.NewDatabase(t)
	w := &commandWalk{t: t, db: db, seen: make(map[string]bool)}
	w.person()
	s := servertest.Start(t, servertest.Options{Path: db})
	stop, err := s.Sessions.Serving(t.Context(), s.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer stop(t.Context())
	var killed string
	err = database{db}.withDB(t.Context(), func(store commandStore) (err error) {
		killed, _, _, err = account.NewDirectory(store, clocktest.New(time.Now().Add(-time.Hour))).KeyForCommand(t.Context(), "person", userID())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	keys := func() string {
		shown := mustRunHere(t, "account", "show", "person", "--db", db).out
		if strings.Contains(shown, "API keys that work no more") {
			t.Errorf("a command has left a key in\n%s", shown)
		}
		return mustRunHere(t, "key", "list", "--account", "person", "--db", db).out
	}
	before := keys()
	if strings.Contains(before, killed) {
		t.Errorf("a killed command has left\n%s", before)
	}
	if got := mustRunHere(t, "person", "export", "--account", "person", "+919876543210", "--db", db); !strings.Contains(got.out, "Priya") {
		t.Errorf("exported %s", got.out)
	}
	if got := w.told(db); got != "" {
		t.Errorf("the entries of an export are %q", got)
	}
	mustRunHere(t, "person", "erase", "--account", "person", "+919876543210", "--db", db)
	if got := w.told(db); got != "persons.erase" {
		t.Errorf("the entries of an erasure are %q", got)
	}
	if after := keys(); after != before {
		t.Errorf("before\n%s\nafter\n%s", before, after)
	}
	if _, err := s.Directory.Access(t.Context(), killed); !servertest.OnPostgres() && !fault.Is(err, fault.NotFound) {
		t.Errorf("the key of the killed command is still there: %v", err)
	}
}
