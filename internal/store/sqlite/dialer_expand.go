package sqlite

import (
	"context"
	"fmt"
	"sync"
	"time"

	"zombiezen.com/go/sqlite"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/campaign"
	"callbook/internal/dialer"
	"callbook/internal/phone"
	"callbook/internal/work"
)

// expandPart is how many targets one transaction makes at most. A part ends earlier when
// its names and variables take expandBytes.
const (
	expandPart  = 2000
	expandBytes = 4 << 20
)

// Expand implements [dialer.Store].
func (s *Campaigns) Expand(ctx context.Context, l work.Lease, account account.ID, sid addressbook.SID, now time.Time, limit int, vars dialer.Vars) (done bool, err error) {
	x := &expansion{s: s, lease: l, account: account, sid: sid, now: now, vars: vars}
	for left := limit; left > 0 && !done && !x.moved && err == nil; {
		var read int
		read, done, err = x.expand(ctx, left)
		left -= read
	}
	return done && err == nil, err
}

// expand makes targets of up to limit numbers of the campaign's own, or of the next
// contacts of one list. It returns how many it has read. While it writes a part of a list,
// a goroutine reads the next one.
func (x *expansion) expand(ctx context.Context, limit int) (read int, done bool, err error) {
	reading, cancel := context.WithCancel(ctx)
	parts := make(chan *expandedPart)
	var reader sync.WaitGroup
	defer reader.Wait()
	defer cancel()
	reader.Go(func() {
		defer close(parts)
		x.read(reading, limit, parts)
	})
	for p := range parts {
		if p.err != nil {
			return read, false, storeError("read the contacts of a campaign", p.err)
		}
		if done, err = x.write(ctx, p); done || x.moved || err != nil {
			return read, done, err
		}
		read += p.read
	}
	return read, false, context.Cause(ctx)
}

// expansion is one call of Expand.
type expansion struct {
	s       *Campaigns
	lease   work.Lease
	account account.ID
	sid     addressbook.SID
	now     time.Time
	vars    dialer.Vars
	moved   bool // somebody else has made targets, or has changed the campaign
}

// expandedPart is a part of the targets of a campaign.
type expandedPart struct {
	err     error
	numbers int // how many of the campaign's own numbers become targets, if it has some
	// list is the index of the list of which contacts were read, and from is its sid. The
	// part is behind the contact after, and ends with the contact until. Last means that
	// the list ends there.
	list         int
	from         addressbook.SID
	after, until addressbook.SID
	last         bool
	read         int // numbers or contacts, with those that are targets already
	targets      []newTarget
}

// newTarget is a target that waits for its first call. contact, name and vars are zero
// for a number that comes without a contact.
type newTarget struct {
	number     phone.Number
	contact    addressbook.SID
	name, vars string
}

// write makes the targets of a part. If the part is not the next one any more, it makes
// none and sets x.moved.
func (x *expansion) write(ctx context.Context, p *expandedPart) (done bool, err error) {
	rows := max(len(p.targets), p.numbers)
	err = x.s.dialFor(ctx, x.lease, x.account, x.sid, rows, "make the targets of a campaign", func(tx *editTx, row *campaignRow) error {
		done = row.Expanded || row.State == campaign.Deleted
		x.moved = row.listsRead != p.list || row.contactRead != p.after || row.nextList() != p.from
		if done || x.moved {
			return nil
		}
		targets := p.targets
		if len(row.From) > 0 {
			targets = targetsOf(row.From[row.next:min(len(row.From), row.next+p.numbers)])
		}
		if err := x.add(tx, row, targets); err != nil {
			return fmt.Errorf("make targets: %w", err)
		}
		switch {
		case len(row.From) > 0:
			row.Expanded = row.next == len(row.From)
		case p.last:
			row.listsRead, row.contactRead = row.listsRead+1, addressbook.SID{}
			row.Expanded = row.listsRead >= len(row.Lists)
		default:
			row.contactRead = p.until
		}
		done = row.Expanded
		return nil
	})
	return done, err
}

// nextList returns the list whose contacts become targets next, or the zero sid if there
// is none.
func (row *campaignRow) nextList() addressbook.SID {
	if row.listsRead < len(row.Lists) {
		return row.Lists[row.listsRead]
	}
	return addressbook.SID{}
}

func targetsOf(numbers []phone.Number) []newTarget {
	targets := make([]newTarget, len(numbers))
	for i, n := range numbers {
		targets[i].number = n
	}
	return targets
}

// These insert new targets, with and without variables. Of each statement, ?1 is the
// campaign, ?2 the first position, and ?3 when the targets are due.
var (
	insertTargets = newSharedBulkInsert(`targets (campaign_id, position, number, contact_sid, name, state, due, reason, history)`, 3, 3, func(r, param int) string {
		return fmt.Sprintf(`?1,?2+%d,?%d,?%d,?%d,1,?3,0,x''`, r, param, param+1, param+2)
	})
	insertTargetsWithVars = newSharedBulkInsert(`targets (campaign_id, position, number, contact_sid, name, vars, state, due, reason, history)`, 3, 4, func(r, param int) string {
		return fmt.Sprintf(`?1,?2+%d,?%d,?%d,?%d,?%d,1,?3,0,x''`, r, param, param+1, param+2, param+3)
	})
)

// add inserts targets at the campaign's next positions, and counts them.
func (x *expansion) add(tx *editTx, row *campaignRow, targets []newTarget) error {
	insert := &insertTargets
	if x.vars != nil {
		insert = &insertTargetsWithVars
	}
	given := func(text string) addressbook.Text { return addressbook.Text{Value: text, Given: text != ""} }
	err := insert.runShared(tx.Conn, len(targets), func(stmt *sqlite.Stmt, i int) {
		stmt.BindInt64(1, row.id)
		stmt.BindInt64(2, int64(row.next+i))
		stmt.BindInt64(3, x.now.UnixNano())
	}, func(stmt *sqlite.Stmt, param, i int) {
		t := &targets[i]
		stmt.BindInt64(param, int64(t.number))
		if t.contact == (addressbook.SID{}) {
			stmt.BindNull(param + 1)
		} else {
			stmt.BindBytes(param+1, t.contact[:])
		}
		tx.bytes += targetBytes + bindText(stmt, param+2, given(t.name))
		if x.vars != nil {
			tx.bytes += bindText(stmt, param+3, given(t.vars))
		}
	})
	row.next += len(targets)
	row.Add(len(targets))
	return err
}
