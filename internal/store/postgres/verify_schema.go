package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"callbook/internal/verify"
)

// Schema implements [verify.View]. It only checks that every migration was applied.
// Other checks read the rows to see whether they obey the unique indexes.
func (v *view) Schema(ctx context.Context, found func(string)) (version int, objects int64, err error) {
	var applied int
	err = v.one(ctx, `SELECT coalesce(max(version), 0), count(*), (SELECT count(*) FROM pg_class
			WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p', 'i', 'I'))
		FROM callbook_migrations`, nil, &version, &applied, &objects)
	if err == nil && applied != version {
		found(fmt.Sprintf("%d migrations were applied, and the last is number %d", applied, version))
	}
	return version, objects, err
}

// ours selects the B-tree indexes of callbook's tables.
const ours = `FROM pg_index JOIN pg_class AS i ON i.oid = pg_index.indexrelid JOIN pg_class AS t ON t.oid = pg_index.indrelid
	JOIN pg_am ON pg_am.oid = i.relam WHERE t.relnamespace = current_schema()::regnamespace AND pg_am.amname = 'btree'`

// Structure implements [verify.View]. It checks the content of indexes with the
// extension amcheck, if that is installed and the user may call it.
func (v *view) Structure(ctx context.Context, found func(string)) (checked int64, unit string, err error) {
	unit = "indexes"
	err = v.each(ctx, `SELECT i.relname, indisvalid AND indisready `+ours+` ORDER BY i.relname`, nil, func(row pgx.Rows) error {
		var name string
		var valid bool
		err := row.Scan(&name, &valid)
		if checked++; err == nil && !valid {
			found(fmt.Sprintf("index %s is not valid: its build was not ended", name))
		}
		return err
	})
	if err != nil {
		return checked, unit, err
	}
	err = v.each(ctx, `SELECT conname FROM pg_constraint WHERE connamespace = current_schema()::regnamespace AND NOT convalidated`, nil,
		func(row pgx.Rows) error {
			var name string
			err := row.Scan(&name)
			found(fmt.Sprintf("constraint %s was never checked against the rows", name))
			return err
		})
	if err != nil {
		return checked, unit, err
	}
	var check string
	err = v.one(ctx, `SELECT coalesce((SELECT p.oid::regproc::text
		FROM pg_extension AS e JOIN pg_depend AS d ON d.refobjid = e.oid JOIN pg_proc AS p ON p.oid = d.objid
		WHERE e.extname = 'amcheck' AND p.proname = 'bt_index_check' AND p.pronargs = 2 AND has_function_privilege(p.oid, 'EXECUTE')), '')`,
		nil, &check)
	if err != nil || check == "" {
		return checked, unit + " (validity only: amcheck is not installed, or this user may not run it)", err
	}
	return checked, unit, v.checkIndexes(ctx, check, found)
}

// checkIndexes checks each index with this function of amcheck, which also looks up
// each row of the table in the index.
func (v *view) checkIndexes(ctx context.Context, function string, found func(string)) error {
	var names []string
	err := v.each(ctx, `SELECT i.oid::regclass::text `+ours+` AND indisvalid ORDER BY 1`, nil, func(row pgx.Rows) error {
		var name string
		err := row.Scan(&name)
		names = append(names, name)
		return err
	})
	for _, name := range names {
		if err != nil {
			return err
		}
		// The function reports corruption as an error. The savepoint keeps that from
		// ending the transaction and its snapshot.
		if _, err = v.conn.Exec(ctx, `SAVEPOINT checking`); err != nil {
			return err
		}
		_, err = v.conn.Exec(ctx, `SELECT `+function+`($1::text::regclass, true)`, name)
		if pg, ok := errors.AsType[*pgconn.PgError](err); ok && errors.Is(damaged(err), verify.ErrDamaged) {
			found(fmt.Sprintf("index %s does not fit its table: %s", name, pg.Message))
			_, err = v.conn.Exec(ctx, `ROLLBACK TO checking`)
		}
	}
	return err
}

// relations are the references from one table (r) to another (o), with the condition
// that joins them.
var relations = []struct{ rows, of, on string }{
	{"api_keys", "accounts", "o.id = r.account_id"},
	{"contacts", "accounts", "o.id = r.account_id"},
	{"contact_counts", "accounts", "o.id = r.account_id"},
	{"lists", "accounts", "o.id = r.account_id"},
	{"list_members", "lists", "o.account_id = r.account_id AND o.sid = r.list_sid"},
	{"trashed_contacts", "accounts", "o.id = r.account_id"},
	{"trashed_lists", "accounts", "o.id = r.account_id"},
	{"trashed_members", "accounts", "o.id = r.account_id"},
	{"uploads", "accounts", "o.id = r.account_id"},
	{"upload_errors", "uploads", "o.account_id = r.account_id AND o.sid = r.upload_sid"},
	{"upload_drafts", "accounts", "o.id = r.account_id"},
	{"upload_files", "accounts", "o.id = r.account_id"},
	{"upload_chunks", "upload_files", "o.account_id = r.account_id AND o.upload_sid = r.upload_sid"},
	{"campaigns", "accounts", "o.id = r.account_id"},
	{"targets", "campaigns", "o.account_id = r.account_id AND o.sid = r.campaign_sid"},
	{"calls", "targets", "o.account_id = r.account_id AND o.campaign_sid = r.campaign_sid AND o.position = r.position"},
	{"recordings", "campaigns", "o.account_id = r.account_id AND o.sid = r.campaign_sid"},
	{"policies", "accounts", "o.id = r.account_id"},
	{"suppressions", "accounts", "o.id = r.account_id"},
	{"flows", "accounts", "o.id = r.account_id"},
	{"prompts", "accounts", "o.id = r.account_id"},
	{"events", "campaigns", "o.account_id = r.account_id AND o.sid = r.campaign_sid"},
	{"idempotency_keys", "accounts", "o.id = r.account_id"},
	{"requests", "accounts", "o.id = r.account_id"},
	{"login_links", "accounts", "o.id = r.account_id"},
	{"sessions", "accounts", "o.id = r.account_id"},
	{"sessions", "api_keys", "o.id = r.key_id"},
}

// Orphans implements [verify.View].
func (v *view) Orphans(ctx context.Context, each func(verify.Orphans) error) error {
	for _, r := range relations {
		o := verify.Orphans{Rows: r.rows, Of: r.of}
		belongs := "true"
		if r.of == "api_keys" { // sessions that a link began have no key
			belongs = "r.key_id IS NOT NULL"
		}
		err := v.one(ctx, fmt.Sprintf(`SELECT count(*) FROM %s AS r WHERE %s AND NOT EXISTS (SELECT FROM %s AS o WHERE %s)`,
			r.rows, belongs, r.of, r.on), nil, &o.Count)
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
func (v *view) Secrets(ctx context.Context) (all, broken int64, err error) {
	err = v.one(ctx, `SELECT count(*), count(*) FILTER (WHERE length(hash) <> 32) FROM (
		SELECT token_sha256 AS hash FROM api_keys UNION ALL SELECT secret_sha256 FROM sessions UNION ALL SELECT token_sha256 FROM login_links
	) AS hashes`, nil, &all, &broken)
	return all, broken, err
}
