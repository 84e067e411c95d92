package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"callbook/internal/account"
	"callbook/internal/audit"
	"callbook/internal/session"
)

const (
	// usable excludes accounts that are disabled or being deleted.
	usable = ` AND accounts.date_disabled IS NULL AND accounts.date_deleted IS NULL`

	sessionColumns = `sessions.secret_sha256, coalesce(sessions.key_id, ''), sessions.agent, sessions.address, sessions.date_created, sessions.date_last_used`
	// fromSessions selects sessions whose key has not ended. Its parameter is the time.
	fromSessions = ` FROM sessions LEFT JOIN api_keys ON api_keys.id = sessions.key_id
		JOIN accounts ON accounts.id = sessions.account_id
		WHERE api_keys.date_revoked IS NULL AND (api_keys.date_expires IS NULL OR api_keys.date_expires > $1)` + usable
)

// AddLink implements [session.Store].
func (db *DB) AddLink(ctx context.Context, accountID account.ID, l session.Link) error {
	return db.execute(ctx, purpose{}, "add login link", `INSERT INTO login_links (token_sha256, account_id, date_expires) VALUES ($1, $2, $3)`,
		l.Hash[:], accountID, l.Expires.UnixNano())
}

// Link implements [session.Store].
func (db *DB) Link(ctx context.Context, hash session.Hash, now time.Time) (account.Account, error) {
	var a accountRow
	err := db.row(ctx, purpose{}, `SELECT `+accountColumns+` FROM login_links JOIN accounts ON accounts.id = login_links.account_id
		WHERE token_sha256 = $1 AND date_expires > $2`+usable, []any{hash[:], now.UnixNano()}, a.into())
	if noRow(err) {
		return account.Account{}, session.ErrNoSession
	}
	if err != nil {
		return account.Account{}, storeError("read login link", err)
	}
	return a.account()
}

// TakeLink implements [session.Store].
func (db *DB) TakeLink(ctx context.Context, hash session.Hash, s session.Session, most int) (account.Account, error) {
	var a accountRow
	err := db.write(ctx, account.None, "take login link", func(t *tx) error {
		there := true
		t.queue(`DELETE FROM login_links USING accounts WHERE accounts.id = login_links.account_id
			AND token_sha256 = $1 AND date_expires > $2`+usable+` RETURNING `+accountColumns, hash[:], s.Created.UnixNano()).
			QueryRow(func(row pgx.Row) error {
				err := row.Scan(a.into()...)
				if noRow(err) {
					there, err = false, nil
				}
				return err
			})
		if err := t.flush(); err != nil {
			return err
		}
		if !there {
			return session.ErrNoSession
		}
		audit.Of(audit.NoteOf(ctx), a.id)
		addSession(t, a.id, s, most)
		return nil
	})
	if err != nil {
		return account.Account{}, err
	}
	return a.account()
}

const insertSession = `INSERT INTO sessions (secret_sha256, account_id, key_id, agent, address, date_created, date_last_used)
	VALUES ($1, $2, $3, $4, $5, $6, $7)`

func sessionArgs(accountID account.ID, s session.Session) []any {
	var key *string
	if s.Key != "" {
		key = &s.Key
	}
	return []any{s.Hash[:], accountID, key, []byte(s.Agent), s.Address, s.Created.UnixNano(), s.LastUsed.UnixNano()}
}

// AddSession implements [session.Store].
func (db *DB) AddSession(ctx context.Context, accountID account.ID, s session.Session, most int) error {
	return db.write(ctx, account.None, "add session", func(t *tx) error {
		addSession(t, accountID, s, most)
		return nil
	})
}

const (
	// lockSessions keeps two transactions from counting an account's sessions at
	// the same time, since neither would count the other's. It does not conflict
	// with the foreign keys of other tables.
	lockSessions = `SELECT FROM accounts WHERE id = $1 FOR NO KEY UPDATE`
	// endOldest deletes all but this many of the account's newest sessions.
	endOldest = `DELETE FROM sessions WHERE account_id = $1 AND secret_sha256 IN (
		SELECT secret_sha256 FROM sessions WHERE account_id = $1 AND key_id IS NOT DISTINCT FROM $2 AND secret_sha256 <> $3
		ORDER BY date_last_used DESC, date_created DESC, secret_sha256 OFFSET $4)`
)

func addSession(t *tx, accountID account.ID, s session.Session, most int) {
	args := sessionArgs(accountID, s)
	t.queue(lockSessions, accountID)
	t.queue(insertSession, args...)
	t.queue(endOldest, accountID, args[2], args[0], most-1)
}

// sessionRow is a row of sessionColumns.
type sessionRow struct {
	session.Session
	hash, agent []byte
}

func (r *sessionRow) into() []any {
	return []any{&r.hash, &r.Key, &r.agent, &r.Address, (*dateValue)(&r.Created), (*dateValue)(&r.LastUsed)}
}

func (r *sessionRow) session() session.Session {
	copy(r.Hash[:], r.hash)
	r.Agent = string(r.agent)
	return r.Session
}

// Session implements [session.Store].
func (db *DB) Session(ctx context.Context, hash session.Hash, now time.Time) (session.Session, account.Account, error) {
	var a accountRow
	var s sessionRow
	err := db.row(ctx, purpose{}, `SELECT `+accountColumns+`, `+sessionColumns+fromSessions+` AND sessions.secret_sha256 = $2`,
		[]any{now.UnixNano(), hash[:]}, append(a.into(), s.into()...))
	if noRow(err) {
		return session.Session{}, account.Account{}, session.ErrNoSession
	}
	if err != nil {
		return session.Session{}, account.Account{}, storeError("read session", err)
	}
	acct, err := a.account()
	return s.session(), acct, err
}

// Sessions implements [session.Store].
func (db *DB) Sessions(ctx context.Context, accountID account.ID, now time.Time) ([]session.Session, error) {
	return collect(ctx, db, purpose{}, "list sessions", func(row pgx.CollectableRow) (session.Session, error) {
		var s sessionRow
		err := row.Scan(s.into()...)
		return s.session(), err
	}, `SELECT `+sessionColumns+fromSessions+` AND sessions.account_id = $2
		ORDER BY sessions.date_last_used DESC, sessions.secret_sha256`, now.UnixNano(), accountID)
}

// SessionUsed implements [session.Store].
func (db *DB) SessionUsed(ctx context.Context, hash session.Hash, at time.Time, address string) error {
	return db.execute(ctx, purpose{}, "note the session's last use",
		`UPDATE sessions SET date_last_used = greatest(date_last_used, $1), address = $2 WHERE secret_sha256 = $3`, at.UnixNano(), address, hash[:])
}

// EndSession implements [session.Store].
func (db *DB) EndSession(ctx context.Context, accountID account.ID, hash session.Hash) error {
	return db.write(ctx, account.None, "end session", func(t *tx) error {
		var ended bool
		t.queue(`WITH ended AS (DELETE FROM sessions WHERE account_id = $1 AND secret_sha256 = $2 RETURNING 1)
			SELECT EXISTS (SELECT FROM ended)`, accountID, hash[:]).QueryRow(func(row pgx.Row) error { return row.Scan(&ended) })
		if err := t.flush(); err != nil {
			return err
		}
		if !ended {
			return session.ErrNoSession
		}
		return nil
	})
}

// EndOtherSessions implements [session.Store].
func (db *DB) EndOtherSessions(ctx context.Context, accountID account.ID, keep session.Hash) (ended int, err error) {
	err = db.write(ctx, account.None, "end other sessions", func(t *tx) error {
		t.queue(`WITH ended AS (DELETE FROM sessions WHERE account_id = $1 AND secret_sha256 <> $2 RETURNING 1)
			SELECT count(*) FROM ended`, accountID, keep[:]).QueryRow(func(row pgx.Row) error { return row.Scan(&ended) })
		err := t.flush()
		audit.NoteOf(ctx).Count(ended)
		return err
	})
	return ended, err
}

// Forget implements [session.Store].
func (db *DB) Forget(ctx context.Context, linksExpired, sessionsUnused time.Time) error {
	return db.write(ctx, account.None, "forget old sessions", func(t *tx) error {
		t.queue(`DELETE FROM login_links WHERE date_expires < $1`, linksExpired.UnixNano())
		t.queue(`DELETE FROM sessions WHERE date_last_used < $1`, sessionsUnused.UnixNano())
		return nil
	})
}

// execute runs one statement in a transaction of its own, on a connection for
// this purpose.
func (db *DB) execute(ctx context.Context, p purpose, operation, query string, args ...any) error {
	return db.write(ctx, p.account, operation, func(t *tx) error {
		t.queue(query, args...)
		return nil
	})
}
