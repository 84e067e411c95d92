package postgres

import (
	"context"
	"math/bits"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/audit"
	"callbook/internal/budget"
	"callbook/internal/trash"
)

var _ trash.Store = (*DB)(nil)

// These lock the account's trash. Deletions share the lock. Restoring and deleting for
// good need it exclusively: if a contact and its list were restored at the same time,
// neither transaction would see the other, and the membership would stay in the trash.
const (
	deleting  = `SELECT pg_advisory_xact_lock_shared($1)`
	restoring = `SELECT pg_advisory_xact_lock($1)`
)

// lockTrash queues a statement that locks the account's trash.
func (t *tx) lockTrash(way string) {
	// Ids are small. With reversed bits they differ from the migration lock, and almost
	// certainly from the locks of idempotency keys, which are hashes.
	t.queue(way, int64(bits.Reverse64(uint64(t.account))))
}

// aliveList excludes deleted lists whose remaining memberships are being purged.
const aliveList = ` AND deletion <> '00000000-0000-0000-0000-000000000000'`

// selectTrash returns the selection for a query of the trash. As is an alias for the
// table.
func selectTrash(table, as string, account account.ID, q trash.Query) *selection {
	s := newSelection(as, account)
	s.from = table + ` AS ` + as
	s.where += aliveList
	if q.Deletion != addressbook.ForGood {
		s.where += ` AND deletion = ` + s.arg((*sidValue)(&q.Deletion))
	}
	return s
}

// queueTrash queues the queries for a page of the trash, with one item more than its
// limit, and for the total. Into returns the destinations for an item's columns, and
// weight its memory.
func queueTrash[T any](t *tx, s *selection, columns string, q trash.Query, into func(*T) []any, weight func(*T) int64, items *trash.Page[T]) {
	s.queueCount(t, &items.Total)
	page := *s // the count keeps its own parameters
	page.args = append([]any(nil), s.args...)
	if q.After != nil {
		page.where += ` AND (deletion, sid) < (` + page.arg((*sidValue)(&q.After.Deletion)) + `, ` + page.arg((*sidValue)(&q.After.SID)) + `)`
	}
	t.queue(`SELECT `+columns+`, deletion FROM `+page.from+` WHERE `+page.where+
		` ORDER BY deletion DESC, sid DESC LIMIT `+page.arg(q.Limit+1), page.args...).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			var item T
			err := rows.Scan(into(&item)...)
			if err == nil {
				err = budget.Of(t.ctx).Claim(weight(&item))
			}
			if err != nil {
				return err
			}
			items.Items = append(items.Items, item)
		}
		return rows.Err()
	})
}

// TrashedContacts implements [trash.Store].
func (db *DB) TrashedContacts(ctx context.Context, account account.ID, q trash.Query) (trash.Page[trash.Contact], error) {
	var page trash.Page[trash.Contact]
	err := db.read(ctx, purpose{account, true}, "read contacts in the trash", func(t *tx) error {
		s := selectTrash("trashed_contacts", "contacts", account, q)
		s.search(q.Terms())
		queueTrash(t, s, contactColumns, q, func(item *trash.Contact) []any {
			return append(intoContact(&item.Contact), (*sidValue)(&item.Deletion))
		}, (*trash.Contact).Weight, &page)
		return nil
	})
	page.Cut(q.Limit, func(c *trash.Contact) trash.Position { return trash.Position{Deletion: c.Deletion, SID: c.SID} })
	return page, err
}

// TrashedLists implements [trash.Store].
func (db *DB) TrashedLists(ctx context.Context, account account.ID, q trash.Query) (trash.Page[trash.List], error) {
	var page trash.Page[trash.List]
	err := db.read(ctx, purpose{account, true}, "read lists in the trash", func(t *tx) error {
		s := selectTrash("trashed_lists", "lists", account, q)
		if q.Search != "" {
			s.and("strpos(lists.name_key, %s) > 0", addressbook.Fold(q.Search))
		}
		queueTrash(t, s, listColumns, q, func(item *trash.List) []any {
			return append(intoList(&item.List), (*sidValue)(&item.Deletion))
		}, (*trash.List).Weight, &page)
		return nil
	})
	page.Cut(q.Limit, func(l *trash.List) trash.Position { return trash.Position{Deletion: l.Deletion, SID: l.SID} })
	return page, err
}

// Expired implements [trash.Store].
func (db *DB) Expired(ctx context.Context, before addressbook.SID) ([]account.ID, error) {
	var some []string
	for _, table := range []string{"trashed_contacts", "trashed_lists"} {
		some = append(some, `EXISTS (SELECT FROM `+table+` WHERE account_id = accounts.id AND deletion < $1)`)
	}
	return collect(ctx, db, purpose{}, "look for what is too old", pgx.RowTo[account.ID],
		`SELECT id FROM accounts WHERE `+strings.Join(some, ` OR `), (*sidValue)(&before))
}

// Purge implements [trash.Store].
func (db *DB) Purge(ctx context.Context, account account.ID, before addressbook.SID, rows int) (trash.Purged, error) {
	var p trash.Purged
	err := db.write(ctx, account, "delete from the trash", func(t *tx) error {
		p = trash.Purged{}
		left, err := t.purgeContacts(before, rows, &p)
		if err == nil {
			left, err = t.purgeLists(before, left, &p)
		}
		p.More = left <= 0
		audit.NoteOf(ctx).Count(p.Contacts + p.Lists)
		return err
	})
	return p, err
}

// purgeContacts deletes the oldest contacts in the trash and their memberships. It
// returns how many more rows may be deleted.
func (t *tx) purgeContacts(before addressbook.SID, rows int, p *trash.Purged) (left int, err error) {
	var oldest []addressbook.SID
	t.lockTrash(restoring)
	t.queue(`SELECT sid FROM trashed_contacts WHERE account_id = $1 AND deletion < $2 ORDER BY deletion, sid LIMIT $3`, t.account, (*sidValue)(&before), rows).
		Query(eachSID(func(sid addressbook.SID) { oldest = append(oldest, sid) }))
	if err := t.flush(); err != nil || len(oldest) == 0 {
		return rows, err
	}
	p.Contacts = len(oldest)
	members := 0
	t.eraseContacts(oldest, &members)
	err = t.flush()
	return rows - p.Contacts - members, err
}

// eraseContacts queues the deletion of contacts in the trash and of their memberships.
// After it has run, members is the number of those memberships.
func (t *tx) eraseContacts(contacts []addressbook.SID, members *int) {
	if len(contacts) == 0 {
		return
	}
	column := sids(contacts)
	t.queue(`DELETE FROM trashed_members WHERE account_id = $1 AND contact_sid = ANY($2)`, t.account, column).Exec(func(tag pgconn.CommandTag) error {
		*members = int(tag.RowsAffected())
		return nil
	})
	t.queue(`DELETE FROM trashed_contacts WHERE account_id = $1 AND sid = ANY($2)`, t.account, column)
}

// purgeLists deletes the oldest lists in the trash and their memberships. If a list has
// too many memberships for one step, it is hidden from then on.
func (t *tx) purgeLists(before addressbook.SID, left int, p *trash.Purged) (int, error) {
	for left > 0 {
		var sid, deletion addressbook.SID
		there := false
		t.queue(`SELECT sid, deletion FROM trashed_lists WHERE account_id = $1 AND deletion < $2 ORDER BY deletion, sid LIMIT 1`,
			t.account, (*sidValue)(&before)).Query(func(rows pgx.Rows) error {
			_, err := pgx.ForEachRow(rows, []any{(*sidValue)(&sid), (*sidValue)(&deletion)}, func() error {
				there = true
				return nil
			})
			return err
		})
		if err := t.flush(); err != nil || !there {
			return left, err
		}
		t.queue(`DELETE FROM trashed_members WHERE account_id = $1 AND list_sid = $2 AND contact_sid IN
			(SELECT contact_sid FROM trashed_members WHERE account_id = $1 AND list_sid = $2 LIMIT $3)`, t.account, (*sidValue)(&sid), left).
			Exec(func(tag pgconn.CommandTag) error {
				left -= int(tag.RowsAffected())
				return nil
			})
		if err := t.flush(); err != nil {
			return 0, err
		}
		if deletion != addressbook.ForGood {
			p.Lists++ // hidden lists were counted before
		}
		if left <= 0 {
			t.hideLists([]addressbook.SID{sid})
			return 0, nil
		}
		t.queue(`DELETE FROM trashed_lists WHERE account_id = $1 AND sid = $2`, t.account, (*sidValue)(&sid))
		left--
	}
	return 0, nil
}

// hideLists queues a statement that hides lists in the trash, until their memberships are
// purged.
func (t *tx) hideLists(lists []addressbook.SID) {
	t.queue(`UPDATE trashed_lists SET deletion = '00000000-0000-0000-0000-000000000000' WHERE account_id = $1 AND sid = ANY($2)`, t.account, sids(lists))
}
