package sqlite

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"callbook/internal/account"
	"callbook/internal/fault"
)

// smallDisk mounts a file system of so many bytes.
func smallDisk(t *testing.T, size string) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("callbook", dir, "tmpfs", 0, "size="+size); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("mount a small disk: %v; CI=true allows no skip", err)
		}
		t.Skipf("mount a small disk, which takes root: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Errorf("unmount: %v", err)
		}
	})
	return dir
}

// fillDisk takes all the room that is left.
func fillDisk(t *testing.T, dir string) {
	t.Helper()
	file, err := os.OpenFile(filepath.Join(dir, "filler"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	for size := 64 << 10; size > 0; {
		if _, err = file.Write(make([]byte, size)); err != nil {
			size /= 2
		}
	}
	if closeErr := file.Close(); closeErr != nil || !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err, closeErr)
	}
}

// TestOpenOnFullDisk opens a database on a full disk, as the commands and a server do.
func TestOpenOnFullDisk(t *testing.T) {
	t.Parallel()
	dir := smallDisk(t, "16m")
	path := filepath.Join(dir, "callbook.db")
	s := serveFile(t, path, Options{})
	acme := s.account(t, "acme")
	var keys []string
	for _, id := range []string{"one", "two", "three"} {
		k := account.Key{ID: id, Created: time.Unix(1_700_000_000, 0)}
		if err := s.db.CreateKey(t.Context(), acme.ID, k, account.TokenHash{}); err != nil {
			t.Fatal(err)
		}
		keys = append(keys, id)
	}
	s.insert(t, acme.ID, contacts(firstNumber, 1000), 1000)
	s.close(t)

	for _, id := range keys {
		fillDisk(t, dir)
		// As the commands: each opens the database and closes it again, and
		// leaves the next one room for the same.
		command(t, path, func(db *DB) error {
			_, err := db.Keys(t.Context(), acme.ID)
			return err
		})
		fillDisk(t, dir)
		command(t, path, func(db *DB) error {
			k, err := db.RevokeKey(t.Context(), id, time.Now())
			if err == nil && k.Revoked.IsZero() {
				err = errors.New("it is not revoked")
			}
			return err
		})
	}

	fillDisk(t, dir)
	s = serveFile(t, path, Options{})
	if n := s.stored(t, acme.ID); n != 1000 {
		t.Errorf("%d contacts are stored", n)
	}
	// Writes go on until there is no room, and then say so.
	full := false
	for i := 0; i < 100 && !full; i++ {
		fillDisk(t, dir)
		_, err := s.tryInsert(t, acme.ID, contacts(firstNumber+10_000, 2000))
		if full = fault.Is(err, fault.Unavailable); !full && err != nil {
			t.Fatalf("the error is %v", err)
		}
		if !full {
			t.Fatal("there was room")
		}
	}
	if err := s.db.Ping(t.Context()); err != nil {
		t.Errorf("it does not read: %v", err)
	}
	command(t, path, func(db *DB) error { _, err := db.Accounts(t.Context()); return err })
	// With room, all is as it was.
	if err := os.Remove(filepath.Join(dir, "filler")); err != nil {
		t.Fatal(err)
	}
	s.insert(t, acme.ID, contacts(firstNumber+10_000, 2000), 2000)
	s.recount(t)
}

func command(t *testing.T, path string, do func(*DB) error) {
	t.Helper()
	db, err := Open(t.Context(), path)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	if err := errors.Join(do(db), db.Close()); err != nil {
		t.Fatal(err)
	}
}
