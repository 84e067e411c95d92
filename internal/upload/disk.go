package upload

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/fault"
)

// Disk stores the files of one server in a folder.
type Disk struct{ dir string }

var _ Files = Disk{}

// NewDisk returns a Disk for the files in dir. It creates dir when the first file comes.
// Dir must contain nothing else.
func NewDisk(dir string) Disk { return Disk{dir: dir} }

const fileSuffix = ".csv"

func fileName(sid addressbook.SID) string { return sid.String() + fileSuffix }

func (d Disk) path(sid addressbook.SID) string { return filepath.Join(d.dir, fileName(sid)) }

// Write implements [Files]. A full disk is an Unavailable fault.
func (d Disk) Write(ctx context.Context, account account.ID, sid addressbook.SID, from io.Reader) error {
	err := d.write(sid, from)
	if err == nil {
		return nil
	}
	err = fmt.Errorf("write an upload: %w", err)
	if removeErr := d.Remove(ctx, account, sid); removeErr != nil {
		err = errors.Join(err, removeErr)
	}
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return &fault.Error{
			Kind:       fault.Unavailable,
			Detail:     "There is no room for the file",
			RetryAfter: time.Minute,
			Cause:      err,
		}
	}
	return err
}

func (d Disk) write(sid addressbook.SID, from io.Reader) error {
	if err := makeDir(d.dir); err != nil {
		return err
	}
	file, err := os.OpenFile(d.path(sid), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, from)
	if err == nil {
		err = file.Sync()
	}
	if err := errors.Join(err, file.Close()); err != nil {
		return err
	}
	return syncDir(d.dir)
}

// makeDir creates the folder and syncs its parent. It syncs even if the folder exists,
// because another request may have created it just now.
func makeDir(dir string) error {
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	return syncDir(filepath.Dir(dir))
}

// syncDir syncs the names in a folder. Windows cannot be
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

// Open implements [Files].
func (d Disk) Open(ctx context.Context, _ account.ID, sid addressbook.SID) (Content, error) {
	file, err := os.Open(d.path(sid))
	if err != nil {
		return nil, err
	}
	return diskContent{file, ctx}, nil
}

// diskContent is an open file. Reads fail once ctx has ended, because a small spreadsheet
// can take seconds to read.
type diskContent struct {
	*os.File
	ctx context.Context
}

// ReadAt implements [Content].
func (c diskContent) ReadAt(p []byte, offset int64) (int, error) {
	if c.ctx.Err() != nil {
		return 0, context.Cause(c.ctx)
	}
	return c.File.ReadAt(p, offset)
}

// Size implements [Content].
func (c diskContent) Size() (int64, error) {
	info, err := c.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// Remove implements [Files].
func (d Disk) Remove(_ context.Context, _ account.ID, sid addressbook.SID) error {
	if err := os.Remove(d.path(sid)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// Sizes returns the size in bytes of each file. It omits files that are removed while it
// runs.
func (d Disk) Sizes() (map[addressbook.SID]int64, error) {
	sizes := make(map[addressbook.SID]int64)
	entries, err := os.ReadDir(d.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return sizes, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look for files of uploads: %w", err)
	}
	for _, entry := range entries {
		name, isUpload := strings.CutSuffix(entry.Name(), fileSuffix)
		sid, isSID := addressbook.ParseSID(name)
		if !isUpload || !isSID {
			continue
		}
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("look for files of uploads: %w", err)
		}
		sizes[sid] = info.Size()
	}
	return sizes, nil
}

// RemoveOthers implements [Files]. It must be called before the first file comes. Nobody
// else uses the folder.
func (d Disk) RemoveOthers(_ context.Context, inUse []addressbook.SID) error {
	stay := make(map[string]bool, len(inUse))
	for _, sid := range inUse {
		stay[fileName(sid)] = true
	}
	entries, err := os.ReadDir(d.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for files of uploads: %w", err)
	}
	for _, entry := range entries {
		if name := entry.Name(); strings.HasSuffix(name, fileSuffix) && !stay[name] {
			if err := os.Remove(filepath.Join(d.dir, name)); err != nil {
				return fmt.Errorf("remove a file of no upload: %w", err)
			}
		}
	}
	return nil
}
