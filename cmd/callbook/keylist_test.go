package main

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"callbook/internal/account"
	"callbook/internal/clock"
	"callbook/internal/store/sqlite"
)

// TestKeyListIsATable lists a key whose name an older callbook took with line breaks and
// with what moves the cursor of a terminal: each key has one line.
func TestKeyListIsATable(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "callbook.db")
	db, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	acct, err := account.NewDirectory(db, clock.System).Create(t.Context(), "acme", "IN", "Asia/Kolkata")
	if err != nil {
		t.Fatal(err)
	}
	key := account.Key{ID: strings.Repeat("a", 32), Name: "night\nly\tsync\x1b[2J é", Created: time.Unix(1_753_000_000, 0)}
	if err := db.CreateKey(t.Context(), acct.ID, key, [32]byte{1}); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	var out, told strings.Builder
	if code := run(t.Context(), []string{"key", "list", "--account", "acme", "--db", path}, streams{out: &out, err: &told}); code != 0 {
		t.Fatalf("exit code %d: %s", code, told.String())
	}
	if lines := strings.Split(strings.TrimSpace(out.String()), "\n"); len(lines) != 2 || !strings.Contains(lines[1], "night ly sync [2J é") {
		t.Errorf("got %q", out.String())
	}
}
