package sqlite

import (
	"context"
	"errors"
	"strings"

	"zombiezen.com/go/sqlite"

	"callbook/internal/addressbook"
	"callbook/internal/phone"
)

// read sends the next parts of a campaign, of up to limit targets together, until its list
// ends, an error occurs, or ctx ends. The receiver is done with a part when it receives
// the next one.
func (x *expansion) read(ctx context.Context, limit int, parts chan<- *expandedPart) {
	var row *campaignRow
	err := x.s.book.db.points.read(ctx, x.account, func(conn *sqlite.Conn) (err error) {
		row, err = readCampaign(conn, x.account, x.sid, "")
		return err
	})
	p := &expandedPart{numbers: limit, read: limit, last: true}
	switch {
	case errors.Is(err, errNoRow): // write tells that too
	case err != nil:
		p.err = err
	default:
		p.list, p.from, p.after = row.listsRead, row.nextList(), row.contactRead
		if p.from != (addressbook.SID{}) {
			p.numbers, p.read, p.last = 0, 0, false
		}
	}
	var memory [2][]newTarget // of the part that is read, and of the part that is written
	for turn := 0; ; turn++ {
		size := min(expandPart, limit)
		if !p.last && p.err == nil {
			p.targets = memory[turn%2][:0]
			p.err = x.s.book.db.points.read(ctx, x.account, func(conn *sqlite.Conn) error { return x.contacts(conn, row, p, size) })
			memory[turn%2] = p.targets
		}
		select {
		case parts <- p:
		case <-ctx.Done():
			return
		}
		if limit -= p.read; limit <= 0 || p.last || p.err != nil {
			return
		}
		p = &expandedPart{list: p.list, from: p.from, after: p.until}
	}
}

// contacts reads the next contacts of a list. Unless the campaign calls duplicates, it
// skips contacts that are targets already.
func (x *expansion) contacts(conn *sqlite.Conn, row *campaignRow, p *expandedPart, limit int) error {
	list, _, err := readList(conn, x.account, p.from)
	if errors.Is(err, errNoRow) {
		p.last = true
		return nil
	}
	if err != nil {
		return err
	}
	p.until = p.after
	bytes := 0
	err = eachRow(conn, x.query(row, p), func(stmt *sqlite.Stmt) {
		stmt.BindInt64(1, list)
		stmt.BindBytes(2, p.after[:])
		stmt.BindInt64(3, int64(limit))
		stmt.BindInt64(4, int64(x.account))
		stmt.BindInt64(5, row.id)
	}, func(stmt *sqlite.Stmt) error {
		p.read++
		p.until = columnSID(stmt, 0)
		t := newTarget{number: phone.Number(stmt.ColumnInt64(1)), contact: p.until}
		isTarget := 4
		if x.vars == nil {
			t.name = joinedName(stmt.ColumnText(2), stmt.ColumnText(3))
		} else {
			c := scanContact(stmt)
			t.name, t.vars = joinedName(c.Texts[addressbook.FirstName].Value, c.Texts[addressbook.LastName].Value), x.vars(&c)
			isTarget = contactParams - 1
		}
		if !stmt.ColumnBool(isTarget) {
			p.targets = append(p.targets, t)
			bytes += len(t.name) + len(t.vars)
		}
		if bytes >= expandBytes {
			return errLongPart
		}
		return nil
	})
	if errors.Is(err, errLongPart) {
		return nil
	}
	p.last = p.read < limit
	return err
}

// errLongPart stops the reading of a part whose texts are long.
var errLongPart = errors.New("the texts of the part are long")

// joinedName returns the name of a target whose contact has these names.
func joinedName(first, last string) string {
	switch {
	case first == "":
		return last
	case last == "":
		return first
	}
	return first + " " + last
}

// query returns the statement that reads the next ?3 contacts of list ?1 behind ?2. Its
// columns are sid, number and names, or all contactColumns for a campaign with variables;
// then whether the contact is a target already.
func (x *expansion) query(row *campaignRow, p *expandedPart) string {
	isTarget, columns := `?5 < 0`, `c.sid, c.number, c.first_name, c.last_name`
	if p.list > 0 && !row.Duplicates {
		isTarget = `EXISTS (SELECT 1 FROM targets AS t INDEXED BY targets_by_contact WHERE t.contact_sid = m.contact_sid AND t.campaign_id = ?5)`
	}
	if x.vars != nil {
		columns = `c.` + strings.ReplaceAll(contactColumns, ", ", ", c.")
	}
	return `SELECT ` + columns + `, ` + isTarget + `
		FROM list_members AS m CROSS JOIN contacts AS c ON c.account_id = ?4 AND c.sid = m.contact_sid
		WHERE m.list_id = ?1 AND m.contact_sid > ?2 ORDER BY m.contact_sid LIMIT ?3`
}
