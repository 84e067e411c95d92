// Package sqlitetest gives tests SQLite files that have a schema.
package sqlitetest

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// Migrate creates the file at a path with its schema and closes it.
type Migrate func(ctx context.Context, path string) error

// template is the file of which those of the tests are copies.
var template struct {
	sync.Once
	bytes []byte
	err   error
}

// File returns the path of a database file that only this test has, with its schema in
// place and nothing in it.
//
// Migrate makes the schema once in a process: each time takes some 30 ms of processor
// time, more than many tests.
func File(t testing.TB, migrate Migrate) string {
	t.Helper()
	template.Do(func() {
		path := filepath.Join(t.TempDir(), "template.db")
		if template.err = migrate(context.Background(), path); template.err == nil {
			template.bytes, template.err = os.ReadFile(path)
		}
	})
	if template.err != nil {
		t.Fatalf("make the template of the tests' databases: %v", template.err)
	}
	path := filepath.Join(t.TempDir(), "callbook.db")
	if err := os.WriteFile(path, template.bytes, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
