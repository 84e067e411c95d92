package sqlite

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// TestAdoptUploads opens a database through a symbolic link, beside which an
// older version kept the files of uploads.
func TestAdoptUploads(t *testing.T) {
	t.Parallel()
	dir, other := t.TempDir(), t.TempDir()
	link := filepath.Join(other, "link.db")
	if err := os.Symlink(filepath.Join(dir, "callbook.db"), link); err != nil {
		t.Fatal(err)
	}
	db, err := Open(t.Context(), link)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}()
	if err := AdoptUploads(link); err != nil {
		t.Errorf("without any: %v", err)
	}
	write := func(folder, name string) {
		t.Helper()
		err := errors.Join(os.MkdirAll(folder, 0o700), os.WriteFile(filepath.Join(folder, name), []byte(name), 0o600))
		if err != nil {
			t.Fatal(err)
		}
	}
	write(link+uploadsSuffix, "a.csv")
	write(link+uploadsSuffix, "b.csv")
	write(UploadsFolder(link), "c.csv")
	for range 2 { // the second time there is nothing to do
		if err := AdoptUploads(link); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"a.csv", "b.csv", "c.csv"} {
		if got, err := os.ReadFile(filepath.Join(dir, "callbook.db.uploads", name)); err != nil || string(got) != name {
			t.Errorf("%s has %q, %v", name, got, err)
		}
	}
	if _, err := os.Stat(link + uploadsSuffix); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the old folder is still there: %v", err)
	}
	// By the file's own name, the folder is its own.
	if err := AdoptUploads(db.Path()); err != nil {
		t.Error(err)
	}
	if entries, err := os.ReadDir(UploadsFolder(db.Path())); err != nil || len(entries) != 3 {
		t.Errorf("the folder has %v, %v", entries, err)
	}
}
