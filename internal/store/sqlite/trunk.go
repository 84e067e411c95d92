package sqlite

import (
	"context"
	"errors"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/trunk"
)

var (
	_ trunk.Store   = (*DB)(nil)
	_ trunk.Dialogs = (*AddressBook)(nil)
)

const trunkColumns = `name, settings, password, date_created, date_updated`

func scanTrunk(stmt *sqlite.Stmt) trunk.Row {
	return trunk.Row{
		Name: stmt.ColumnText(0), Settings: columnBytes(stmt, 1), Password: columnBytes(stmt, 2),
		Created: time.Unix(0, stmt.ColumnInt64(3)), Updated: time.Unix(0, stmt.ColumnInt64(4)),
	}
}

// sealed returns an encrypted password as a query argument; nil is NULL.
func sealed(password []byte) any {
	if password == nil {
		return nil
	}
	return password
}

// trunkError is storeError for statements about one trunk.
func trunkError(operation string, err error) error {
	if errors.Is(err, errNoRow) {
		return trunk.ErrNotThere
	}
	return storeError(operation, err)
}

// InsertTrunk implements [trunk.Store].
func (db *DB) InsertTrunk(ctx context.Context, r *trunk.Row) error {
	return trunkError("insert trunk", db.write(ctx, func(conn *sqlite.Conn) error {
		named, err := count(conn, `FROM trunks WHERE name = ?`, []any{r.Name})
		if err == nil && named > 0 {
			return trunk.ErrNameTaken
		}
		all := 0
		if err == nil {
			all, err = count(conn, `FROM trunks`, nil)
		}
		if err == nil && all >= trunk.MaxTrunks {
			return trunk.ErrTooMany
		}
		if err != nil {
			return err
		}
		return sqlitex.Execute(conn, `INSERT INTO trunks (`+trunkColumns+`) VALUES (?, ?, ?, ?, ?)`, &sqlitex.ExecOptions{
			Args: []any{r.Name, string(r.Settings), sealed(r.Password), r.Created.UnixNano(), r.Updated.UnixNano()},
		})
	}))
}

// ChangeTrunk implements [trunk.Store].
func (db *DB) ChangeTrunk(ctx context.Context, name string, change func(*trunk.Row) error) error {
	var own error // of change
	err := db.write(ctx, func(conn *sqlite.Conn) error {
		var r trunk.Row
		err := queryOne(conn, `SELECT `+trunkColumns+` FROM trunks WHERE name = ?`, []any{name}, func(stmt *sqlite.Stmt) error {
			r = scanTrunk(stmt)
			return nil
		})
		if err != nil {
			return err
		}
		if own = change(&r); own != nil {
			return own
		}
		return sqlitex.Execute(conn, `UPDATE trunks SET settings = ?, password = ?, date_updated = ? WHERE name = ?`, &sqlitex.ExecOptions{
			Args: []any{string(r.Settings), sealed(r.Password), r.Updated.UnixNano(), name},
		})
	})
	if own != nil {
		return own
	}
	return trunkError("change trunk", err)
}

// DeleteTrunk implements [trunk.Store].
func (db *DB) DeleteTrunk(ctx context.Context, name string) error {
	return trunkError("delete trunk", db.write(ctx, func(conn *sqlite.Conn) error {
		return queryOne(conn, `DELETE FROM trunks WHERE name = ? RETURNING 1`, []any{name}, func(*sqlite.Stmt) error { return nil })
	}))
}

// Trunks implements [trunk.Store].
func (db *DB) Trunks(ctx context.Context) (all []trunk.Row, err error) {
	err = db.read(ctx, func(conn *sqlite.Conn) error {
		all = nil
		return sqlitex.Execute(conn, `SELECT `+trunkColumns+` FROM trunks ORDER BY name`, &sqlitex.ExecOptions{
			ResultFunc: func(stmt *sqlite.Stmt) error {
				all = append(all, scanTrunk(stmt))
				return nil
			},
		})
	})
	return all, storeError("list trunks", err)
}

// AddDialogs implements [trunk.Dialogs].
func (b *AddressBook) AddDialogs(ctx context.Context, calls []addressbook.SID, record []byte) (added []addressbook.SID, err error) {
	err = b.edit(ctx, account.None, len(calls), "add dialogs", func(tx *editTx) error {
		added = nil
		for _, call := range calls {
			err := tx.run(`INSERT INTO dialogs (call_sid, record) VALUES (?, ?) ON CONFLICT (call_sid) DO NOTHING`, func(stmt *sqlite.Stmt) {
				stmt.BindBytes(1, call[:])
				stmt.BindBytes(2, record)
			})
			if err != nil {
				return err
			}
			if tx.Changes() > 0 {
				tx.bytes += len(record)
				added = append(added, call)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return added, nil
}

// SaveDialog implements [trunk.Dialogs].
func (b *AddressBook) SaveDialog(ctx context.Context, call addressbook.SID, record []byte) error {
	return b.edit(ctx, account.None, 1, "save dialog", func(tx *editTx) error {
		tx.bytes += len(record)
		return tx.run(`INSERT INTO dialogs (call_sid, record) VALUES (?, ?) ON CONFLICT (call_sid) DO UPDATE SET record = excluded.record`,
			func(stmt *sqlite.Stmt) {
				stmt.BindBytes(1, call[:])
				stmt.BindBytes(2, record)
			})
	})
}

// Dialogs implements [trunk.Dialogs].
func (b *AddressBook) Dialogs(ctx context.Context, calls []addressbook.SID) (map[addressbook.SID][]byte, error) {
	records := make(map[addressbook.SID][]byte)
	err := b.db.points.read(ctx, account.None, func(conn *sqlite.Conn) error {
		for _, call := range calls {
			err := queryOne(conn, `SELECT record FROM dialogs WHERE call_sid = ?`, []any{call[:]}, func(stmt *sqlite.Stmt) error {
				records[call] = columnBytes(stmt, 0)
				return nil
			})
			if err != nil && !errors.Is(err, errNoRow) {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, storeError("read dialogs", err)
	}
	return records, nil
}

// TestDialogs implements [trunk.Dialogs].
func (b *AddressBook) TestDialogs(ctx context.Context) (calls []addressbook.SID, err error) {
	err = b.db.points.read(ctx, account.None, func(conn *sqlite.Conn) error {
		calls = nil
		return sqlitex.Execute(conn, `SELECT call_sid FROM dialogs WHERE call_sid < ? ORDER BY call_sid LIMIT 100`, &sqlitex.ExecOptions{
			Args: []any{trunk.EndOfTestCalls[:]},
			ResultFunc: func(stmt *sqlite.Stmt) error {
				calls = append(calls, addressbook.SID(columnBytes(stmt, 0)))
				return nil
			},
		})
	})
	return calls, storeError("read dialogs of test calls", err)
}

// DropDialogs implements [trunk.Dialogs].
func (b *AddressBook) DropDialogs(ctx context.Context, calls []addressbook.SID) error {
	if len(calls) == 0 {
		return nil
	}
	return b.edit(ctx, account.None, len(calls), "drop dialogs", func(tx *editTx) error {
		for _, call := range calls {
			err := tx.run(`DELETE FROM dialogs WHERE call_sid = ?`, func(stmt *sqlite.Stmt) { stmt.BindBytes(1, call[:]) })
			if err != nil {
				return err
			}
			tx.bytes += targetBytes * tx.Changes()
		}
		return nil
	})
}

// DropOldDialogs implements [trunk.Dialogs].
func (b *AddressBook) DropOldDialogs(ctx context.Context, before time.Time, limit int) (more bool, err error) {
	end := addressbook.FirstSID(before)
	err = b.edit(ctx, account.None, limit, "drop old dialogs", func(tx *editTx) error {
		err := tx.run(`DELETE FROM dialogs WHERE call_sid IN (SELECT call_sid FROM dialogs WHERE call_sid >= ? AND call_sid < ?
			AND NOT EXISTS (SELECT 1 FROM calls INDEXED BY calls_in_flight WHERE sid = call_sid AND state < 5) ORDER BY call_sid LIMIT ?)`,
			func(stmt *sqlite.Stmt) {
				stmt.BindBytes(1, trunk.EndOfTestCalls[:])
				stmt.BindBytes(2, end[:])
				stmt.BindInt64(3, int64(limit))
			})
		tx.bytes += targetBytes * tx.Changes()
		more = tx.Changes() == limit
		return err
	})
	return more && err == nil, err
}
