package sqlite

import (
	"context"
	"errors"
	"strings"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/audit"
	"callbook/internal/auditlog"
)

var _ auditlog.Store = (*DB)(nil)

// AddAuditEntries implements [auditlog.Store].
func (db *DB) AddAuditEntries(ctx context.Context, note *audit.Note) error {
	return storeError("add to the audit log", db.write(ctx, func(conn *sqlite.Conn) error { return mayWrite(conn, account.ID(note.Account)) }))
}

// DeleteAuditEntries implements [auditlog.Store].
func (db *DB) DeleteAuditEntries(ctx context.Context, account account.ID, before [16]byte, limit int) (deleted int, err error) {
	err = db.write(ctx, func(conn *sqlite.Conn) error {
		err := sqlitex.Execute(conn, `DELETE FROM audit WHERE account_id = ?1 AND sid IN
			(SELECT sid FROM audit WHERE account_id = ?1 AND sid < ?2 ORDER BY sid LIMIT ?3)`,
			&sqlitex.ExecOptions{Args: []any{account, before[:], limit}})
		deleted = conn.Changes()
		return err
	})
	return deleted, storeError("delete from the audit log", err)
}

// AuditEntries implements [auditlog.Store].
func (db *DB) AuditEntries(ctx context.Context, account account.ID, q auditlog.Query) (page auditlog.Page, err error) {
	err = db.points.read(ctx, account, func(conn *sqlite.Conn) (err error) {
		defer sqlitex.Transaction(conn)(&err)
		s := newAuditSelection(conn, account, q)
		switch {
		case q.Of != (addressbook.SID{}):
			page, err = s.history(q.Of)
		case q.Object != "":
			page, err = s.page(byObject, `object = ?`, q.Object)
		default:
			page, err = s.all()
		}
		return err
	})
	return page, storeError("read the audit log", err)
}

// auditSelection reads entries of one query.
type auditSelection struct {
	conn   *sqlite.Conn
	q      auditlog.Query
	bounds string // the conditions for the account and the dates
	within []any
	filter string // the conditions for the actor and the action, which no index serves
	wanted []any
}

func newAuditSelection(conn *sqlite.Conn, account account.ID, q auditlog.Query) *auditSelection {
	first, end := q.Bounds()
	s := &auditSelection{conn: conn, q: q, bounds: `account_id = ? AND sid >= ? AND sid < ?`, within: []any{account, first[:], end[:]}, filter: `1`}
	if family, isFamily := strings.CutSuffix(string(q.Action), "."); isFamily {
		s.filter, s.wanted = s.filter+` AND action >= ? AND action < ?`, append(s.wanted, family+".", family+"/") // a slash follows a dot
	} else if q.Action != "" {
		s.filter, s.wanted = s.filter+` AND action = ?`, append(s.wanted, string(q.Action))
	}
	if kind, id := q.Actor.Split(); id != "" {
		s.filter, s.wanted = s.filter+` AND actor = ?`, append(s.wanted, string(q.Actor))
	} else if kind != "" {
		s.filter, s.wanted = s.filter+` AND (actor = ? OR actor >= ? AND actor < ?)`, append(s.wanted, kind, kind+":", kind+";") // a semicolon follows a colon
	}
	return s
}

// The indexes of the log. Without their names, SQLite would go through the whole log,
// because its primary key has the order of a page.
const (
	byObject  = ` INDEXED BY audit_by_object`
	bySubject = ` INDEXED BY audit_by_subject`
	ofMany    = ` INDEXED BY audit_of_many`
)

// page returns the page of the entries that meet one more condition, which an index
// serves.
func (s *auditSelection) page(index, where string, args ...any) (auditlog.Page, error) {
	all := append(append(append([]any{}, s.within...), args...), s.wanted...)
	found, err := s.read(`SELECT `+auditColumns+` FROM audit`+index+` WHERE `+s.bounds+` AND `+where+` AND `+s.filter+` ORDER BY sid DESC LIMIT ?`, s.q.Limit, all...)
	return auditlog.Cut(found, s.q.Limit), err
}

// all returns the page of all entries, and looks through a bounded number of them.
func (s *auditSelection) all() (auditlog.Page, error) {
	if !s.q.Filters() {
		return s.page(``, `1`)
	}
	return s.scan(``, ``, auditlog.MaxScan, func(*audit.Entry) bool { return true })
}

// scan returns the page of those of the next few entries that are wanted. Where selects
// the entries to count.
func (s *auditSelection) scan(index, where string, few int, want func(*audit.Entry) bool) (page auditlog.Page, err error) {
	newest := ` FROM audit` + index + ` WHERE ` + s.bounds + where + ` ORDER BY sid DESC LIMIT ?`
	args := append(append([]any{}, s.within...), few)
	err = s.each(`SELECT * FROM (SELECT `+auditColumns+newest+`) WHERE `+s.filter+` ORDER BY sid DESC`, append(args, s.wanted...), func(e audit.Entry) error {
		if want(&e) {
			page.Entries = append(page.Entries, e)
		}
		if len(page.Entries) == s.q.Limit {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		return auditlog.Cut(page.Entries, s.q.Limit), nil
	}
	if err != nil {
		return page, err
	}
	return page, queryOne(s.conn, `SELECT count(*), min(sid) FROM (SELECT sid`+newest+`)`, args, func(stmt *sqlite.Stmt) error {
		if stmt.ColumnInt(0) == few {
			stmt.ColumnBytes(1, page.Next[:])
		}
		return nil
	})
}

// history returns the page of what concerns one contact, list, campaign or import.
func (s *auditSelection) history(of addressbook.SID) (auditlog.Page, error) {
	first := auditlog.SeriesFrom(of)
	series, err := s.page(bySubject, `sids IS NULL AND first_sid BETWEEN ? AND ? AND (first_sid = ? OR last_sid >= ? AND substr(last_sid, 13) = substr(?, 13))`,
		first[:], of[:], of[:], of[:], of[:])
	if err != nil {
		return series, err
	}
	object, err := s.page(byObject, `object = ?`, of.String())
	if err != nil {
		return object, err
	}
	parts := []auditlog.Page{series, object}
	mark, err := addedBy(s.conn, s.within[0], of)
	if err != nil {
		return object, err
	}
	if mark != 0 {
		first, end := auditlog.ImportsWith(mark)
		imported, err := s.page(byObject, `object >= ? AND object < ?`, first, end)
		if err != nil {
			return imported, err
		}
		parts = append(parts, imported)
	}
	many, err := s.scan(ofMany, ` AND sids IS NOT NULL`, auditlog.MaxScanMany, func(e *audit.Entry) bool { return e.Subjects.Contains(of) })
	return auditlog.Merge(s.q.Limit, append(parts, many)...), err
}

// addedBy returns the [upload.Mark] of the import that has added a contact, or 0.
func addedBy(conn *sqlite.Conn, account any, contact addressbook.SID) (mark int64, err error) {
	err = queryOne(conn, `SELECT upload FROM contacts WHERE account_id = ?1 AND sid = ?2
		UNION ALL SELECT upload FROM trashed_contacts WHERE account_id = ?1 AND sid = ?2`, []any{account, contact[:]}, func(stmt *sqlite.Stmt) error {
		mark = stmt.ColumnInt64(0)
		return nil
	})
	if errors.Is(err, errNoRow) {
		err = nil
	}
	return mark, err
}

// read returns up to limit entries.
func (s *auditSelection) read(query string, limit int, args ...any) (found []audit.Entry, err error) {
	err = s.each(query, append(args, limit), func(e audit.Entry) error {
		found = append(found, e)
		return nil
	})
	return found, err
}

func (s *auditSelection) each(query string, args []any, do func(audit.Entry) error) error {
	return sqlitex.Execute(s.conn, query, &sqlitex.ExecOptions{
		Args:       args,
		ResultFunc: func(stmt *sqlite.Stmt) error { return do(scanEntry(stmt)) },
	})
}

// scanEntry reads a row of auditColumns.
func scanEntry(stmt *sqlite.Stmt) audit.Entry {
	e := audit.Entry{
		Account: stmt.ColumnInt64(0), Actor: audit.Actor(stmt.ColumnText(3)), Address: stmt.ColumnText(4), Request: stmt.ColumnText(5),
		Change: audit.Change{
			Action: audit.Action(stmt.ColumnText(2)), Done: stmt.ColumnInt(6), Failed: stmt.ColumnInt(7), Object: stmt.ColumnText(8),
			Fields: strings.Fields(stmt.ColumnText(9)),
		},
	}
	stmt.ColumnBytes(1, e.SID[:])
	stmt.ColumnBytes(10, e.Subjects.First[:])
	e.Subjects.Last = e.Subjects.First
	if !stmt.ColumnIsNull(11) {
		stmt.ColumnBytes(11, e.Subjects.Last[:])
	}
	if !stmt.ColumnIsNull(12) {
		e.Subjects.Many = columnBytes(stmt, 12)
	}
	return e
}
