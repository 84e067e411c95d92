package e2e

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestRestoreKilled ends restores at many moments: the database is the old one or
// the new one, whole, and another restore ends well.
func TestRestoreKilled(t *testing.T) {
	t.Parallel()
	old, _ := seeded(t, 10_000)
	source, _ := seeded(t, 15_000)
	file := filepath.Join(t.TempDir(), "callbook.bak")
	mustRun(t, "backup", file, "--db", source)
	whole, err := os.ReadFile(old)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	began := time.Now()
	mustRun(t, "restore", file, "--db", filepath.Join(dir, "first.db"))
	lasts := time.Since(began)
	kills, olds, news := 0, 0, 0
	for i := 0; i < 8 || kills == 0 && i < 50; i++ {
		db := filepath.Join(dir, fmt.Sprintf("%d.db", i))
		if err := os.WriteFile(db, whole, 0o600); err != nil {
			t.Fatal(err)
		}
		if after := lasts/3 + time.Duration(rand.Int64N(int64(lasts))); killAt(t, after, "restore", file, "--db", db) {
			kills++
		} else if kills == 0 {
			lasts = max(after*3/4, time.Millisecond) // it was quicker this time
		}
		said := mustRun(t, "check", "--db", db).stdout
		switch {
		case strings.Contains(said, " 10000 contacts"):
			olds++
		case strings.Contains(said, " 15000 contacts"):
			news++
		default:
			t.Fatalf("the database is neither the old nor the new one:\n%s", said)
		}
		mustRun(t, "restore", file, "--db", db)
		if said := mustRun(t, "check", "--db", db).stdout; !strings.Contains(said, " 15000 contacts") {
			t.Errorf("after a second restore:\n%s", said)
		}
		keptOld := false
		entries, err := filepath.Glob(db + ".before-restore-*Z")
		for _, entry := range entries {
			keptOld = keptOld || strings.Contains(mustRun(t, "check", "--db", entry).stdout, " 10000 contacts")
		}
		if err != nil || !keptOld {
			t.Errorf("the old database is not among what was kept: %v, %v", entries, err)
		}
		for _, entry := range append(entries, db) {
			if err := os.Remove(entry); err != nil {
				t.Error(err)
			}
		}
	}
	t.Logf("%d were killed; %d left the old database, %d the new one", kills, olds, news)
	if kills == 0 {
		t.Error("no restore was killed in its middle: this test has tested nothing")
	}
	noLeftovers(t, dir)
}

// wantOfBackup checks that the words about a backup that is not whole are not about
// the database.
func wantOfBackup(t *testing.T, name, said string) {
	t.Helper()
	for _, words := range []string{"the BACKUP is ", "the database was not touched", "restore another one"} {
		if !strings.Contains(said, words) {
			t.Errorf("%s: it does not say %q:\n%s", name, words, said)
		}
	}
	for _, words := range []string{"the database is damaged", "of the database as it is"} {
		if strings.Contains(said, words) {
			t.Errorf("%s: it says %q:\n%s", name, words, said)
		}
	}
}

// TestRestoreRefuses tries what is no backup, and looks whether anything changed.
func TestRestoreRefuses(t *testing.T) {
	t.Parallel()
	db, _ := seeded(t, 2000)
	dir := t.TempDir()
	file := filepath.Join(dir, "callbook.bak")
	mustRun(t, "backup", file, "--db", db)
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(db)
	if err != nil {
		t.Fatal(err)
	}
	sealed := bytes.LastIndexByte(whole[:len(whole)-1], '\n')
	unsealed := whole[:sealed]
	flip := func(b []byte, at int) []byte { b[at] ^= 1; return b }
	refused := map[string][]byte{
		"empty":        {},
		"foreign":      []byte("no database"),
		"cut at half":  whole[:len(whole)/2],
		"cut at start": whole[:5000],
		"cut a little": whole[:len(whole)-1],
		"cut checksum": unsealed,
		"longer":       append(bytes.Clone(whole), 'x'),
		"newer":        func() []byte { b := bytes.Clone(unsealed); copy(b[60:], "\x00\x00\x03\xe8"); return b }(),
		"another's id": func() []byte { b := bytes.Clone(unsealed); copy(b[68:], "\x00\x00\x00\x01"); return b }(),
	}
	for range 8 {
		at := rand.IntN(len(whole))
		refused[fmt.Sprintf("byte %d", at)] = flip(bytes.Clone(whole), at)
	}
	refused["a letter of a name"] = flip(bytes.Clone(whole), bytes.Index(whole, []byte("Asha")))
	bad := filepath.Join(dir, "bad.bak")
	for name, content := range refused {
		if err := os.WriteFile(bad, content, 0o600); err != nil {
			t.Fatal(err)
		}
		got := callbook(t, "restore", bad, "--db", db)
		if got.code != 1 || got.stderr == "" {
			t.Errorf("%s: exit code %d, %s%s", name, got.code, got.stdout, got.stderr)
		}
		if name != "newer" && name != "another's id" {
			wantOfBackup(t, name, got.stderr)
		}
		if now, err := os.ReadFile(db); err != nil || !bytes.Equal(now, before) {
			t.Fatalf("%s: the database changed (%v)", name, err)
		}
	}
	noLeftovers(t, filepath.Dir(db))
	if got := callbook(t, "restore", filepath.Join(dir, "none"), "--db", db); got.code != 1 || !strings.Contains(got.stderr, "no backup") {
		t.Errorf("of a file that is not there: exit code %d, %s", got.code, got.stderr)
	}
	if got := callbook(t, "restore", db, "--db", db); got.code != 1 || !strings.Contains(got.stderr, "the database itself") {
		t.Errorf("of the database itself: exit code %d, %s", got.code, got.stderr)
	}

	// In the place of a database that is broken, and of a link to one.
	if err := os.WriteFile(db, bytes.Repeat([]byte("x"), 10_000), 0o600); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "link.db")
	if err := os.Symlink(db, link); err != nil {
		t.Fatal(err)
	}
	mustRun(t, "restore", file, "--db", link)
	checkClean(t, db)
	if target, err := os.Readlink(link); err != nil || target != db {
		t.Errorf("the link leads to %s, %v", target, err)
	}
	// A database file that another program copied is restored too.
	if err := os.WriteFile(bad, before, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := mustRun(t, "restore", bad, "--db", db); !strings.Contains(got.stderr, "has no checksum") {
		t.Errorf("it said %s", got.stderr)
	}
	checkClean(t, db)
}
