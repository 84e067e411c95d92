package sqlite

import (
	"errors"
	"math/rand/v2"
	"os"

	"zombiezen.com/go/sqlite"
)

// Reading a database takes disk space for its shared memory (-shm), and writing takes
// space for its log (-wal). A file beside the database reserves some space, so that a
// server can start and a key can be revoked on a full disk. The file is removed when
// the disk is full, and written again when there is space.
const (
	reserveSuffix = ".reserve"
	// reserveBytes is enough for the shared memory and a dozen pages of log,
	// several times over.
	reserveBytes = 512 << 10
)

// fillReserve writes the reserve file if it is missing and the disk has room for it.
func (f *dbFile) fillReserve() {
	path := f.path + reserveSuffix
	if info, err := os.Stat(path); err == nil && info.Size() == reserveBytes {
		return
	}
	if writeReserve(path) != nil {
		os.Remove(path)
	}
}

func writeReserve(path string) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	// The content is random because some file systems allocate no space for zeros.
	var seed [32]byte
	room := make([]byte, reserveBytes)
	rand.NewChaCha8(seed).Read(room)
	_, err = file.Write(room)
	return errors.Join(err, file.Close())
}

// freeReserve removes the reserve file if an error may mean that the disk is full. It
// reports whether it freed any space.
func (f *dbFile) freeReserve(err error) bool {
	switch sqlite.ErrCode(err).ToPrimary() {
	// SQLite returns an I/O error if there is no space for the shared memory.
	case sqlite.ResultFull, sqlite.ResultIOErr, sqlite.ResultCantOpen:
	default:
		return false
	}
	err = os.Remove(f.path + reserveSuffix)
	return err == nil
}

// onFullDisk calls do. If the disk is full, it frees the reserve and retries once.
func (db *DB) onFullDisk(do func() error) error {
	err := do()
	if err != nil && db.file.freeReserve(err) {
		db.spent.Store(true)
		err = do()
	}
	return err
}
