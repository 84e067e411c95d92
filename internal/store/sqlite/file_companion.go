package sqlite

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// ErrCompanion means that a file is one of the files that belong to a database, such
// as its log. Writing another database there would destroy the first one.
var ErrCompanion = errors.New("it is no place for a database; name another file")

const uploadsSuffix = ".uploads"

// companions are the files beside a database, by the suffix of their names.
var companions = []struct{ suffix, what string }{
	{walSuffix, "log, which has its newest changes"},
	{shmSuffix, "shared memory"},
	{"-journal", "rollback journal"},
	{".lock", "lock"},
	{reserveSuffix, "reserve of disk space"},
}

// checkCompanion returns an error that wraps [ErrCompanion] if a file is a companion of
// the database in the file db, or would be one once it is created: its log, shared
// memory, journal, lock or reserve, or a file of its uploads. It compares the files
// themselves, and so recognizes them through symbolic and hard links.
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

// checkNoCompanion returns an error that wraps [ErrCompanion] if, by its name, a file is
// a companion of any existing database.
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

// CheckTarget returns an error that wraps [ErrCompanion] if a file that is to be written
// is a companion of the database in the file db, or of another one.
func CheckTarget(db, file string) error {
	if err := checkCompanion(db, file); err != nil {
		return err
	}
	return checkNoCompanion(file)
}

func companionError(db, what string) error {
	return fmt.Errorf("the file belongs to the database %s: it is the %s; %w", db, what, ErrCompanion)
}

// isFile reports whether a path leads to a regular file. It does not open the file,
// since closing it would drop SQLite's locks.
func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// absolute returns the absolute path of a file, without symbolic links. The file need
// not exist.
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

// sameFile reports whether two paths lead to the same file, or would if it existed.
func sameFile(a, b string) bool {
	infoA, errA := os.Stat(a)
	infoB, errB := os.Stat(b)
	if errA == nil && errB == nil {
		return os.SameFile(infoA, infoB)
	}
	a, b = absolute(a), absolute(b)
	// The file system may ignore case.
	if !strings.EqualFold(filepath.Base(a), filepath.Base(b)) {
		return false
	}
	infoA, errA = os.Stat(filepath.Dir(a))
	infoB, errB = os.Stat(filepath.Dir(b))
	return errA == nil && errB == nil && os.SameFile(infoA, infoB)
}
