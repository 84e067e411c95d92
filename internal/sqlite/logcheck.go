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
	"slices"

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
//     changes 40 bytes within one sector of the page.
//
// A file of another time or of another database has a stamp that is neither.
//
// A copy that was not made page by page (VACUUM INTO, .dump) has the database's
// stamp, but its pages are others. The schema version, which is in the file's
// header, tells it: VACUUM makes it one higher, and .dump makes it the number of
// the objects in the schema. Each stamp ends with the version of its time.
//
//   - The version only rises. At the beginning of the log it was at least that of
//     the stamp before the log's first, and at most the first in the log, be that
//     in a stamp or in a frame of the file's first page. Changes since are frames
//     of that page. So the version in the file lies between that of the stamp
//     before the log's first and the highest in the log, whichever pages a
//     checkpoint has copied: the header and the row need not be of one commit.
//     That holds for schema changes of other programs too, which do not stamp.
//   - A migration that makes the row has zeros before it, which is the lowest
//     version, and stands for the stamp of a file without one.
//   - The version of a stamp is too high in a database that .dump made, until the
//     next stamp. Then it is no lower limit.
//   - A VACUUM writes the row into the log as it was. One at the log's beginning
//     makes the stamp before the file's pass too. That does no harm, because such
//     a log has every page.
//
// What passes wrongly is a copy of the database from within the time of this very
// log. If it was made page by page (.backup), replaying the log over it gives the
// newest state, whole. A copy by VACUUM INTO passes only if the schema changed
// later in the log; that change is whole too if it was a VACUUM, and damages the
// copy if another program made an index or a table.
//
// A log without a stamp proves nothing and passes: another program, or a
// callbook from before there were stamps, wrote all of it, or the writer was
// killed between a commit that it told nobody of and its stamp. Every
// transaction of the pool is stamped. The writer stamps its transaction unless
// it knows that the log has a stamp, by the log's salts, which are others each
// time the log begins anew; when they turn out to have changed with a commit
// that it did not stamp, it stamps the log before it tells anybody of the
// commit. Where it cannot read them, it stamps every transaction.

// ErrForeignLog means that a database file and the log beside it do not belong
// together.
var ErrForeignLog = errors.New("the log beside it (-wal) belongs to another state of the file or to another one, and together they would be damaged; " +
	"a backup is put in place with \"callbook restore\", which sees to the log; after copying by hand, move the files that end in -wal and -shm away if this file is what you want, " +
	"or put the file back that was here")

// stamp is a value of log_stamp.current: random bytes, and the schema version.
type stamp [stampRandom + 4]byte

const stampRandom = 16

func (s stamp) schemaVersion() uint32 { return binary.BigEndian.Uint32(s[stampRandom:]) }

// logSalts tell a log from the one before it in the same file.
type logSalts [8]byte

// stampLog changes the stamp, within a transaction.
func stampLog(conn *sqlite.Conn) error {
	err := sqlitex.Execute(conn, `UPDATE log_stamp SET previous = current,
		current = unhex(hex(randomblob(16)) || printf('%08x', (SELECT schema_version FROM pragma_schema_version)))`, nil)
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
		err = sqlitex.Execute(conn, `UPDATE log_stamp SET previous = current,
			current = unhex(hex(?) || printf('%08x', (SELECT schema_version FROM pragma_schema_version)))`,
			&sqlitex.ExecOptions{Args: []any{sum[:stampRandom]}})
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
	found, err := readStamps(log)
	if err != nil {
		return fmt.Errorf("read the log: %w", err)
	}
	if size == 0 && found.committed {
		// SQLite would delete the log. No log has begun before the file's first
		// page was durable.
		return ErrForeignLog
	}
	if size == 0 || len(found.stamps) == 0 {
		return nil
	}
	own, version, err := fileStamp(path)
	if err != nil {
		return nil // SQLite says better what is wrong with the file, or the log mends it
	}
	if !slices.Contains(found.stamps, own) || !found.allows(version) {
		return ErrForeignLog
	}
	return nil
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

// logStamps is what the committed part of a log tells.
type logStamps struct {
	committed bool
	stamps    []stamp  // that before the first of them included
	versions  []uint32 // of the schema, in the stamps (that one not included) and in the file's first page
}

// allows tells whether the file's header may have a version of the schema.
func (l *logStamps) allows(version uint32) bool {
	lowest := l.stamps[0].schemaVersion()
	if lowest > l.versions[0] {
		lowest = 0
	}
	return lowest <= version && version <= slices.Max(l.versions)
}

// fileStamp reads the stamp in the file as it would be without the log, zeros if
// it has none yet, and the version of its schema.
func fileStamp(path string) (s stamp, version uint32, err error) {
	name := filepath.ToSlash(path)
	if name[0] != '/' {
		name = "/" + name // C:/ on Windows
	}
	uri := url.URL{Scheme: "file", Path: name, RawQuery: "immutable=1"}
	conn, err := sqlite.OpenConn(uri.String(), sqlite.OpenReadOnly|sqlite.OpenURI)
	if err != nil {
		return s, 0, err
	}
	defer conn.Close()
	stamped := false
	err = queryOne(conn, `SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'log_stamp'), schema_version
		FROM pragma_schema_version`, nil, func(stmt *sqlite.Stmt) error {
		stamped = stmt.ColumnBool(0)
		version = uint32(stmt.ColumnInt64(1))
		return nil
	})
	if err != nil || !stamped {
		return s, version, err
	}
	return s, version, queryOne(conn, `SELECT current FROM log_stamp`, nil, func(stmt *sqlite.Stmt) error {
		stmt.ColumnBytes(0, s[:])
		return nil
	})
}

// The format of a log: https://sqlite.org/fileformat2.html#walformat.
const (
	logHeaderBytes   = 32
	saltsOffset      = 16
	frameHeaderBytes = 24
	logMagic         = 0x377f0682 // its lowest bit tells the byte order of the checksums
	logVersion       = 3007000
	maxPageBytes     = 65536
)

// versionOffset is where the file's first page has the version of the schema.
const versionOffset = 40

// readStamps reads what is committed in the log, as far as SQLite would.
func readStamps(log io.Reader) (found logStamps, err error) {
	in := bufio.NewReaderSize(log, 1<<18)
	header := make([]byte, logHeaderBytes)
	if err := readWhole(in, header); err != nil {
		return found, endOfLog(err)
	}
	u32 := func(b []byte, at int) uint32 { return binary.BigEndian.Uint32(b[at:]) }
	sum := logSum{order: binary.LittleEndian}
	if u32(header, 0)&1 != 0 {
		sum.order = binary.BigEndian
	}
	size := u32(header, 8)
	sum.add(header[:24])
	if u32(header, 0)&^1 != logMagic || u32(header, 4) != logVersion || size < 512 || size > maxPageBytes || !sum.is(header[24:]) {
		return found, nil
	}
	frame := make([]byte, frameHeaderBytes+size)
	var pending logStamps // of the transaction that is being read
	for {
		if err := readWhole(in, frame); err != nil {
			return found, endOfLog(err)
		}
		page := frame[frameHeaderBytes:]
		sum.add(frame[:8])
		sum.add(page)
		if !bytes.Equal(frame[8:16], header[16:24]) || u32(frame, 0) == 0 || !sum.is(frame[16:]) {
			return found, nil
		}
		if previous, current, ok := stampsOf(page); ok {
			if len(found.stamps)+len(pending.stamps) == 0 {
				pending.stamps = append(pending.stamps, previous)
			}
			pending.stamps = append(pending.stamps, current)
			pending.versions = append(pending.versions, current.schemaVersion())
		}
		if u32(frame, 0) == 1 {
			pending.versions = append(pending.versions, u32(page, versionOffset))
		}
		if committed := u32(frame, 4) != 0; committed {
			found.committed = true
			found.stamps = append(found.stamps, pending.stamps...)
			found.versions = append(found.versions, pending.versions...)
			pending = logStamps{}
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

// stampCell begins the one row of log_stamp on its page: 60 bytes of the row
// with id 1, of which 4 say that blobs of 16, 20 and 20 bytes follow, and the
// first of those.
var stampCell = append([]byte{60, 1, 4, 44, 52, 52}, "callbook's stamp"...)

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
