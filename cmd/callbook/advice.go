package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"syscall"
)

// withAdvice returns the text of an error. For a missing or unusable file or folder, it
// adds what to do.
func withAdvice(err error) string {
	text := err.Error()
	file, ok := errors.AsType[*fs.PathError](err)
	if !ok {
		return text
	}
	folder := filepath.Dir(file.Path)
	if folder == "." {
		folder = "this folder"
	}
	switch {
	case errors.Is(err, syscall.EISDIR):
		return text + fmt.Sprintf("\nThat is a folder. Name a file in it, as %s.", filepath.Join(file.Path, "callbook.db"))
	case errors.Is(err, syscall.ENOTDIR):
		return text + fmt.Sprintf("\n%s is a file, and not a folder. Name a file in a folder.", folder)
	case errors.Is(err, fs.ErrNotExist):
		return text + fmt.Sprintf("\nMake the folder first, if %s is the right one, or name a file in one that is there.", folder)
	case errors.Is(err, syscall.EROFS):
		return text + fmt.Sprintf("\nThe file system of %s takes no writes. Name a file in another folder.", folder)
	case errors.Is(err, fs.ErrPermission):
		return text + fmt.Sprintf("\nRun callbook as the user who owns %s, or let this user read and write it and make files in %s (see chown and chmod).", file.Path, folder)
	}
	return text
}
