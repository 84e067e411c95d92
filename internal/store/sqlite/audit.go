package sqlite

import (
	"zombiezen.com/go/sqlite"

	"callbook/internal/audit"
)

const auditColumns = `account_id, sid, action, actor, address, request, done, failed, object, fields, first_sid, last_sid, sids`

var insertEntries = newBulkInsert(`audit (`+auditColumns+`)`, 13)

// auditBytes is about what an entry takes in the table and in its indexes.
const auditBytes = 256

// writeEntries inserts entries of the audit log.
func writeEntries(conn *sqlite.Conn, entries []audit.Entry) error {
	if len(entries) == 0 {
		return nil
	}
	return insertEntries.run(conn, len(entries), func(stmt *sqlite.Stmt, param, i int) { bindEntry(stmt, param, &entries[i]) })
}

func bindEntry(stmt *sqlite.Stmt, param int, e *audit.Entry) {
	stmt.BindInt64(param, e.Account)
	stmt.BindBytes(param+1, e.SID[:])
	for i, text := range [...]string{string(e.Action), string(e.Actor), e.Address, e.Request} {
		stmt.BindText(param+2+i, text)
	}
	stmt.BindInt64(param+6, int64(e.Done))
	stmt.BindInt64(param+7, int64(e.Failed))
	if e.Object == "" {
		stmt.BindNull(param + 8)
	} else {
		stmt.BindText(param+8, e.Object)
	}
	stmt.BindText(param+9, e.FieldsText())
	for i := range 3 {
		stmt.BindNull(param + 10 + i)
	}
	if s := &e.Subjects; !s.IsZero() {
		stmt.BindBytes(param+10, s.First[:])
		if s.Last != s.First {
			stmt.BindBytes(param+11, s.Last[:])
		}
		if s.Many != nil {
			stmt.BindBytes(param+12, s.Many)
		}
	}
}

// entries are entries of the audit log that the writer's transaction will insert. Like
// [additions], they wait so that small requests share a statement. Only the writer's
// goroutine uses them.
type entries struct {
	all   []audit.Entry
	bytes int // about how many were written; the writer reads and resets it at the commit
}

// add adds the entries of a note. They are written only if the transaction commits.
func (e *entries) add(n *audit.Note) { e.all = append(e.all, n.Entries()...) }

// write inserts the entries.
func (e *entries) write(conn *sqlite.Conn) error {
	err := writeEntries(conn, e.all)
	for i := range e.all {
		e.bytes += auditBytes + len(e.all[i].Subjects.Many)
	}
	e.forget()
	return err
}

// forget drops the entries, after they were written or rolled back.
func (e *entries) forget() {
	clear(e.all)
	e.all = e.all[:0]
}
