package sqlite

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// ErrCompanion means that a file is not a database, but what a database has
// beside it. To write a database over it would destroy that database.
var ErrCompanion = errors.New("it is no place for a database; name another file")

const uploadsSuffix = ".uploads"

// companions are the files beside a database, by the ends of their names.
var companions = []struct{ suffix, what string }{
	{walSuffix, "log, which has its newest changes"},
	{shmSuffix, "shared memory"},
	{"-journal", "rollback journal"},
	{".lock", "lock"},
	{reserveSuffix, "reserve of disk space"},
}

// checkCompanion returns an error that wraps [ErrCompanion] when a file, which
// need not be there, is or would be a companion of the database in the file db:
// its log, shared memory, journal, lock or reserve, or a file of its uploads. It
// compares the files themselves, so that it sees through symbolic links and
// second names.
func checkCompanion(db, file string) error {
	names := []string{db}
	if path, err := realPath(db); err == nil {
		names = append(names, path)
	}
	for _, name := range names {
		for _, c := range companions {
			if sameFile(name+c.suffix, file) {
				return companionError(db, c.what)
			}
		}
		for folder := filepath.Dir(absolute(file)); ; folder = filepath.Dir(folder) {
			if sameFile(name+uploadsSuffix, folder) {
				return companionError(db, "folder with files of uploads")
			}
			if folder == filepath.Dir(folder) {
				break
			}
		}
	}
	return nil
}

// checkNoCompanion returns an error that wraps [ErrCompanion] when the name of a
// file makes it a companion of a database that is there, whichever.
func checkNoCompanion(file string) error {
	file = absolute(file)
	for _, c := range companions {
		if db, ok := strings.CutSuffix(file, c.suffix); ok && isFile(db) {
			return companionError(db, c.what)
		}
	}
	for folder := filepath.Dir(file); folder != filepath.Dir(folder); folder = filepath.Dir(folder) {
		if db, ok := strings.CutSuffix(folder, uploadsSuffix); ok && isFile(db) {
			return companionError(db, "folder with files of uploads")
		}
	}
	return nil
}

// CheckTarget returns an error that wraps [ErrCompanion] when a file that is to
// be written is a companion of the database in the file db, or of another one.
func CheckTarget(db, file string) error {
	if err := checkCompanion(db, file); err != nil {
		return err
	}
	return checkNoCompanion(file)
}

func companionError(db, what string) error {
	return fmt.Errorf("the file belongs to the database %s: it is the %s; %w", db, what, ErrCompanion)
}

// isFile tells whether a path is that of a file. It does not open the file:
// closing it would drop SQLite's locks.
func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// absolute returns the absolute path of a file that need not be there, without
// the symbolic links on the way to it.
func absolute(path string) string {
	if real, err := realPath(path); err == nil {
		return real
	}
	if folder, err := realPath(filepath.Dir(path)); err == nil {
		return filepath.Join(folder, filepath.Base(path))
	}
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

// sameFile tells whether two paths are of one file, or would be.
func sameFile(a, b string) bool {
	infoA, errA := os.Stat(a)
	infoB, errB := os.Stat(b)
	if errA == nil && errB == nil {
		return os.SameFile(infoA, infoB)
	}
	a, b = absolute(a), absolute(b)
	// A file system may take upper and lower case for the same.
	if !strings.EqualFold(filepath.Base(a), filepath.Base(b)) {
		return false
	}
	infoA, errA = os.Stat(filepath.Dir(a))
	infoB, errB = os.Stat(filepath.Dir(b))
	return errA == nil && errB == nil && os.SameFile(infoA, infoB)
}
