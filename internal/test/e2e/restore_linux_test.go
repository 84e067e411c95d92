package e2e

import (
	"bytes"
	native "encoding/binary"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// TestRestoreRenamesClosedFiles: a restore has no file open when it renames it. Windows
// would refuse that.
func TestRestoreRenamesClosedFiles(t *testing.T) {
	t.Parallel()
	db, _ := seeded(t, 100)
	file := filepath.Join(t.TempDir(), "callbook.bak")
	mustRun(t, "backup", file, "--db", db)
	w := watchFolder(t, filepath.Dir(db))
	mustRun(t, "restore", file, "--db", db)
	// The names that were opened since they were renamed last: a file that was open then
	// is closed later, at the latest when the program ends.
	opened := make(map[string]bool)
	renamed := false
	for _, e := range w.events(t) {
		switch {
		case e.mask&unix.IN_OPEN != 0:
			opened[e.name] = true
		case e.mask&unix.IN_MOVE != 0:
			opened[e.name] = false
			renamed = renamed || e.name == filepath.Base(db)
		case !opened[e.name]: // it is closed
			t.Errorf("%s was open while it was renamed", e.name)
		}
	}
	if !renamed {
		t.Error("the database was not renamed: this test tests nothing")
	}
}

// folderWatch is told by the kernel when files of a folder are opened, closed and renamed.
// Of the same event several times in a row it may be told once.
type folderWatch struct{ fd int }

type folderEvent struct {
	mask uint32
	name string
}

func watchFolder(t *testing.T, dir string) folderWatch {
	t.Helper()
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	if _, err := unix.InotifyAddWatch(fd, dir, unix.IN_OPEN|unix.IN_CLOSE|unix.IN_MOVE); err != nil {
		t.Fatal(err)
	}
	return folderWatch{fd}
}

// events returns what has happened so far.
func (w folderWatch) events(t *testing.T) (all []folderEvent) {
	t.Helper()
	b := make([]byte, 1<<20)
	for {
		n, err := unix.Read(w.fd, b)
		if err == unix.EAGAIN {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		for rest := b[:n]; len(rest) > 0; {
			mask, length := native.NativeEndian.Uint32(rest[4:]), native.NativeEndian.Uint32(rest[12:])
			name := rest[unix.SizeofInotifyEvent:][:length]
			if mask&unix.IN_Q_OVERFLOW != 0 {
				t.Fatal("the kernel has lost events")
			}
			all = append(all, folderEvent{mask, string(bytes.TrimRight(name, "\x00"))})
			rest = rest[unix.SizeofInotifyEvent+length:]
		}
	}
}
