package sqlite

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// SQLite replays whatever valid log (-wal) it finds beside a file that nobody
// has open. After a kill there is one, and when a backup was copied over the
// file meanwhile, that mixes pages of two states. So the database has a stamp,
// in the one row of log_stamp, and before the first process lets SQLite open
// the file, it compares the file's stamp with those in the log:
//
//   - Every stamp is random and stands beside the one before it. They form a
//     chain, of which the log has the part that was committed since it began:
//     each change of the row is a frame of the log.
//   - SQLite begins a log anew only when all of the one before it is in the
//     file, and durably so. So without the log, the file's stamp is the one
//     before the log's first.
//   - Then checkpoints copy pages of the log into the file, each as of some
//     commit: the file's stamp is the one before the log's first, or one of the
//     log's. No moment of a kill or a power failure brings about another: what a
//     checkpoint copies was synced in the log before, and an UPDATE of the row
//     changes 32 bytes within one sector of the page.
//
// A file of another time or of another database has a stamp that is neither.
// Only a copy from within the time of this very log passes, and replaying the
// log over one gives the newest state, whole.
//
// A log without a stamp proves nothing and passes: another program, or a
// callbook from before there were stamps, wrote all of it. The writer stamps
// its first transaction after each checkpoint, all other transactions are
// stamped too.

// ErrForeignLog means that a database file and the log beside it do not belong
// together.
var ErrForeignLog = errors.New("the log beside it (-wal) belongs to another state of the file or to another one, and together they would be damaged; " +
	"a backup is put in place with \"callbook restore\", which sees to the log; after copying by hand, move the files that end in -wal and -shm away if this file is what you want, " +
	"or put the file back that was here")

// stamp is a value of log_stamp.current.
type stamp [16]byte

// stampLog changes the stamp, within a transaction.
func stampLog(conn *sqlite.Conn) error {
	err := sqlitex.Execute(conn, `UPDATE log_stamp SET previous = current, current = randomblob(16)`, nil)
	if err != nil {
		return fmt.Errorf("stamp the log: %w", err)
	}
	return nil
}

// stampBackup changes the stamp of a backup to one that no log has, and that is
// the same in every backup of the same state.
func stampBackup(conn *sqlite.Conn) error {
	var current stamp
	err := queryOne(conn, `SELECT current FROM log_stamp`, nil, func(stmt *sqlite.Stmt) error {
		stmt.ColumnBytes(0, current[:])
		return nil
	})
	if err == nil {
		sum := sha256.Sum256(current[:])
		err = sqlitex.Execute(conn, `UPDATE log_stamp SET previous = current, current = ?`,
			&sqlitex.ExecOptions{Args: []any{sum[:len(current)]}})
	}
	if err != nil {
		return fmt.Errorf("stamp the backup: %w", err)
	}
	return nil
}

// checkLog refuses a file with a log that does not belong to it. Nobody else
// may have the file open.
func checkLog(path string, size int64) error {
	log, err := os.Open(path + walSuffix)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer log.Close()
	if isDatabase, err := beginsAsDatabase(log); err != nil {
		return fmt.Errorf("read the log: %w", err)
	} else if isDatabase {
		// SQLite takes it for an empty log, and deletes it.
		return ErrForeignLog
	}
	stamps, frames, err := readStamps(log)
	if err != nil {
		return fmt.Errorf("read the log: %w", err)
	}
	if size == 0 && frames {
		// SQLite would delete the log. No log has begun before the file's first
		// page was durable.
		return ErrForeignLog
	}
	if size == 0 || len(stamps) == 0 {
		return nil
	}
	own, err := fileStamp(path)
	if err != nil {
		return nil // SQLite says better what is wrong with the file, or the log mends it
	}
	for _, s := range stamps {
		if s == own {
			return nil
		}
	}
	return ErrForeignLog
}

// beginsAsDatabase tells whether a file begins as a database file of SQLite does,
// which a log never does, whatever a power failure has left of it.
func beginsAsDatabase(file io.ReaderAt) (bool, error) {
	const magic = "SQLite format 3\x00"
	begin := make([]byte, len(magic))
	if _, err := file.ReadAt(begin, 0); err != nil {
		return false, endOfLog(err)
	}
	return string(begin) == magic, nil
}

// fileStamp reads the stamp in the file as it would be without the log; zeros
// if it has none yet.
func fileStamp(path string) (s stamp, err error) {
	name := filepath.ToSlash(path)
	if name[0] != '/' {
		name = "/" + name // C:/ on Windows
	}
	uri := url.URL{Scheme: "file", Path: name, RawQuery: "immutable=1"}
	conn, err := sqlite.OpenConn(uri.String(), sqlite.OpenReadOnly|sqlite.OpenURI)
	if err != nil {
		return s, err
	}
	defer conn.Close()
	stamped := false
	err = queryOne(conn, `SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'log_stamp')`, nil, func(stmt *sqlite.Stmt) error {
		stamped = stmt.ColumnBool(0)
		return nil
	})
	if err != nil || !stamped {
		return s, err
	}
	return s, queryOne(conn, `SELECT current FROM log_stamp`, nil, func(stmt *sqlite.Stmt) error {
		stmt.ColumnBytes(0, s[:])
		return nil
	})
}

// The format of a log: https://sqlite.org/fileformat2.html#walformat.
const (
	logHeaderBytes   = 32
	frameHeaderBytes = 24
	logMagic         = 0x377f0682 // its lowest bit tells the byte order of the checksums
	logVersion       = 3007000
	maxPageBytes     = 65536
)

// readStamps returns the stamps of what is committed in the log, that before the
// first of them included, and whether anything is. It reads as far as SQLite
// would.
func readStamps(log io.Reader) (stamps []stamp, frames bool, err error) {
	in := bufio.NewReaderSize(log, 1<<18)
	header := make([]byte, logHeaderBytes)
	if err := readWhole(in, header); err != nil {
		return nil, false, endOfLog(err)
	}
	u32 := func(b []byte, at int) uint32 { return binary.BigEndian.Uint32(b[at:]) }
	sum := logSum{order: binary.LittleEndian}
	if u32(header, 0)&1 != 0 {
		sum.order = binary.BigEndian
	}
	size := u32(header, 8)
	sum.add(header[:24])
	if u32(header, 0)&^1 != logMagic || u32(header, 4) != logVersion || size < 512 || size > maxPageBytes || !sum.is(header[24:]) {
		return nil, false, nil
	}
	frame := make([]byte, frameHeaderBytes+size)
	var pending []stamp // of the transaction that is being read
	for {
		if err := readWhole(in, frame); err != nil {
			return stamps, frames, endOfLog(err)
		}
		page := frame[frameHeaderBytes:]
		sum.add(frame[:8])
		sum.add(page)
		if !bytes.Equal(frame[8:16], header[16:24]) || u32(frame, 0) == 0 || !sum.is(frame[16:]) {
			return stamps, frames, nil
		}
		if previous, current, ok := stampsOf(page); ok {
			if len(stamps)+len(pending) == 0 {
				pending = append(pending, previous)
			}
			pending = append(pending, current)
		}
		if committed := u32(frame, 4) != 0; committed {
			stamps, frames, pending = append(stamps, pending...), true, pending[:0]
		}
	}
}

func readWhole(r io.Reader, into []byte) error {
	_, err := io.ReadFull(r, into)
	return err
}

// endOfLog makes no error of the end.
func endOfLog(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return err
}

// logSum is the running checksum of a log.
type logSum struct {
	order  binary.ByteOrder
	s0, s1 uint32
}

func (s *logSum) add(b []byte) {
	for ; len(b) >= 8; b = b[8:] {
		s.s0 += s.order.Uint32(b) + s.s1
		s.s1 += s.order.Uint32(b[4:]) + s.s0
	}
}

func (s *logSum) is(b []byte) bool {
	return binary.BigEndian.Uint32(b) == s.s0 && binary.BigEndian.Uint32(b[4:]) == s.s1
}

// stampCell begins the one row of log_stamp on its page: 52 bytes of the row
// with id 1, of which 4 say that three blobs of 16 bytes follow, and the first
// of those.
var stampCell = append([]byte{52, 1, 4, 44, 44, 44}, "callbook's stamp"...)

// stampsOf reads the row of log_stamp from a page, if it is the row's.
func stampsOf(page []byte) (previous, current stamp, ok bool) {
	const leafOfTable, pointer = 0x0d, 8
	if page[0] != leafOfTable || binary.BigEndian.Uint16(page[3:]) != 1 {
		return previous, current, false
	}
	at := int(binary.BigEndian.Uint16(page[pointer:]))
	end := at + len(stampCell) + len(previous) + len(current)
	if end > len(page) || !bytes.HasPrefix(page[at:], stampCell) {
		return previous, current, false
	}
	blobs := page[at+len(stampCell):]
	copy(previous[:], blobs)
	copy(current[:], blobs[len(previous):])
	return previous, current, true
}
