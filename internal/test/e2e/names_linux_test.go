package e2e

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestOtherNames goes to a running server's database by other names: whatever
// they are, there is one server, and one log.
func TestOtherNames(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db := filepath.Join(dir, "callbook.db")
	s := startServer(t, db, "--bootstrap=false")
	auth := newAccount(t, db, "names")
	c := newClient(t, s, auth)
	c.mustPost(t, contact{Number: "+919876543210"})

	link, hard := filepath.Join(t.TempDir(), "link.db"), filepath.Join(dir, "hard.db")
	if err := os.Symlink(db, link); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(db, hard); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(db + ".lock"); err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{db: true, link: true, hard: false} // whether commands may use it
	folder, single := t.TempDir(), filepath.Join(t.TempDir(), "single.db")
	if err := os.WriteFile(single, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if bind(t, dir, folder) && bind(t, db, single) {
		names[filepath.Join(folder, "callbook.db")], names[single] = true, false
	}
	for name, works := range names {
		got := callbook(t, "serve", "--addr", "127.0.0.1:0", "--db", name)
		if got.code != 1 || listeningLine.MatchString(got.stdout) {
			t.Errorf("%s: a second server ended with exit code %d\n%s", name, got.code, got.stdout)
		}
		if words := map[bool]string{true: "another callbook server is using it", false: "another name"}[works]; !strings.Contains(got.stderr, words) {
			t.Errorf("%s: stderr does not say %q:\n%s", name, words, got.stderr)
		}
		for _, args := range [][]string{{"account", "list"}, {"key", "list", "--account", "names"}, {"login-link", "--account", "names"}} {
			got := callbook(t, append(args, "--db", name)...)
			if works != (got.code == 0) || !works && !strings.Contains(got.stderr, "another name") {
				t.Errorf("%s: %s ended with exit code %d:\n%s", name, args[0], got.code, got.stderr)
			}
		}
		for _, suffix := range []string{"-wal", "-shm"} {
			if _, err := os.Lstat(name + suffix); err == nil && !works {
				t.Errorf("%s has a %s of its own", name, suffix)
			}
		}
	}
	// After a kill, the log goes on beside the name that the server had.
	s.kill(t)
	if got := callbook(t, "account", "list", "--db", hard); got.code != 1 || !strings.Contains(got.stderr, "another name") {
		t.Errorf("by a name without the log: exit code %d\n%s", got.code, got.stderr)
	}
	again := startServer(t, link)
	if got := storedContacts(t, newClient(t, again, auth)); len(got) != 1 {
		t.Errorf("%d contacts are stored", len(got))
	}
}

// bind mounts a folder or a file in a second place; false means that this takes
// root.
func bind(t *testing.T, from, to string) bool {
	t.Helper()
	if err := syscall.Mount(from, to, "", syscall.MS_BIND, ""); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("bind mount: %v; CI=true allows no skip", err)
		}
		t.Logf("without bind mounts, which take root: %v", err)
		return false
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(to, syscall.MNT_DETACH); err != nil {
			t.Errorf("unmount: %v", err)
		}
	})
	return true
}

// TestFileGone removes the file of a running server.
func TestFileGone(t *testing.T) {
	t.Parallel()
	db := newDB(t)
	s := startServer(t, db, "--bootstrap=false")
	c := newClient(t, s, newAccount(t, db, "gone"))
	c.mustPost(t, contact{Number: "+919876543210"})
	if got := get(t, s.URL+"/readyz"); got.status != http.StatusOK {
		t.Fatalf("ready: status %d", got.status)
	}
	if err := os.Remove(db); err != nil {
		t.Fatal(err)
	}
	if !waitFor(noticed, func() bool { return get(t, s.URL+"/readyz").status == http.StatusServiceUnavailable }) {
		t.Error("it is still ready")
	}
	got, err := c.post([]contact{{Number: "+919876543211"}})
	if err != nil || got.status != http.StatusServiceUnavailable {
		t.Errorf("a write gets status %d, %v", got.status, err)
	}
	// A request may be refused a moment before the log says why.
	said := func() bool { return strings.Contains(s.stderr.String(), "callbook restore") }
	if waitFor(patience, said); strings.Count(s.stderr.String(), "the database file is damaged") != 1 || !said() {
		log := s.stderr.String()
		t.Errorf("the log does not tell it once, and what to do:\n%s", log)
	}
	s.terminate(t)
	s.awaitEnd()
}

// TestBackupOverFile copies a backup over the file after a kill, and leaves the
// log beside it.
func TestBackupOverFile(t *testing.T) {
	t.Parallel()
	db := newDB(t)
	s := startServer(t, db, "--bootstrap=false")
	auth := newAccount(t, db, "copied")
	s.stop(t)
	backup, err := os.ReadFile(db)
	if err != nil {
		t.Fatal(err)
	}
	s = startServer(t, db)
	c := newClient(t, s, auth)
	for i := range 50 {
		c.mustPost(t, numbered(i*1000, 1000)...)
	}
	s.kill(t)
	if err := os.WriteFile(db, backup, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"serve", "--addr", "127.0.0.1:0"}, {"account", "list"}} {
		if got := callbook(t, append(args, "--db", db)...); got.code != 1 || !strings.Contains(got.stderr, "callbook restore") {
			t.Errorf("%s: exit code %d\n%s", args[0], got.code, got.stderr)
		}
	}
	for _, suffix := range []string{"-wal", "-shm"} {
		if err := os.Remove(db + suffix); err != nil {
			t.Fatal(err)
		}
	}
	if got := storedContacts(t, newClient(t, startServer(t, db), auth)); len(got) != 0 {
		t.Errorf("the backup has %d contacts", len(got))
	}
}

// numbered returns contacts with numbers in a row.
func numbered(first, n int) []contact {
	all := make([]contact, n)
	for i := range all {
		all[i].Number = fmt.Sprintf("+9198%08d", first+i)
	}
	return all
}
