package postgres

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/budget"
	"callbook/internal/phone"
)

// Contact implements [addressbook.Store].
func (db *DB) Contact(ctx context.Context, account account.ID, sid addressbook.SID) (addressbook.Contact, error) {
	found, err := collect(ctx, db, of(account), "read contact", scanContact,
		`SELECT `+contactColumns+` FROM contacts WHERE account_id = $1 AND sid = $2`, account, (*sidValue)(&sid))
	if err != nil {
		return addressbook.Contact{}, err
	}
	if len(found) == 0 {
		return addressbook.Contact{}, addressbook.ErrNoContact
	}
	return found[0], nil
}

// LastSID implements [addressbook.Store].
func (db *DB) LastSID(ctx context.Context) (addressbook.SID, error) {
	return db.lastSID(ctx, "contacts", "lists", "trashed_contacts", "trashed_lists", "uploads", "upload_drafts")
}

// lastSID returns the largest sid in these tables or subqueries.
func (db *DB) lastSID(ctx context.Context, tables ...string) (addressbook.SID, error) {
	var each []string
	for _, table := range tables { // each max is the end of an index
		each = append(each, `(SELECT sid FROM `+table+` WHERE account_id = accounts.id ORDER BY sid DESC LIMIT 1)`)
	}
	found, err := collect(ctx, db, purpose{}, "read the last sid", func(row pgx.CollectableRow) (sid addressbook.SID, err error) {
		err = row.Scan((*sidValue)(&sid))
		return sid, err
	}, `SELECT last.sid FROM accounts, LATERAL (`+strings.Join(each, " UNION ALL ")+`) AS last (sid) ORDER BY sid DESC LIMIT 1`)
	if err != nil || len(found) == 0 {
		return addressbook.SID{}, err
	}
	return found[0], nil
}

// Contacts implements [addressbook.Store].
func (db *DB) Contacts(ctx context.Context, account account.ID, q addressbook.Query) (addressbook.Page, error) {
	var page addressbook.Page
	err := db.read(ctx, purpose{account, q.Scans()}, "read contacts", func(t *tx) error {
		s := selectContacts(account, q)
		toCount := !q.NoTotal
		if q.Upload != (addressbook.SID{}) {
			if err := s.addedBy(t, q.Upload); err != nil {
				return err
			}
		}
		if q.Custom.Key != "" || !q.Origins.All() {
			total, err := s.match(t, q)
			if err != nil {
				return err
			}
			if toCount {
				page.Total, toCount = total, false
			}
		}
		if toCount && s.counter != "" {
			s.queueCount(t, &page.Total)
			toCount = false
		}
		w := window{q.Window, "contacts"}
		columns := contactColumns
		if q.Sort == addressbook.ByJoined {
			columns += ", list_members.date_created"
		}
		s.queuePage(t, columns, w).Query(t.eachContact(func(c *addressbook.Contact) {
			page.Contacts = append(page.Contacts, *c)
		}))
		if !toCount && !q.WithLists {
			return nil
		}
		if err := t.flush(); err != nil {
			return err
		}
		if toCount {
			// The count is not in the page's round trip: a page that is not full has
			// visited all matching contacts already, and so tells the total.
			var known bool
			if page.Total, known = w.total(len(page.Contacts)); !known {
				s.queueCount(t, &page.Total)
			}
		}
		if q.WithLists {
			t.queueListsOf(&page, min(len(page.Contacts), q.Limit))
		}
		return nil
	})
	if err != nil {
		return addressbook.Page{}, err
	}
	page.Contacts, page.Next = addressbook.Cut(page.Contacts, q.Limit, func(c *addressbook.Contact) addressbook.Position { return c.Position(q.Window) })
	return page, nil
}

// queueListsOf queues a query for the lists of the page's first n contacts, ordered by
// name. It reads one list more than [addressbook.ListsShown] of each contact, which tells
// whether there are more.
func (t *tx) queueListsOf(page *addressbook.Page, n int) {
	at := make(map[addressbook.SID]int, n)
	shown := make(sidColumn, n)
	for i := range n {
		sid := &page.Contacts[i].SID
		at[*sid], shown[i] = i, (*sidValue)(sid)
	}
	page.Lists = make([][]addressbook.ListRef, n)
	page.MoreLists = make([]bool, n)
	most := addressbook.ListsShown(n)
	share := budget.Of(t.ctx)
	t.queue(`SELECT shown.sid, of_one.sid, of_one.name, of_one.date_created FROM unnest($2::uuid[]) AS shown (sid) CROSS JOIN LATERAL
		(`+listsOf+` AND list_members.contact_sid = shown.sid ORDER BY lists.name LIMIT $3) AS of_one`,
		t.account, shown, most+1).Query(func(rows pgx.Rows) error {
		var contact sidValue
		var l addressbook.ListRef
		_, err := pgx.ForEachRow(rows, []any{&contact, (*sidValue)(&l.SID), &l.Name, (*dateValue)(&l.Joined)}, func() error {
			i := at[addressbook.SID(contact)]
			if len(page.Lists[i]) == most {
				page.MoreLists[i] = true
				return nil
			}
			page.Lists[i] = append(page.Lists[i], l)
			return share.Claim(l.Weight())
		})
		return err
	})
}

// listsOf selects lists of contacts. A query appends which.
const listsOf = `SELECT lists.sid, lists.name, list_members.date_created FROM list_members
	JOIN lists ON lists.account_id = list_members.account_id AND lists.sid = list_members.list_sid
	WHERE list_members.account_id = $1`

// ListsOf implements [addressbook.Store].
func (db *DB) ListsOf(ctx context.Context, account account.ID, contact addressbook.SID, after string, limit int) ([]addressbook.ListRef, error) {
	var lists []addressbook.ListRef
	err := db.read(ctx, of(account), "read the lists of a contact", func(t *tx) error {
		lists = make([]addressbook.ListRef, 0, limit)
		t.queue(listsOf+` AND list_members.contact_sid = $2 AND lists.name > $3 ORDER BY lists.name LIMIT $4`,
			account, (*sidValue)(&contact), after, limit).Query(func(rows pgx.Rows) error {
			var l addressbook.ListRef
			_, err := pgx.ForEachRow(rows, []any{(*sidValue)(&l.SID), &l.Name, (*dateValue)(&l.Joined)}, func() error {
				lists = append(lists, l)
				return nil
			})
			return err
		})
		return nil
	})
	return lists, err
}

// selectContacts returns the selection for the filters of a query.
func selectContacts(account account.ID, q addressbook.Query) *selection {
	s := newSelection("contacts", account)
	if q.Lists != nil {
		s.inLists(q.Lists)
	} else {
		s.counter = `SELECT coalesce(sum(contacts), 0)::bigint FROM contact_counts WHERE account_id = $1`
	}
	from, until := q.Created.SIDs()
	if from != nil {
		s.and(s.sid+" >= %s", (*sidValue)(from))
	}
	if until != nil {
		s.and(s.sid+" < %s", (*sidValue)(until))
	}
	if n := q.ByNumber(); n != 0 {
		s.and("contacts.number = %s", int64(n))
	}
	if q.Tag != "" {
		s.and("contacts.tag = %s", q.Tag)
	}
	if q.Untagged {
		s.counter = ""
		s.where += " AND coalesce(contacts.tag, '') = ''"
	}
	if q.ExceptTags != nil {
		s.and("contacts.tag <> '' AND contacts.tag <> ALL(%s)", q.OtherTags())
	}
	if part := addressbook.SearchText(q.TagPart); part != "" {
		s.and("strpos("+tagFolded+", %s) > 0", part)
	}
	if email := addressbook.SearchText(q.Email); email != "" {
		s.and(emailFolded+" = %s", email)
	}
	if q.Numbers != nil {
		s.inRanges(q.Numbers)
	}
	if name := addressbook.SearchText(q.Name); name != "" {
		s.and("strpos("+nameFolded+", %s) > 0", name)
	}
	s.search(q.Terms())
	return s
}

// search adds the condition of a search.
func (s *selection) search(terms addressbook.SearchTerms) {
	if len(terms.Words) == 0 {
		return
	}
	s.counter = ""
	inNumber := func(part string) string {
		if start, ok := strings.CutPrefix(part, "+"); ok {
			return "starts_with(contacts.number::text, " + s.arg(start) + ")"
		}
		return "strpos(contacts.number::text, " + s.arg(part) + ") > 0"
	}
	var words []string
	for _, w := range terms.Words {
		if !storable(w.Text) {
			words = append(words, "false")
			continue
		}
		text := s.arg(w.Text)
		var parts []string
		for _, field := range []string{nameFolded, companyFolded, emailFolded} {
			parts = append(parts, "strpos("+field+", "+text+") > 0")
		}
		if strings.Trim(w.Text, "+0123456789") == "" { // a word with other characters is in no number
			parts = append(parts, inNumber(w.Text))
		}
		if w.Digits != "" && w.Digits != w.Text {
			parts = append(parts, inNumber(w.Digits))
		}
		words = append(words, "("+strings.Join(parts, " OR ")+")")
	}
	condition := strings.Join(words, " AND ")
	if terms.Digits != "" {
		condition += " OR " + inNumber(terms.Digits)
	}
	if terms.Number != 0 {
		condition += " OR contacts.number = " + s.arg(int64(terms.Number))
	}
	s.where += " AND (" + condition + ")"
}

// inRanges selects the contacts whose numbers are in one of the ranges. The index on
// numbers serves each range.
func (s *selection) inRanges(ranges []phone.Range) {
	condition := "false"
	for _, r := range ranges {
		condition += " OR contacts.number BETWEEN " + s.arg(int64(r.From)) + " AND " + s.arg(int64(r.To))
	}
	s.counter = ""
	s.where += " AND (" + condition + ")"
}

// inLists selects the members of these lists. A list that does not exist has no members.
func (s *selection) inLists(lists []addressbook.SID) {
	if len(lists) == 1 {
		// The index yields the members of one list sorted by sid.
		list := s.arg((*sidValue)(&lists[0]))
		s.from = `list_members JOIN contacts ON contacts.account_id = list_members.account_id AND contacts.sid = list_members.contact_sid`
		s.where = `list_members.account_id = $1 AND list_members.list_sid = ` + list
		s.counter = `SELECT coalesce(sum(contact_count), 0)::bigint FROM lists WHERE account_id = $1 AND sid = ` + list
		s.sid = "list_members.contact_sid"
		return
	}
	s.and(`contacts.sid IN (SELECT contact_sid FROM list_members WHERE account_id = $1 AND list_sid = ANY(%s))`, sids(lists))
}
