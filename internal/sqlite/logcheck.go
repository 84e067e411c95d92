package sqlite

import (
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

// ErrDamagedLog means that the log beside a database file has a damaged header, so
// that SQLite would delete it, and that something was committed in it that is not
// in the file. A power failure does not bring that about: it may leave a header
// half written only while everything of the log before is in the file.
var ErrDamagedLog = errors.New("the log beside it (-wal) is damaged at its beginning, and has changes that the file has not; " +
	"restore a backup with \"callbook restore\", or, to go on without those changes, move the files that end in -wal and -shm away")

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
	found, damaged, err := readStamps(log)
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
	switch {
	case !slices.Contains(found.stamps, own) || !found.allows(version):
		if damaged {
			return nil // what is left of an older log, or of none
		}
		return ErrForeignLog
	case damaged && own != found.stamps[len(found.stamps)-1]:
		return ErrDamagedLog
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
