package servertest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/importer"
	"callbook/internal/journal"
	"callbook/internal/pgtest"
	"callbook/internal/postgres"
	"callbook/internal/session"
	"callbook/internal/sqlite"
	"callbook/internal/summary"
	"callbook/internal/usage"
)

// engineVariable chooses the engine that the servers of a test run have: it is
// "postgres", or empty for the embedded one.
const engineVariable = "CALLBOOK_TEST_DB"

func onPostgres() bool { return os.Getenv(engineVariable) == "postgres" }

// NewDatabase returns a new database of the engine under test, for
// [Options].Path: a file, or a URL.
func NewDatabase(t testing.TB) string {
	t.Helper()
	if onPostgres() {
		return pgtest.Database(t, postgres.Migrate)
	}
	return filepath.Join(t.TempDir(), "callbook.db")
}

// EmbeddedOnly skips a test of what only the embedded engine has.
func EmbeddedOnly(t testing.TB, what string) {
	t.Helper()
	if onPostgres() {
		t.Skipf("only the embedded engine has %s", what)
	}
}

// database is an open one.
type database struct {
	accounts account.Store
	sessions session.Store
	contacts addressbook.Store
	uploads  importer.Store
	receipts journal.Store
	files    importer.Files
	facts    summary.Store
	usage    usage.Store
	ping     func(context.Context) error
	// closeWriter, where there is one, comes before close.
	closeWriter, close func() error
}

func openDatabase(t testing.TB, path string, log *slog.Logger) *database {
	t.Helper()
	if postgres.IsURL(path) {
		db, err := postgres.Open(t.Context(), path, postgres.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return &database{
			accounts: db, sessions: db, contacts: db, uploads: db, receipts: db, files: db.Files(),
			facts: db, usage: db,
			ping: db.Ping, closeWriter: func() error { return nil }, close: sync.OnceValue(db.Close),
		}
	}
	db, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	book, err := db.OpenAddressBook(sqlite.Options{Log: log})
	if err != nil {
		t.Fatal(errors.Join(err, db.Close()))
	}
	return &database{
		accounts: db, sessions: db, contacts: book, uploads: book, receipts: book, files: importer.NewDisk(path + ".uploads"),
		facts: db, usage: db,
		ping: db.Ping, closeWriter: book.Close, close: sync.OnceValue(db.Close),
	}
}

// UploadFiles returns the names of the files that the server keeps of uploads.
func (s *Server) UploadFiles() []string {
	s.t.Helper()
	if postgres.IsURL(s.Path) {
		return pgtest.Texts(s.t, s.Path, `SELECT upload_sid::text FROM upload_files UNION SELECT upload_sid::text FROM upload_chunks`)
	}
	entries, err := os.ReadDir(s.Path + ".uploads")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// ResizeUploadFile cuts the server's file of an upload off after n bytes, or adds
// to it until it has so many.
func (s *Server) ResizeUploadFile(upload string, n int) {
	s.t.Helper()
	if postgres.IsURL(s.Path) {
		// Small files, of one piece.
		pgtest.Texts(s.t, s.Path, fmt.Sprintf(
			`UPDATE upload_chunks SET data = substring(data || convert_to(repeat('x', %d), 'UTF8') FOR %d) WHERE upload_sid = '%s' RETURNING 'done'`, n, n, upload))
		return
	}
	if err := os.Truncate(filepath.Join(s.Path+".uploads", upload+".csv"), int64(n)); err != nil {
		s.t.Fatal(err)
	}
}
