package sqlite

import (
	"context"
	"errors"
	"fmt"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/audit"
	"callbook/internal/budget"
	"callbook/internal/fault"
	"callbook/internal/journal"
	"callbook/internal/phone"
	"callbook/internal/trace"
)

// edit runs do as a job of the writer. It is for all writes but bulk inserts. Do may be
// called more than once, and must start from the beginning each time. If the request's
// share of the memory refuses, only this edit is undone. Any other error rolls back the
// whole transaction, with the other jobs in it. So an error of do must not be a mistake
// of the caller.
func (b *AddressBook) edit(ctx context.Context, account account.ID, rows int, operation string, do func(*editTx) error) (err error) {
	ctx, span := trace.Write(ctx, trace.SQLite, operation)
	defer func() { span.End(err) }()
	e := &edit{indexes: b.indexes, added: &b.writer.added, told: &b.writer.told, note: audit.NoteOf(ctx), account: account, rows: rows, do: do, share: budget.Of(ctx), quota: journal.ClaimOf(ctx).Quota}
	j := &job{ctx: ctx, account: account, rows: rows, work: e, outcome: make(chan error, 1)}
	if err := b.writer.submit(j); err != nil {
		return err
	}
	select {
	case err = <-j.outcome:
	case <-ctx.Done():
		if j.giveUp() {
			return context.Cause(ctx)
		}
		// It has begun, so wait for its outcome.
		err = <-j.outcome
	}
	if err == nil && e.refused != nil {
		return e.refused
	}
	return storeError(operation, err)
}

// edit is the job of one call of AddressBook.edit.
type edit struct {
	indexes *indexCache
	added   *additions
	told    *entries
	note    *audit.Note // what the audit log tells of it, or nil
	account account.ID
	rows    int // how many rows it changes at most
	do      func(*editTx) error
	changes []numberChange // to the account's number index
	share   *budget.Share  // of the request; nil when the job runs again
	quota   journal.Quota
	refused error // the fault of an edit that was undone, or nil
}

// numberChange is a change of the index, for undo.
type numberChange struct {
	number    phone.Number
	sidPrefix uint64
	added     bool
}

func (e *edit) run(conn *sqlite.Conn) (bytes int, err error) {
	if err := e.added.write(conn); err != nil {
		return 0, err
	}
	if e.refused, err = checkQuota(conn, e.account, e.quota); err != nil || e.refused != nil {
		return 0, err
	}
	if e.share == nil {
		return e.try(conn) // there is no share that could refuse it
	}
	if e.rows > 1 {
		return e.trySeveral(conn)
	}
	return e.tryOne(conn)
}

// trySeveral runs an edit of several rows. The share may refuse it in the middle, so a
// savepoint undoes its changes.
func (e *edit) trySeveral(conn *sqlite.Conn) (bytes int, err error) {
	if err := sqlitex.Execute(conn, "SAVEPOINT edit", nil); err != nil {
		return 0, fmt.Errorf("begin an edit: %w", err)
	}
	bytes, err = e.try(conn)
	refused := fault.As(err) != nil
	if err != nil && !refused {
		return 0, err
	}
	if refused {
		if failed := sqlitex.Execute(conn, "ROLLBACK TO edit", nil); failed != nil {
			return 0, errors.Join(err, fmt.Errorf("undo an edit: %w", failed))
		}
		e.undo()
		e.refused, bytes = err, 0
	}
	if err := sqlitex.Execute(conn, "RELEASE edit", nil); err != nil {
		return 0, fmt.Errorf("end an edit: %w", err)
	}
	return bytes, nil
}

// tryOne runs an edit of one row, without the cost of a savepoint. The share can refuse
// it only before it changes a row, so undo only has to restore the index.
func (e *edit) tryOne(conn *sqlite.Conn) (bytes int, err error) {
	before, err := totalChanges(conn)
	if err != nil {
		return 0, err
	}
	if bytes, err = e.try(conn); fault.As(err) == nil {
		return bytes, err
	}
	now, failed := totalChanges(conn)
	if failed != nil || now != before {
		return 0, errors.Join(err, failed)
	}
	e.undo()
	e.refused = err
	return 0, nil
}

// try calls do once.
func (e *edit) try(conn *sqlite.Conn) (bytes int, err error) {
	e.changes = nil
	e.note.Reset()
	// Do may call the caller's code. A panic there must not end the writer.
	defer func() {
		if p := recover(); p != nil {
			err = fault.Panic(p)
		}
	}()
	tx := &editTx{Conn: conn, edit: e}
	if err = e.do(tx); err == nil && e.refused == nil {
		e.told.add(e.note)
	}
	return tx.bytes, err
}

// totalChanges returns how many rows the connection has changed so far.
func totalChanges(conn *sqlite.Conn) (n int64, err error) {
	err = queryOne(conn, `SELECT total_changes()`, nil, func(stmt *sqlite.Stmt) error {
		n = stmt.ColumnInt64(0)
		return nil
	})
	return n, err
}

func (e *edit) redo(conn *sqlite.Conn) (bytes int, err error) {
	if e.refused != nil {
		return 0, nil
	}
	if err := e.added.write(conn); err != nil {
		return 0, err
	}
	e.share = nil // what run claimed is still held
	return e.try(conn)
}

func (e *edit) undo() {
	for i := len(e.changes) - 1; i >= 0; i-- {
		c := e.changes[i]
		switch x := e.indexes.loaded(e.account); {
		case x == nil:
		case c.added:
			x.remove(c.number)
		default:
			x.add(c.number, c.sidPrefix)
		}
	}
	e.changes = nil // undo may be called again before the next run
}

// editTx is the transaction of one edit.
type editTx struct {
	*sqlite.Conn
	edit  *edit
	bytes int // about how many bytes were written
}

// exec runs a statement that returns no rows.
func (tx *editTx) exec(query string, args ...any) error {
	return sqlitex.Execute(tx.Conn, query, &sqlitex.ExecOptions{Args: args})
}

// refuse ends an edit that has changed nothing with an error for its caller, without
// rolling the transaction back. Do returns its result.
func (tx *editTx) refuse(err error) error {
	tx.edit.refused = err
	return nil
}

// takeNumber gives a number to the contact, or returns the contact that has it.
func (tx *editTx) takeNumber(n phone.Number, sid addressbook.SID) (other *addressbook.Contact, err error) {
	index, err := tx.edit.indexes.get(tx.Conn, tx.edit.account)
	if err != nil {
		return nil, err
	}
	if prefix, added := index.add(n, sid.Prefix()); !added {
		other, err := tx.edit.indexes.holder(tx.Conn, tx.edit.account, prefix, n)
		if err == nil {
			err = tx.edit.share.Claim(other.Weight())
		}
		return other, err
	}
	tx.edit.changes = append(tx.edit.changes, numberChange{number: n, sidPrefix: sid.Prefix(), added: true})
	return nil, nil
}

// freeNumber removes the number of a contact from the index.
func (tx *editTx) freeNumber(n phone.Number, sid addressbook.SID) {
	x := tx.edit.indexes.loaded(tx.edit.account)
	if x != nil {
		if holder, found := x.lookup(n); found && holder != sid.Prefix() {
			return // the table has the number twice, and the index has the other contact
		}
		x.remove(n)
	}
	// This is recorded even if there is no index now, because one may be built before an
	// undo.
	tx.edit.changes = append(tx.edit.changes, numberChange{number: n, sidPrefix: sid.Prefix()})
}

// countContacts adds to the account's counter.
func (tx *editTx) countContacts(by int) error {
	if by == 0 {
		return nil
	}
	err := tx.exec(`UPDATE contact_counts SET contacts = contacts + ? WHERE account_id = ?`, by, tx.edit.account)
	if err != nil {
		return fmt.Errorf("count contacts: %w", err)
	}
	return nil
}
