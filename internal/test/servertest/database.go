package servertest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"callbook/internal/store/postgres"
	"callbook/internal/store/sqlite"
	"callbook/internal/test/pgtest"
	"callbook/internal/test/sqlitetest"
)

// engineVariable chooses the engine that the servers of a test run have: it is
// "postgres", or empty for the embedded one.
const engineVariable = "CALLBOOK_TEST_DB"

// OnPostgres tells whether the engine under test is PostgreSQL.
func OnPostgres() bool { return os.Getenv(engineVariable) == "postgres" }

// NewDatabase returns a new database of the engine under test, for
// [Options].Path: a file, or a URL. Its schema is in place.
func NewDatabase(t testing.TB) string {
	t.Helper()
	if OnPostgres() {
		return pgtest.Database(t, postgres.Migrate)
	}
	return sqlitetest.File(t, migrate)
}

func migrate(ctx context.Context, path string) error {
	db, err := sqlite.Open(ctx, path)
	if err != nil {
		return err
	}
	return db.Close()
}

// EmbeddedOnly skips a test of what only the embedded engine has.
func EmbeddedOnly(t testing.TB, what string) {
	t.Helper()
	if OnPostgres() {
		t.Skipf("only the embedded engine has %s", what)
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
