package sqlite

import (
	"context"
	"errors"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"callbook/internal/account"
	"callbook/internal/audit"
	"callbook/internal/session"
)

var _ session.Store = (*DB)(nil)

const (
	// usable excludes accounts that are disabled or being deleted.
	usable = ` AND accounts.date_disabled IS NULL AND accounts.date_deleted IS NULL`

	sessionColumns = `sessions.secret_sha256, sessions.key_id, sessions.agent, sessions.address, sessions.date_created, sessions.date_last_used`
	// fromSessions selects sessions whose key has not ended. Its parameter is the time.
	fromSessions = ` FROM sessions LEFT JOIN api_keys ON api_keys.id = sessions.key_id
		JOIN accounts ON accounts.id = sessions.account_id
		WHERE api_keys.date_revoked IS NULL AND (api_keys.date_expires IS NULL OR api_keys.date_expires > ?)` + usable
	insertSession = `INSERT INTO sessions (secret_sha256, account_id, key_id, agent, address, date_created, date_last_used)
		VALUES (?, ?, ?, ?, ?, ?, ?)`
	// endOldest deletes all but this many of the account's newest sessions.
	endOldest = `DELETE FROM sessions WHERE secret_sha256 IN (
		SELECT secret_sha256 FROM sessions WHERE account_id = ? AND key_id IS ? AND secret_sha256 <> ?
		ORDER BY date_last_used DESC, date_created DESC, secret_sha256 LIMIT -1 OFFSET ?)`
)

// AddLink implements [session.Store].
func (db *DB) AddLink(ctx context.Context, accountID account.ID, l session.Link) error {
	return storeError("add login link", db.execute(ctx,
		`INSERT INTO login_links (token_sha256, account_id, date_expires) VALUES (?, ?, ?)`,
		l.Hash[:], accountID, l.Expires.UnixNano()))
}

// Link implements [session.Store].
func (db *DB) Link(ctx context.Context, hash session.Hash, now time.Time) (account.Account, error) {
	var a account.Account
	err := db.read(ctx, func(conn *sqlite.Conn) (err error) {
		a, err = readLink(conn, hash, now)
		return err
	})
	return a, sessionError("read login link", err)
}

// TakeLink implements [session.Store].
func (db *DB) TakeLink(ctx context.Context, hash session.Hash, s session.Session, most int) (account.Account, error) {
	var a account.Account
	err := db.write(ctx, func(conn *sqlite.Conn) (err error) {
		if a, err = readLink(conn, hash, s.Created); err != nil {
			return err
		}
		err = sqlitex.Execute(conn, `DELETE FROM login_links WHERE token_sha256 = ?`, &sqlitex.ExecOptions{Args: []any{hash[:]}})
		if err != nil {
			return err
		}
		audit.Of(audit.NoteOf(ctx), a.ID)
		return addSession(conn, a.ID, s, most)
	})
	if err != nil {
		return account.Account{}, sessionError("take login link", err)
	}
	return a, nil
}

func readLink(conn *sqlite.Conn, hash session.Hash, now time.Time) (a account.Account, err error) {
	err = queryOne(conn, `SELECT `+accountColumns+` FROM login_links JOIN accounts ON accounts.id = login_links.account_id
		WHERE token_sha256 = ? AND date_expires > ?`+usable, []any{hash[:], now.UnixNano()},
		func(stmt *sqlite.Stmt) (err error) {
			a, err = scanAccount(stmt)
			return err
		})
	return a, err
}

// AddSession implements [session.Store].
func (db *DB) AddSession(ctx context.Context, accountID account.ID, s session.Session, most int) error {
	return storeError("add session", db.write(ctx, func(conn *sqlite.Conn) error { return addSession(conn, accountID, s, most) }))
}

func addSession(conn *sqlite.Conn, accountID account.ID, s session.Session, most int) error {
	args := sessionArgs(accountID, s)
	if err := sqlitex.Execute(conn, insertSession, &sqlitex.ExecOptions{Args: args}); err != nil {
		return err
	}
	return sqlitex.Execute(conn, endOldest, &sqlitex.ExecOptions{Args: []any{accountID, args[2], s.Hash[:], most - 1}})
}

func sessionArgs(accountID account.ID, s session.Session) []any {
	var key any
	if s.Key != "" {
		key = s.Key
	}
	return []any{s.Hash[:], accountID, key, s.Agent, s.Address, s.Created.UnixNano(), s.LastUsed.UnixNano()}
}

// Session implements [session.Store].
func (db *DB) Session(ctx context.Context, hash session.Hash, now time.Time) (session.Session, account.Account, error) {
	var s session.Session
	var a account.Account
	err := db.read(ctx, func(conn *sqlite.Conn) error {
		return queryOne(conn, `SELECT `+accountColumns+`, `+sessionColumns+fromSessions+` AND sessions.secret_sha256 = ?`,
			[]any{now.UnixNano(), hash[:]},
			func(stmt *sqlite.Stmt) (err error) {
				a, err = scanAccount(stmt)
				s = scanSession(stmt, accountWidth)
				return err
			})
	})
	return s, a, sessionError("read session", err)
}

// Sessions implements [session.Store].
func (db *DB) Sessions(ctx context.Context, accountID account.ID, now time.Time) ([]session.Session, error) {
	var all []session.Session
	err := db.read(ctx, func(conn *sqlite.Conn) error {
		return sqlitex.Execute(conn, `SELECT `+sessionColumns+fromSessions+` AND sessions.account_id = ?
			ORDER BY sessions.date_last_used DESC, sessions.secret_sha256`,
			&sqlitex.ExecOptions{
				Args: []any{now.UnixNano(), accountID},
				ResultFunc: func(stmt *sqlite.Stmt) error {
					all = append(all, scanSession(stmt, 0))
					return nil
				},
			})
	})
	return all, storeError("list sessions", err)
}

// SessionUsed implements [session.Store].
func (db *DB) SessionUsed(ctx context.Context, hash session.Hash, at time.Time, address string) error {
	return storeError("note the session's last use", db.execute(ctx,
		`UPDATE sessions SET date_last_used = max(date_last_used, ?), address = ? WHERE secret_sha256 = ?`, at.UnixNano(), address, hash[:]))
}

// EndSession implements [session.Store].
func (db *DB) EndSession(ctx context.Context, accountID account.ID, hash session.Hash) error {
	err := db.write(ctx, func(conn *sqlite.Conn) error {
		return queryOne(conn, `DELETE FROM sessions WHERE account_id = ? AND secret_sha256 = ? RETURNING 1`,
			[]any{accountID, hash[:]}, func(*sqlite.Stmt) error { return nil })
	})
	return sessionError("end session", err)
}

// EndOtherSessions implements [session.Store].
func (db *DB) EndOtherSessions(ctx context.Context, accountID account.ID, keep session.Hash) (ended int, err error) {
	err = db.write(ctx, func(conn *sqlite.Conn) error {
		err := sqlitex.Execute(conn, `DELETE FROM sessions WHERE account_id = ? AND secret_sha256 <> ?`,
			&sqlitex.ExecOptions{Args: []any{accountID, keep[:]}})
		ended = conn.Changes()
		audit.NoteOf(ctx).Count(ended)
		return err
	})
	return ended, storeError("end other sessions", err)
}

// Forget implements [session.Store].
func (db *DB) Forget(ctx context.Context, linksExpired, sessionsUnused time.Time) error {
	err := db.write(ctx, func(conn *sqlite.Conn) error {
		err := sqlitex.Execute(conn, `DELETE FROM login_links WHERE date_expires < ?`,
			&sqlitex.ExecOptions{Args: []any{linksExpired.UnixNano()}})
		if err != nil {
			return err
		}
		return sqlitex.Execute(conn, `DELETE FROM sessions WHERE date_last_used < ?`,
			&sqlitex.ExecOptions{Args: []any{sessionsUnused.UnixNano()}})
	})
	return storeError("forget old sessions", err)
}

// execute runs one statement in a transaction of its own.
func (db *DB) execute(ctx context.Context, query string, args ...any) error {
	return db.write(ctx, func(conn *sqlite.Conn) error {
		return sqlitex.Execute(conn, query, &sqlitex.ExecOptions{Args: args})
	})
}

func scanSession(stmt *sqlite.Stmt, at int) session.Session {
	s := session.Session{
		Key:      stmt.ColumnText(at + 1),
		Client:   session.Client{Agent: stmt.ColumnText(at + 2), Address: stmt.ColumnText(at + 3)},
		Created:  time.Unix(0, stmt.ColumnInt64(at+4)),
		LastUsed: time.Unix(0, stmt.ColumnInt64(at+5)),
	}
	stmt.ColumnBytes(at, s.Hash[:])
	return s
}

func sessionError(operation string, err error) error {
	if errors.Is(err, errNoRow) {
		return session.ErrNoSession
	}
	return storeError(operation, err)
}
