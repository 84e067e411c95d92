package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/campaign"
	"callbook/internal/dialer"
	"callbook/internal/phone"
	"callbook/internal/work"
)

// expandPart is how many targets one transaction makes at most.
const expandPart = 2000

// Expand implements [dialer.Store].
func (db *DB) Expand(ctx context.Context, l work.Lease, account account.ID, sid addressbook.SID, now time.Time, limit int, vars dialer.Vars) (done bool, err error) {
	for ; limit > 0 && !done && err == nil; limit -= expandPart {
		done, err = db.expandPart(ctx, l, account, sid, now, min(limit, expandPart), vars)
	}
	return done && err == nil, err
}

// expandPart is Expand in one transaction.
func (db *DB) expandPart(ctx context.Context, l work.Lease, account account.ID, sid addressbook.SID, now time.Time, limit int, vars dialer.Vars) (done bool, err error) {
	err = db.dialFor(ctx, l, account, sid, "read the numbers of a campaign", func(t *tx, row *campaignRow) error {
		x := expansion{tx: t, row: row, now: now.UnixNano(), vars: vars}
		for left := limit; left > 0 && !row.Expanded && row.State != campaign.Deleted; {
			read, err := x.step(left)
			if err != nil {
				return err
			}
			left -= read
		}
		done = row.Expanded || row.State == campaign.Deleted
		return nil
	})
	return done, err
}

// expansion is the state of one call of expandPart.
type expansion struct {
	*tx
	row  *campaignRow
	now  int64
	vars dialer.Vars
}

// step makes targets of up to limit numbers, or of the next contacts of one list. It
// returns how many it has read.
func (x *expansion) step(limit int) (read int, err error) {
	row := x.row
	if len(row.From) > 0 {
		read = min(limit, len(row.From)-row.next)
		x.numbers(row.From[row.next : row.next+read])
		row.Expanded = row.next == len(row.From)
		return read, nil
	}
	if row.listsRead < len(row.Lists) {
		if read, err = x.contacts(row.Lists[row.listsRead], limit); err != nil {
			return 0, err
		}
		if read == limit {
			return read, nil
		}
		row.listsRead, row.contactRead = row.listsRead+1, addressbook.SID{}
	}
	row.Expanded = row.listsRead >= len(row.Lists)
	return read, nil
}

// added counts new targets.
func (x *expansion) added(n int) {
	x.row.next += n
	x.row.Add(n)
}

// numbers queues the insertion of targets for these numbers.
func (x *expansion) numbers(numbers []phone.Number) {
	column := make(numberColumn, len(numbers))
	for i := range numbers {
		column[i] = (*numberValue)(&numbers[i])
	}
	x.queue(`INSERT INTO targets (account_id, campaign_sid, position, number, state, due, reason, history)
		SELECT $1, $2, $3 - 1 + place, number, $4, $5, 0, '' FROM unnest($6::bigint[]) WITH ORDINALITY AS new (number, place)`,
		x.account, (*sidValue)(&x.row.SID), x.row.next, int16(campaign.Waiting), x.now, column)
	x.added(len(numbers))
}

// These select the next members of a list, by its index, and their contacts one by one.
// Otherwise the planner could choose to read the whole account for each batch. $1 is the
// account.
const (
	nextMembers = `SELECT contact_sid FROM list_members WHERE account_id = $1 AND list_sid = $2 AND contact_sid > $3 ORDER BY contact_sid LIMIT $4`
	contactOf   = ` CROSS JOIN LATERAL (SELECT * FROM contacts WHERE contacts.account_id = $1 AND contacts.sid = read.contact_sid OFFSET 0) AS contacts`
	// joinedName is the name of a target: the first and the last name of its contact.
	joinedName = `nullif(coalesce(first_name, '') || CASE WHEN first_name <> '' AND last_name <> '' THEN ' ' ELSE '' END || coalesce(last_name, ''), '')`
)

// contacts makes targets of the next contacts of a list. It skips contacts that are
// targets already, unless the campaign calls duplicates. Since contacts have different
// numbers, no number is called twice either.
func (x *expansion) contacts(list addressbook.SID, limit int) (read int, err error) {
	row := x.row
	from, args := `(SELECT contact_sid, NULL FROM (`+nextMembers+`) AS members)`, []any{x.account, (*sidValue)(&list), (*sidValue)(&row.contactRead), limit}
	if x.vars != nil {
		members, vars, err := x.readVars(args)
		if err != nil || len(members) == 0 {
			return 0, err
		}
		from, args = `unnest($2::uuid[], $3::text[])`, []any{x.account, sids(members), vars}
	}
	s := &selection{args: args}
	sid := s.arg((*sidValue)(&row.SID))
	passOver := ``
	if row.listsRead > 0 && !row.Duplicates {
		passOver = ` WHERE NOT EXISTS (SELECT FROM targets WHERE account_id = $1 AND contact_sid = contacts.sid AND campaign_sid = ` + sid + `)`
	}
	var added int
	var last addressbook.SID
	x.queue(`WITH read AS MATERIALIZED (SELECT * FROM `+from+` AS read (contact_sid, vars)),
			added AS (
				INSERT INTO targets (account_id, campaign_sid, position, number, contact_sid, name, vars, state, due, reason, history)
				SELECT $1, `+sid+`, `+s.arg(row.next)+` - 1 + row_number() OVER (ORDER BY contacts.sid), number, sid, `+joinedName+`, nullif(vars, ''),
					1, `+s.arg(x.now)+`, 0, ''
				FROM read`+contactOf+passOver+`
				RETURNING 1)
		SELECT (SELECT count(*) FROM read), (SELECT contact_sid FROM read ORDER BY contact_sid DESC LIMIT 1), (SELECT count(*) FROM added)`,
		s.args...).QueryRow(func(row pgx.Row) error { return row.Scan(&read, (*sidValue)(&last), &added) })
	if err := x.flush(); err != nil {
		return 0, err
	}
	row.contactRead = last
	x.added(added)
	return read, nil
}

// readVars reads the next members of a list, and the values of each for the campaign's
// text.
func (x *expansion) readVars(args []any) (members []addressbook.SID, vars []string, err error) {
	x.queue(`SELECT `+contactColumns+` FROM (`+nextMembers+`) AS read`+contactOf, args...).Query(x.eachContact(func(c *addressbook.Contact) {
		members, vars = append(members, c.SID), append(vars, x.vars(c))
	}))
	err = x.flush()
	return members, vars, err
}
