package sqlite

import (
	"context"
	"errors"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"callbook/internal/account"
	"callbook/internal/budget"
	"callbook/internal/callflow/library"
	"callbook/internal/campaign"
	"callbook/internal/journal"
)

var _ library.Store = (*AddressBook)(nil)

// flowColumns is what scanFlow reads.
const flowColumns = `name, title, flow, date_created, date_updated`

// briefFlowColumns are flowColumns without the steps.
const briefFlowColumns = `name, title, '{}', date_created, date_updated`

func scanFlow(stmt *sqlite.Stmt) (*library.Flow, error) {
	f := &library.Flow{Name: stmt.ColumnText(0), Title: stmt.ColumnText(1), Created: optionalTime(stmt, 3), Updated: optionalTime(stmt, 4)}
	return f, f.Decode(stmt.ColumnText(2))
}

// readFlow reads one row, or returns errNoRow. It claims the row's memory from the
// request's budget.
func readFlow(conn *sqlite.Conn, share *budget.Share, account account.ID, name string) (f *library.Flow, err error) {
	err = queryOne(conn, `SELECT `+flowColumns+` FROM flows WHERE account_id = ? AND name = ?`, []any{account, name}, func(stmt *sqlite.Stmt) (err error) {
		f, err = scanFlow(stmt)
		return err
	})
	if err == nil {
		err = share.Claim(f.Weight())
	}
	return f, err
}

// missesPrompt returns the fault of a flow that plays a prompt which is not there, or nil.
func missesPrompt(conn *sqlite.Conn, account account.ID, f *library.Flow) (missing, err error) {
	var there []string
	for _, name := range f.Prompts() {
		n, err := count(conn, `FROM prompts WHERE account_id = ? AND name = ?`, []any{account, name})
		if err != nil {
			return nil, err
		}
		if n > 0 {
			there = append(there, name)
		}
	}
	return f.MissesPrompt(there), nil
}

// InsertFlow implements [library.Store].
func (b *AddressBook) InsertFlow(ctx context.Context, account account.ID, f *library.Flow, ready journal.Ready[*library.Flow]) error {
	return b.edit(ctx, account, 1, "insert a flow", func(tx *editTx) error {
		flows, err := count(tx.Conn, `FROM flows WHERE account_id = ?`, []any{account})
		if err != nil {
			return err
		}
		same, err := count(tx.Conn, `FROM flows WHERE account_id = ? AND name = ?`, []any{account, f.Name})
		switch {
		case err != nil:
			return err
		case same > 0:
			return tx.refuse(library.ErrNameTaken)
		case flows >= library.MaxFlows:
			return tx.refuse(library.ErrTooMany)
		}
		missing, err := missesPrompt(tx.Conn, account, f)
		if err != nil {
			return err
		}
		if missing != nil {
			return tx.refuse(missing)
		}
		text := f.Encode()
		tx.bytes += pageBytes + len(text)
		err = tx.exec(`INSERT INTO flows (account_id, `+flowColumns+`) VALUES (?,?,?,?,?,?)`,
			account, f.Name, f.Title, text, f.Created.UnixNano(), f.Updated.UnixNano())
		if err != nil {
			return err
		}
		return tx.keep(ready.Receipt(f))
	})
}

// ReplaceFlow implements [library.Store].
func (b *AddressBook) ReplaceFlow(ctx context.Context, account account.ID, f *library.Flow, ifUpdated time.Time, ready journal.Ready[*library.Flow]) error {
	return b.edit(ctx, account, 1, "replace a flow", func(tx *editTx) error {
		var created, updated time.Time
		err := queryOne(tx.Conn, `SELECT date_created, date_updated FROM flows WHERE account_id = ? AND name = ?`, []any{account, f.Name}, func(stmt *sqlite.Stmt) error {
			created, updated = optionalTime(stmt, 0), optionalTime(stmt, 1)
			return nil
		})
		switch {
		case errors.Is(err, errNoRow):
			return tx.refuse(library.ErrNotFound)
		case err != nil:
			return err
		}
		if refused := f.Replaces(created, updated, ifUpdated); refused != nil {
			return tx.refuse(refused)
		}
		missing, err := missesPrompt(tx.Conn, account, f)
		if err != nil {
			return err
		}
		if missing != nil {
			return tx.refuse(missing)
		}
		text := f.Encode()
		tx.bytes += pageBytes + len(text)
		err = tx.exec(`UPDATE flows SET title = ?, flow = ?, date_updated = ? WHERE account_id = ? AND name = ?`,
			f.Title, text, f.Updated.UnixNano(), account, f.Name)
		if err != nil {
			return err
		}
		return tx.keep(ready.Receipt(f))
	})
}

// DeleteFlow implements [library.Store].
func (b *AddressBook) DeleteFlow(ctx context.Context, account account.ID, name string, ready journal.Ready[*library.Flow]) error {
	return b.edit(ctx, account, 1, "delete a flow", func(tx *editTx) error {
		f, err := readFlow(tx.Conn, tx.edit.share, account, name)
		if errors.Is(err, errNoRow) {
			return tx.refuse(library.ErrNotFound)
		}
		if err != nil {
			return err
		}
		used, err := playing(tx.Conn, account, name)
		if err != nil {
			return err
		}
		if used != nil {
			return tx.refuse(used)
		}
		tx.bytes += pageBytes
		if err := tx.exec(`DELETE FROM flows WHERE account_id = ? AND name = ?`, account, name); err != nil {
			return err
		}
		return tx.keep(ready.Receipt(f))
	})
}

// playing returns the fault of a campaign that has not ended and names the flow, or nil.
func playing(conn *sqlite.Conn, account account.ID, name string) (used, err error) {
	err = sqlitex.Execute(conn, `SELECT sid, name, settings FROM campaigns WHERE account_id = ? AND closed = 0 AND state < ? ORDER BY sid`, &sqlitex.ExecOptions{
		Args: []any{account, int(campaign.Completed)},
		ResultFunc: func(stmt *sqlite.Stmt) error {
			s, err := campaign.DecodeSettings(columnBytes(stmt, 2))
			if err == nil && used == nil && s.FlowName() == name {
				used = library.ErrInUse(stmt.ColumnText(1), columnSID(stmt, 0).String())
			}
			return err
		},
	})
	return used, err
}

// Flow implements [library.Store].
func (b *AddressBook) Flow(ctx context.Context, account account.ID, name string) (f *library.Flow, err error) {
	share := budget.Of(ctx)
	err = b.db.points.read(ctx, account, func(conn *sqlite.Conn) (err error) {
		f, err = readFlow(conn, share, account, name)
		return err
	})
	if errors.Is(err, errNoRow) {
		return nil, library.ErrNotFound
	}
	if err != nil {
		return nil, storeError("read a flow", err)
	}
	return f, nil
}

// Flows implements [library.Store].
func (b *AddressBook) Flows(ctx context.Context, account account.ID, q library.Query) (page library.Page, err error) {
	share := budget.Of(ctx)
	err = b.db.points.read(ctx, account, func(conn *sqlite.Conn) (err error) {
		defer sqlitex.Transaction(conn)(&err) // reads the total and the page from one snapshot
		if page.Total, err = count(conn, `FROM flows WHERE account_id = ?`, []any{account}); err != nil {
			return err
		}
		columns := flowColumns
		if q.Brief {
			columns = briefFlowColumns
		}
		return sqlitex.Execute(conn, `SELECT `+columns+` FROM flows WHERE account_id = ? ORDER BY name LIMIT ? OFFSET ?`, &sqlitex.ExecOptions{
			Args: []any{account, q.Limit, q.Offset},
			ResultFunc: func(stmt *sqlite.Stmt) error {
				f, err := scanFlow(stmt)
				if err == nil {
					err = share.Claim(f.Weight())
				}
				if err != nil {
					return err
				}
				page.Flows = append(page.Flows, *f)
				return nil
			},
		})
	})
	if err != nil {
		return library.Page{}, storeError("read flows", err)
	}
	return page, nil
}

// ChangedFlows implements [dialer.Store].
func (s *Campaigns) ChangedFlows(ctx context.Context, account account.ID, known map[string]time.Time) ([]library.Flow, error) {
	return s.book.ChangedFlows(ctx, account, known)
}

// ChangedFlows implements [library.Store].
func (b *AddressBook) ChangedFlows(ctx context.Context, account account.ID, known map[string]time.Time) (changed []library.Flow, err error) {
	err = b.db.points.read(ctx, account, func(conn *sqlite.Conn) error {
		for name, updated := range known {
			err := sqlitex.Execute(conn, `SELECT `+flowColumns+` FROM flows WHERE account_id = ? AND name = ? AND date_updated IS NOT ?`, &sqlitex.ExecOptions{
				Args: []any{account, name, nullableTime(updated)},
				ResultFunc: func(stmt *sqlite.Stmt) error {
					f, err := scanFlow(stmt)
					if err == nil {
						changed = append(changed, *f)
					}
					return err
				},
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	return changed, storeError("read flows", err)
}
