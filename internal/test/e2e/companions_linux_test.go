package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCompanionsKept names what a database has beside it as the file to write,
// beside a running server whose newest changes are in the log alone, and looks
// whether anything changed.
func TestCompanionsKept(t *testing.T) {
	t.Parallel()
	db := newDB(t)
	auth := newAccount(t, db, "acme")
	backup := filepath.Join(t.TempDir(), "callbook.bak")
	mustRun(t, "backup", backup, "--db", db)
	other, _ := seeded(t, 10)
	s := startServer(t, db)
	c := newClient(t, s, auth)
	c.mustPost(t, numbered(0, 500)...)
	if err := os.MkdirAll(db+".uploads", 0o700); err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(filepath.Dir(db), folder); err != nil {
		t.Fatal(err)
	}
	log, err := os.Stat(db + "-wal")
	if err != nil || log.Size() == 0 {
		t.Fatalf("there is no log: %v", err)
	}
	base := filepath.Base(db)
	second := filepath.Join(filepath.Dir(db), "second")
	if err := os.Link(db+"-wal", second); err != nil {
		t.Fatal(err)
	}
	linked := filepath.Join(folder, "linked.db")
	if err := os.Symlink(db, linked); err != nil {
		t.Fatal(err)
	}
	refused := func(args ...string) {
		t.Helper()
		if got := callbook(t, args...); got.code != 1 || !strings.Contains(got.stderr, "belongs to the database") {
			t.Errorf("%v: exit code %d, %s", args, got.code, got.stderr)
		}
	}
	for _, suffix := range []string{"-wal", "-shm", "-journal", ".lock", ".reserve", ".uploads/x"} {
		refused("backup", db+suffix, "--db", db, "--force")
	}
	relative := filepath.Dir(db) + "/../" + filepath.Base(filepath.Dir(db)) + "/" + base
	refused("backup", relative+"-wal", "--db", db, "--force")
	refused("backup", filepath.Join(folder, base)+"-wal", "--db", db, "--force")
	refused("backup", db+"-wal", "--db", linked, "--force")
	refused("restore", db+"-wal", "--db", db)
	for _, suffix := range []string{"-wal", "-journal"} { // there, and not there
		refused("backup", db+suffix, "--db", other, "--force")
		refused("restore", backup, "--db", db+suffix)
		refused("copy", "--from", other, "--to", db+suffix)
		refused("account", "create", "--db", db+suffix, "x")
	}
	if got := callbook(t, "backup", second, "--db", db, "--force"); got.code != 1 || !strings.Contains(got.stderr, "log") {
		t.Errorf("over a second name of the log: exit code %d, %s", got.code, got.stderr)
	}
	if now, err := os.Stat(db + "-wal"); err != nil || !os.SameFile(now, log) {
		t.Fatalf("the log is another file: %v", err)
	}
	noLeftovers(t, filepath.Dir(db))
	c.mustPost(t, numbered(500, 1)...)
	s.kill(t)
	if numbers := numbersOf(t, db, auth); len(numbers) != 501 {
		t.Errorf("%d contacts are there, want 501", len(numbers))
	}
	checkClean(t, db)
}

// TestNamesInBetween names a database as a backup is called while it is written,
// and a backup as a restore calls what it prepares.
func TestNamesInBetween(t *testing.T) {
	t.Parallel()
	db, auth := seeded(t, 10)
	partial := db + ".partial"
	if err := os.Rename(db, partial); err != nil {
		t.Fatal(err)
	}
	if got := callbook(t, "backup", db, "--db", partial); got.code != 1 || !strings.Contains(got.stderr, "the database itself") {
		t.Errorf("backup: exit code %d, %s", got.code, got.stderr)
	}
	if err := os.Rename(partial, db); err != nil {
		t.Fatal(err)
	}
	if numbers := numbersOf(t, db, auth); len(numbers) != 10 {
		t.Errorf("%d contacts are there, want 10", len(numbers))
	}
	for _, suffix := range []string{".restoring", ".restored"} {
		mustRun(t, "backup", db+suffix, "--db", db)
		if got := callbook(t, "restore", db+suffix, "--db", db); got.code != 1 || !strings.Contains(got.stderr, "rename the backup") {
			t.Errorf("restore: exit code %d, %s", got.code, got.stderr)
		}
		if err := os.Remove(db + suffix); err != nil {
			t.Errorf("the backup is gone: %v", err)
		}
	}
}
