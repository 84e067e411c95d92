package e2e

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestFileRenamed renames the file of a server that is at work, and starts on the
// new name, and on the old name again: what was acknowledged is there.
func TestFileRenamed(t *testing.T) {
	t.Parallel()
	for name, back := range map[string]bool{"new name": false, "back while it runs": true} {
		t.Run(name, func(t *testing.T) {
			db := newDB(t)
			renamed := filepath.Join(filepath.Dir(db), "renamed.db")
			auth := newAccount(t, db, "acme")
			s := startServer(t, db)
			newClient(t, s, auth).mustPost(t, numbered(0, 500)...)
			rename(t, db, renamed)
			awaitUnready(t, s)
			next := renamed
			if back {
				rename(t, renamed, db)
				next = db
			}
			s.stop(t)
			if !strings.Contains(s.stderr.String(), "has all that was written") {
				t.Errorf("it does not say how the file was left:\n%s", s.stderr)
			}
			hasNumbers(t, next, auth, 500)
			// And back, when more was written under the new name.
			s = startServer(t, next)
			newClient(t, s, auth).mustPost(t, numbered(500, 1)...)
			s.stop(t)
			if !back {
				rename(t, renamed, db)
			}
			hasNumbers(t, db, auth, 501)
		})
	}
}

// TestFileRenamedAndReplaced puts another file in the place of one that was
// renamed, or removed: the server that ends writes into none of them by its name.
func TestFileRenamedAndReplaced(t *testing.T) {
	t.Parallel()
	for name, keep := range map[string]bool{"renamed": true, "removed": false} {
		t.Run(name, func(t *testing.T) {
			db := newDB(t)
			folder := filepath.Dir(db)
			auth := newAccount(t, db, "acme")
			other, err := os.ReadFile(db)
			if err != nil {
				t.Fatal(err)
			}
			s := startServer(t, db)
			newClient(t, s, auth).mustPost(t, numbered(0, 500)...)
			if keep {
				rename(t, db, filepath.Join(folder, "renamed.db"))
			}
			if err := os.WriteFile(db+".new", other, 0o600); err != nil {
				t.Fatal(err)
			}
			rename(t, db+".new", db)
			awaitUnready(t, s)
			before := contents(t, folder)
			s.stop(t)
			for name, was := range before {
				if now, err := os.ReadFile(name); err != nil || !bytes.Equal(now, was) {
					t.Errorf("%s changed (%v)", filepath.Base(name), err)
				}
			}
			if keep != strings.Contains(s.stderr.String(), "give the file its old name again") {
				t.Errorf("its last words:\n%s", s.stderr)
			}
			if !keep {
				return
			}
			if err := os.Remove(db); err != nil {
				t.Fatal(err)
			}
			rename(t, filepath.Join(folder, "renamed.db"), db)
			hasNumbers(t, db, auth, 500)
		})
	}
}

func rename(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

func awaitUnready(t *testing.T, s *server) {
	t.Helper()
	if !waitFor(noticed, func() bool { return get(t, s.URL+"/readyz").status == http.StatusServiceUnavailable }) {
		t.Fatal("the server goes on without its file")
	}
}

func hasNumbers(t *testing.T, db string, auth credentials, want int) {
	t.Helper()
	if numbers := numbersOf(t, db, auth); len(numbers) != want {
		t.Errorf("%d contacts are there, want %d", len(numbers), want)
	}
	checkClean(t, db)
}

// contents returns the files in a folder that may be a database or its log.
func contents(t *testing.T, folder string) map[string][]byte {
	t.Helper()
	all := make(map[string][]byte)
	names, err := filepath.Glob(filepath.Join(folder, "*.db*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "-shm") || strings.HasSuffix(name, ".uploads") {
			continue
		}
		if all[name], err = os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
	return all
}
