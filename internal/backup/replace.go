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

// Place is where a database stands that another one is to take the place of.
//
// A database that is being prepared is called (file).restoring; one that is ready
// (file).restored. In one step that one and the file change their names, and then
// the old one becomes (file).before-restore-(time). So whatever ends a restore,
// the file is a whole database at every moment, and what is called .restored is
// one too: the old one, or the new one that nobody has used.
type Place struct {
	File    string // the database
	Uploads string // the folder with its files of uploads
}

const (
	keptInfix     = ".before-restore-"
	uploadsSuffix = ".uploads"
	timeFormat    = "20060102T150405.000000000Z"
)

// logSuffixes are what SQLite adds to the name of a database for its logs and the
// index of one.
var logSuffixes = []string{"-wal", "-journal", "-shm"}

// Preparing returns the name of a database that is being prepared.
func (p Place) Preparing() string { return p.File + ".restoring" }

// Ready returns the name of a database that is prepared.
func (p Place) Ready() string { return p.File + ".restored" }

// CleanUp removes what a restore has left that was ended before its time, and
// returns the name of a database that it left; "" is none.
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
	if len(orphans) == 1 { // its files of uploads
		left = strings.TrimSuffix(orphans[0], uploadsSuffix)
	}
	if err := os.Rename(p.Ready(), left); err != nil {
		return "", err
	}
	return left, syncDir(filepath.Dir(p.File))
}

// dropUnused removes second names of a database that still has its first one, and
// returns the folders of uploads that have no database.
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

// KeepUploads gives the files of uploads that are there second names, which are
// those of the database called kept.
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
		if err := nameToo(filepath.Join(p.Uploads, entry.Name()), filepath.Join(folder, entry.Name())); err != nil {
			return err
		}
	}
	return syncDir(folder)
}

// Kept returns what the database that is there is to be called; "" when there is
// none.
func (p Place) Kept(now time.Time) (string, error) {
	info, err := os.Lstat(p.File)
	if errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0 {
		return "", nil
	}
	return p.kept(now), err
}

// KeepLogs moves the logs of a database that could not be closed well, or is gone,
// to the database's name to be, because the next one must not meet them.
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

// Replace puts the prepared database, which must be on the disk, in the place of
// the one that is there, whose name becomes kept; "" tells that there is none.
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

// exchange makes the database that is ready the one that is used, and the old one
// the one that is ready.
func (p Place) exchange(kept string) error {
	if kept == "" {
		return os.Rename(p.Ready(), p.File)
	}
	err := exchangeNames(p.Ready(), p.File)
	if !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	// The old one has two names for a moment.
	if err := nameToo(p.File, kept); err != nil {
		return err
	}
	if err := os.Rename(p.Ready(), p.File); err != nil {
		return err
	}
	return os.Rename(kept, p.Ready())
}

// nameToo gives a file a second name or, where files have only one, copies it.
func nameToo(from, to string) error {
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
