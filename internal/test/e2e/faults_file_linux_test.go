package e2e

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestBadFile gives every command a database file that it cannot use. Each says
// what is wrong and what to do, and leaves the file as it is.
func TestBadFile(t *testing.T) {
	t.Parallel()
	auth, made := newFile(t)
	for _, tt := range []struct {
		name   string
		breaks func(t *testing.T, path string)
		says   []string // all of them, in lower case
	}{
		{"missing directory", func(t *testing.T, path string) {
			if err := os.RemoveAll(filepath.Dir(path)); err != nil {
				t.Fatal(err)
			}
		}, []string{"no such file or directory"}},
		{"a directory", func(t *testing.T, path string) {
			if err := errors.Join(os.Remove(path), os.Mkdir(path, 0o700)); err != nil {
				t.Fatal(err)
			}
		}, []string{"directory"}},
		{"written by a newer callbook", func(t *testing.T, path string) {
			overwrite(t, path, userVersionOffset, []byte{0, 0, 0x27, 0x0f})
		}, []string{"newer callbook", "use that one"}},
		{"another program's", func(t *testing.T, path string) {
			overwrite(t, path, applicationIDOffset, []byte{1, 2, 3, 4})
		}, []string{"another program's"}},
		{"no database", func(t *testing.T, path string) {
			if err := os.WriteFile(path, bytes.Repeat([]byte("name,number\n"), 1000), 0o600); err != nil {
				t.Fatal(err)
			}
		}, []string{"restore"}},
		{"corrupt header", func(t *testing.T, path string) {
			overwrite(t, path, 0, random(100))
		}, []string{"restore"}},
		{"corrupt schema", func(t *testing.T, path string) {
			overwrite(t, path, 100, random(filePage-100))
		}, []string{"restore"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "folder", "book.db")
			if err := errors.Join(os.Mkdir(filepath.Dir(path), 0o700), os.WriteFile(path, made, 0o600)); err != nil {
				t.Fatal(err)
			}
			tt.breaks(t, path)
			before, _ := os.ReadFile(path) // there may be none
			for _, args := range [][]string{
				{"serve", "--addr", "127.0.0.1:0"},
				{"account", "list"},
				{"key", "list", "--account", auth.AccountSID},
				{"check"},
			} {
				got := callbook(t, append(args, "--db", path)...)
				said := strings.ToLower(got.stderr)
				if got.code == 0 || got.code == 2 || strings.Contains(said, "goroutine") || strings.Contains(said, "panic") {
					t.Errorf("%v: exit code %d, %s%s", args, got.code, got.stdout, got.stderr)
				}
				for _, says := range tt.says {
					if args[0] != "check" && !strings.Contains(said, says) && !strings.Contains(said, "there is no database") {
						t.Errorf("%v does not say %q: %s", args, says, got.stderr)
					}
				}
			}
			if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
				t.Error("the file was changed")
			}
		})
	}
	t.Run("read-only", func(t *testing.T) { readOnlyFile(t, auth, made) })
}

// Where SQLite's header has what a test changes, and the size of callbook's pages.
const (
	userVersionOffset   = 60
	applicationIDOffset = 68
	filePage            = 8192
)

// noticed is within what time a server must have noticed that something is wrong
// with its file: some seconds, and more on a busy machine.
const noticed = 2 * time.Minute

// newFile makes a database with an account and some contacts, and returns it as
// it is on the disk.
func newFile(t *testing.T) (credentials, []byte) {
	t.Helper()
	db := newDB(t)
	auth := newAccount(t, db, "filed")
	s := startServer(t, db)
	some := make([]contact, 5000)
	for i := range some {
		some[i] = contact{Number: fmt.Sprintf("+9198%08d", i), FirstName: "Asha"}
	}
	newClient(t, s, auth).mustPost(t, some...)
	s.stop(t)
	made, err := os.ReadFile(db)
	if err != nil {
		t.Fatal(err)
	}
	return auth, made
}

func overwrite(t *testing.T, path string, offset int64, with []byte) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt(with, offset); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // it never fails
	return b
}

// readOnlyFile starts a server on a file system that takes no writes.
func readOnlyFile(t *testing.T, auth credentials, made []byte) {
	d := newDisk(t, 32)
	if err := os.WriteFile(d.db(), made, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("", d.dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatalf("remount: %v", err)
	}
	got := callbook(t, "serve", "--addr", "127.0.0.1:0", "--db", d.db())
	if said := strings.ToLower(got.stderr); got.code != 1 || !strings.Contains(said, "read-only") && !strings.Contains(said, "readonly") {
		t.Errorf("serve: exit code %d, %s", got.code, got.stderr)
	}
	if got := callbook(t, "key", "create", "--account", auth.AccountSID, "--db", d.db()); got.code != 1 || got.stdout != "" {
		t.Errorf("key create: exit code %d, %s%s", got.code, got.stdout, got.stderr)
	}
	if err := syscall.Mount("", d.dir, "", syscall.MS_REMOUNT, ""); err != nil {
		t.Fatalf("remount: %v", err)
	}
	s := startServer(t, d.db())
	if got := newClient(t, s, auth).count(t, "/contacts"); got != 5000 {
		t.Errorf("%d contacts, want 5000", got)
	}
	s.stop(t)
	checkClean(t, d.db())
}

// TestCorruptPages overwrites pages in the middle of a stopped database. Whatever
// the server then answers is true: a contact that cannot be read is an error, and
// never left out without a word.
func TestCorruptPages(t *testing.T) {
	t.Parallel()
	auth, made := newFile(t)
	pages := int64(len(made) / filePage)
	met := 0
	for round := range 8 {
		db := newDB(t)
		damaged := bytes.Clone(made)
		for range 1 + round {
			page, err := rand.Int(rand.Reader, big.NewInt(pages-2))
			if err != nil {
				t.Fatal(err)
			}
			copy(damaged[(2+page.Int64())*filePage:], random(filePage))
		}
		if err := os.WriteFile(db, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		if got := callbook(t, "check", "--db", db); got.code == 0 || got.code == 2 {
			t.Errorf("callbook check of a damaged file: exit code %d\n%s%s", got.code, got.stdout, got.stderr)
		}
		s, refused := tryServer(t, db)
		if s == nil {
			if refused.code != 1 || strings.Contains(refused.stderr, "goroutine ") {
				t.Errorf("the server ended with exit code %d: %s", refused.code, refused.stderr)
			}
			continue
		}
		if readDamaged(t, newClient(t, s, auth)) {
			met++
			if !waitFor(noticed, func() bool { return get(t, s.URL+"/readyz").status == http.StatusServiceUnavailable }) {
				t.Error("the server has met a corrupt page and says that it is ready")
			}
		}
		if log := s.stderr.String(); strings.Contains(log, "panic") {
			t.Errorf("the log tells of a panic:\n%s", log)
		}
		s.kill(t)
	}
	if met == 0 {
		t.Error("no server met a corrupt page: this test has tested nothing")
	}
	db := newDB(t)
	if err := os.WriteFile(db, made, 0o600); err != nil {
		t.Fatal(err)
	}
	checkClean(t, db) // what the copies were made of
}

// readDamaged reads all contacts in pages, which must either all be there or end
// with an error, and tells whether there was one.
func readDamaged(t *testing.T, c *client) (met bool) {
	t.Helper()
	seen := 0
	for offset := 0; offset < 5000; offset += 500 {
		got, err := c.call(http.MethodGet, fmt.Sprintf("/contacts?limit=500&offset=%d", offset), nil)
		switch {
		case err != nil:
			t.Errorf("no answer: %v", err)
			return true
		case got.status >= http.StatusInternalServerError:
			if _, err := got.refusal(); err != nil {
				t.Error(err)
			}
			return true
		}
		page, err := got.page()
		if err != nil {
			t.Error(err)
			return true
		}
		seen += len(page.Response)
		for i, item := range page.Response {
			if want := fmt.Sprintf("+9198%08d", offset+i); item.Data.Number != want || item.Data.FirstName != "Asha" {
				t.Errorf("contact %d of a damaged file is %+v", offset+i, item.Data)
				return true
			}
		}
	}
	if seen != 5000 {
		t.Errorf("a damaged file has %d contacts and no error, want 5000", seen)
	}
	return false
}

// tryServer starts a server that may refuse to start; then it is nil.
func tryServer(t *testing.T, db string) (*server, outcome) {
	t.Helper()
	s := begin(t, []string{"--addr", "127.0.0.1:0", "--db", db}, nil)
	if s.awaitListening() {
		return s, outcome{}
	}
	return nil, outcome{s.cmd.ProcessState.ExitCode(), s.stdout.String(), s.stderr.String()}
}
