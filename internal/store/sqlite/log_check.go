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

// SQLite replays any valid write-ahead log (-wal) beside a file that no process has
// open. After a kill there is such a log. If a backup was then copied over the file,
// replaying the log would mix pages of two states. To detect this, the database has
// a stamp, in the only row of log_stamp. Before the first process lets SQLite open
// the file, it compares the file's stamp with those in the log:
//
//   - Each stamp is random and is stored together with its predecessor, so stamps
//     form a chain. Each change of the row is a frame of the log, so the log holds
//     the part of the chain that was committed since the log began.
//   - SQLite restarts the log only after all of it was copied into the file and
//     synced. When a log begins, the file's stamp is therefore the predecessor of
//     the log's first stamp.
//   - Checkpoints then copy pages from the log into the file, each as of some
//     commit. The file's stamp stays the predecessor of the log's first stamp, or
//     becomes a stamp of the log. A kill or a power failure cannot produce any other:
//     a checkpoint copies only what was synced in the log, and an UPDATE of the row
//     changes 40 bytes within one sector of the page.
//
// A file of another time or of another database has another stamp.
//
// A logical copy (VACUUM INTO, .dump) has the stamp of its source but other pages.
// The schema version in the file's header reveals it: VACUUM increments the version,
// and .dump sets it to the number of objects in the schema. Each stamp therefore ends
// with the schema version of its time.
//
//   - The version only increases. When the log began, it was at least that of the
//     predecessor of the log's first stamp, and at most the first version in the log,
//     whether in a stamp or in a frame of the file's first page. Later changes are
//     frames of that page. The version in the file is therefore between that of the
//     predecessor and the highest in the log, whichever pages a checkpoint has copied:
//     the header and the row may be as of different commits. This also holds for
//     schema changes by other programs, which write no stamp.
//   - A migration that creates the row stores zeros as its predecessor. Zeros are the
//     lowest version, and stand for the stamp of a file that has none.
//   - In a database that .dump made, the version in the stamp is too high until the
//     next stamp. It is then not used as the lower bound.
//   - VACUUM writes the row into the log unchanged. If the log begins with a VACUUM,
//     the predecessor of the file's own stamp is accepted as well. That is harmless,
//     because such a log holds every page.
//
// One kind of wrong file is accepted: a copy of the database that was made while this
// very log was in use. Replaying the log over a physical copy (.backup) yields the
// newest state, complete. A copy by VACUUM INTO is accepted only if the schema changed
// later in the log. The result is complete if that change was a VACUUM, and damaged if
// another program created an index or a table.
//
// A log without a stamp proves nothing and is accepted. Another program wrote all of
// it, or a callbook without stamps did, or the writer was killed between a commit that
// it had not acknowledged and its stamp. Every transaction of the pool writes a stamp.
// The writer omits the stamp if it knows that the log has one, which it recognizes by
// the log's salts: they change each time the log restarts. If they turn out to have
// changed during a commit without a stamp, the writer stamps the log before it
// acknowledges the commit. If it cannot read the salts, it stamps every transaction.

// ErrForeignLog means that the log beside a database file belongs to another file, or
// to another state of it.
var ErrForeignLog = errors.New("the log beside it (-wal) belongs to another state of the file or to another one, and together they would be damaged; " +
	"a backup is put in place with \"callbook restore\", which sees to the log; after copying by hand, move the files that end in -wal and -shm away if this file is what you want, " +
	"or put the file back that was here")

// ErrDamagedLog means that the log beside a database file has commits that are not in
// the file, and a damaged header, for which SQLite would delete it. A power failure
// cannot cause that: it can leave a header half written only when the log restarts,
// and then the file has everything.
var ErrDamagedLog = errors.New("the log beside it (-wal) is damaged at its beginning, and has changes that the file has not; " +
	"restore a backup with \"callbook restore\", or, to go on without those changes, move the files that end in -wal and -shm away")

// stamp is a value of log_stamp.current: random bytes and the schema version.
type stamp [stampRandom + 4]byte

const stampRandom = 16

func (s stamp) schemaVersion() uint32 { return binary.BigEndian.Uint32(s[stampRandom:]) }

// logSalts change each time the log restarts, so they identify a log.
type logSalts [8]byte

// stampLog writes a new stamp, within a transaction.
func stampLog(conn *sqlite.Conn) error {
	err := sqlitex.Execute(conn, `UPDATE log_stamp SET previous = current,
		current = unhex(hex(randomblob(16)) || printf('%08x', (SELECT schema_version FROM pragma_schema_version)))`, nil)
	if err != nil {
		return fmt.Errorf("stamp the log: %w", err)
	}
	return nil
}

// stampBackup gives a backup a stamp that no log has. It is a hash of the old stamp,
// so that backups of the same state are equal.
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

// checkLog returns an error if the log beside a file does not belong to it. No other
// process may have the file open.
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
		// SQLite would take it for an empty log and delete it.
		return ErrForeignLog
	}
	found, damaged, err := readStamps(log)
	if err != nil {
		return fmt.Errorf("read the log: %w", err)
	}
	if size == 0 && found.committed {
		// SQLite would delete the log. The file is not the log's, since a log
		// begins only once the file's first page is durable.
		return ErrForeignLog
	}
	if size == 0 || len(found.stamps) == 0 {
		return nil
	}
	own, version, err := fileStamp(path)
	if err != nil {
		return nil // SQLite reports the error of the file, or the log repairs it
	}
	switch {
	case !slices.Contains(found.stamps, own) || !found.allows(version):
		if damaged {
			return nil // the frames are remains of an older log, or no frames at all
		}
		return ErrForeignLog
	case damaged && own != found.stamps[len(found.stamps)-1]:
		return ErrDamagedLog
	}
	return nil
}

// beginsAsDatabase reports whether a file begins like a SQLite database. No log does,
// even after a power failure.
func beginsAsDatabase(file io.ReaderAt) (bool, error) {
	const magic = "SQLite format 3\x00"
	begin := make([]byte, len(magic))
	if _, err := file.ReadAt(begin, 0); err != nil {
		return false, endOfLog(err)
	}
	return string(begin) == magic, nil
}

// logStamps are the stamps and schema versions in the committed part of a log.
type logStamps struct {
	committed bool     // the log has a commit
	stamps    []stamp  // the predecessor of the log's first stamp, then the log's stamps
	versions  []uint32 // in the log's stamps and in its frames of the file's first page
}

// allows reports whether the file's header may have this schema version.
func (l *logStamps) allows(version uint32) bool {
	lowest := l.stamps[0].schemaVersion()
	if lowest > l.versions[0] {
		lowest = 0
	}
	return lowest <= version && version <= slices.Max(l.versions)
}

// fileStamp reads the stamp and the schema version of a file without its log. The
// stamp is zero if the file has none.
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
