package e2e

import (
	"strings"
	"testing"

	"callbook/internal/test/pgtest"
)

// TestPostgres runs the program on a PostgreSQL database that is empty at first:
// two servers share it, and one of them is killed.
func TestPostgres(t *testing.T) {
	t.Parallel()
	db := pgtest.Database(t, nil)
	// What changes no schema says what does.
	for _, args := range [][]string{
		{"account", "list", "--db", db},
		{"serve", "--no-migrate", "--addr", "127.0.0.1:0", "--db", db},
	} {
		if got := callbook(t, args...); got.code != 1 || !strings.Contains(got.stderr, "callbook migrate") {
			t.Errorf("%v: exit code %d, %s", args, got.code, got.stderr)
		}
	}
	for range 2 {
		if got := callbook(t, "migrate", "--db", db); got.code != 0 || !strings.Contains(got.stdout, "up to date") {
			t.Fatalf("migrate: exit code %d, %s%s", got.code, got.stdout, got.stderr)
		}
	}
	auth := newAccount(t, db, "acme")
	one, two := startServer(t, db), startServer(t, db, "--no-migrate")
	first := newClient(t, one, auth).mustPost(t, contact{Number: "+919876543210"}, contact{Number: "+919876543211"})
	one.kill(t)
	c := newClient(t, two, auth)
	again := c.mustPost(t, contact{Number: "+919876543211"}, contact{Number: "+919876543212"})
	if got, want := again.Response[0].Data.SID, first.Response[1].Data.SID; got != want {
		t.Errorf("the other server says that %s has the number, want %s", got, want)
	}
	if stored := storedContacts(t, c); len(stored) != 3 {
		t.Errorf("there are %d contacts, want 3", len(stored))
	}
	if got := callbook(t, "key", "revoke", auth.APIKey, "--db", db); got.code != 0 {
		t.Errorf("key revoke: exit code %d, %s", got.code, got.stderr)
	}
	if !waitFor(stopLimit, func() bool {
		a, err := c.call("GET", "/contacts", nil)
		return err == nil && a.status == 401
	}) {
		t.Error("a revoked key works on")
	}
}

// TestPostgresPassword looks for a password in whatever is printed.
func TestPostgresPassword(t *testing.T) {
	const db = "postgres://somebody:hunter2@127.0.0.1:1/callbook?connect_timeout=2"
	for _, tt := range []struct {
		code int
		says string
		args []string
	}{
		{2, "only settings that libpq or the pool knows", []string{"serve", "--addr", "127.0.0.1:0", "--db", db + "&sslmode=nonsense"}},
		{1, "somebody", []string{"account", "create", "acme", "--db", db}},
		{2, "only settings that libpq or the pool knows", []string{"account", "list", "--db", db + "&pool_max_conns=many"}},
		{2, "only settings that libpq or the pool knows", []string{"migrate", "--db", db + "&sslmode=nonsense"}},
	} {
		got := callbook(t, tt.args...)
		if got.code != tt.code || strings.Contains(got.stdout+got.stderr, "hunter2") || !strings.Contains(got.stderr, tt.says) {
			t.Errorf("%v: exit code %d, %s%s", tt.args, got.code, got.stdout, got.stderr)
		}
	}
}
