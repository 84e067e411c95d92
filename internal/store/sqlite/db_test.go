package sqlite

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

func TestNewFile(t *testing.T) {
	t.Parallel()
	s := serve(t, Options{})
	for _, suffix := range []string{"", "-wal", "-shm", ".lock"} {
		info, err := os.Stat(s.path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if mode := info.Mode().Perm(); mode != 0o600 {
			t.Errorf("callbook.db%s has the mode %o, want 600", suffix, mode)
		}
	}
	if got := pragma(t, s.db, "journal_mode"); got != "wal" {
		t.Errorf("journal_mode is %s", got)
	}
	if got := pragma(t, s.db, "page_size"); got != "8192" {
		t.Errorf("page_size is %s", got)
	}
	if got := pragma(t, s.db, "application_id"); got != fmt.Sprint(0x43626f6b) {
		t.Errorf("application_id is %s", got)
	}
	files, err := os.ReadDir("migrations")
	if err != nil {
		t.Fatal(err)
	}
	if got := pragma(t, s.db, "user_version"); got != fmt.Sprint(len(files)) {
		t.Errorf("user_version is %s, want the number of migrations", got)
	}
}

func pragma(t *testing.T, db *DB, name string) string {
	t.Helper()
	var value string
	if err := db.read(t.Context(), func(conn *sqlite.Conn) (err error) {
		value, err = connPragma(conn, name)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return value
}

func connPragma(conn *sqlite.Conn, name string) (value string, err error) {
	err = sqlitex.ExecuteTransient(conn, "PRAGMA "+name, &sqlitex.ExecOptions{
		ResultFunc: func(stmt *sqlite.Stmt) error {
			value = stmt.ColumnText(0)
			return nil
		},
	})
	return value, err
}

// TestConnections looks at what is set for each connection anew: the writer's,
// and those of the pool.
func TestConnections(t *testing.T) {
	t.Parallel()
	s := serve(t, Options{})
	check := func(name, foreignKeys string, conn *sqlite.Conn) error {
		for pragma, want := range map[string]string{"synchronous": "2", "foreign_keys": foreignKeys, "journal_mode": "wal"} {
			got, err := connPragma(conn, pragma)
			if err != nil {
				return err
			}
			if got != want {
				t.Errorf("%s: %s is %s, want %s", name, pragma, got, want)
			}
		}
		return nil
	}
	// Not in a job: there it would be within a transaction.
	if err := check("writer", "0", s.book.conn); err != nil {
		t.Error(err)
	}
	for name, pool := range map[string]*sqlitex.Pool{
		"control": s.db.control, "writes": s.db.writes, "points": s.db.points.pool, "scans": s.db.scans.pool, "second": s.book.second.pool,
	} {
		conn, err := pool.Take(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := check(name, "1", conn); err != nil {
			t.Error(err)
		}
		pool.Put(conn)
	}
}

func TestOpenAgain(t *testing.T) {
	t.Parallel()
	s := serve(t, Options{})
	acme := s.account(t, "acme")
	s.close(t)
	if err := os.Chmod(s.path, 0o640); err != nil {
		t.Fatal(err)
	}
	again := serveFile(t, s.path, Options{})
	if got, err := again.db.Account(t.Context(), "acme"); err != nil || got.ID != acme.ID {
		t.Errorf("the account is %+v, %v", got, err)
	}
	if info, err := os.Stat(s.path); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("the mode that somebody gave the file was changed: %v, %v", info.Mode(), err)
	}
	if err := again.db.Ping(t.Context()); err != nil {
		t.Errorf("ping: %v", err)
	}
}

// TestOpenAtOnce makes a new file from many sides.
func TestOpenAtOnce(t *testing.T) {
	t.Parallel()
	for i := range 5 {
		path := filepath.Join(t.TempDir(), fmt.Sprintf("%d.db", i))
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				db, err := Open(t.Context(), path)
				if err != nil {
					t.Error(err)
					return
				}
				if err := errors.Join(db.Ping(t.Context()), db.Close()); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
	}
}

func TestOneAddressBook(t *testing.T) {
	t.Parallel()
	s := serve(t, Options{})
	// Another DB on the same file is what another process has. Its account
	// store works, its address book does not.
	other, err := Open(t.Context(), s.path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := other.Close(); err != nil {
			t.Error(err)
		}
	}()
	for _, db := range []*DB{s.db, other} {
		book, err := db.OpenAddressBook(Options{})
		if err == nil {
			t.Fatal(errors.Join(errors.New("two address books on one file"), book.Close()))
		}
		if !errors.Is(err, ErrInUse) {
			t.Errorf("the error is %v, want ErrInUse", err)
		}
		if !strings.Contains(err.Error(), s.path) {
			t.Errorf("%q does not tell which file", err)
		}
	}
	if _, err := other.Accounts(t.Context()); err != nil {
		t.Errorf("accounts beside a server: %v", err)
	}
	if err := s.book.Close(); err != nil {
		t.Fatal(err)
	}
	book, err := other.OpenAddressBook(Options{})
	if err != nil {
		t.Fatalf("after Close: %v", err)
	}
	s.book = book // which the cleanup closes
}

func TestNewerSchema(t *testing.T) {
	t.Parallel()
	s := serve(t, Options{})
	s.exec(t, "PRAGMA user_version = 1000")
	s.close(t)
	isRefused(t, s.path, "newer callbook", "1000")
}

// TestForeignFiles opens what is not callbook's by mistake: it must be said
// clearly, and nothing may happen to the file.
func TestForeignFiles(t *testing.T) {
	t.Parallel()
	for name, content := range map[string][]byte{
		"short text": []byte("not a database\n"),
		"long text":  bytes.Repeat([]byte("not a database\n"), 5000),
		"zeros":      make([]byte, 16384),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "notes.txt")
			if err := os.WriteFile(path, content, 0o644); err != nil {
				t.Fatal(err)
			}
			isRefused(t, path, "not a database")
		})
	}
	for name, script := range map[string]string{
		"database of another program": `CREATE TABLE accounts (id INTEGER PRIMARY KEY);`,
		"with an application id":      `CREATE TABLE notes (id INTEGER PRIMARY KEY); PRAGMA application_id = 42;`,
		"with a version":              `CREATE TABLE notes (id INTEGER PRIMARY KEY); PRAGMA application_id = 42; PRAGMA user_version = 7;`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "notes.db")
			conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite|sqlite.OpenCreate)
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(sqlitex.ExecuteScript(conn, script, nil), conn.Close()); err != nil {
				t.Fatal(err)
			}
			err = isRefused(t, path)
			if err != nil && strings.Contains(err.Error(), "newer callbook") {
				t.Errorf("%q is not the reason", err)
			}
		})
	}
}

// isRefused checks that the file cannot be opened, that the error holds the
// words and the file's name, and that the file is as it was.
func isRefused(t *testing.T, path string, words ...string) error {
	t.Helper()
	before := readFile(t, path)
	db, err := Open(t.Context(), path)
	if err == nil {
		t.Error("it was opened")
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	} else {
		for _, word := range append(words, path) {
			if !strings.Contains(err.Error(), word) {
				t.Errorf("%q does not say %q", err, word)
			}
		}
	}
	if !bytes.Equal(before, readFile(t, path)) {
		t.Error("the file was changed")
	}
	return err
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func TestOpenFails(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, path := range []string{dir, filepath.Join(dir, "missing", "callbook.db")} {
		if db, err := Open(t.Context(), path); err == nil {
			t.Error(errors.Join(fmt.Errorf("%s was opened", path), db.Close()))
		}
	}
}

// TestCloseInterrupted: a database that is closed after its connections were interrupted
// has everything in the file, so that the file alone may be moved.
func TestCloseInterrupted(t *testing.T) {
	t.Parallel()
	s := serve(t, Options{})
	s.account(t, "acme")
	interrupted := make(chan struct{})
	close(interrupted)
	for _, pool := range []*sqlitex.Pool{s.db.pools.control, s.db.pools.writes, s.db.pools.points.connections(), s.db.pools.scans.connections()} {
		conn, err := pool.Take(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		conn.SetInterrupt(interrupted)
		pool.Put(conn)
	}
	s.close(t)
	if err := os.Remove(s.path + "-wal"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	s = serveFile(t, s.path, Options{})
	if accounts, err := s.db.Accounts(t.Context()); err != nil || len(accounts) != 1 {
		t.Errorf("%d accounts are there, %v", len(accounts), err)
	}
}
