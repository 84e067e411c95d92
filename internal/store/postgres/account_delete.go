package postgres

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"callbook/internal/account"
	"callbook/internal/store"
)

// owned are the tables with the rows of accounts, each before those that it refers to.
var owned = slices.Concat([]store.OwnedTable{{Table: "upload_chunks", Big: true}, {Table: "upload_files"}}, store.Owned)

// fromOwned returns " FROM table WHERE condition" for the rows of the account $1.
func fromOwned(table string) string {
	if table == "dialogs" {
		// A subquery for each, of which there are few, finds its call by the primary key. A
		// join would read all calls of the account.
		return ` FROM dialogs WHERE (SELECT true FROM calls WHERE account_id = $1
			AND campaign_sid = ANY(ARRAY(SELECT campaigns.sid FROM campaigns WHERE account_id = $1)) AND calls.sid = call_sid LIMIT 1)`
	}
	return ` FROM ` + table + ` WHERE account_id = $1`
}

// Contents implements [account.Store].
func (db *DB) Contents(ctx context.Context, id account.ID) (named []account.Content, rows int64, err error) {
	err = db.read(ctx, of(id), "count what an account has", func(t *tx) error {
		named, rows = nil, 0
		for _, table := range owned {
			t.queue(`SELECT count(*)`+fromOwned(table.Table), id).QueryRow(func(row pgx.Row) error {
				var n int64
				err := row.Scan(&n)
				rows += n
				if n > 0 && table.Name != "" {
					named = append(named, account.Content{Name: table.Name, Rows: n})
				}
				return err
			})
		}
		return nil
	})
	return named, rows, err
}

// InProgress implements [account.Store].
func (db *DB) InProgress(ctx context.Context, id account.ID) (campaigns int, err error) {
	err = db.row(ctx, of(id), `SELECT count(*) FROM campaigns WHERE account_id = $1 AND state = 2`, []any{id}, []any{&campaigns})
	return campaigns, storeError("count campaigns in progress", err)
}

// byIndex keeps the transaction from reading tables from their beginnings, where the rows of
// other accounts may be. Where a table has to be read so, it must not seem worth compiling.
const byIndex = `SELECT set_config('enable_seqscan', 'off', true), set_config('jit', 'off', true)`

// DeleteContents implements [account.Store].
func (db *DB) DeleteContents(ctx context.Context, id account.ID, limit int) (rows int, err error) {
	for _, table := range owned {
		n, atOnce := 0, table.AtOnce(limit-rows)
		err := db.write(ctx, account.None, "delete what an account has", func(t *tx) error {
			t.queue(byIndex)
			// By their places in the table, since keys would be looked up one by one.
			t.queue(fmt.Sprintf(`WITH gone AS (DELETE FROM %[1]s WHERE ctid = ANY(ARRAY(SELECT ctid%[2]s LIMIT $2)) RETURNING 1) SELECT count(*) FROM gone`,
				table.Table, fromOwned(table.Table)), id, atOnce).QueryRow(func(row pgx.Row) error { return row.Scan(&n) })
			return nil
		})
		if rows += n; err != nil || n == atOnce {
			return rows, err
		}
	}
	return rows, nil
}

// DeleteAccount implements [account.Store]. It waits for transactions that may have begun
// before the account's deletion and write for it.
func (db *DB) DeleteAccount(ctx context.Context, id account.ID) (done bool, err error) {
	if err := db.awaitOlder(ctx); err != nil {
		return false, err
	}
	err = db.write(ctx, account.None, "delete account", func(t *tx) error {
		done = true
		t.queue(byIndex)
		for _, table := range owned {
			t.queue(`SELECT NOT EXISTS (SELECT`+fromOwned(table.Table)+`)`, id).QueryRow(func(row pgx.Row) error {
				var empty bool
				err := row.Scan(&empty)
				done = done && empty
				return err
			})
		}
		if err := t.flush(); err != nil || !done {
			return err
		}
		t.queue(`DELETE FROM accounts WHERE id = $1 AND date_deleted IS NOT NULL`, id)
		return nil
	})
	return done && err == nil, err
}

// awaitOlder waits until the transactions of this user that are running now have ended. No
// transaction of a server runs for longer than workLimit, apart from that of its
// [useLock].
func (db *DB) awaitOlder(ctx context.Context) error {
	const operation, every = "wait for transactions", 20 * time.Millisecond
	var now time.Time
	if err := db.row(ctx, purpose{}, `SELECT clock_timestamp()`, nil, []any{&now}); err != nil {
		return storeError(operation, err)
	}
	for limit := time.Now().Add(workLimit + commitLimit); time.Now().Before(limit); {
		var running bool
		err := db.row(ctx, purpose{}, `SELECT EXISTS (SELECT FROM pg_stat_activity
			WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid() AND xact_start < $1
			AND pid NOT IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1 AND classid::bigint << 32 | objid::bigint = $2))`,
			[]any{now, int64(useLockKey)}, []any{&running})
		if err != nil || !running {
			return storeError(operation, err)
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(every):
		}
	}
	return nil // whatever it is, it is no server's
}
