package sqlite

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"callbook/internal/account"
	"callbook/internal/audit"
	"callbook/internal/dbcopy"
)

// Transfer gives a copy access to a database.
type Transfer struct {
	db   *DB
	lock *ownership
	conn *sqlite.Conn // for writing
}

var _ dbcopy.Store = (*Transfer)(nil)

// OpenTransfer opens the database for a copy. No server can open its contacts meanwhile.
// The error wraps [ErrInUse] if one has. The caller must close the transfer before the
// database.
func (db *DB) OpenTransfer() (*Transfer, error) {
	lock, err := db.own()
	if err != nil {
		return nil, err
	}
	conn, err := openWriter(db.path)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open database %s: %w", db.path, err), lock.Unlock())
	}
	return &Transfer{db: db, lock: lock, conn: conn}, nil
}

// Close lets servers open the contacts again.
func (x *Transfer) Close() error {
	return errors.Join(x.conn.Close(), x.lock.Unlock())
}

// Accounts implements [dbcopy.Store].
func (x *Transfer) Accounts(ctx context.Context) ([]account.Account, error) {
	return x.db.Accounts(ctx)
}

// Size implements [dbcopy.Store].
func (x *Transfer) Size(ctx context.Context) (rows int64, err error) {
	query := `SELECT (SELECT coalesce(sum(contacts), 0) FROM contact_counts) + (SELECT coalesce(sum(contact_count), 0) FROM lists)`
	for _, t := range slices.Concat(dbcopy.Tables, dbcopy.Shared) { // Audit counts that of the installation too
		if t != dbcopy.Contacts && t != dbcopy.Members && t != dbcopy.InstallationAudit {
			query += ` + (SELECT count(*) FROM ` + t.Name + `)`
		}
	}
	err = x.db.read(ctx, func(conn *sqlite.Conn) error {
		return queryOne(conn, query, nil, func(stmt *sqlite.Stmt) error {
			rows = stmt.ColumnInt64(0)
			return nil
		})
	})
	return rows, storeError("count rows", err)
}

// ContactCount implements [dbcopy.Store].
func (x *Transfer) ContactCount(ctx context.Context, account account.ID) (count int64, err error) {
	err = x.db.read(ctx, func(conn *sqlite.Conn) error {
		n, err := countContacts(conn, account)
		count = int64(n)
		return err
	})
	return count, storeError("count contacts", err)
}

// LastCopy implements [dbcopy.Store].
func (x *Transfer) LastCopy(ctx context.Context) (dbcopy.State, bool, error) {
	return x.db.LastCopy(ctx)
}

// LastCopy returns the state of the last copy into this database. Copied is false if
// there was none.
func (db *DB) LastCopy(ctx context.Context) (s dbcopy.State, copied bool, err error) {
	err = db.read(ctx, func(conn *sqlite.Conn) error {
		return queryOne(conn, `SELECT source, at FROM copies`, nil, func(stmt *sqlite.Stmt) error {
			s = dbcopy.State{Source: stmt.ColumnText(0), At: stmt.ColumnText(1)}
			return nil
		})
	})
	if errors.Is(err, errNoRow) {
		return s, false, nil
	}
	return s, err == nil, storeError("look for a copy", err)
}

// Begin implements [dbcopy.Store].
func (x *Transfer) Begin(ctx context.Context, s dbcopy.State, accounts []account.Account) error {
	return x.write(ctx, "begin a copy", func() error {
		var taken bool
		err := queryOne(x.conn, `SELECT EXISTS (SELECT 1 FROM accounts) OR EXISTS (SELECT 1 FROM copies)`, nil,
			func(stmt *sqlite.Stmt) error {
				taken = stmt.ColumnBool(0)
				return nil
			})
		if err == nil && taken {
			err = dbcopy.ErrNotEmpty
		}
		if err == nil {
			err = x.exec(`INSERT INTO copies (source, at) VALUES (?, ?)`, s.Source, s.At)
		}
		for _, a := range accounts {
			if err != nil {
				return err
			}
			_, err = insertAccount(x.conn, a)
		}
		return err
	})
}

// End implements [dbcopy.Store].
func (x *Transfer) End(ctx context.Context, from, to dbcopy.State) error {
	return x.Write(ctx, nil, from, to)
}

// Write implements [dbcopy.Store].
func (x *Transfer) Write(ctx context.Context, parts []dbcopy.Part, from, to dbcopy.State) error {
	return x.write(ctx, "copy rows", func() error {
		err := x.exec(`UPDATE copies SET source = ?, at = ? WHERE source = ? AND at = ?`, to.Source, to.At, from.Source, from.At)
		if err == nil && x.conn.Changes() == 0 {
			err = dbcopy.ErrMoved
		}
		for i := range parts {
			if err != nil {
				return err
			}
			if err = x.insert(&parts[i]); err != nil {
				err = fmt.Errorf("%s: %w", parts[i].Table.Name, err)
			}
		}
		return err
	})
}

func (x *Transfer) exec(statement string, args ...any) error {
	return sqlitex.Execute(x.conn, statement, &sqlitex.ExecOptions{Args: args})
}

// write runs f in a transaction.
func (x *Transfer) write(ctx context.Context, operation string, f func() error) error {
	err := func() (err error) {
		x.conn.SetInterrupt(ctx.Done())
		defer x.conn.SetInterrupt(nil)
		end, err := sqlitex.ImmediateTransaction(x.conn)
		if err != nil {
			return err
		}
		defer end(&err)
		if err := f(); err != nil {
			return err
		}
		if err := writeEntries(x.conn, audit.NoteOf(ctx).Entries()); err != nil {
			return err
		}
		return stampLog(x.conn)
	}()
	if err != nil && ctx.Err() != nil {
		err = errors.Join(context.Cause(ctx), err)
	}
	return storeError(operation, err)
}
