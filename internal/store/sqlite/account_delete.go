package sqlite

import (
	"cmp"
	"context"
	"errors"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/store"
	"callbook/internal/upload"
)

// rowsOf has the conditions for the rows of an account in tables that have no column for
// it. Their argument is the account's id.
var rowsOf = map[string]string{
	"dialogs":       `EXISTS (SELECT 1 FROM campaigns CROSS JOIN calls ON calls.campaign_id = campaigns.id AND calls.sid = call_sid WHERE account_id = ?1)`,
	"recordings":    `campaign_id IN (SELECT id FROM campaigns WHERE account_id = ?1)`,
	"calls":         `campaign_id IN (SELECT id FROM campaigns WHERE account_id = ?1)`,
	"targets":       `campaign_id IN (SELECT id FROM campaigns WHERE account_id = ?1)`,
	"list_members":  `list_id IN (SELECT id FROM lists WHERE account_id = ?1)`,
	"upload_errors": `upload_id IN (SELECT id FROM uploads WHERE account_id = ?1)`,
}

// orderOf has the orders in which rows are deleted that are not the order of the table's
// key, so that an index has the order.
var orderOf = map[string]string{"events": `campaign_sid, position`}

// fromOwned returns " FROM table WHERE condition" for the rows of an account.
func fromOwned(table string) string {
	if rows, ok := rowsOf[table]; ok {
		return ` FROM ` + table + ` WHERE ` + rows
	}
	return ` FROM ` + table + ` WHERE account_id = ?1`
}

// firstOwned returns a query for the keys of the first ?2 rows of the account ?1.
func firstOwned(table, key string) string {
	return `SELECT ` + key + fromOwned(table) + ` ORDER BY ` + cmp.Or(orderOf[table], key) + ` LIMIT ?2`
}

// Contents implements [account.Store].
func (db *DB) Contents(ctx context.Context, id account.ID) (named []account.Content, rows int64, err error) {
	err = db.read(ctx, func(conn *sqlite.Conn) (err error) {
		defer sqlitex.Transaction(conn)(&err)
		for _, t := range store.Owned {
			n, err := count(conn, fromOwned(t.Table), []any{id})
			if err != nil {
				return err
			}
			rows += int64(n)
			if n > 0 && t.Name != "" {
				named = append(named, account.Content{Name: t.Name, Rows: int64(n)})
			}
		}
		return nil
	})
	return named, rows, storeError("count what an account has", err)
}

// InProgress implements [account.Store].
func (db *DB) InProgress(ctx context.Context, id account.ID) (campaigns int, err error) {
	err = db.read(ctx, func(conn *sqlite.Conn) error {
		campaigns, err = count(conn, ` FROM campaigns WHERE account_id = ? AND state = 2`, []any{id})
		return err
	})
	return campaigns, storeError("count campaigns in progress", err)
}

// DeleteContents implements [account.Store].
func (db *DB) DeleteContents(ctx context.Context, id account.ID, limit int) (rows int, err error) {
	for _, t := range store.Owned {
		atOnce := t.AtOnce(limit - rows)
		if t.Table == "uploads" || t.Table == "upload_drafts" {
			err = db.removeFiles(ctx, id, t.Table, atOnce)
		}
		n := 0
		if err == nil {
			n, err = db.deleteOwned(ctx, id, t.Table, atOnce)
		}
		if rows += n; err != nil || n == atOnce {
			break
		}
	}
	return rows, storeError("delete what an account has", err)
}

// deleteOwned deletes up to limit rows of an account, the first ones in the order of the
// table's key or of orderOf.
func (db *DB) deleteOwned(ctx context.Context, id account.ID, table string, limit int) (rows int, err error) {
	empty := false
	err = db.read(ctx, func(conn *sqlite.Conn) error {
		err := queryOne(conn, `SELECT 1`+fromOwned(table)+` LIMIT 1`, []any{id}, func(*sqlite.Stmt) error { return nil })
		empty = errors.Is(err, errNoRow)
		if empty {
			return nil
		}
		return err
	})
	if err != nil || empty {
		return 0, err // write nothing
	}
	err = db.write(ctx, func(conn *sqlite.Conn) error {
		key, err := keyOf(conn, table)
		if err != nil {
			return err
		}
		err = sqlitex.Execute(conn, `DELETE FROM `+table+` WHERE (`+key+`) IN (`+firstOwned(table, key)+`)`, &sqlitex.ExecOptions{Args: []any{id, limit}})
		rows = conn.Changes()
		return err
	})
	return rows, err
}

// keyOf returns the columns of a table's primary key, with commas between them.
func keyOf(conn *sqlite.Conn, table string) (key string, err error) {
	err = queryOne(conn, `SELECT group_concat(name, ', ' ORDER BY pk) FROM pragma_table_info(?) WHERE pk > 0`, []any{table}, func(stmt *sqlite.Stmt) error {
		key = stmt.ColumnText(0)
		return nil
	})
	return key, err
}

// removeFiles removes the files of the uploads that deleteOwned deletes next.
func (db *DB) removeFiles(ctx context.Context, id account.ID, table string, limit int) error {
	var sids []addressbook.SID
	err := db.read(ctx, func(conn *sqlite.Conn) error {
		order := "sid"
		if table == "uploads" {
			order = "id"
		}
		return sqlitex.Execute(conn, `SELECT sid`+fromOwned(table)+` ORDER BY `+order+` LIMIT ?2`, &sqlitex.ExecOptions{
			Args: []any{id, limit},
			ResultFunc: func(stmt *sqlite.Stmt) error {
				var sid addressbook.SID
				stmt.ColumnBytes(0, sid[:])
				sids = append(sids, sid)
				return nil
			},
		})
	})
	files := upload.NewDisk(UploadsFolder(db.path))
	for _, sid := range sids {
		if err == nil {
			err = files.Remove(ctx, id, sid)
		}
	}
	return err
}

// DeleteAccount implements [account.Store].
func (db *DB) DeleteAccount(ctx context.Context, id account.ID) (done bool, err error) {
	err = db.write(ctx, func(conn *sqlite.Conn) error {
		done = false
		for _, t := range store.Owned {
			err := queryOne(conn, `SELECT 1`+fromOwned(t.Table)+` LIMIT 1`, []any{id}, func(*sqlite.Stmt) error { return nil })
			if !errors.Is(err, errNoRow) {
				return err
			}
		}
		for _, statement := range []string{
			`DELETE FROM accounts WHERE id = ?1 AND date_deleted IS NOT NULL`,
			`INSERT INTO last_account (id) SELECT 0 WHERE ?1 > 0 AND NOT EXISTS (SELECT 1 FROM last_account)`,
			`UPDATE last_account SET id = max(id, ?1)`,
		} {
			if err := sqlitex.Execute(conn, statement, &sqlitex.ExecOptions{Args: []any{id}}); err != nil {
				return err
			}
		}
		done = true
		return nil
	})
	return done && err == nil, storeError("delete account", err)
}
