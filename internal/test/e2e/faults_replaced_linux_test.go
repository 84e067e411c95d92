package e2e

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"testing"
)

// TestFileReplaced takes the file from under a server that is at work, as an
// administrator by mistake. The server takes no write that would be lost; after a
// restore of the backup everything that was acknowledged before it is there.
func TestFileReplaced(t *testing.T) {
	t.Parallel()
	for name, replace := range map[string]func(t *testing.T, db, backup string){
		"removed": func(t *testing.T, db, _ string) {
			if err := os.Remove(db); err != nil {
				t.Fatal(err)
			}
		},
		"truncated": func(t *testing.T, db, _ string) {
			if err := os.Truncate(db, filePage); err != nil {
				t.Fatal(err)
			}
		},
		"replaced": func(t *testing.T, db, backup string) {
			copied, err := os.ReadFile(backup)
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(os.WriteFile(db+".new", copied, 0o600), os.Rename(db+".new", db)); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			db := newDB(t)
			tr := newTrial(t, db)
			tr.work(20)
			backup := filepath.Join(t.TempDir(), "backup")
			if got := callbook(t, "backup", backup, "--db", db); got.code != 0 {
				t.Fatalf("backup: exit code %d, %s%s", got.code, got.stdout, got.stderr)
			}
			replace(t, db, backup)
			if !waitFor(noticed, func() bool {
				got, err := tr.c.post([]contact{{Number: "+919800000000"}})
				return err == nil && got.status >= http.StatusInternalServerError &&
					get(t, tr.s.URL+"/readyz").status == http.StatusServiceUnavailable
			}) {
				t.Fatal("the server goes on without its file")
			}
			tr.s.kill(t)
			if got := callbook(t, "restore", backup, "--db", db); got.code != 0 {
				t.Fatalf("restore: exit code %d, %s%s", got.code, got.stdout, got.stderr)
			}
			tr.start()
			tr.end()
		})
	}
}
