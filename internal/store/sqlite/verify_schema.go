package sqlite

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitemigration"

	"callbook/internal/verify"
)

// Schema implements [verify.View]. It ignores additional tables and indexes.
func (v *view) Schema(ctx context.Context, found func(string)) (version int, objects int64, err error) {
	err = v.each(`PRAGMA user_version`, nil, func(stmt *sqlite.Stmt) error {
		version = stmt.ColumnInt(0)
		return nil
	})
	if err != nil {
		return 0, 0, err
	}
	want, err := schemaOf(ctx, version)
	if err != nil {
		return 0, 0, err
	}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		switch have, there := v.objects[name]; {
		case !there:
			found(fmt.Sprintf("%s is not there", name))
		case have != want[name]:
			found(fmt.Sprintf("%s is not as the migrations make it", name))
		}
	}
	return version, int64(len(want)), nil
}

// schemaOf returns the tables and indexes that the migrations up to this version create.
func schemaOf(ctx context.Context, version int) (objects map[string]string, err error) {
	schema, err := loadSchema()
	if err != nil {
		return nil, err
	}
	conn, err := sqlite.OpenConn(":memory:", sqlite.OpenReadWrite)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	schema.Migrations = schema.Migrations[:version]
	if err := sqlitemigration.Migrate(ctx, conn, schema); err != nil {
		return nil, err
	}
	return schemaObjects(conn)
}

// Structure implements [verify.View].
func (v *view) Structure(_ context.Context, found func(string)) (pages int64, unit string, err error) {
	const unitPages = "pages"
	err = v.each(`PRAGMA page_count`, nil, func(stmt *sqlite.Stmt) error {
		pages = stmt.ColumnInt64(0)
		return nil
	})
	if err != nil {
		return 0, unitPages, err
	}
	err = v.each(fmt.Sprintf(`PRAGMA integrity_check(%d)`, verify.MaxProblems), nil, func(stmt *sqlite.Stmt) error {
		if text := stmt.ColumnText(0); text != "ok" {
			found(text)
		}
		return nil
	})
	return pages, unitPages, err
}

// relations are the references from one table to another.
var relations = []struct{ rows, column, of, id string }{
	{"api_keys", "account_id", "accounts", "id"},
	{"contacts", "account_id", "accounts", "id"},
	{"contact_counts", "account_id", "accounts", "id"},
	{"lists", "account_id", "accounts", "id"},
	{"list_members", "list_id", "lists", "id"},
	{"trashed_contacts", "account_id", "accounts", "id"},
	{"trashed_lists", "account_id", "accounts", "id"},
	{"trashed_members", "account_id", "accounts", "id"},
	{"uploads", "account_id", "accounts", "id"},
	{"upload_errors", "upload_id", "uploads", "id"},
	{"upload_drafts", "account_id", "accounts", "id"},
	{"campaigns", "account_id", "accounts", "id"},
	{"targets", "campaign_id", "campaigns", "id"},
	{"calls", "campaign_id", "campaigns", "id"},
	{"recordings", "campaign_id", "campaigns", "id"},
	{"policies", "account_id", "accounts", "id"},
	{"suppressions", "account_id", "accounts", "id"},
	{"flows", "account_id", "accounts", "id"},
	{"prompts", "account_id", "accounts", "id"},
	{"idempotency_keys", "account_id", "accounts", "id"},
	{"requests", "account_id", "accounts", "id"},
	{"login_links", "account_id", "accounts", "id"},
	{"sessions", "account_id", "accounts", "id"},
	{"sessions", "key_id", "api_keys", "id"},
}

// joined are the references of more than one column, with the condition that joins
// both tables.
var joined = []struct{ rows, of, on string }{
	{"events", "campaigns", "campaigns.account_id = events.account_id AND campaigns.sid = events.campaign_sid"},
	{"event_totals", "campaigns", "campaigns.account_id = event_totals.account_id AND campaigns.sid = event_totals.campaign_sid"},
}

// Orphans implements [verify.View].
func (v *view) Orphans(_ context.Context, each func(verify.Orphans) error) error {
	for _, r := range joined {
		if !v.Has(r.rows) || !v.Has(r.of) {
			continue
		}
		o := verify.Orphans{Rows: r.rows, Of: r.of}
		query := fmt.Sprintf(`SELECT count(*) FROM %[1]s WHERE NOT EXISTS (SELECT 1 FROM %[2]s WHERE %[3]s)`, r.rows, r.of, r.on)
		err := v.each(query, nil, func(stmt *sqlite.Stmt) error {
			o.Count = stmt.ColumnInt64(0)
			return nil
		})
		if err == nil {
			err = each(o)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", r.rows, err)
		}
	}
	for _, r := range relations {
		if !v.Has(r.rows) || !v.Has(r.of) {
			continue
		}
		o := verify.Orphans{Rows: r.rows, Of: r.of}
		// A loose index scan: each step finds the next distinct owner in the index,
		// so most rows are not read.
		query := fmt.Sprintf(`WITH RECURSIVE owners (id) AS (
				SELECT min(%[2]s) FROM %[1]s
				UNION ALL SELECT (SELECT min(%[2]s) FROM %[1]s WHERE %[2]s > owners.id) FROM owners WHERE owners.id IS NOT NULL)
			SELECT coalesce(sum((SELECT count(*) FROM %[1]s WHERE %[2]s = owners.id)), 0) FROM owners
			WHERE owners.id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM %[3]s WHERE %[3]s.%[4]s = owners.id)`, r.rows, r.column, r.of, r.id)
		err := v.each(query, nil, func(stmt *sqlite.Stmt) error {
			o.Count = stmt.ColumnInt64(0)
			return nil
		})
		if err == nil {
			err = each(o)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", r.rows, err)
		}
	}
	return nil
}

// Secrets implements [verify.View].
func (v *view) Secrets(context.Context) (all, broken int64, err error) {
	for _, s := range [...]struct{ table, column string }{
		{"api_keys", "token_sha256"}, {"sessions", "secret_sha256"}, {"login_links", "token_sha256"},
	} {
		if !v.Has(s.table) {
			continue
		}
		err = v.each(`SELECT count(*), coalesce(sum(length(`+s.column+`) <> 32), 0) FROM `+s.table, nil, func(stmt *sqlite.Stmt) error {
			all += stmt.ColumnInt64(0)
			broken += stmt.ColumnInt64(1)
			return nil
		})
		if err != nil {
			return 0, 0, err
		}
	}
	return all, broken, nil
}
