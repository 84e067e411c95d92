package sqlite

import (
	"context"
	"slices"
	"strings"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"callbook/internal/account"
	"callbook/internal/dbcopy"
)

// transferred has the statements that read and write a table.
type transferred struct {
	read   string // the query; its parameter is the account
	after  string // is appended to read to begin behind a key, whose columns are further parameters
	order  string
	insert bulkInsert
	shared bool   // whether the table has no account
	parent string // the table of the owners of the rows, if their first column is the owner's id; see parents
}

// parents are the tables whose rows have an owner in another table, and not an account.
// Each has the table of the owners and the column of the owner's id.
var parents = map[*dbcopy.Table]struct{ table, id string }{
	dbcopy.Members:    {"lists", "list_id"},
	dbcopy.ErrorRows:  {"uploads", "upload_id"},
	dbcopy.Targets:    {"campaigns", "campaign_id"},
	dbcopy.Calls:      {"campaigns", "campaign_id"},
	dbcopy.Recordings: {"campaigns", "campaign_id"},
}

var transferredTables = func() map[*dbcopy.Table]transferred {
	all := make(map[*dbcopy.Table]transferred)
	for _, t := range slices.Concat(dbcopy.Tables, dbcopy.Shared) {
		all[t] = newTransferred(t)
	}
	return all
}()

func newTransferred(t *dbcopy.Table) transferred {
	parent, owner := parents[t], "account_id"
	from, account := t.Name, t.Name+".account_id"
	shared := t.Unowned()
	if parent.table != "" {
		owner = parent.id
		from = parent.table + ` CROSS JOIN ` + t.Name + ` ON ` + t.Name + `.` + parent.id + ` = ` + parent.table + `.id`
		account = parent.table + `.account_id`
	}
	var selected, inserted []string
	for i, c := range t.Columns {
		switch {
		case i == 0 && parent.table != "":
			selected = append(selected, parent.table+".sid")
			continue // the column of the owner's id is inserted instead
		default:
			selected = append(selected, t.Name+"."+c.Name)
		}
		inserted = append(inserted, c.Name)
	}
	keys := strings.Join(selected[:t.Key], ", ")
	if shared {
		account = `0` // account.None
	} else {
		inserted = append([]string{owner}, inserted...)
	}
	x := transferred{
		read:   `SELECT ` + strings.Join(selected, ", ") + ` FROM ` + from + ` WHERE ` + account + ` = ?`,
		after:  ` AND (` + keys + `) > (?` + strings.Repeat(`, ?`, t.Key-1) + `)`,
		order:  ` ORDER BY ` + keys,
		insert: newBulkInsert(t.Name+` (`+strings.Join(inserted, ", ")+`)`, len(inserted)),
		parent: parent.table,
		shared: shared,
	}
	if parent.table != "" {
		// The comparison of two columns would not use the index on the first.
		x.after = ` AND ` + parent.table + `.sid >= ?` + x.after
	}
	return x
}

// Read implements [dbcopy.Store].
func (x *Transfer) Read(ctx context.Context, account account.ID, t *dbcopy.Table, after dbcopy.Row, each func(dbcopy.Row) error) error {
	how := transferredTables[t]
	query := how.read + how.order
	if after != nil {
		query = how.read + how.after + how.order
	}
	err := x.db.read(ctx, func(conn *sqlite.Conn) error {
		stmt, err := conn.Prepare(query)
		if err != nil {
			return err
		}
		defer stmt.Reset()
		param := 1
		stmt.BindInt64(param, int64(account))
		if after != nil && how.parent != "" {
			param++
			bindValue(stmt, param, t.Columns[0].Kind, after[0])
		}
		for i, v := range after {
			param++
			bindValue(stmt, param, t.Columns[i].Kind, v)
		}
		row := make(dbcopy.Row, len(t.Columns))
		var buf []byte
		for {
			if more, err := stmt.Step(); err != nil || !more {
				return err
			}
			buf = scanRow(stmt, t, row, buf[:0])
			if err := each(row); err != nil {
				return err
			}
		}
	})
	return storeError("read rows", err)
}

// scanRow reads a row. It stores the row's bytes in buf.
func scanRow(stmt *sqlite.Stmt, t *dbcopy.Table, row dbcopy.Row, buf []byte) []byte {
	size := 0
	for i, c := range t.Columns {
		if !c.Kind.Numeric() {
			size += stmt.ColumnLen(i)
		}
	}
	if cap(buf) < size {
		buf = make([]byte, 0, 2*size)
	}
	for i, c := range t.Columns {
		switch {
		case stmt.ColumnIsNull(i):
			row[i] = dbcopy.Value{Null: true}
		case c.Kind.Numeric():
			row[i] = dbcopy.Value{Int: stmt.ColumnInt64(i)}
		default:
			start, end := len(buf), len(buf)+stmt.ColumnLen(i)
			buf = buf[:end]
			stmt.ColumnBytes(i, buf[start:end])
			row[i] = dbcopy.Value{Bytes: buf[start:end:end]}
		}
	}
	return buf
}

// insert inserts the rows of a part and updates the counters.
func (x *Transfer) insert(p *dbcopy.Part) error {
	how := transferredTables[p.Table]
	var owners []int64 // of each row
	if how.parent != "" {
		var err error
		if owners, err = x.parentIDs(p, how.parent); err != nil {
			return err
		}
	}
	err := how.insert.run(x.conn, len(p.Rows), func(stmt *sqlite.Stmt, param, i int) {
		switch {
		case how.shared:
			param-- // the first value is that of the first column
		case owners == nil:
			stmt.BindInt64(param, int64(p.Account))
		default:
			stmt.BindInt64(param, owners[i])
		}
		for col, v := range p.Rows[i] {
			switch {
			case col == 0 && owners != nil:
				continue
			case p.Table.Columns[col].Counted:
				v = dbcopy.Value{}
			}
			param++
			bindValue(stmt, param, p.Table.Columns[col].Kind, v)
		}
	})
	if err != nil {
		return err
	}
	switch p.Table {
	case dbcopy.Contacts:
		return x.exec(`UPDATE contact_counts SET contacts = contacts + ? WHERE account_id = ?`, len(p.Rows), p.Account)
	case dbcopy.Members:
		return x.countMembers(owners)
	case dbcopy.Receipts:
		return moveReceiptTotal(x.conn, p.Account, p.ReceiptTotal())
	}
	return nil
}

// parentIDs returns the ids of the rows' owners.
func (x *Transfer) parentIDs(p *dbcopy.Part, table string) ([]int64, error) {
	ids := make([]int64, len(p.Rows))
	for i, row := range p.Rows {
		if i > 0 && string(row[0].Bytes) == string(p.Rows[i-1][0].Bytes) {
			ids[i] = ids[i-1]
			continue
		}
		err := queryOne(x.conn, `SELECT id FROM `+table+` WHERE account_id = ? AND sid = ?`, []any{p.Account, row[0].Bytes},
			func(stmt *sqlite.Stmt) error {
				ids[i] = stmt.ColumnInt64(0)
				return nil
			})
		if err != nil {
			return nil, err
		}
	}
	return ids, nil
}

// countMembers updates the counters of lists. The rows of each list must be consecutive.
func (x *Transfer) countMembers(lists []int64) error {
	for start, i := 0, 1; i <= len(lists); i++ {
		if i < len(lists) && lists[i] == lists[start] {
			continue
		}
		err := sqlitex.Execute(x.conn, `UPDATE lists SET contact_count = contact_count + ? WHERE id = ?`,
			&sqlitex.ExecOptions{Args: []any{i - start, lists[start]}})
		if err != nil {
			return err
		}
		start = i
	}
	return nil
}

func bindValue(stmt *sqlite.Stmt, param int, k dbcopy.Kind, v dbcopy.Value) {
	switch {
	case v.Null:
		stmt.BindNull(param)
	case k.Numeric():
		stmt.BindInt64(param, v.Int)
	case k == dbcopy.Text || k == dbcopy.Raw:
		stmt.BindText(param, string(v.Bytes))
	default:
		stmt.BindBytes(param, v.Bytes)
	}
}
