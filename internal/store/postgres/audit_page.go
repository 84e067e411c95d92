package postgres

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/audit"
	"callbook/internal/auditlog"
)

var _ auditlog.Store = (*DB)(nil)

// AddAuditEntries implements [auditlog.Store].
func (db *DB) AddAuditEntries(ctx context.Context, note *audit.Note) error {
	return db.write(ctx, account.ID(note.Account), "add to the audit log", func(*tx) error { return nil })
}

// DeleteAuditEntries implements [auditlog.Store].
func (db *DB) DeleteAuditEntries(ctx context.Context, account account.ID, before [16]byte, limit int) (deleted int, err error) {
	err = db.write(ctx, account, "delete from the audit log", func(t *tx) error {
		// Skip those that another server is deleting.
		t.queue(`WITH gone AS (DELETE FROM audit WHERE account_id = $1 AND sid = ANY (ARRAY
				(SELECT sid FROM audit WHERE account_id = $1 AND sid < $2 ORDER BY sid LIMIT $3 FOR UPDATE SKIP LOCKED)) RETURNING 1)
			SELECT count(*) FROM gone`, account, (*sidValue)(&before), limit).
			QueryRow(func(row pgx.Row) error { return row.Scan(&deleted) })
		return nil
	})
	return deleted, err
}

// AuditEntries implements [auditlog.Store].
func (db *DB) AuditEntries(ctx context.Context, account account.ID, q auditlog.Query) (page auditlog.Page, err error) {
	if !storable(string(q.Action)) || !storable(string(q.Actor)) || !storable(q.Object) {
		return page, nil // no entry has such a text
	}
	err = db.read(ctx, of(account), "read the audit log", func(t *tx) (err error) {
		s := &auditSelection{tx: t, account: account, q: q}
		switch {
		case q.Of != (addressbook.SID{}):
			page, err = s.history(q.Of)
		case q.Object != "":
			page, err = s.page(`object = %s`, q.Object)
		case q.Filters():
			page, err = s.scan(``, auditlog.MaxScan, func(*audit.Entry) bool { return true })
		default:
			page, err = s.page(`true`)
		}
		return err
	})
	return page, err
}

// auditSelection reads entries of one query.
type auditSelection struct {
	*tx
	account account.ID
	q       auditlog.Query
}

// within returns a selection of the account and the dates.
func (s *auditSelection) within() *selection {
	first, end := s.q.Bounds()
	sel := newSelection("audit", s.account)
	sel.and("sid >= %s", (*sidValue)(&first))
	sel.and("sid < %s", (*sidValue)(&end))
	return sel
}

// filter adds the conditions for the actor and the action, which no index serves.
func (s *auditSelection) filter(sel *selection) string {
	conditions := []string{`true`}
	if strings.HasSuffix(string(s.q.Action), ".") {
		conditions = append(conditions, `starts_with(action, `+sel.arg(string(s.q.Action))+`)`)
	} else if s.q.Action != "" {
		conditions = append(conditions, `action = `+sel.arg(string(s.q.Action)))
	}
	if kind, id := s.q.Actor.Split(); id != "" {
		conditions = append(conditions, `actor = `+sel.arg(string(s.q.Actor)))
	} else if kind != "" {
		conditions = append(conditions, `split_part(actor, ':', 1) = `+sel.arg(kind))
	}
	return strings.Join(conditions, ` AND `)
}

// page returns the page of the entries that meet one more condition, which an index
// serves.
func (s *auditSelection) page(where string, args ...any) (auditlog.Page, error) {
	sel := s.within()
	names := make([]any, len(args))
	for i, arg := range args {
		names[i] = sel.arg(arg)
	}
	sel.where += ` AND ` + fmt.Sprintf(where, names...)
	wanted := s.filter(sel)
	var found []audit.Entry
	err := s.each(`SELECT `+auditColumns+` FROM audit WHERE `+sel.where+` AND `+wanted+` ORDER BY sid DESC LIMIT `+sel.arg(s.q.Limit), sel.args,
		func(e audit.Entry) { found = append(found, e) })
	return auditlog.Cut(found, s.q.Limit), err
}

// scan returns the page of those of the next few entries that are wanted. Where selects
// the entries to count.
func (s *auditSelection) scan(where string, few int, want func(*audit.Entry) bool) (page auditlog.Page, err error) {
	sel := s.within()
	newest := ` FROM audit WHERE ` + sel.where + where + ` ORDER BY sid DESC LIMIT ` + sel.arg(few)
	count, end := 0, pgtype.UUID{}
	s.queue(`SELECT count(*), (array_agg(sid ORDER BY sid))[1] FROM (SELECT sid`+newest+`) AS newest`, sel.args...).
		QueryRow(func(row pgx.Row) error { return row.Scan(&count, &end) })
	wanted := s.filter(sel)
	limit := ``
	if where == `` {
		limit = ` LIMIT ` + sel.arg(s.q.Limit)
	}
	err = s.each(`SELECT * FROM (SELECT `+auditColumns+newest+`) AS newest WHERE `+wanted+` ORDER BY sid DESC`+limit, sel.args, func(e audit.Entry) {
		if len(page.Entries) < s.q.Limit && want(&e) {
			page.Entries = append(page.Entries, e)
		}
	})
	page = auditlog.Cut(page.Entries, s.q.Limit)
	if page.Next == ([16]byte{}) && count == few {
		page.Next = end.Bytes
	}
	return page, err
}

// history returns the page of what concerns one contact, list, campaign or import.
func (s *auditSelection) history(sid addressbook.SID) (auditlog.Page, error) {
	first := auditlog.SeriesFrom(sid)
	from, at := (*sidValue)(&first), (*sidValue)(&sid)
	series, err := s.page(`sids IS NULL AND first_sid BETWEEN %s AND %s AND (first_sid = %s
		OR last_sid >= %s AND right(last_sid::text, 8) = right((%s::uuid)::text, 8))`, from, at, at, at, at)
	if err != nil {
		return series, err
	}
	object, err := s.page(`object = %s`, sid.String())
	if err != nil {
		return object, err
	}
	parts := []auditlog.Page{series, object}
	var mark int64 // the [upload.Mark] of the import that has added the contact
	s.queue(`SELECT coalesce(upload, 0) FROM contacts WHERE account_id = $1 AND sid = $2
		UNION ALL SELECT coalesce(upload, 0) FROM trashed_contacts WHERE account_id = $1 AND sid = $2`, s.account, at).Query(func(rows pgx.Rows) error {
		_, err := pgx.ForEachRow(rows, []any{&mark}, func() error { return nil })
		return err
	})
	if err := s.flush(); err != nil {
		return object, err
	}
	if mark != 0 {
		first, end := auditlog.ImportsWith(mark)
		imported, err := s.page(`object >= %s AND object < %s`, first, end)
		if err != nil {
			return imported, err
		}
		parts = append(parts, imported)
	}
	many, err := s.scan(` AND sids IS NOT NULL`, auditlog.MaxScanMany, func(e *audit.Entry) bool { return e.Subjects.Contains(sid) })
	return auditlog.Merge(s.q.Limit, append(parts, many)...), err
}

// each runs a query for auditColumns.
func (s *auditSelection) each(query string, args []any, do func(audit.Entry)) error {
	s.queue(query, args...).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			e, err := scanEntry(rows)
			if err != nil {
				return err
			}
			do(e)
		}
		return rows.Err()
	})
	return s.flush()
}

// scanEntry reads a row of auditColumns.
func scanEntry(row pgx.Row) (e audit.Entry, err error) {
	var object, fields pgtype.Text
	var first, last pgtype.UUID
	err = row.Scan(&e.Account, (*sidValue)(&e.SID), (*string)(&e.Action), (*string)(&e.Actor), &e.Address, &e.Request, &e.Done, &e.Failed,
		&object, &fields, &first, &last, &e.Subjects.Many)
	e.Object, e.Fields = object.String, strings.Fields(fields.String)
	e.Subjects.First, e.Subjects.Last = first.Bytes, first.Bytes
	if last.Valid {
		e.Subjects.Last = last.Bytes
	}
	return e, err
}
