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
		done = row.Expanded || row.State == campaign.Deleted
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

// newTarget is a target that waits for its first call. contact, name and vars are zero
// for a number that comes without a contact.
type newTarget struct {
	number  phone.Number
	contact addressbook.SID
	name    addressbook.Text
	vars    string
}

var insertTargets = newBulkInsert(`targets (campaign_id, position, number, contact_sid, name, vars, state, due, reason, history)`, 10)

// add inserts targets at the campaign's next positions, and counts them.
func (x *expansion) add(targets []newTarget) error {
	err := insertTargets.run(x.tx.Conn, len(targets), func(stmt *sqlite.Stmt, param, i int) {
		t := &targets[i]
		stmt.BindInt64(param, x.row.id)
		stmt.BindInt64(param+1, int64(x.row.next+i))
		stmt.BindInt64(param+2, int64(t.number))
		if t.contact == (addressbook.SID{}) {
			stmt.BindNull(param + 3)
		} else {
			stmt.BindBytes(param+3, t.contact[:])
		}
		bindText(stmt, param+4, t.name)
		x.tx.bytes += targetBytes + bindText(stmt, param+5, addressbook.Text{Value: t.vars, Given: t.vars != ""})
		stmt.BindInt64(param+6, int64(campaign.Waiting))
		stmt.BindInt64(param+7, x.now.UnixNano())
		stmt.BindInt64(param+8, 0)
		stmt.BindBytes(param+9, nil)
	})
	x.row.next += len(targets)
	x.row.Add(len(targets))
	if err != nil {
		return fmt.Errorf("make targets: %w", err)
	}
	return nil
}

// numbers makes targets of numbers.
func (x *expansion) numbers(numbers []phone.Number) (int, error) {
	targets := make([]newTarget, len(numbers))
	for i, n := range numbers {
		targets[i].number = n
	}
	return len(targets), x.add(targets)
}

// contacts makes targets of the next contacts of a list. Unless the campaign calls
// duplicates, it skips contacts that are targets already. Contacts have different numbers,
// so no number is called twice either.
func (x *expansion) contacts(list int64, limit int) (read int, err error) {
	row, after := x.row, x.row.contactRead
	targets := make([]newTarget, 0, limit)
	err = x.tx.each(x.query(), func(stmt *sqlite.Stmt) {
		stmt.BindInt64(1, list)
		stmt.BindBytes(2, after[:])
		stmt.BindInt64(3, int64(limit))
		stmt.BindInt64(4, int64(row.Account))
		stmt.BindInt64(5, row.id)
	}, func(stmt *sqlite.Stmt) error {
		read++
		row.contactRead = columnSID(stmt, 0)
		t := newTarget{number: phone.Number(stmt.ColumnInt64(1)), contact: row.contactRead}
		next := 2
		if x.vars != nil {
			c := scanContact(stmt)
			t.vars = campaign.EncodeVars(x.vars(&c))
			next = contactParams - 1
		}
		if stmt.ColumnBool(next) {
			return nil // it is a target already
		}
		t.name = scanText(stmt, next+1)
		targets = append(targets, t)
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("read the contacts of a list: %w", err)
	}
	return read, x.add(targets)
}

// joinedName is the name of a target: the first and the last name of its contact c.
const joinedName = `nullif(coalesce(c.first_name, '') || iif(c.first_name <> '' AND c.last_name <> '', ' ', '') || coalesce(c.last_name, ''), '')`

// query returns the statement that reads the next ?3 contacts of list ?1 behind ?2. Its
// columns are sid and number, or all contactColumns for a campaign with variables; then
// whether the contact is a target already, and its name.
func (x *expansion) query() string {
	isTarget, columns := `?5 < 0`, `c.sid, c.number`
	if x.row.listsRead > 0 && !x.row.Duplicates {
		isTarget = `EXISTS (SELECT 1 FROM targets AS t INDEXED BY targets_by_contact WHERE t.contact_sid = m.contact_sid AND t.campaign_id = ?5)`
	}
	if x.vars != nil {
		columns = `c.` + strings.ReplaceAll(contactColumns, ", ", ", c.")
	}
	return `SELECT ` + columns + `, ` + isTarget + `, ` + joinedName + `
		FROM list_members AS m CROSS JOIN contacts AS c ON c.account_id = ?4 AND c.sid = m.contact_sid
		WHERE m.list_id = ?1 AND m.contact_sid > ?2 ORDER BY m.contact_sid LIMIT ?3`
}
