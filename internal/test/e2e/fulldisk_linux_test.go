package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestFullDisk starts a server on a full disk, after one was stopped and after
// one was killed, and runs the commands there.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("callbook", dir, "tmpfs", 0, "size=16m"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("mount a small disk: %v; CI=true allows no skip", err)
		}
		t.Skipf("mount a small disk, which takes root: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Errorf("unmount: %v", err)
		}
	})
	db := filepath.Join(dir, "callbook.db")
	s := startServer(t, db, "--bootstrap=false")
	auth := newAccount(t, db, "full")
	newClient(t, s, auth).mustPost(t, numbered(0, 1000)...)
	for _, end := range []func(*server, *testing.T){(*server).stop, (*server).kill} {
		old := newKey(t, db, "full")
		end(s, t)
		fill(t, filepath.Join(dir, "filler"))
		for _, args := range [][]string{{"account", "list"}, {"key", "list", "--account", "full"}, {"key", "revoke", old.APIKey}} {
			if got := callbook(t, append(args, "--db", db)...); got.code != 0 {
				t.Errorf("%s: exit code %d\n%s", args, got.code, got.stderr)
			}
		}
		fill(t, filepath.Join(dir, "filler"))
		s = startServer(t, db)
		c := newClient(t, s, auth)
		if got := get(t, s.URL+"/readyz"); got.status != http.StatusOK {
			t.Errorf("ready: status %d", got.status)
		}
		if got := storedContacts(t, c); len(got) != 1000 {
			t.Errorf("%d contacts are stored", len(got))
		}
		if got, err := newClient(t, s, old).call(http.MethodGet, "/contacts", nil); err != nil || got.status != http.StatusUnauthorized {
			t.Errorf("the revoked key gets status %d, %v", got.status, err)
		}
		large := numbered(10_000, 5000)
		for i := range large {
			large[i].FirstName = strings.Repeat("a", 250)
		}
		if got, err := c.post(large); err != nil || got.status != http.StatusServiceUnavailable {
			t.Errorf("a write gets status %d, %v", got.status, err)
		}
		// Beside the server as well.
		if got := callbook(t, "key", "list", "--account", "full", "--db", db); got.code != 0 {
			t.Errorf("key list beside the server: exit code %d\n%s", got.code, got.stderr)
		}
		if err := os.Remove(filepath.Join(dir, "filler")); err != nil {
			t.Fatal(err)
		}
		if !waitFor(patience, func() bool {
			info, err := os.Stat(db + ".reserve")
			return err == nil && info.Size() > 0
		}) {
			t.Error("with room again, none is kept")
		}
	}
}

// fill takes all the room of a file system.
func fill(t *testing.T, name string) {
	t.Helper()
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for size := 64 << 10; size > 0; {
		if _, err = file.Write(make([]byte, size)); err != nil {
			size /= 2
		}
	}
}
