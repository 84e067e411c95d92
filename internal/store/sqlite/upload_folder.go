package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// UploadsFolder returns the folder for the files of uploads beside the database
// file at path. It is the same folder for every symbolic link to the file.
func UploadsFolder(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	return path + uploadsSuffix
}

// AdoptUploads moves files of uploads into [UploadsFolder]. Older versions of
// callbook kept them beside a symbolic link to the database. The caller must own
// the database.
func AdoptUploads(path string) error {
	beside, folder := path+uploadsSuffix, UploadsFolder(path)
	entries, err := os.ReadDir(beside)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if there, statErr := os.Stat(folder); statErr == nil && err == nil {
		if from, err := os.Stat(beside); err == nil && os.SameFile(there, from) {
			return nil
		}
	}
	if err == nil {
		err = os.MkdirAll(folder, 0o700)
	}
	for _, e := range entries {
		if err == nil {
			err = os.Rename(filepath.Join(beside, e.Name()), filepath.Join(folder, e.Name()))
		}
	}
	if err == nil {
		err = os.Remove(beside)
	}
	if err != nil {
		return fmt.Errorf("the files of uploads in %s belong into %s now; move them there: %w", beside, folder, err)
	}
	return nil
}
