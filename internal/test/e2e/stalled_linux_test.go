package e2e

import (
	"strings"
	"testing"
)

// TestStopCutsOffStalledClients stops a server while clients neither send the rest
// of a body nor read an answer. It ends well, and says that it has cut them off.
func TestStopCutsOffStalledClients(t *testing.T) {
	t.Parallel()
	db := newDB(t)
	auth := newAccount(t, db, "stalled")
	s := startServer(t, db)
	newClient(t, s, auth).mustPost(t, people(0, 1000, 12_000)...)
	const contacts = "/v2/accounts/stalled/contacts"
	s.raw(t, auth, "POST "+contacts, "Content-Length: 3000\r\n", "{")
	s.raw(t, auth, "GET "+contacts+"?limit=1000", "", "")
	s.raw(t, auth, "GET "+contacts+"/export", "", "")

	s.terminate(t)
	s.awaitCleanExit(t)
	if log := s.stderr.String(); !strings.Contains(log, "are cut off") || strings.Contains(log, "level=ERROR") {
		t.Errorf("the log says:\n%s", log)
	}
	if got := callbook(t, "check", "--db", db); got.code != 0 {
		t.Errorf("check: exit code %d\n%s", got.code, got.stdout)
	}
}
