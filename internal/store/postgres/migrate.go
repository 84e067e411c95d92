package postgres

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/jackc/pgx/v5"
)

//go:embed migrations/*.sql
var migrations embed.FS

// migrationLock is the advisory lock for changes of the schema ("Cbok").
const migrationLock = 0x43626f6b

// errOldSchema means that migrations are pending.
var errOldSchema = errors.New("its schema is not up to date; run \"callbook migrate\" with the same --db")

// Migrate brings the schema of a database up to date.
func Migrate(ctx context.Context, url string) error {
	db, err := Open(ctx, url, Options{Migrate: true})
	if err != nil {
		return err
	}
	return db.Close()
}

// migrate runs the pending migrations in one transaction, and then refold in smaller
// ones. A lock serializes servers that start at the same time.
func (db *DB) migrate(ctx context.Context) error {
	err := pgx.BeginFunc(ctx, db.pool, func(tx pgx.Tx) error {
		// A transaction-level lock works behind every pooler.
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(migrationLock)); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `CREATE TABLE IF NOT EXISTS callbook_migrations (
			version      integer NOT NULL PRIMARY KEY,
			name         text    NOT NULL,
			date_applied timestamptz NOT NULL DEFAULT now())`)
		if err != nil {
			return err
		}
		due, err := migrationsDue(ctx, tx)
		for _, m := range due {
			if err == nil {
				err = m.apply(ctx, tx)
			}
		}
		return err
	})
	if err == nil {
		err = db.refold(ctx)
	}
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

// checkSchema returns an error if migrations are pending or unfinished.
func (db *DB) checkSchema(ctx context.Context) error {
	var migrated bool
	err := db.pool.QueryRow(ctx, `SELECT to_regclass('callbook_migrations') IS NOT NULL`).Scan(&migrated)
	if err != nil {
		return err
	}
	if !migrated {
		return errOldSchema
	}
	due, err := migrationsDue(ctx, db.pool)
	if err != nil {
		return err
	}
	unfinished := len(due) > 0
	if !unfinished {
		err = db.pool.QueryRow(ctx, `SELECT EXISTS (SELECT FROM refolding)`).Scan(&unfinished)
	}
	if err == nil && unfinished {
		return errOldSchema
	}
	return err
}

// migration is one migration file.
type migration struct {
	version int // from 1 on
	name    string
	text    string
}

func (m *migration) apply(ctx context.Context, tx pgx.Tx) error {
	// Without arguments, the text may hold several statements.
	if _, err := tx.Exec(ctx, m.text); err != nil {
		return fmt.Errorf("%s: %w", m.name, err)
	}
	_, err := tx.Exec(ctx, `INSERT INTO callbook_migrations (version, name) VALUES ($1, $2)`, m.version, m.name)
	return err
}

// migrationsDue returns the pending migrations.
func migrationsDue(ctx context.Context, db interface {
	QueryRow(ctx context.Context, query string, args ...any) pgx.Row
},
) ([]migration, error) {
	all, err := loadMigrations()
	if err != nil {
		return nil, err
	}
	var version int
	if err := db.QueryRow(ctx, `SELECT coalesce(max(version), 0) FROM callbook_migrations`).Scan(&version); err != nil {
		return nil, err
	}
	if version > len(all) {
		return nil, fmt.Errorf("it was written by a newer callbook (schema %d, this one knows %d); use that one", version, len(all))
	}
	return all[version:], nil
}

// loadMigrations reads the embedded files, in the order of their names.
func loadMigrations() ([]migration, error) {
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	all := make([]migration, len(files))
	for i, file := range files {
		text, err := migrations.ReadFile(file)
		if err != nil {
			return nil, err
		}
		all[i] = migration{version: i + 1, name: strings.TrimSuffix(path.Base(file), ".sql"), text: string(text)}
	}
	return all, nil
}
