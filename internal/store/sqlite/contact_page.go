package sqlite

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/budget"
	"callbook/internal/phone"
	"callbook/internal/upload"
)

// Contacts implements [addressbook.Store].
func (b *AddressBook) Contacts(ctx context.Context, account account.ID, q addressbook.Query) (addressbook.Page, error) {
	var page addressbook.Page
	var at uint64 // the sid prefix of the contact with the query's number
	if n := q.ByNumber(); n != 0 {
		var found bool
		var err error
		if at, found, err = b.find(ctx, account, n); err != nil || !found {
			return page, err
		}
	}
	share := budget.Of(ctx)
	err := b.db.readersOf(q.Scans()).read(ctx, account, func(conn *sqlite.Conn) (err error) {
		if q.Scans() && b.beforeScan != nil {
			b.beforeScan(account)
		}
		since := b.writer.state()
		// A transaction reads the total and the page from one snapshot.
		defer sqlitex.Transaction(conn)(&err)
		s, err := newSelection(conn, account, q, at)
		if err != nil {
			return err
		}
		switch filters := newFilter(q).any(); {
		case q.Sort == addressbook.ByCreated && filters && q.NoTotal:
			err = s.filteredPage(conn, account, q, share, &page)
		case q.Sort == addressbook.ByCreated && !filters && (q.NoTotal || s.known >= 0):
			page.Total = s.known
			err = s.page(conn, q.Window, share, &page)
		default:
			err = b.search(ctx, conn, since, account, s, q, &page)
		}
		if q.NoTotal {
			page.Total = 0
		}
		if err != nil {
			return err
		}
		page.Contacts, page.Next = addressbook.Cut(page.Contacts, q.Limit, func(c *addressbook.Contact) addressbook.Position { return c.Position(q.Window) })
		if q.WithLists {
			err = readLists(conn, account, share, &page)
		}
		return err
	})
	if err != nil {
		return addressbook.Page{}, storeError("read contacts", err)
	}
	return page, nil
}

// page reads the contacts of a page, and one more, in the order of creation. The table
// has that order.
func (s *selection) page(conn *sqlite.Conn, w addressbook.Window, share *budget.Share, page *addressbook.Page) error {
	return window{Window: w, sid: s.sid}.query(conn, contactColumns, s.from, s.args, func(row *sqlite.Stmt) error {
		c := scanContact(row)
		page.Contacts = append(page.Contacts, c)
		return share.Claim(c.Weight())
	})
}

// filteredPage is page for a query with filters that the scan applies. It stops at the
// page's end.
func (s *selection) filteredPage(conn *sqlite.Conn, account account.ID, q addressbook.Query, share *budget.Share, page *addressbook.Page) error {
	filter := newFilter(q)
	places := newTopK(q.Window, q.Offset, q.Limit+1)
	text, args := window{Window: q.Window, sid: s.sid}.text(filter.columns(q.Sort), s.from, s.args)
	err := sqlitex.Execute(conn, text, &sqlitex.ExecOptions{
		Args: args,
		ResultFunc: func(row *sqlite.Stmt) error {
			if filter.matches(row) {
				places.add(filter.place(row, q.Window))
			}
			if len(places.kept) > q.Limit {
				return errEnough
			}
			return nil
		},
	})
	if err != nil && !errors.Is(err, errEnough) {
		return err
	}
	return readPlaces(conn, account, q, places.kept, share, page)
}

// search reads the total, and the contacts of a page and one more, by scanning
// the whole selection.
func (b *AddressBook) search(ctx context.Context, conn *sqlite.Conn, since state, account account.ID, s selection, q addressbook.Query, page *addressbook.Page) error {
	if q.Offset > b.scans.places && q.Sort != addressbook.ByCreated && q.After == nil {
		leap, err := b.leap(ctx, conn, since, s, q)
		if err != nil {
			return err
		}
		if leap != nil {
			page.Total = leap.total
			if from := q.Offset - leap.passed; from+q.Limit < len(leap.kept) || leap.passed+len(leap.kept) == leap.total {
				return readPlaces(conn, account, q, leap.kept[min(from, len(leap.kept)):min(from+q.Limit+1, len(leap.kept))], budget.Of(ctx), page)
			}
			known := min(q.Offset-leap.passed, len(leap.kept))
			q.Offset -= leap.passed + known
			q.After = leap.kept[known-1].position(q.Window)
		}
	}
	for {
		// The scan also keeps the rows before the page, but only up to b.scans.places.
		// Beyond that, a scan in the order of creation skips rows; in another order,
		// several scans follow each other.
		before := min(q.Offset, b.scans.places)
		next := &scan{selection: s, query: q, limit: before + q.Limit + 1}
		if before < q.Offset && q.Sort == addressbook.ByCreated {
			before = 0
			next.skip, next.limit = q.Offset, q.Limit+1
		}
		all, err := b.scan(ctx, conn, since, next)
		if err != nil {
			return err
		}
		all.sort()
		page.Total = all.total
		if len(all.kept) <= before {
			return nil
		}
		if before+next.skip == q.Offset {
			return readPlaces(conn, account, q, all.kept[before:], budget.Of(ctx), page)
		}
		q.Offset -= before
		q.After = all.kept[before-1].position(q.Window)
	}
}

// leap finds the rows around a far page with two scans. The first takes a sample, from
// which leap estimates where the page begins. The second keeps the rows that follow a
// point somewhat before there, and counts those that it passes. Leap returns nil if the
// estimated point is behind the page's beginning.
func (b *AddressBook) leap(ctx context.Context, conn *sqlite.Conn, since state, s selection, q addressbook.Query) (*found, error) {
	every := max(1, b.scans.sample)
	sample, err := b.scan(ctx, conn, since, &scan{selection: s, query: q, limit: b.scans.places, every: every})
	if err != nil {
		return nil, err
	}
	sample.sort()
	at := (q.Offset - b.scans.places/2) / every
	if at >= len(sample.kept) {
		at = len(sample.kept) - 1 - b.scans.places/2/every // the page is at the end or behind it
	}
	if at < 0 {
		return nil, nil
	}
	near := q
	near.After = sample.kept[at].position(q.Window)
	all, err := b.scan(ctx, conn, since, &scan{selection: s, query: near, limit: b.scans.places + q.Limit + 1})
	if err != nil || all.passed > q.Offset {
		return nil, err
	}
	all.sort()
	return &all, nil
}

// readPlaces reads the contacts at these places.
func readPlaces(conn *sqlite.Conn, account account.ID, q addressbook.Query, places []place, share *budget.Share, page *addressbook.Page) error {
	for _, p := range places {
		c, err := readContact(conn, account, p.sid)
		if err == nil {
			err = share.Claim(c.Weight())
		}
		if err != nil {
			return err
		}
		if q.Sort == addressbook.ByJoined {
			c.Joined = time.Unix(0, p.date)
		}
		page.Contacts = append(page.Contacts, c)
	}
	return nil
}

// selection is the contacts that a query's filters select.
type selection struct {
	from  string // the SQL query from its FROM on
	args  []any
	sid   string // the column of the sid, in the table that yields the rows
	known int    // their number, if a counter tells; -1 otherwise
}

func newSelection(conn *sqlite.Conn, account account.ID, q addressbook.Query, at uint64) (s selection, err error) {
	s = selection{from: `FROM contacts WHERE account_id = ?`, args: []any{account}, sid: "contacts.sid", known: -1}
	if q.Lists == nil {
		s.known, err = countContacts(conn, account)
	} else {
		err = s.inLists(conn, account, q.Lists)
	}
	if err != nil {
		return s, err
	}
	from, until := q.Created.SIDs()
	if from != nil {
		s.and(s.sid+" >= ?", from[:])
	}
	if until != nil {
		s.and(s.sid+" < ?", until[:])
	}
	if q.Untagged {
		s.and("coalesce(contacts.tag, '') = ''")
	}
	if q.ExceptTags != nil {
		tags, err := json.Marshal(q.OtherTags())
		if err != nil {
			return s, err
		}
		s.and("contacts.tag <> '' AND contacts.tag NOT IN (SELECT value FROM json_each(?))", string(tags))
	}
	if q.Upload != (addressbook.SID{}) {
		added, err := readAdditions(conn, account, q.Upload)
		if err != nil {
			return s, err
		}
		s.and("contacts.upload = ? AND "+s.sid+" BETWEEN ? AND ?", upload.Mark(q.Upload), added.First[:], added.Last[:])
	}
	if n := q.ByNumber(); n != 0 {
		from, to := sidsAt(at)
		s.and("contacts.sid BETWEEN ? AND ? AND contacts.number = ?", from[:], to[:], int64(n))
	}
	return s, nil
}

// and adds a condition.
func (s *selection) and(condition string, args ...any) {
	s.from += " AND " + condition
	s.args = append(s.args, args...)
	s.known = -1
}

// find looks up a number in the account's index. If the index is missing or has
// uncommitted removals, it waits for the writer.
func (b *AddressBook) find(ctx context.Context, account account.ID, n phone.Number) (sidPrefix uint64, found bool, err error) {
	if sidPrefix, found, known := b.indexes.peek(account, n); known {
		return sidPrefix, found, nil
	}
	err = b.edit(ctx, account, 0, "find number", func(tx *editTx) error {
		index, err := b.indexes.get(tx.Conn, account)
		if err == nil {
			sidPrefix, found = index.lookup(n)
		}
		return err
	})
	return sidPrefix, found, err
}

// inLists selects the members of lists.
func (s *selection) inLists(conn *sqlite.Conn, account account.ID, sids []addressbook.SID) error {
	var ids []string
	members := 0
	seen := make(map[addressbook.SID]bool, len(sids))
	for _, sid := range sids {
		if seen[sid] {
			continue
		}
		seen[sid] = true
		id, l, err := readList(conn, account, sid)
		if err == errNoRow {
			continue
		}
		if err != nil {
			return err
		}
		ids = append(ids, strconv.FormatInt(id, 10))
		members += l.ContactCount
	}
	if len(ids) == 0 {
		ids = append(ids, "0") // no list has this id
	}
	if len(ids) == 1 {
		// The index yields the members of one list sorted by sid. CROSS makes SQLite read
		// them in that order.
		s.from = `FROM (SELECT list_id, contact_sid, date_created AS date_joined FROM list_members) AS members CROSS JOIN contacts
			ON contacts.account_id = ? AND contacts.sid = members.contact_sid
			WHERE members.list_id = ?`
		s.args = append(s.args, ids[0])
		s.sid = "members.contact_sid"
		s.known = members
		return nil
	}
	// All ids are one parameter, because SQLite's prepared statements are kept by their
	// text.
	s.from += ` AND contacts.sid IN (SELECT contact_sid FROM list_members WHERE list_id IN (SELECT value FROM json_each(?)))`
	s.args = append(s.args, "["+strings.Join(ids, ",")+"]")
	return nil
}
