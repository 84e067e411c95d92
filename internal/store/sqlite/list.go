package sqlite

import (
	"context"
	"errors"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/budget"
	"callbook/internal/journal"
)

const listColumns = `lists.id, lists.sid, lists.name, lists.tag, lists.type, lists.contact_count, lists.date_created, lists.date_updated`

// scanList reads a row of listColumns. Id is the list's key in the tables.
func scanList(stmt *sqlite.Stmt) (id int64, l addressbook.List) {
	l = addressbook.List{
		Name:         stmt.ColumnText(2),
		Tag:          scanText(stmt, 3),
		Type:         addressbook.ListType(stmt.ColumnInt(4)),
		ContactCount: stmt.ColumnInt(5),
		Created:      time.Unix(0, stmt.ColumnInt64(6)),
		Updated:      time.Unix(0, stmt.ColumnInt64(7)),
	}
	stmt.ColumnBytes(1, l.SID[:])
	return stmt.ColumnInt64(0), l
}

// readList reads one row, or returns errNoRow.
func readList(conn *sqlite.Conn, account account.ID, sid addressbook.SID) (id int64, l addressbook.List, err error) {
	err = queryOne(conn, `SELECT `+listColumns+` FROM lists WHERE account_id = ? AND sid = ?`, []any{account, sid[:]},
		func(stmt *sqlite.Stmt) error {
			id, l = scanList(stmt)
			return nil
		})
	return id, l, err
}

// textArg returns an optional text as a query argument.
func textArg(t addressbook.Text) any {
	if !t.Given {
		return nil
	}
	return t.Value
}

// InsertLists implements [addressbook.Store].
func (b *AddressBook) InsertLists(ctx context.Context, account account.ID, lists []addressbook.List, ready journal.Ready[[]addressbook.ListResult]) error {
	return b.edit(ctx, account, len(lists), "insert lists", func(tx *editTx) error {
		results := make([]addressbook.ListResult, len(lists))
		for i := range lists {
			added, err := tx.insertList(account, &lists[i])
			if err != nil {
				return err
			}
			if added {
				results[i].List = &lists[i]
			} else {
				results[i].Fault = addressbook.ErrNameTaken
			}
		}
		return tx.keep(ready.Receipt(results))
	})
}

// insertList adds a list. Added is false if its name is taken.
func (tx *editTx) insertList(account account.ID, l *addressbook.List) (added bool, err error) {
	err = tx.exec(`INSERT INTO lists (account_id, sid, name, tag, type, contact_count, date_created, date_updated)
		VALUES (?,?,?,?,?,0,?,?) ON CONFLICT (account_id, name) DO NOTHING`,
		account, l.SID[:], l.Name, textArg(l.Tag), int(l.Type), l.Created.UnixNano(), l.Updated.UnixNano())
	if err != nil || tx.Changes() == 0 {
		return false, err
	}
	tx.bytes += pageBytes // part of a page
	return true, nil
}

// UpdateLists implements [addressbook.Store].
func (b *AddressBook) UpdateLists(ctx context.Context, account account.ID, patches []addressbook.ListPatch, ready journal.Ready[[]addressbook.ListResult]) error {
	return b.edit(ctx, account, len(patches), "update lists", func(tx *editTx) error {
		results := make([]addressbook.ListResult, len(patches))
		for i := range patches {
			var err error
			if results[i], err = tx.updateList(&patches[i]); err != nil {
				return err
			}
		}
		return tx.keep(ready.Receipt(results))
	})
}

func (tx *editTx) updateList(p *addressbook.ListPatch) (addressbook.ListResult, error) {
	id, l, err := readList(tx.Conn, tx.edit.account, p.SID)
	if errors.Is(err, errNoRow) {
		return addressbook.ListResult{Fault: addressbook.ErrNoList}, nil
	}
	if err == nil {
		err = tx.edit.share.Claim(l.Weight())
	}
	if err != nil {
		return addressbook.ListResult{}, err
	}
	if !p.Fits(&l) {
		return addressbook.ListResult{List: &l, Fault: addressbook.ErrListChanged}, nil
	}
	if !p.Apply(&l) {
		return addressbook.ListResult{List: &l}, nil
	}
	err = queryOne(tx.Conn, `SELECT 1 FROM lists WHERE account_id = ? AND name = ? AND id <> ?`,
		[]any{tx.edit.account, l.Name, id}, func(*sqlite.Stmt) error { return nil })
	switch {
	case err == nil:
		return addressbook.ListResult{Fault: addressbook.ErrNameTaken}, nil
	case !errors.Is(err, errNoRow):
		return addressbook.ListResult{}, err
	}
	err = tx.exec(`UPDATE lists SET name = ?, tag = ?, date_updated = ? WHERE id = ?`,
		l.Name, textArg(l.Tag), l.Updated.UnixNano(), id)
	if err != nil {
		return addressbook.ListResult{}, err
	}
	tx.bytes += pageBytes // part of a page
	return addressbook.ListResult{List: &l}, nil
}

// List implements [addressbook.Store].
func (b *AddressBook) List(ctx context.Context, account account.ID, sid addressbook.SID) (addressbook.List, error) {
	return b.oneList(ctx, account, func(conn *sqlite.Conn) (addressbook.List, error) {
		_, l, err := readList(conn, account, sid)
		return l, err
	})
}

// ListByName implements [addressbook.Store].
func (b *AddressBook) ListByName(ctx context.Context, account account.ID, name string) (addressbook.List, error) {
	return b.oneList(ctx, account, func(conn *sqlite.Conn) (addressbook.List, error) { return readListByName(conn, account, name) })
}

func (b *AddressBook) oneList(ctx context.Context, account account.ID, read func(*sqlite.Conn) (addressbook.List, error)) (l addressbook.List, err error) {
	err = b.db.points.read(ctx, account, func(conn *sqlite.Conn) (err error) {
		l, err = read(conn)
		return err
	})
	if errors.Is(err, errNoRow) {
		return addressbook.List{}, addressbook.ErrNoList
	}
	return l, storeError("read list", err)
}

// readListByName reads one row, or returns errNoRow.
func readListByName(conn *sqlite.Conn, account account.ID, name string) (l addressbook.List, err error) {
	err = queryOne(conn, `SELECT `+listColumns+` FROM lists WHERE account_id = ? AND name = ?`, []any{account, name},
		func(stmt *sqlite.Stmt) error {
			_, l = scanList(stmt)
			return nil
		})
	return l, err
}

// Lists implements [addressbook.Store].
func (b *AddressBook) Lists(ctx context.Context, account account.ID, q addressbook.ListQuery) (addressbook.ListPage, error) {
	page := addressbook.ListPage{Lists: make([]addressbook.List, 0, min(q.Limit, 1000))}
	from := `FROM lists WHERE account_id = ?`
	args := []any{account}
	if q.Name != "" {
		from += ` AND instr(` + nameKeyFunction + `(name, ''), ?) > 0`
		args = append(args, addressbook.Fold(q.Name))
	}
	share := budget.Of(ctx)
	err := b.db.readersOf(q.Scans()).read(ctx, account, func(conn *sqlite.Conn) (err error) {
		// A transaction reads the total and the page from one snapshot.
		defer sqlitex.Transaction(conn)(&err)
		if page.Total, err = count(conn, from, args); err != nil {
			return err
		}
		err = window{
			Window:  q.Window,
			sid:     "lists.sid",
			nameKey: nameKeyFunction + "(name, '')",
		}.query(conn, listColumns, from, args, func(stmt *sqlite.Stmt) error {
			_, l := scanList(stmt)
			page.Lists = append(page.Lists, l)
			return share.Claim(l.Weight())
		})
		page.Lists, page.Next = addressbook.Cut(page.Lists, q.Limit, func(l *addressbook.List) addressbook.Position { return l.Position(q.Window) })
		return err
	})
	if err != nil {
		return addressbook.ListPage{}, storeError("read lists", err)
	}
	return page, nil
}
