package sqlite

import (
	"context"
	"fmt"
	"runtime/debug"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"callbook/internal/addressbook"
	"callbook/internal/budget"
	"callbook/internal/idempotency"
	"callbook/internal/phone"
)

// edit does a write that is not a bulk insert, as a job of the writer. Do may
// be called more than once, and must begin anew each time. An error of it rolls
// everything back; what is only the caller's mistake is no error.
func (b *AddressBook) edit(ctx context.Context, account int64, rows int, doing string, do func(*editTx) error) error {
	share := budget.Of(ctx)
	e := &edit{indexes: b.indexes, added: &b.writer.added, account: account, do: do, share: share, used: share.Used(), quota: idempotency.QuotaOf(ctx)}
	j := &job{ctx: ctx, account: account, rows: rows, work: e, outcome: make(chan error, 1)}
	if err := b.writer.submit(j); err != nil {
		return err
	}
	var err error
	select {
	case err = <-j.outcome:
	case <-ctx.Done():
		if j.giveUp() {
			return context.Cause(ctx)
		}
		// It has begun, and only its end tells what became of it.
		err = <-j.outcome
	}
	if err == nil && e.refused != nil {
		return e.refused
	}
	return storeError(doing, err)
}

// edit is the work of one such write.
type edit struct {
	indexes *indexCache
	added   *additions
	account int64
	do      func(*editTx) error
	changes []numberChange // to the account's number index
	share   *budget.Share  // of who asks
	used    int64          // of the share, before
	quota   idempotency.Quota
	refused error // by the quota, with nothing done
}

// numberChange is what undo takes back.
type numberChange struct {
	number    phone.Number
	sidPrefix uint64
	added     bool
}

func (e *edit) run(conn *sqlite.Conn) (bytes int, err error) {
	e.changes = nil
	e.share.Unclaim(e.used) // what a run before this one claimed
	if err := e.added.write(conn); err != nil {
		return 0, err
	}
	if e.refused, err = checkQuota(conn, e.account, e.quota); err != nil || e.refused != nil {
		return 0, err
	}
	tx := &editTx{Conn: conn, edit: e}
	// The answer is made by the caller's code, whose panic is the caller's and
	// not the writer's end.
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	err = e.do(tx)
	return tx.bytes, err
}

func (e *edit) redo(conn *sqlite.Conn) (bytes int, err error) { return e.run(conn) }

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
	e.changes = nil // there may be one more undo before the next run
}

// editTx is the transaction of one edit.
type editTx struct {
	*sqlite.Conn
	edit  *edit
	bytes int // written, about
}

// exec runs a statement that returns no rows.
func (tx *editTx) exec(query string, args ...any) error {
	return sqlitex.Execute(tx.Conn, query, &sqlitex.ExecOptions{Args: args})
}

// takeNumber gives a number to the contact, unless another has it: that one it
// returns.
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

// freeNumber takes the number of a contact back.
func (tx *editTx) freeNumber(n phone.Number, sid addressbook.SID) {
	x := tx.edit.indexes.loaded(tx.edit.account)
	if x != nil {
		if holder, found := x.lookup(n); found && holder != sid.Prefix() {
			return // the table has the number twice, and this is not the one it counts for
		}
		x.remove(n)
	}
	// Noted even if there is no index now: one may be built before an undo.
	tx.edit.changes = append(tx.edit.changes, numberChange{number: n, sidPrefix: sid.Prefix()})
}

// countContacts moves the account's counter.
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
