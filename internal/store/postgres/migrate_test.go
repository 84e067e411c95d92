package postgres

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"callbook/internal/test/pgtest"
)

func TestMigrateTogether(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t, nil)
	if _, err := Open(t.Context(), url, Options{}); !errors.Is(err, errOldSchema) {
		t.Errorf("a database without a schema was opened: %v", err)
	}
	var servers sync.WaitGroup
	for range 8 {
		servers.Go(func() {
			if err := Migrate(t.Context(), url); err != nil {
				t.Error(err)
			}
		})
	}
	servers.Wait()
	db := open(t, url)
	var applied, versions int
	err := db.pool.QueryRow(t.Context(), `SELECT count(*), max(version) FROM callbook_migrations`).Scan(&applied, &versions)
	all, _ := loadMigrations()
	if err != nil || applied != len(all) || versions != len(all) {
		t.Errorf("%d migrations were applied, up to %d, of %d; %v", applied, versions, len(all), err)
	}
}

func TestSchemaVersions(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t, Migrate)
	db := open(t, url)
	exec(t, db, `DELETE FROM callbook_migrations WHERE version = (SELECT max(version) FROM callbook_migrations)`)
	if _, err := Open(t.Context(), url, Options{}); err == nil || !strings.Contains(err.Error(), "callbook migrate") {
		t.Errorf("an old schema was opened without a migration: %v", err)
	}
	exec(t, db, `INSERT INTO callbook_migrations (version, name) VALUES (1000, 'later')`)
	for _, migrate := range []bool{false, true} {
		if _, err := Open(t.Context(), url, Options{Migrate: migrate}); err == nil || !strings.Contains(err.Error(), "newer callbook") {
			t.Errorf("the schema of a newer callbook was opened: %v", err)
		}
	}
}

// TestFailedMigration leaves nothing behind.
func TestFailedMigration(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t, Migrate)
	db := open(t, url)
	exec(t, db, `DROP TABLE callbook_migrations`) // so that all are due, of which the first fails
	if err := Migrate(t.Context(), url); err == nil || !strings.Contains(err.Error(), "0001_") {
		t.Errorf("the tables are there already, and the error is %v", err)
	}
	var left bool
	if err := db.pool.QueryRow(t.Context(), `SELECT to_regclass('callbook_migrations') IS NOT NULL`).Scan(&left); err != nil || left {
		t.Errorf("the migration that failed left its table: %v, %v", left, err)
	}
}

// exec runs a statement behind the store's back.
func exec(t *testing.T, db *DB, query string, args ...any) {
	t.Helper()
	if _, err := db.pool.Exec(t.Context(), query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}
