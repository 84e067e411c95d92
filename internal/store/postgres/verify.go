package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/audit"
	"callbook/internal/campaign"
	"callbook/internal/journal"
	"callbook/internal/trunk"
	"callbook/internal/verify"
)

// Verifier gives checks access to a database. It changes nothing.
type Verifier struct{ db *DB }

var _ verify.Store = Verifier{}

// Verifier returns the database for checks.
func (db *DB) Verifier() Verifier { return Verifier{db: db} }

// beginVerify begins a read transaction without timeouts.
const beginVerify = beginRead + `; SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0`

// View implements [verify.Store].
func (x Verifier) View(ctx context.Context, f func(verify.View) error) error {
	const operation = "check the database"
	conn, err := x.db.acquire(ctx, purpose{})
	if err != nil {
		return storeError(operation, causeOf(ctx, err))
	}
	defer conn.release()
	t := &tx{ctx: ctx, conn: conn.Conn.Conn()}
	defer t.rollback()
	if err := conn.Conn.Conn().PgConn().Exec(ctx, beginVerify).Close(); err != nil {
		return storeError(operation, causeOf(ctx, err))
	}
	v := &view{conn: conn.Conn.Conn(), db: x.db}
	// The first statement that reads takes the snapshot.
	err = v.each(ctx, `SELECT tablename FROM pg_tables WHERE schemaname = current_schema()`, nil, func(row pgx.Rows) error {
		var name string
		err := row.Scan(&name)
		v.tables = append(v.tables, name)
		return err
	})
	if err != nil {
		return storeError(operation, causeOf(ctx, err))
	}
	return causeOf(ctx, f(v))
}

// The error codes that mean corruption.
const (
	dataCorrupted  = "XX001"
	indexCorrupted = "XX002"
)

// damaged adds [verify.ErrDamaged] to an error that means corrupt rows or indexes. It
// returns other errors, and nil, unchanged.
func damaged(err error) error {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	if ok && (pg.Code == dataCorrupted || pg.Code == indexCorrupted) {
		return fmt.Errorf("%w: %w", verify.ErrDamaged, err)
	}
	return err
}

// view is a snapshot of a database.
type view struct {
	conn   *pgx.Conn
	db     *DB
	tables []string
}

// each calls scan for each row of a query on the snapshot. It streams the rows.
func (v *view) each(ctx context.Context, query string, args []any, scan func(pgx.Rows) error) error {
	// After an error, cancelling the query keeps the server from sending the rest.
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	rows, err := v.conn.Query(ctx, query, args...)
	if err != nil {
		return damaged(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			stop()
			return err
		}
	}
	return damaged(rows.Err())
}

// one scans the single row of a query.
func (v *view) one(ctx context.Context, query string, args []any, into ...any) error {
	return damaged(v.conn.QueryRow(ctx, query, args...).Scan(into...))
}

// Has implements [verify.View]. Every table exists, since a database whose schema is
// not up to date is not opened.
func (v *view) Has(string) bool { return true }

// Accounts implements [verify.View].
func (v *view) Accounts(ctx context.Context) (all []verify.Account, err error) {
	err = v.each(ctx, `SELECT accounts.id, accounts.sid, count(contact_counts.slot) > 0, coalesce(sum(contacts), 0)::bigint,
			count(*) FILTER (WHERE slot < 0 OR slot >= $1)
		FROM accounts LEFT JOIN contact_counts ON contact_counts.account_id = accounts.id
		GROUP BY accounts.id, accounts.sid ORDER BY accounts.sid`, []any{countSlots}, func(row pgx.Rows) error {
		var a verify.Account
		err := row.Scan(&a.ID, &a.SID, &a.Counted, &a.Count, &a.Slots)
		all = append(all, a)
		return err
	})
	return all, err
}

// Contacts implements [verify.View].
func (v *view) Contacts(ctx context.Context, account account.ID, each func(*verify.Contact) error) error {
	return v.contacts(ctx, "contacts", account, each)
}

// TrashedContacts implements [verify.View].
func (v *view) TrashedContacts(ctx context.Context, account account.ID, each func(*verify.Contact) error) error {
	return v.contacts(ctx, "trashed_contacts", account, each)
}

// contacts visits the contacts in a table.
func (v *view) contacts(ctx context.Context, table string, account account.ID, each func(*verify.Contact) error) error {
	var c verify.Contact
	var sid sidValue
	var custom textValue
	var texts addressbook.Texts
	var stored folded
	into := []any{&sid, &c.Number, &custom, &c.Created, &c.Updated}
	for i := range texts {
		into = append(into, (*textValue)(&texts[i]))
	}
	for i := range stored {
		into = append(into, (*textValue)(&stored[i]))
	}
	return v.each(ctx, `SELECT `+rowColumns+` FROM `+table+` WHERE account_id = $1 ORDER BY sid`, []any{account}, func(row pgx.Rows) error {
		if err := row.Scan(into...); err != nil {
			return err
		}
		c.SID = sid[:]
		for i := range texts {
			c.Texts[i] = textBytes(textValue(texts[i]))
		}
		c.CustomField = textBytes(custom)
		c.Misfolded = stored != fold(&texts)
		return each(&c)
	})
}

// textBytes returns the bytes of a text, or nil for NULL.
func textBytes(t textValue) []byte {
	if !t.Given {
		return nil
	}
	return []byte(t.Value)
}

// Numbers implements [verify.View]. It reads the rows without an index, since a corrupt
// index could hide duplicates.
func (v *view) Numbers(ctx context.Context, account account.ID, each func(int64) error) error {
	const fromRows = `SET LOCAL enable_indexscan = off; SET LOCAL enable_indexonlyscan = off; SET LOCAL enable_bitmapscan = off`
	if err := v.conn.PgConn().Exec(ctx, fromRows).Close(); err != nil {
		return err
	}
	err := v.each(ctx, `SELECT number FROM contacts WHERE account_id = $1 ORDER BY number`, []any{account}, func(row pgx.Rows) error {
		var number int64
		if err := row.Scan(&number); err != nil {
			return err
		}
		return each(number)
	})
	if err != nil {
		return err
	}
	const withIndexes = `SET LOCAL enable_indexscan = on; SET LOCAL enable_indexonlyscan = on; SET LOCAL enable_bitmapscan = on`
	return v.conn.PgConn().Exec(ctx, withIndexes).Close()
}

// Holders implements [verify.View].
func (v *view) Holders(ctx context.Context, account account.ID, numbers []int64, limit int) (all []verify.Holder, err error) {
	err = v.each(ctx, `SELECT number, sid FROM contacts WHERE account_id = $1 AND number + 0 = ANY ($2::bigint[]) ORDER BY sid LIMIT $3`,
		[]any{account, numbers, limit}, func(row pgx.Rows) error {
			var h verify.Holder
			var sid sidValue
			err := row.Scan(&h.Number, &sid)
			h.SID = sid[:]
			all = append(all, h)
			return err
		})
	return all, err
}

// Lists implements [verify.View].
func (v *view) Lists(ctx context.Context, account account.ID, each func(*verify.List) error) error {
	return v.each(ctx, `SELECT lists.sid, lists.type::bigint, lists.contact_count, lists.date_created, lists.name, lists.name_key,
			coalesce(counted.members, 0), coalesce(counted.strangers, 0)
		FROM lists LEFT JOIN (
			SELECT list_sid, count(*) AS members, count(*) FILTER (WHERE contacts.sid IS NULL) AS strangers
			FROM list_members LEFT JOIN contacts ON contacts.account_id = list_members.account_id AND contacts.sid = list_members.contact_sid
			WHERE list_members.account_id = $1 GROUP BY list_sid
		) AS counted ON counted.list_sid = lists.sid
		WHERE lists.account_id = $1 ORDER BY lists.sid`, []any{account}, func(row pgx.Rows) error {
		var l verify.List
		var sid sidValue
		var name, key string
		if err := row.Scan(&sid, &l.Type, &l.Count, &l.Created, &name, &key, &l.Members, &l.Strangers); err != nil {
			return err
		}
		l.SID, l.Misfolded = sid[:], key != addressbook.NameKey(name, "")
		return each(&l)
	})
}

// Trash implements [verify.View].
func (v *view) Trash(ctx context.Context, account account.ID) (t verify.Trash, err error) {
	err = v.one(ctx, `SELECT (SELECT count(*) FROM trashed_lists WHERE account_id = $1),
			(SELECT count(*) FROM trashed_contacts JOIN contacts USING (account_id, sid) WHERE account_id = $1) +
			(SELECT count(*) FROM trashed_lists JOIN lists USING (account_id, sid) WHERE account_id = $1),
			count(*), count(*) FILTER (WHERE c.sid IS NULL AND tc.sid IS NULL OR l.sid IS NULL AND tl.sid IS NULL),
			count(*) FILTER (WHERE c.sid IS NOT NULL AND l.sid IS NOT NULL)
		FROM trashed_members AS m
			LEFT JOIN contacts AS c ON c.account_id = $1 AND c.sid = m.contact_sid
			LEFT JOIN trashed_contacts AS tc ON tc.account_id = $1 AND tc.sid = m.contact_sid
			LEFT JOIN lists AS l ON l.account_id = $1 AND l.sid = m.list_sid
			LEFT JOIN trashed_lists AS tl ON tl.account_id = $1 AND tl.sid = m.list_sid
		WHERE m.account_id = $1`, []any{account}, &t.Lists, &t.Twins, &t.Members, &t.Strays, &t.Left)
	return t, err
}

// Campaigns implements [verify.View].
func (v *view) Campaigns(ctx context.Context, account account.ID, each func(*verify.Campaign) error) error {
	// Without statistics, as after a copy, the planner expects one target in a campaign and
	// reads all targets for each call. With 20,000 targets that did not end in a minute; a
	// hash join takes 50 ms.
	if _, err := v.conn.Exec(ctx, `SET LOCAL enable_nestloop = off`); err != nil {
		return err
	}
	events := `'[0,0,0]'::json, '[0,0,0]'::json` // older schemas have none
	if v.Has("event_totals") {
		events = `(SELECT json_build_array(count(*) FILTER (WHERE state = 1), count(*) FILTER (WHERE state = 2), count(*) FILTER (WHERE state = 3))
				FROM events WHERE events.account_id = $1 AND events.campaign_sid = campaigns.sid),
			coalesce((SELECT json_build_array(waiting, delivered, given_up)
				FROM event_totals WHERE event_totals.account_id = $1 AND event_totals.campaign_sid = campaigns.sid), '[0,0,0]')`
	}
	cut := `0::bigint` // older schemas have no recordings
	if v.Has("recordings") {
		cut = `(SELECT count(*) FROM calls WHERE calls.account_id = $1 AND calls.campaign_sid = campaigns.sid AND recording > 0 AND recording >
			(SELECT coalesce(sum(octet_length(sound)), 0) FROM recordings AS r WHERE r.account_id = $1 AND r.campaign_sid = calls.campaign_sid AND r.call_sid = calls.sid))`
	}
	return v.each(ctx, `SELECT sid, date_created, state::bigint, settings, next_position, name, name_key, name_folded, `+strings.Join(campaign.CountColumns, ", ")+`,
			(SELECT coalesce(json_agg(json_build_array(state, bytes, n)), '[]') FROM (SELECT state, octet_length(history) AS bytes, count(*) AS n
				FROM targets WHERE targets.account_id = $1 AND targets.campaign_sid = campaigns.sid GROUP BY 1, 2) AS groups),
			(SELECT coalesce(json_agg(json_build_array(state, outcome, n)), '[]') FROM (SELECT state, outcome, count(*) AS n
				FROM calls WHERE calls.account_id = $1 AND calls.campaign_sid = campaigns.sid GROUP BY 1, 2) AS groups),
			(SELECT count(*) FROM calls WHERE calls.account_id = $1 AND calls.campaign_sid = campaigns.sid AND NOT EXISTS (SELECT FROM targets AS t
				WHERE t.account_id = $1 AND t.campaign_sid = calls.campaign_sid AND t.position = calls.position AND t.number = calls.number
				AND substring(history from 17 * attempt - 16 for 17) = uuid_send(calls.sid) || decode(lpad(to_hex(outcome::integer), 2, '0'), 'hex'))),
			`+events+`, `+cut+`
		FROM campaigns WHERE account_id = $1 ORDER BY sid`, []any{account}, func(row pgx.Rows) error {
		var c verify.Campaign
		var sid sidValue
		var settings, name, key, folded string
		into := []any{&sid, &c.Created, &c.State, &settings, &c.Next, &name, &key, &folded}
		for _, n := range c.Counts.Fields() {
			into = append(into, n)
		}
		if err := row.Scan(append(into, &c.Targets, &c.Calls, &c.Strays, &c.Events, &c.EventTotals, &c.CutRecordings)...); err != nil {
			return err
		}
		c.SID, c.Settings = sid[:], []byte(settings)
		c.Misfolded = key != addressbook.NameKey(name, "") || folded != addressbook.SearchText(name)
		return each(&c)
	})
}

// Prompts implements [verify.View]. The database hashes the files, so they stay there.
func (v *view) Prompts(ctx context.Context, account account.ID, each func(*verify.Prompt) error) error {
	return v.each(ctx, `SELECT name, sha256, sha256(file) FROM prompts WHERE account_id = $1`, []any{account}, func(row pgx.Rows) error {
		var p verify.Prompt
		var sum []byte
		if err := row.Scan(&p.Name, &p.Hash, &sum); err != nil {
			return err
		}
		copy(p.Sum[:], sum)
		return each(&p)
	})
}

// Trunks implements [verify.View].
func (v *view) Trunks(ctx context.Context, each func(*trunk.Row) error) error {
	return v.each(ctx, `SELECT `+trunkColumns+` FROM trunks ORDER BY name`, nil, func(row pgx.Rows) error {
		var r trunk.Row
		if err := row.Scan(trunkFields(&r)...); err != nil {
			return err
		}
		return each(&r)
	})
}

// AuditEntries implements [verify.View].
func (v *view) AuditEntries(ctx context.Context, each func(*audit.Entry) error) error {
	return v.each(ctx, `SELECT `+auditColumns+` FROM audit`, nil, func(row pgx.Rows) error {
		e, err := scanEntry(row)
		if err != nil {
			return err
		}
		return each(&e)
	})
}

// Dialogs implements [verify.View].
func (v *view) Dialogs(ctx context.Context) (all, broken int64, err error) {
	err = v.one(ctx, `SELECT count(*), count(*) FILTER (WHERE length(record) = 0) FROM dialogs`, nil, &all, &broken)
	return all, broken, err
}

// Receipts implements [verify.View].
func (v *view) Receipts(ctx context.Context, account account.ID, each func(*verify.Receipt) error) error {
	encoding := `0::bigint` // older schemas have no such column
	if v.Has("receipt_totals") {
		encoding = `encoding::bigint`
	}
	return v.each(ctx, `SELECT key, request_sha256, body, status::bigint, date_created, `+encoding+` FROM idempotency_keys WHERE account_id = $1`,
		[]any{account}, func(row pgx.Rows) error {
			var r verify.Receipt
			if err := row.Scan(&r.Key, &r.Request, &r.Body, &r.Status, &r.Created, &r.Encoding); err != nil {
				return err
			}
			return each(&r)
		})
}

// ReceiptTotal implements [verify.View].
func (v *view) ReceiptTotal(ctx context.Context, account account.ID) (total journal.Total, err error) {
	err = v.each(ctx, `SELECT coalesce(sum(receipts), 0)::bigint, coalesce(sum(bytes), 0)::bigint FROM receipt_totals WHERE account_id = $1`,
		[]any{account}, func(row pgx.Rows) error { return row.Scan(&total.Receipts, &total.Bytes) })
	return total, err
}

// Uploads implements [verify.View].
func (v *view) Uploads(ctx context.Context, account account.ID, each func(*verify.Upload) error) error {
	return v.each(ctx, `SELECT sid, false, state::bigint, size, position, success, duplicate, failed, new_contacts,
			(SELECT count(*) FROM upload_errors AS e WHERE e.account_id = uploads.account_id AND e.upload_sid = uploads.sid)
		FROM uploads WHERE account_id = $1
		UNION ALL SELECT sid, true, 0, size, 0, 0, 0, 0, 0, 0 FROM upload_drafts WHERE account_id = $1`, []any{account}, func(row pgx.Rows) error {
		var u verify.Upload
		var sid sidValue
		err := row.Scan(&sid, &u.Pending, &u.State, &u.Size, &u.Position, &u.Success, &u.Duplicate, &u.Failed, &u.Fresh, &u.ErrorRows)
		if err != nil {
			return err
		}
		u.SID = sid[:]
		return each(&u)
	})
}

// Files implements [verify.View].
func (v *view) Files(ctx context.Context) (map[addressbook.SID]verify.File, error) {
	all := make(map[addressbook.SID]verify.File)
	err := v.each(ctx, `SELECT f.upload_sid, coalesce(f.size, 0), f.size IS NULL OR f.size <> c.bytes OR c.pieces <> c.last + 1
		FROM upload_files AS f CROSS JOIN LATERAL (
			SELECT coalesce(sum(octet_length(data)), 0) AS bytes, count(*) AS pieces, coalesce(max(chunk), -1) AS last
			FROM upload_chunks AS c WHERE c.account_id = f.account_id AND c.upload_sid = f.upload_sid
		) AS c`, nil, func(row pgx.Rows) error {
		var sid sidValue
		var file verify.File
		err := row.Scan(&sid, &file.Size, &file.Broken)
		all[addressbook.SID(sid)] = file
		return err
	})
	return all, err
}

// Ended implements [verify.View]. The files are part of the snapshot, so none can go
// missing because its upload has ended meanwhile.
func (v *view) Ended(context.Context, account.ID, addressbook.SID) (bool, error) { return false, nil }
