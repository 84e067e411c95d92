package sqlite

import (
	"context"
	"errors"
	"fmt"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"callbook/internal/account"
	"callbook/internal/audit"
)

var _ account.Store = (*DB)(nil)

// accountColumns are the columns that scanAccount reads, and accountWidth is how many they
// are.
const (
	accountColumns = `accounts.id, accounts.sid, accounts.region, accounts.time_zone, accounts.date_created,
	accounts.requests_a_minute, accounts.date_disabled, accounts.date_deleted`
	accountWidth = 8
)

// CreateAccount implements [account.Store].
func (db *DB) CreateAccount(ctx context.Context, a account.Account) (account.Account, error) {
	err := db.write(ctx, func(conn *sqlite.Conn) (err error) {
		a.ID, err = insertAccount(conn, a)
		audit.Of(audit.NoteOf(ctx), a.ID)
		return err
	})
	if err != nil {
		return account.Account{}, storeError("create account", err)
	}
	return a, nil
}

// insertAccount adds an account with its counter, and returns its id.
func insertAccount(conn *sqlite.Conn, a account.Account) (id account.ID, err error) {
	err = sqlitex.Execute(conn,
		`INSERT INTO accounts (id, sid, region, time_zone, date_created, requests_a_minute, date_disabled, date_deleted)
			SELECT 1 + max(coalesce((SELECT max(id) FROM accounts), 0), coalesce((SELECT id FROM last_account), 0)), ?, ?, ?, ?, ?, ?, ?`,
		&sqlitex.ExecOptions{Args: []any{
			a.SID, a.Region, a.TimeZone.String(), a.Created.UnixNano(), a.RequestsAMinute, nullableTime(a.Disabled), nullableTime(a.Deleted),
		}})
	if sqlite.ErrCode(err) == sqlite.ResultConstraintUnique {
		return 0, account.SIDTaken(a.SID)
	}
	if err != nil {
		return 0, err
	}
	id = account.ID(conn.LastInsertRowID())
	return id, sqlitex.Execute(conn, `INSERT INTO contact_counts (account_id, contacts) VALUES (?, 0)`,
		&sqlitex.ExecOptions{Args: []any{id}})
}

// Accounts implements [account.Store].
func (db *DB) Accounts(ctx context.Context) ([]account.Account, error) {
	var all []account.Account
	err := db.read(ctx, func(conn *sqlite.Conn) error {
		return sqlitex.Execute(conn, `SELECT `+accountColumns+` FROM accounts ORDER BY sid`, &sqlitex.ExecOptions{
			ResultFunc: func(stmt *sqlite.Stmt) error {
				a, err := scanAccount(stmt)
				all = append(all, a)
				return err
			},
		})
	})
	if err != nil {
		return nil, storeError("list accounts", err)
	}
	return all, nil
}

// Account implements [account.Store].
func (db *DB) Account(ctx context.Context, sid string) (account.Account, error) {
	var a account.Account
	err := db.read(ctx, func(conn *sqlite.Conn) error {
		return queryOne(conn, `SELECT `+accountColumns+` FROM accounts WHERE sid = ?`, []any{sid},
			func(stmt *sqlite.Stmt) (err error) {
				a, err = scanAccount(stmt)
				return err
			})
	})
	switch {
	case errors.Is(err, errNoRow):
		return account.Account{}, account.NoAccount(sid)
	case err != nil:
		return account.Account{}, storeError("read account", err)
	}
	return a, nil
}

// ChangeAccount implements [account.Store].
func (db *DB) ChangeAccount(ctx context.Context, sid string, change func(*account.Account) error) (a account.Account, err error) {
	write := func(conn *sqlite.Conn) error {
		err := queryOne(conn, `SELECT `+accountColumns+` FROM accounts WHERE sid = ?`, []any{sid}, func(stmt *sqlite.Stmt) (err error) {
			a, err = scanAccount(stmt)
			return err
		})
		if errors.Is(err, errNoRow) {
			return account.NoAccount(sid)
		}
		if err == nil {
			err = change(&a)
		}
		if err != nil {
			return err
		}
		err = sqlitex.Execute(conn, `UPDATE accounts SET sid = ?, region = ?, time_zone = ?, requests_a_minute = ?, date_disabled = ?, date_deleted = ? WHERE id = ?`,
			&sqlitex.ExecOptions{Args: []any{
				a.SID, a.Region, a.TimeZone.String(), a.RequestsAMinute, nullableTime(a.Disabled), nullableTime(a.Deleted), a.ID,
			}})
		if sqlite.ErrCode(err) == sqlite.ResultConstraintUnique {
			return account.SIDTaken(a.SID)
		}
		if err != nil || a.Refusal() == nil {
			return err
		}
		for _, table := range []string{"sessions", "login_links"} {
			if err := sqlitex.Execute(conn, `DELETE FROM `+table+` WHERE account_id = ?`, &sqlitex.ExecOptions{Args: []any{a.ID}}); err != nil {
				return err
			}
		}
		return nil
	}
	if err := db.onFullDisk(func() error { return db.write(ctx, write) }); err != nil {
		return account.Account{}, storeError("change account", err)
	}
	return a, nil
}

func scanAccount(stmt *sqlite.Stmt) (account.Account, error) {
	zone, err := time.LoadLocation(stmt.ColumnText(3))
	if err != nil {
		return account.Account{}, fmt.Errorf("account %s: %w", stmt.ColumnText(1), err)
	}
	return account.Account{
		ID:       account.ID(stmt.ColumnInt64(0)),
		SID:      stmt.ColumnText(1),
		Region:   stmt.ColumnText(2),
		TimeZone: zone,
		Created:  time.Unix(0, stmt.ColumnInt64(4)),

		RequestsAMinute: stmt.ColumnInt(5),
		Disabled:        optionalTime(stmt, 6),
		Deleted:         optionalTime(stmt, 7),
	}, nil
}
