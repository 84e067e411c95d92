package backup

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// write writes a file.
func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// read reads a file; "" is one that is not there.
func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return string(b)
}

// TestReplaceEndedAnywhere ends a restore after each of its steps, and begins
// another one: at every moment the file is the old database or the new one, and in
// the end the new one, with the old one beside it and its file of an upload.
func TestReplaceEndedAnywhere(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_700_000_000, 0)
	for ended := range 8 {
		dir := t.TempDir()
		p := Place{File: filepath.Join(dir, "callbook.db"), Uploads: filepath.Join(dir, "callbook.db.uploads")}
		write(t, p.File, "old")
		if err := os.Mkdir(p.Uploads, 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(p.Uploads, "a.csv"), "rows")
		kept, err := p.Kept(now)
		if err != nil || kept == "" {
			t.Fatal(kept, err)
		}
		steps := []func() error{
			func() error { return os.WriteFile(p.Preparing(), []byte("ne"), 0o600) },
			func() error { return os.WriteFile(p.Preparing(), []byte("new"), 0o600) },
			func() error { return p.KeepUploads(kept) },
			func() error { return os.Rename(p.Preparing(), p.Ready()) },
			func() error { return p.exchange(kept) },
			func() error { return os.Rename(p.Ready(), kept) },
			func() error { return os.Remove(filepath.Join(p.Uploads, "a.csv")) }, // as a server does that starts on it
		}
		for i, step := range steps[:min(ended, len(steps))] {
			if err := step(); err != nil {
				t.Fatalf("step %d: %v", i, err)
			}
			if got := read(t, p.File); got != "old" && got != "new" {
				t.Errorf("after step %d the database is %q", i, got)
			}
		}
		wasNew := read(t, p.File) == "new"
		if wasNew != (ended >= 5) {
			t.Errorf("after %d steps the database is %q", ended, read(t, p.File))
		}
		if _, err := p.CleanUp(); err != nil {
			t.Fatal(err)
		}
		// Again, whole.
		write(t, p.Preparing(), "new")
		again, err := p.Kept(now.Add(time.Hour))
		if err == nil {
			err = p.KeepUploads(again)
		}
		if err == nil {
			err = p.Replace(again)
		}
		if err != nil {
			t.Fatal(err)
		}
		if got := read(t, p.File); got != "new" {
			t.Errorf("ended after %d steps, and begun again: the database is %q", ended, got)
		}
		olds := 0
		entries, err := filepath.Glob(p.File + ".*")
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range entries {
			if strings.Contains(entry, ".restor") {
				t.Errorf("ended after %d steps, and begun again: %s is left", ended, entry)
			}
			info, err := os.Stat(entry)
			if err != nil || info.IsDir() || read(t, entry) != "old" {
				continue
			}
			olds++
			if got := read(t, filepath.Join(entry+uploadsSuffix, "a.csv")); got != "rows" {
				t.Errorf("ended after %d steps: the old database's file is %q", ended, got)
			}
		}
		if olds != 1 {
			t.Errorf("ended after %d steps, and begun again: the old database is there %d times, in %v", ended, olds, entries)
		}
	}
}

// TestReplaceNothing puts a database where none was, but the log of one.
func TestReplaceNothing(t *testing.T) {
	t.Parallel()
	p := Place{File: filepath.Join(t.TempDir(), "callbook.db")}
	write(t, p.File+"-wal", "of another database")
	write(t, p.Preparing(), "new")
	kept, err := p.Kept(time.Now())
	if err == nil && kept == "" {
		err = p.KeepLogs(kept, time.Now())
	}
	if err == nil {
		err = p.Replace(kept)
	}
	if err != nil || kept != "" {
		t.Fatal(kept, err)
	}
	if read(t, p.File) != "new" || read(t, p.File+"-wal") != "" {
		t.Error("the new database meets an old log")
	}
	logs, err := filepath.Glob(p.File + keptInfix + "*-wal")
	if err != nil || len(logs) != 1 {
		t.Errorf("the log was not kept: %v, %v", logs, err)
	}
}

// TestStage: one backup at a time into a folder, and none over another.
func TestStage(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "callbook.bak")
	write(t, file+partialSuffix, "of one that was killed")
	s, err := Stage(file, false)
	if err != nil {
		t.Fatal(err)
	}
	if got := read(t, s.Path()); got != "" {
		t.Errorf("it begins with %q", got)
	}
	if _, err := Stage(file, false); !errors.Is(err, ErrBusy) {
		t.Errorf("a second one: %v", err)
	}
	write(t, s.Path(), "pages")
	write(t, file, "made meanwhile")
	if _, err := s.Publish(t.Context()); !errors.Is(err, ErrExists) || read(t, file) != "made meanwhile" {
		t.Errorf("over a file that was made meanwhile: %v", err)
	}
	if _, err := Stage(file, false); !errors.Is(err, ErrExists) {
		t.Errorf("over a file: %v", err)
	}
	if s, err = Stage(file, true); err != nil {
		t.Fatal(err)
	}
	write(t, s.Path(), "pages")
	if _, err := s.Publish(t.Context()); err != nil {
		t.Fatal(err)
	}
	to := file + ".copy"
	sealed, err := Copy(t.Context(), file, to, func(int64, int64) {})
	if err != nil || !sealed || read(t, to) != "pages" {
		t.Errorf("the copy is %q, %v, %v", read(t, to), sealed, err)
	}
	if err := CheckRoom(file, 1<<60); err == nil {
		t.Error("there is room for everything")
	}
}
