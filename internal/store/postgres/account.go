package postgres

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"callbook/internal/account"
	"callbook/internal/audit"
)

const accountColumns = `accounts.id, accounts.sid, accounts.region, accounts.time_zone, accounts.date_created,
	accounts.requests_a_minute, accounts.date_disabled, accounts.date_deleted`

// CreateAccount implements [account.Store].
func (db *DB) CreateAccount(ctx context.Context, a account.Account) (account.Account, error) {
	const operation = "create account"
	err := db.write(ctx, account.None, operation, func(t *tx) error {
		t.queue(`INSERT INTO accounts (sid, region, time_zone, date_created, requests_a_minute) VALUES ($1, $2, $3, $4, $5) RETURNING id`,
			a.SID, a.Region, a.TimeZone.String(), a.Created.UnixNano(), a.RequestsAMinute).QueryRow(func(row pgx.Row) error {
			return row.Scan(&a.ID)
		})
		err := t.flush()
		audit.Of(audit.NoteOf(ctx), a.ID)
		if taken(err) {
			return account.SIDTaken(a.SID)
		}
		return err
	})
	if err != nil {
		return account.Account{}, err
	}
	return a, nil
}

// Accounts implements [account.Store].
func (db *DB) Accounts(ctx context.Context) ([]account.Account, error) {
	return collect(ctx, db, purpose{}, "list accounts", func(row pgx.CollectableRow) (account.Account, error) {
		var a accountRow
		if err := row.Scan(a.into()...); err != nil {
			return account.Account{}, err
		}
		return a.account()
	}, `SELECT `+accountColumns+` FROM accounts ORDER BY sid`)
}

// Account implements [account.Store].
func (db *DB) Account(ctx context.Context, sid string) (account.Account, error) {
	var a accountRow
	err := db.row(ctx, purpose{}, `SELECT `+accountColumns+` FROM accounts WHERE sid = $1`, []any{sid}, a.into(), sid)
	switch {
	case noRow(err):
		return account.Account{}, account.NoAccount(sid)
	case err != nil:
		return account.Account{}, storeError("read account", err)
	}
	return a.account()
}

// ChangeAccount implements [account.Store].
func (db *DB) ChangeAccount(ctx context.Context, sid string, change func(*account.Account) error) (a account.Account, err error) {
	if !storable(sid) {
		return a, account.NoAccount(sid)
	}
	err = db.write(ctx, account.None, "change account", func(t *tx) error {
		var row accountRow
		t.queue(`SELECT `+accountColumns+` FROM accounts WHERE sid = $1 FOR NO KEY UPDATE`, sid).QueryRow(func(r pgx.Row) error { return r.Scan(row.into()...) })
		err := t.flush()
		if noRow(err) {
			return account.NoAccount(sid)
		}
		if err == nil {
			a, err = row.account()
		}
		if err == nil {
			err = change(&a)
		}
		if err != nil {
			return err
		}
		t.queue(`UPDATE accounts SET sid = $2, region = $3, time_zone = $4, requests_a_minute = $5, date_disabled = $6, date_deleted = $7 WHERE id = $1`,
			a.ID, a.SID, a.Region, a.TimeZone.String(), a.RequestsAMinute, (*dateValue)(&a.Disabled), (*dateValue)(&a.Deleted))
		if a.Refusal() != nil {
			t.queue(`DELETE FROM sessions WHERE account_id = $1`, a.ID)
			t.queue(`DELETE FROM login_links WHERE account_id = $1`, a.ID)
		}
		if err = t.flush(); taken(err) {
			return account.SIDTaken(a.SID)
		}
		return err
	})
	if err != nil {
		return account.Account{}, err
	}
	return a, nil
}

// accountRow is a row of accountColumns.
type accountRow struct {
	id                    account.ID
	sid, region, timeZone string
	created               dateValue
	requestsAMinute       int
	disabled, deleted     dateValue
}

func (a *accountRow) into() []any {
	return []any{&a.id, &a.sid, &a.region, &a.timeZone, &a.created, &a.requestsAMinute, &a.disabled, &a.deleted}
}

func (a *accountRow) account() (account.Account, error) {
	zone, err := time.LoadLocation(a.timeZone)
	if err != nil {
		return account.Account{}, fmt.Errorf("account %s: %w", a.sid, err)
	}
	return account.Account{
		ID: a.id, SID: a.sid, Region: a.region, TimeZone: zone, Created: time.Time(a.created),
		RequestsAMinute: a.requestsAMinute, Disabled: time.Time(a.disabled), Deleted: time.Time(a.deleted),
	}, nil
}

// row scans the single row of a query, on a connection for this purpose. The words are
// texts from the request. If PostgreSQL cannot store one of them, no row can match, and
// row returns pgx.ErrNoRows without a query.
func (db *DB) row(ctx context.Context, p purpose, query string, args, into []any, words ...string) error {
	for _, word := range words {
		if !storable(word) {
			return pgx.ErrNoRows
		}
	}
	ctx, cancel := context.WithTimeoutCause(ctx, workLimit, errSlow)
	defer cancel()
	conn, err := db.acquire(ctx, p)
	if err != nil {
		return causeOf(ctx, err)
	}
	defer conn.release()
	return causeOf(ctx, conn.QueryRow(ctx, query, args...).Scan(into...))
}

// storable reports whether PostgreSQL accepts a text, as a value or as a parameter.
func storable(text string) bool {
	return utf8.ValidString(text) && strings.IndexByte(text, 0) < 0
}

// collect reads the rows of a query, on a connection for this purpose.
func collect[T any](ctx context.Context, db *DB, p purpose, operation string, scan pgx.RowToFunc[T], query string, args ...any) ([]T, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, workLimit, errSlow)
	defer cancel()
	conn, err := db.acquire(ctx, p)
	if err != nil {
		return nil, storeError(operation, causeOf(ctx, err))
	}
	defer conn.release()
	rows, err := conn.Query(ctx, query, args...)
	if err != nil {
		return nil, storeError(operation, causeOf(ctx, err))
	}
	all, err := pgx.CollectRows(rows, scan)
	return all, storeError(operation, causeOf(ctx, err))
}
