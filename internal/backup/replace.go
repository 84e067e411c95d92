package backup

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Place names the files of a database that a restore replaces.
//
// The new database is (file).restoring while it is prepared and (file).restored
// when it is ready. Then the file and (file).restored swap their names atomically,
// and (file).restored, now the old database, becomes (file).before-restore-(time).
// If a restore is interrupted, the file is a complete database at every moment.
// So is (file).restored, which is then the old database or the unused new one.
type Place struct {
	File    string // the database
	Uploads string // the folder with its files of uploads
}

const (
	keptInfix     = ".before-restore-"
	uploadsSuffix = ".uploads"
	timeFormat    = "20060102T150405.000000000Z"
)

// logSuffixes are the suffixes of SQLite's write-ahead log, rollback journal and
// index of the write-ahead log.
var logSuffixes = []string{"-wal", "-journal", "-shm"}

// Preparing returns the name of the new database while it is prepared.
func (p Place) Preparing() string { return p.File + ".restoring" }

// Ready returns the name of the new database once it is ready.
func (p Place) Ready() string { return p.File + ".restored" }

// CleanUp removes the remains of an interrupted restore. If that restore has left a
// database, CleanUp renames it and returns its name, otherwise "".
func (p Place) CleanUp() (left string, err error) {
	for _, suffix := range append([]string{""}, logSuffixes...) {
		if err := remove(p.Preparing() + suffix); err != nil {
			return "", err
		}
	}
	orphans, err := p.dropUnused()
	if err != nil {
		return "", err
	}
	if _, err := os.Lstat(p.Ready()); errors.Is(err, fs.ErrNotExist) {
		for _, folder := range orphans {
			if err := os.RemoveAll(folder); err != nil {
				return "", err
			}
		}
		return "", nil
	}
	left = p.kept(time.Now())
	if len(orphans) == 1 { // the folder with its files of uploads
		left = strings.TrimSuffix(orphans[0], uploadsSuffix)
	}
	if err := os.Rename(p.Ready(), left); err != nil {
		return "", err
	}
	return left, syncDir(filepath.Dir(p.File))
}

// dropUnused removes hard links to the database that is still in use, and returns
// the folders of uploads whose database does not exist.
func (p Place) dropUnused() (orphans []string, err error) {
	entries, err := os.ReadDir(filepath.Dir(p.File))
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(p.File)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, entry := range entries {
		name := filepath.Join(filepath.Dir(p.File), entry.Name())
		if !strings.HasPrefix(name, p.File+keptInfix) {
			continue
		}
		database, isFolder := strings.CutSuffix(name, uploadsSuffix)
		if isFolder {
			if _, err := os.Lstat(database); errors.Is(err, fs.ErrNotExist) {
				orphans = append(orphans, name)
			}
			continue
		}
		if other, err := os.Stat(name); err != nil || info == nil || !os.SameFile(info, other) {
			continue
		}
		for _, path := range []string{name + "-wal", name + "-journal", name + "-shm", name} {
			if err := remove(path); err != nil {
				return nil, err
			}
		}
		if err := os.RemoveAll(name + uploadsSuffix); err != nil {
			return nil, err
		}
	}
	return orphans, nil
}

func (p Place) kept(now time.Time) string {
	return p.File + keptInfix + now.UTC().Format(timeFormat)
}

// KeepUploads makes hard links to the present files of uploads, in the folder of the
// database called kept.
func (p Place) KeepUploads(kept string) error {
	entries, err := os.ReadDir(p.Uploads)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0 {
		return nil
	}
	if err != nil {
		return err
	}
	folder := kept + uploadsSuffix
	if err := os.Mkdir(folder, 0o700); err != nil {
		return err
	}
	for _, entry := range entries {
		if !entry.Type().IsRegular() {
			continue
		}
		if err := linkOrCopy(filepath.Join(p.Uploads, entry.Name()), filepath.Join(folder, entry.Name())); err != nil {
			return err
		}
	}
	return syncDir(folder)
}

// Kept returns the name that the present database will get, or "" if there is none.
func (p Place) Kept(now time.Time) (string, error) {
	info, err := os.Lstat(p.File)
	if errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0 {
		return "", nil
	}
	return p.kept(now), err
}

// KeepLogs renames the logs of a database that was not closed cleanly, or is lost,
// to go with the name kept. SQLite would otherwise apply them to the new database.
func (p Place) KeepLogs(kept string, now time.Time) error {
	if kept == "" {
		kept = p.kept(now)
	}
	for _, suffix := range logSuffixes {
		err := os.Rename(p.File+suffix, kept+suffix)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return syncDir(filepath.Dir(p.File))
}

// Replace puts the prepared database, which must be synced, in the place of the
// present one, and renames that to kept; "" means that there is none. The process must
// have neither of the files open, because Windows does not rename a file that is open.
func (p Place) Replace(kept string) error {
	if err := os.Rename(p.Preparing(), p.Ready()); err != nil {
		return err
	}
	err := p.exchange(kept)
	if err == nil && kept != "" {
		err = os.Rename(p.Ready(), kept)
	}
	if err != nil {
		return err
	}
	return syncDir(filepath.Dir(p.File))
}

// exchange swaps the names of the new database, which is ready, and the present
// one. If kept is "", it only renames the new one.
func (p Place) exchange(kept string) error {
	if kept == "" {
		return os.Rename(p.Ready(), p.File)
	}
	err := exchangeNames(p.Ready(), p.File)
	if !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	// Without an atomic swap, the old database has two names for a moment.
	if err := linkOrCopy(p.File, kept); err != nil {
		return err
	}
	if err := os.Rename(p.Ready(), p.File); err != nil {
		return err
	}
	return os.Rename(kept, p.Ready())
}

// linkOrCopy makes a hard link or, if the file system has none, a copy.
func linkOrCopy(from, to string) error {
	err := os.Link(from, to)
	if err == nil || errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrExist) {
		return err
	}
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	target, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(target, source)
	if err == nil {
		err = target.Sync()
	}
	return errors.Join(err, target.Close())
}
