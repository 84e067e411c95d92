package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// ran is what a command line gave.
type ran struct {
	code      int
	out, errs string
}

// runHere runs a command line in this process.
func runHere(t *testing.T, args ...string) ran {
	t.Helper()
	var out, errs strings.Builder
	code := run(t.Context(), args, streams{out: &out, err: &errs})
	return ran{code, out.String(), errs.String()}
}

// mustRunHere is runHere for what must go well.
func mustRunHere(t *testing.T, args ...string) ran {
	t.Helper()
	got := runHere(t, args...)
	if got.code != exitOK {
		t.Fatalf("%v: exit code %d, %s%s", args, got.code, got.out, got.errs)
	}
	return got
}

// newBackup makes a database with an account, and a backup of it.
func newBackup(t *testing.T) (db, file string) {
	t.Helper()
	dir := t.TempDir()
	db, file = filepath.Join(dir, "book.db"), filepath.Join(dir, "book.bak")
	mustRunHere(t, "account", "create", "acme", "--db", db)
	mustRunHere(t, "backup", file, "--db", db)
	return db, file
}

func mustRead(t *testing.T, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// TestBackupIsNoDatabase names a backup as the database of every command that
// would change it.
func TestBackupIsNoDatabase(t *testing.T) {
	t.Parallel()
	db, file := newBackup(t)
	before := mustRead(t, file)
	for _, args := range [][]string{
		{"serve", "--addr", "127.0.0.1:0"},
		{"account", "list"},
		{"account", "create", "other"},
		{"key", "list", "--account", "acme"},
		{"key", "create", "--account", "acme"},
		{"login-link", "--account", "acme"},
		{"trunk", "list"},
		{"trunk", "create", "pbx", "--address", "sip:pbx"},
		{"migrate"},
		{"backup", file + ".second"},
	} {
		got := runHere(t, append(args, "--db", file)...)
		if got.code != exitFailed || !strings.Contains(got.errs, `it is a backup; put it in place with "callbook restore"`) {
			t.Errorf("%v: exit code %d, %s%s", args, got.code, got.out, got.errs)
		}
		if !bytes.Equal(mustRead(t, file), before) {
			t.Fatalf("%v changed the backup", args)
		}
	}
	mustRunHere(t, "check", "--db", file)
	mustRunHere(t, "restore", file, "--db", db)
	if got := mustRunHere(t, "account", "list", "--db", db); !strings.Contains(got.out, "acme") {
		t.Errorf("the restored database has the accounts %s", got.out)
	}
	mustRunHere(t, "backup", file+".second", "--db", db)
}

// TestCheckOfBackup: what restore refuses by its checksum, check calls wrong.
func TestCheckOfBackup(t *testing.T) {
	t.Parallel()
	_, file := newBackup(t)
	whole := mustRead(t, file)
	mustRunHere(t, "check", "--db", file)
	flipped := bytes.Clone(whole)
	flipped[bytes.Index(flipped, []byte("acme"))] ^= 1 // a name that is as good as the other
	seal := bytes.LastIndexByte(whole[:len(whole)-1], '\n')
	for name, broken := range map[string][]byte{
		"flipped": flipped, "line cut": whole[:len(whole)-1], "line gone": whole[:seal],
	} {
		if err := os.WriteFile(file, broken, 0o600); err != nil {
			t.Fatal(err)
		}
		got := runHere(t, "check", "--db", file)
		if got.code != exitFailed || !strings.Contains(got.out, "WRONG  structure") || !strings.Contains(got.out, "checksum") {
			t.Errorf("%s: exit code %d, %s%s", name, got.code, got.out, got.errs)
		}
	}
}

// TestRefusedRestore: it leaves nothing where there was no database.
func TestRefusedRestore(t *testing.T) {
	t.Parallel()
	_, file := newBackup(t)
	if err := os.Truncate(file, 8192); err != nil {
		t.Fatal(err)
	}
	db := filepath.Join(t.TempDir(), "new.db")
	if got := runHere(t, "restore", file, "--db", db); got.code != exitFailed || got.errs == "" {
		t.Errorf("exit code %d, %s", got.code, got.errs)
	}
	noFile(t, db)
}
