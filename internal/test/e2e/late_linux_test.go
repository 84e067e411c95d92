package e2e

import (
	"net/http"
	"strings"
	"testing"

	"callbook/internal/test/pgtest"
)

// TestDatabaseComesLater starts a server while no database takes writes: there
// is a standby alone, or nothing at all. It says so and is there by itself once
// there is a primary, schema and first account included.
func TestDatabaseComesLater(t *testing.T) {
	t.Parallel()
	pair := pgtest.NewPair(t)
	db := strings.Replace(pair.URL(), "@", ":hunter2@", 1)
	pair.Primary.Stop()
	s := startServer(t, db)
	waits(t, s)
	pair.Standby.Stop()
	waits(t, s)
	other := startServer(t, db)
	waits(t, other)
	other.stop(t) // while it waits
	pair.Standby.Start()
	pair.Promote()
	awaitReady(t, s)
	if !waitFor(patience, func() bool { return bootstrapToken.MatchString(s.stdout.String()) }) {
		t.Fatalf("no first key was made:\n%s", s.stdout)
	}
	printed := s.stdout.String()
	auth := credentials{
		AccountSID: bootstrapSID.FindStringSubmatch(printed)[1],
		APIKey:     bootstrapKey.FindStringSubmatch(printed)[1],
		APIToken:   bootstrapToken.FindStringSubmatch(printed)[1],
	}
	newClient(t, s, auth).mustPost(t, contact{Number: "+919876543210"})
	s.stop(t)
	logged := s.stderr.String()
	for _, line := range []string{"the database is not there yet", "the database is there"} {
		if !strings.Contains(logged, line) {
			t.Errorf("the log does not say %q:\n%s", line, logged)
		}
	}
	if strings.Contains(logged, "hunter2") {
		t.Errorf("the log has the password:\n%s", logged)
	}
}

// waits checks what a server says that waits for its database.
func waits(t *testing.T, s *server) {
	t.Helper()
	got, err := newClient(t, s, credentials{AccountSID: "demo"}).post([]contact{{Number: "+919876543210"}})
	if err == nil {
		err = isUnavailable(got)
	}
	if err != nil {
		t.Error(err)
	}
	for path, status := range map[string]int{"/healthz": http.StatusOK, "/openapi.yaml": http.StatusOK, "/readyz": http.StatusServiceUnavailable} {
		if got := get(t, s.URL+path); got.status != status {
			t.Errorf("%s: got %d, want %d", path, got.status, status)
		}
	}
	req, err := http.NewRequest(http.MethodGet, s.URL+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", "text/html")
	page, err := send(http.DefaultClient, req)
	if err != nil {
		t.Fatal(err)
	}
	if page.status != http.StatusServiceUnavailable || page.header.Get("Retry-After") == "" || !strings.Contains(string(page.body), "<html") {
		t.Errorf("a browser gets %d, Retry-After %q, %s", page.status, page.header.Get("Retry-After"), page.body)
	}
}

// TestDatabaseNeverThere: what no waiting mends ends a server at once.
func TestDatabaseNeverThere(t *testing.T) {
	t.Parallel()
	db := pgtest.Database(t, nil)
	noDatabase := strings.Replace(db, "?", "_not_there?", 1)
	noUser := strings.Replace(db, "callbook@", "nobody_of_this_name@", 1)
	const unread = "cannot be read: write it as postgres://user:password@host:5432/callbook"
	for _, tt := range []struct {
		url  string
		code int
		says string
	}{
		{noDatabase, 1, "or make the database with createdb"},
		{noUser, 1, "check the user and the password in the URL"},
		{db + "&sslmode=nonsense", 2, unread},
		{"postgres://127.0.0.1:port/callbook", 2, unread},
	} {
		if got := callbook(t, "serve", "--addr", "127.0.0.1:0", "--db", tt.url); got.code != tt.code || !strings.Contains(got.stderr, tt.says) {
			t.Errorf("%s: exit code %d, %s", tt.url, got.code, got.stderr)
		}
	}
}
