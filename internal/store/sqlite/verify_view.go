package sqlite

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/audit"
	"callbook/internal/campaign"
	"callbook/internal/journal"
	"callbook/internal/trunk"
	"callbook/internal/verify"
)

// view is a snapshot of a file.
type view struct {
	conn    *sqlite.Conn
	path    string
	objects map[string]string         // the result of schemaObjects
	files   map[addressbook.SID]int64 // sizes; -1 for a damaged file
}

// Has implements [verify.View].
func (v *view) Has(table string) bool {
	_, there := v.objects[table]
	return there
}

// each runs a query on the snapshot.
func (v *view) each(query string, args []any, scan func(*sqlite.Stmt) error) error {
	var own error
	err := sqlitex.Execute(v.conn, query, &sqlitex.ExecOptions{Args: args, ResultFunc: func(stmt *sqlite.Stmt) error {
		own = scan(stmt)
		return own
	}})
	if own != nil {
		return own
	}
	return damaged(err)
}

// Accounts implements [verify.View].
func (v *view) Accounts(context.Context) (all []verify.Account, err error) {
	if !v.Has("accounts") {
		return nil, nil
	}
	err = v.each(`SELECT accounts.id, accounts.sid, contact_counts.contacts IS NOT NULL, contact_counts.contacts
		FROM accounts LEFT JOIN contact_counts ON contact_counts.account_id = accounts.id ORDER BY accounts.sid`, nil,
		func(stmt *sqlite.Stmt) error {
			all = append(all, verify.Account{
				ID: account.ID(stmt.ColumnInt64(0)), SID: stmt.ColumnText(1), Counted: stmt.ColumnBool(2), Count: stmt.ColumnInt64(3),
			})
			return nil
		})
	return all, err
}

// Contacts implements [verify.View].
func (v *view) Contacts(_ context.Context, account account.ID, each func(*verify.Contact) error) error {
	return v.contacts("contacts", account, each)
}

// TrashedContacts implements [verify.View].
func (v *view) TrashedContacts(_ context.Context, account account.ID, each func(*verify.Contact) error) error {
	return v.contacts("trashed_contacts", account, each)
}

// contacts visits the contacts in a table.
func (v *view) contacts(table string, account account.ID, each func(*verify.Contact) error) error {
	var c verify.Contact
	var buf []byte
	texts := addressbook.TextKeys()
	for i, name := range texts {
		if !v.hasColumn(table, name) {
			texts[i] = "NULL" // the file's schema is older than the field
		}
	}
	return v.each(`SELECT sid, custom_field, number, date_created, date_updated, `+strings.Join(texts, ", ")+`
		FROM `+table+` WHERE account_id = ? ORDER BY sid`, []any{account},
		func(stmt *sqlite.Stmt) error {
			buf = buf[:0]
			buf, c.SID = column(stmt, 0, buf)
			for i := range c.Texts {
				buf, c.Texts[i] = column(stmt, 5+i, buf)
			}
			buf, c.CustomField = column(stmt, 1, buf)
			c.Number, c.Created, c.Updated = stmt.ColumnInt64(2), stmt.ColumnInt64(3), stmt.ColumnInt64(4)
			return each(&c)
		})
}

// column appends the bytes of a column to buf, and also returns them alone. NULL
// appends nothing and is nil.
func column(stmt *sqlite.Stmt, col int, buf []byte) (longer, value []byte) {
	if stmt.ColumnIsNull(col) {
		return buf, nil
	}
	start := len(buf)
	n := stmt.ColumnLen(col)
	if cap(buf)-start < n {
		buf = append(make([]byte, 0, 2*(start+n)), buf...) // values returned before keep the old array
	}
	buf = buf[:start+n]
	stmt.ColumnBytes(col, buf[start:])
	return buf, buf[start : start+n : start+n]
}

// Numbers implements [verify.View]. SQLite sorts them with temporary files.
func (v *view) Numbers(_ context.Context, account account.ID, each func(int64) error) error {
	return v.each(`SELECT number FROM contacts WHERE account_id = ? ORDER BY number`, []any{account},
		func(stmt *sqlite.Stmt) error { return each(stmt.ColumnInt64(0)) })
}

// Holders implements [verify.View].
func (v *view) Holders(_ context.Context, account account.ID, numbers []int64, limit int) (all []verify.Holder, err error) {
	wanted := make(map[int64]bool, len(numbers))
	for _, number := range numbers {
		wanted[number] = true
	}
	err = v.each(`SELECT number, sid FROM contacts WHERE account_id = ?`, []any{account}, func(stmt *sqlite.Stmt) error {
		if number := stmt.ColumnInt64(0); wanted[number] && len(all) < limit {
			_, sid := column(stmt, 1, nil)
			all = append(all, verify.Holder{Number: number, SID: sid})
		}
		return nil
	})
	return all, err
}

// Lists implements [verify.View].
func (v *view) Lists(_ context.Context, account account.ID, each func(*verify.List) error) error {
	return v.each(`SELECT sid, type, contact_count, date_created,
			(SELECT count(*) FROM list_members WHERE list_id = lists.id),
			(SELECT count(*) FROM list_members WHERE list_id = lists.id AND NOT EXISTS
				(SELECT 1 FROM contacts WHERE contacts.account_id = lists.account_id AND contacts.sid = list_members.contact_sid))
		FROM lists WHERE account_id = ? ORDER BY sid`, []any{account},
		func(stmt *sqlite.Stmt) error {
			_, sid := column(stmt, 0, nil)
			return each(&verify.List{
				SID: sid, Type: stmt.ColumnInt64(1), Count: stmt.ColumnInt64(2), Created: stmt.ColumnInt64(3),
				Members: stmt.ColumnInt64(4), Strangers: stmt.ColumnInt64(5),
			})
		})
}

// Trash implements [verify.View].
func (v *view) Trash(_ context.Context, account account.ID) (t verify.Trash, err error) {
	const (
		contact = `EXISTS (SELECT 1 FROM contacts WHERE account_id = ?1 AND sid = contact_sid)`
		list    = `EXISTS (SELECT 1 FROM lists WHERE account_id = ?1 AND sid = list_sid)`
		query   = `SELECT (SELECT count(*) FROM trashed_lists WHERE account_id = ?1),
			(SELECT count(*) FROM trashed_contacts AS t WHERE account_id = ?1 AND EXISTS (SELECT 1 FROM contacts WHERE account_id = ?1 AND sid = t.sid)) +
			(SELECT count(*) FROM trashed_lists AS t WHERE account_id = ?1 AND EXISTS (SELECT 1 FROM lists WHERE account_id = ?1 AND sid = t.sid)),
			count(*), coalesce(sum(
				NOT ` + contact + ` AND NOT EXISTS (SELECT 1 FROM trashed_contacts WHERE account_id = ?1 AND sid = contact_sid) OR
				NOT ` + list + ` AND NOT EXISTS (SELECT 1 FROM trashed_lists WHERE account_id = ?1 AND sid = list_sid)), 0),
			coalesce(sum(` + contact + ` AND ` + list + `), 0)
			FROM trashed_members WHERE account_id = ?1`
	)
	err = v.each(query, []any{account}, func(stmt *sqlite.Stmt) error {
		for i, into := range []*int64{&t.Lists, &t.Twins, &t.Members, &t.Strays, &t.Left} {
			*into = stmt.ColumnInt64(i)
		}
		return nil
	})
	return t, err
}

// Campaigns implements [verify.View].
func (v *view) Campaigns(_ context.Context, account account.ID, each func(*verify.Campaign) error) error {
	events := `'[0,0,0]', '[0,0,0]'` // older schemas have none
	if v.Has("event_totals") {
		events = `(SELECT json_array(count(*) FILTER (WHERE state = 1), count(*) FILTER (WHERE state = 2), count(*) FILTER (WHERE state = 3)) FROM events
				WHERE events.account_id = campaigns.account_id AND campaign_sid = campaigns.sid),
			coalesce((SELECT json_array(waiting, delivered, given_up) FROM event_totals
				WHERE event_totals.account_id = campaigns.account_id AND campaign_sid = campaigns.sid), '[0,0,0]')`
	}
	cut := `0` // older schemas have no recordings
	if v.Has("recordings") {
		cut = `(SELECT count(*) FROM calls WHERE campaign_id = campaigns.id AND recording > 0 AND recording >
			(SELECT coalesce(sum(length(sound)), 0) FROM recordings WHERE recordings.campaign_id = calls.campaign_id AND call_sid = calls.sid))`
	}
	return v.each(`SELECT sid, settings, date_created, state, next_position,
			(SELECT json_group_array(json_array(state, bytes, n)) FROM (SELECT state, length(history) AS bytes, count(*) AS n
				FROM targets WHERE campaign_id = campaigns.id GROUP BY 1, 2)),
			(SELECT json_group_array(json_array(state, outcome, n)) FROM (SELECT state, outcome, count(*) AS n
				FROM calls WHERE campaign_id = campaigns.id GROUP BY 1, 2)),
			(SELECT count(*) FROM calls WHERE campaign_id = campaigns.id AND NOT EXISTS (SELECT 1 FROM targets AS t
				WHERE t.campaign_id = calls.campaign_id AND t.position = calls.position AND t.number = calls.number
				AND substr(history, 17 * attempt - 16, 16) = calls.sid AND hex(substr(history, 17 * attempt, 1)) = printf('%02X', outcome))),
			`+events+`, `+cut+`, `+strings.Join(campaign.CountColumns, ", ")+`
		FROM campaigns WHERE account_id = ? ORDER BY sid`, []any{account}, func(stmt *sqlite.Stmt) error {
		const firstCount = 11
		c := verify.Campaign{
			Strays: stmt.ColumnInt64(7), CutRecordings: stmt.ColumnInt64(10),
			SID: columnBytes(stmt, 0), Settings: columnBytes(stmt, 1),
			Created: stmt.ColumnInt64(2), State: stmt.ColumnInt64(3), Next: stmt.ColumnInt64(4),
		}
		for i, n := range c.Counts.Fields() {
			*n = stmt.ColumnInt(firstCount + i)
		}
		err := errors.Join(json.Unmarshal(columnBytes(stmt, 5), &c.Targets), json.Unmarshal(columnBytes(stmt, 6), &c.Calls),
			json.Unmarshal(columnBytes(stmt, 8), &c.Events), json.Unmarshal(columnBytes(stmt, 9), &c.EventTotals))
		if err != nil {
			return err
		}
		return each(&c)
	})
}

// Prompts implements [verify.View].
func (v *view) Prompts(_ context.Context, account account.ID, each func(*verify.Prompt) error) error {
	return v.each(`SELECT name, sha256, file FROM prompts WHERE account_id = ?`, []any{account}, func(stmt *sqlite.Stmt) error {
		p := verify.Prompt{Name: stmt.ColumnText(0)}
		_, p.Hash = column(stmt, 1, nil)
		sum := sha256.New()
		if _, err := io.Copy(sum, stmt.ColumnReader(2)); err != nil {
			return err
		}
		sum.Sum(p.Sum[:0])
		return each(&p)
	})
}

// Trunks implements [verify.View].
func (v *view) Trunks(_ context.Context, each func(*trunk.Row) error) error {
	return v.each(`SELECT `+trunkColumns+` FROM trunks ORDER BY name`, nil, func(stmt *sqlite.Stmt) error {
		r := scanTrunk(stmt)
		return each(&r)
	})
}

// AuditEntries implements [verify.View].
func (v *view) AuditEntries(_ context.Context, each func(*audit.Entry) error) error {
	return v.each(`SELECT `+auditColumns+` FROM audit`, nil, func(stmt *sqlite.Stmt) error {
		e := scanEntry(stmt)
		return each(&e)
	})
}

// Dialogs implements [verify.View].
func (v *view) Dialogs(context.Context) (all, broken int64, err error) {
	err = v.each(`SELECT count(*), coalesce(sum(length(call_sid) <> 16 OR length(record) = 0), 0) FROM dialogs`, nil, func(stmt *sqlite.Stmt) error {
		all, broken = stmt.ColumnInt64(0), stmt.ColumnInt64(1)
		return nil
	})
	return all, broken, err
}

// Receipts implements [verify.View].
func (v *view) Receipts(_ context.Context, account account.ID, each func(*verify.Receipt) error) error {
	encoding := `0` // older schemas have no such column
	if v.hasColumn("idempotency_keys", "encoding") {
		encoding = `encoding`
	}
	return v.each(`SELECT key, request_sha256, body, status, date_created, `+encoding+` FROM idempotency_keys WHERE account_id = ?`, []any{account},
		func(stmt *sqlite.Stmt) error {
			var r verify.Receipt
			_, r.Key = column(stmt, 0, nil)
			_, r.Request = column(stmt, 1, nil)
			_, r.Body = column(stmt, 2, nil)
			r.Status, r.Created, r.Encoding = stmt.ColumnInt64(3), stmt.ColumnInt64(4), stmt.ColumnInt64(5)
			return each(&r)
		})
}

// ReceiptTotal implements [verify.View].
func (v *view) ReceiptTotal(_ context.Context, account account.ID) (total journal.Total, err error) {
	err = v.each(`SELECT receipts, bytes FROM receipt_totals WHERE account_id = ?`, []any{account}, func(stmt *sqlite.Stmt) error {
		total = journal.Total{Receipts: stmt.ColumnInt64(0), Bytes: stmt.ColumnInt64(1)}
		return nil
	})
	return total, err
}

// Uploads implements [verify.View].
func (v *view) Uploads(_ context.Context, account account.ID, each func(*verify.Upload) error) error {
	size := `0` // older schemas have no such column
	if v.Has("upload_drafts") {
		size = `size`
	}
	fresh := `0`
	if v.hasColumn("uploads", "new_contacts") {
		fresh = `new_contacts`
	}
	query := `SELECT sid, 0, state, ` + size + `, position, success, duplicate, failed, ` + fresh + `,
		(SELECT count(*) FROM upload_errors WHERE upload_id = uploads.id) FROM uploads WHERE account_id = ?`
	args := []any{account}
	if v.Has("upload_drafts") {
		query += ` UNION ALL SELECT sid, 1, 0, size, 0, 0, 0, 0, 0, 0 FROM upload_drafts WHERE account_id = ?`
		args = append(args, account)
	}
	return v.each(query, args, func(stmt *sqlite.Stmt) error {
		var u verify.Upload
		_, u.SID = column(stmt, 0, nil)
		u.Pending = stmt.ColumnBool(1)
		for i, into := range []*int64{&u.State, &u.Size, &u.Position, &u.Success, &u.Duplicate, &u.Failed, &u.Fresh, &u.ErrorRows} {
			*into = stmt.ColumnInt64(2 + i)
		}
		return each(&u)
	})
}

func (v *view) hasColumn(table, column string) bool {
	found := false
	err := v.each(`SELECT 1 FROM pragma_table_info(?) WHERE name = ?`, []any{table, column}, func(*sqlite.Stmt) error {
		found = true
		return nil
	})
	return err == nil && found
}

// Files implements [verify.View].
func (v *view) Files(context.Context) (map[addressbook.SID]verify.File, error) {
	all := make(map[addressbook.SID]verify.File, len(v.files))
	for sid, size := range v.files {
		all[sid] = verify.File{Size: size, Broken: size < 0}
	}
	return all, nil
}

// Ended implements [verify.View]. It reads a new snapshot.
func (v *view) Ended(ctx context.Context, account account.ID, sid addressbook.SID) (ended bool, err error) {
	query, args := `SELECT 1 FROM uploads WHERE account_id = ? AND sid = ? AND state = 0`, []any{account, sid[:]}
	if v.Has("upload_drafts") {
		query += ` UNION ALL SELECT 1 FROM upload_drafts WHERE account_id = ? AND sid = ?`
		args = append(args, args...)
	}
	err = snapshot(ctx, v.path, func(conn *sqlite.Conn) error {
		err := queryOne(conn, query, args, func(*sqlite.Stmt) error { return nil })
		if errors.Is(err, errNoRow) {
			ended, err = true, nil
		}
		return err
	})
	return ended, err
}
