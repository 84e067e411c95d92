package sqlite

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"zombiezen.com/go/sqlite"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/campaign"
	"callbook/internal/dialer"
	"callbook/internal/phone"
	"callbook/internal/work"
)

// Expand implements [dialer.Store].
func (s *Campaigns) Expand(ctx context.Context, l work.Lease, account account.ID, sid addressbook.SID, now time.Time, limit int, vars dialer.Vars) (done bool, err error) {
	err = s.dialFor(ctx, l, account, sid, limit, "read the numbers of a campaign", func(tx *editTx, row *campaignRow) error {
		done = row.Expanded || row.State.Ended()
		if done {
			return nil
		}
		x := expansion{tx: tx, row: row, now: now, vars: vars}
		for left := limit; left > 0 && !row.Expanded; {
			read, err := x.step(left)
			if err != nil {
				return err
			}
			left -= read
		}
		done = row.Expanded
		return nil
	})
	return done && err == nil, err
}

// expansion is the state of one call of Expand.
type expansion struct {
	tx   *editTx
	row  *campaignRow
	now  time.Time
	vars dialer.Vars
}

// step makes targets of up to limit numbers, or of the next contacts of one list. It
// returns how many it has read.
func (x *expansion) step(limit int) (read int, err error) {
	row := x.row
	if len(row.From) > 0 {
		read, err = x.numbers(row.From[row.next:min(len(row.From), row.next+limit)])
		row.Expanded = row.next == len(row.From)
		return read, err
	}
	if row.listsRead == len(row.Lists) {
		row.Expanded = true
		return 0, nil
	}
	list, _, err := readList(x.tx.Conn, row.Account, row.Lists[row.listsRead])
	if err == nil {
		read, err = x.contacts(list, limit)
	}
	if err != nil && !errors.Is(err, errNoRow) {
		return 0, err
	}
	if read < limit {
		row.listsRead, row.contactRead = row.listsRead+1, addressbook.SID{}
		row.Expanded = row.listsRead == len(row.Lists)
	}
	return read, nil
}

// insertTargets inserts targets that have only a number, and no contact.
var insertTargets = newBulkInsert(`targets (campaign_id, position, number, state, due, reason, history)`, 7)

// numbers makes targets of numbers.
func (x *expansion) numbers(numbers []phone.Number) (int, error) {
	err := insertTargets.run(x.tx.Conn, len(numbers), func(stmt *sqlite.Stmt, param, i int) {
		stmt.BindInt64(param, x.row.id)
		stmt.BindInt64(param+1, int64(x.row.next+i))
		stmt.BindInt64(param+2, int64(numbers[i]))
		stmt.BindInt64(param+3, int64(campaign.Waiting))
		stmt.BindInt64(param+4, x.now.UnixNano())
		stmt.BindInt64(param+5, 0)
		stmt.BindBytes(param+6, nil)
	})
	x.added(len(numbers))
	return len(numbers), err
}

// added counts new targets.
func (x *expansion) added(n int) {
	x.row.next += n
	x.row.Counts.Add(n)
	x.tx.bytes += n * targetBytes
}

// contacts makes targets of the next contacts of a list.
func (x *expansion) contacts(list int64, limit int) (read int, err error) {
	row, from := x.row, x.row.contactRead
	err = x.tx.each(`SELECT count(*), max(contact_sid) FROM
		(SELECT contact_sid FROM list_members WHERE list_id = ? AND contact_sid > ? ORDER BY contact_sid LIMIT ?)`, func(stmt *sqlite.Stmt) {
		stmt.BindInt64(1, list)
		stmt.BindBytes(2, from[:])
		stmt.BindInt64(3, int64(limit))
	}, func(stmt *sqlite.Stmt) error {
		read, row.contactRead = stmt.ColumnInt(0), columnSID(stmt, 1)
		return nil
	})
	if err != nil || read == 0 {
		return 0, err
	}
	err = x.tx.run(x.insert(), func(stmt *sqlite.Stmt) {
		stmt.BindInt64(1, row.id)
		stmt.BindInt64(2, int64(row.next))
		stmt.BindInt64(3, x.now.UnixNano())
		stmt.BindInt64(4, list)
		stmt.BindBytes(5, from[:])
		stmt.BindBytes(6, row.contactRead[:])
		stmt.BindInt64(7, int64(row.Account))
	})
	if err != nil {
		return 0, fmt.Errorf("make targets of contacts: %w", err)
	}
	first := row.next
	x.added(x.tx.Changes())
	if x.vars != nil {
		err = x.setVars(first)
	}
	return read, err
}

// joinedName is the name of a target: the first and the last name of its contact c.
const joinedName = `nullif(coalesce(c.first_name, '') || iif(c.first_name <> '' AND c.last_name <> '', ' ', '') || coalesce(c.last_name, ''), '')`

// insert returns the statement that makes targets of the contacts of list ?4 behind ?5 up
// to ?6. Unless the campaign calls duplicates, it skips contacts that are targets
// already. Contacts have different numbers, so no number is called twice either.
func (x *expansion) insert() string {
	insert := `INSERT OR FAIL INTO targets (campaign_id, position, number, contact_sid, name, state, due, reason, history)
		SELECT ?1, ?2 - 1 + row_number() OVER (ORDER BY m.contact_sid), c.number, c.sid, ` + joinedName + `, 1, ?3, 0, x''
		FROM list_members AS m CROSS JOIN contacts AS c ON c.account_id = ?7 AND c.sid = m.contact_sid
		WHERE m.list_id = ?4 AND m.contact_sid > ?5 AND m.contact_sid <= ?6`
	if x.row.listsRead > 0 && !x.row.Duplicates {
		insert += ` AND NOT EXISTS (SELECT 1 FROM targets AS t INDEXED BY targets_by_contact WHERE t.contact_sid = m.contact_sid AND t.campaign_id = ?1)`
	}
	return insert + ` ORDER BY m.contact_sid`
}

// columnsOfC are the contactColumns of contacts AS c.
var columnsOfC = `c.` + strings.ReplaceAll(contactColumns, ", ", ", c.")

// setVars stores the Vars of the targets from position first on.
func (x *expansion) setVars(first int) error {
	type target struct {
		position int
		vars     string
	}
	var targets []target
	err := x.tx.each(`SELECT `+columnsOfC+`, t.position FROM targets AS t CROSS JOIN contacts AS c ON c.account_id = ? AND c.sid = t.contact_sid
		WHERE t.campaign_id = ? AND t.position >= ?`, func(stmt *sqlite.Stmt) {
		stmt.BindInt64(1, int64(x.row.Account))
		stmt.BindInt64(2, x.row.id)
		stmt.BindInt64(3, int64(first))
	}, func(stmt *sqlite.Stmt) error {
		c := scanContact(stmt)
		targets = append(targets, target{stmt.ColumnInt(contactParams - 1), campaign.EncodeVars(x.vars(&c))})
		return nil
	})
	for _, t := range targets {
		if err != nil {
			return err
		}
		if t.vars == "" {
			continue
		}
		x.tx.bytes += len(t.vars)
		err = x.tx.run(`UPDATE targets SET vars = ? WHERE campaign_id = ? AND position = ?`, func(stmt *sqlite.Stmt) {
			stmt.BindText(1, t.vars)
			stmt.BindInt64(2, x.row.id)
			stmt.BindInt64(3, int64(t.position))
		})
	}
	return err
}
