// Package backup writes backup files atomically and replaces a database by a
// restored one. A backup is written under another name, gets a checksum at its
// end, and is renamed once all of it is on the disk.
//
// A backup is a SQLite database file with a line after its last page, which SQLite
// does not read:
//
//	callbook backup, sha256 (64 hex digits)
//
// The checksum covers all bytes before the newline that precedes this line.
package backup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

const (
	partialSuffix = ".partial"
	sealWords     = "\ncallbook backup, sha256 "
	sealBytes     = len(sealWords) + 2*sha256.Size + 1
	blockBytes    = 1 << 20
)

var (
	// ErrExists means that the file exists and must not be overwritten.
	ErrExists = errors.New("it is there already; name another file, or overwrite it with --force")
	// ErrBusy means that another backup is being written into the same folder.
	ErrBusy = errors.New("another backup is being written into the same folder; wait for its end")
	// ErrDamaged means that a backup was not restored, because it is damaged.
	ErrDamaged = errors.New("the BACKUP is cut off or damaged; the database was not touched; " +
		"copy the backup again from where it is kept, or restore another one")
	// ErrChecksum means that the content of a backup does not match its checksum.
	ErrChecksum = errors.New("it is not what was backed up: its checksum is another")
	// ErrCut means that a backup is truncated: its checksum line is missing.
	ErrCut = errors.New("it is not what was backed up: the line with its checksum, at the end, is missing or broken")
)

// Staged is a backup that is being written.
type Staged struct {
	to    string
	force bool
	lock  *os.File // the locked folder; nil where folders cannot be locked
}

// Stage creates an empty file that will be renamed to the file to. Only its owner
// can read it. Stage removes the remains of a backup of the same name that was
// killed.
func Stage(to string, force bool) (*Staged, error) {
	s := &Staged{to: to, force: force}
	if err := s.checkFree(); err != nil {
		return nil, err
	}
	lock, err := lockDir(filepath.Dir(to))
	if err != nil {
		return nil, err
	}
	s.lock = lock
	err = remove(s.Path())
	if err == nil {
		var file *os.File
		if file, err = os.OpenFile(s.Path(), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600); err == nil {
			err = file.Close()
		}
	}
	if err != nil {
		return nil, errors.Join(err, s.unlock())
	}
	return s, nil
}

// PartialName returns the name of the backup to while it is being written.
func PartialName(to string) string { return to + partialSuffix }

// Path returns the name under which the backup is being written.
func (s *Staged) Path() string { return PartialName(s.to) }

func (s *Staged) checkFree() error {
	info, err := os.Lstat(s.to)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return errors.New("it is there, and no file that could be overwritten")
	case !s.force:
		return ErrExists
	}
	return nil
}

func (s *Staged) unlock() error {
	if s.lock == nil {
		return nil
	}
	return s.lock.Close()
}

// Publish appends the checksum, syncs the file and renames it to its final name. It
// returns the checksum of the whole file.
func (s *Staged) Publish(ctx context.Context) (sum string, err error) {
	defer func() { err = errors.Join(err, s.unlock()) }()
	if sum, err = s.publish(ctx); err != nil {
		return "", errors.Join(err, remove(s.Path()))
	}
	return sum, nil
}

func (s *Staged) publish(ctx context.Context) (string, error) {
	file, err := os.OpenFile(s.Path(), os.O_RDWR, 0)
	if err != nil {
		return "", err
	}
	h := sha256.New()
	err = copyBlocks(ctx, h, file, nil)
	var whole hash.Hash
	if err == nil {
		seal := sealOf(h.Sum(nil)) // Sum does not change h
		whole = h
		whole.Write(seal)
		_, err = file.Write(seal)
	}
	if err == nil {
		err = file.Sync()
	}
	if err := errors.Join(err, file.Close()); err != nil {
		return "", err
	}
	// Another process may have created the file since Stage checked.
	if err := s.checkFree(); err != nil {
		return "", err
	}
	if err := os.Rename(s.Path(), s.to); err != nil {
		return "", err
	}
	return hex.EncodeToString(whole.Sum(nil)), syncDir(filepath.Dir(s.to))
}

// Discard removes what was written.
func (s *Staged) Discard() error {
	return errors.Join(remove(s.Path()), remove(s.Path()+"-journal"), s.unlock())
}

// CheckRoom returns an error if the disk of a file has less than this many bytes
// free. Where the system does not say how much is free, it returns nil.
func CheckRoom(file string, bytes int64) error {
	dir := filepath.Dir(file)
	free, known, err := freeBytes(dir)
	if err != nil {
		return err
	}
	if known && free < bytes {
		return fmt.Errorf("there is no room in %s: it takes %d MiB, and %d MiB are free", dir, bytes>>20+1, free>>20)
	}
	return nil
}

// remove removes a file, if it is there.
func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// syncDir makes changes of names in a folder durable. Windows cannot be
// asked for that: it refuses to flush a folder.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
