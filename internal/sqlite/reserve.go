package sqlite

import (
	"errors"
	"math/rand/v2"
	"os"

	"zombiezen.com/go/sqlite"
)

// To read a database takes room for its shared memory (-shm), and a write takes
// room for its log (-wal). So that a server starts on a full disk, and a key can
// be revoked there, some room is kept in a file beside the database. It is given
// up when the disk is full, and kept again when there is room.
const (
	reserveSuffix = ".reserve"
	// reserveBytes is enough for the shared memory and a dozen pages of log,
	// several times over.
	reserveBytes = 512 << 10
)

// keepReserve makes the reserve, if it is not there. Without room there is none.
func (f *dbFile) keepReserve() {
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
	// Random, because some file systems keep no room for zeros.
	var seed [32]byte
	room := make([]byte, reserveBytes)
	rand.NewChaCha8(seed).Read(room)
	_, err = file.Write(room)
	return errors.Join(err, file.Close())
}

// spendReserve gives the reserve up, if an error may mean that the disk is full;
// false means that there was nothing to be done.
func (f *dbFile) spendReserve(err error) bool {
	switch sqlite.ErrCode(err).ToPrimary() {
	// SQLite calls it an I/O error when the shared memory finds no room.
	case sqlite.ResultFull, sqlite.ResultIOErr, sqlite.ResultCantOpen:
	default:
		return false
	}
	err = os.Remove(f.path + reserveSuffix)
	return err == nil
}

// onFullDisk does something once more, with the room of the reserve, when there
// is no other.
func (db *DB) onFullDisk(do func() error) error {
	err := do()
	if err != nil && db.file.spendReserve(err) {
		db.spent.Store(true)
		err = do()
	}
	return err
}
