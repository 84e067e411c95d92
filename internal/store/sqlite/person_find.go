package sqlite

import (
	"context"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/budget"
	"callbook/internal/campaign"
	"callbook/internal/event"
	"callbook/internal/journal"
	"callbook/internal/person"
	"callbook/internal/phone"
	"callbook/internal/upload"
)

var _ person.Store = (*AddressBook)(nil)

// FindPerson implements [person.Store]. Most of it is scans, because numbers have no index.
func (b *AddressBook) FindPerson(ctx context.Context, account account.ID, m *person.Matcher) (*person.Found, error) {
	var found *person.Found
	err := b.db.scans.read(ctx, account, func(conn *sqlite.Conn) (err error) {
		defer sqlitex.Transaction(conn)(&err) // reads all of it from one snapshot
		s := personSearch{conn: conn, account: account, m: m, share: budget.Of(ctx), found: &person.Found{}}
		found = s.found
		for _, part := range []func() error{
			s.contacts, s.suppressions, s.campaigns, s.targets, s.calls, s.events, s.answers, s.errorRows,
		} {
			if err := part(); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, storeError("find a person", err)
	}
	return found, nil
}

// personSearch is the state of one call of FindPerson.
type personSearch struct {
	conn    *sqlite.Conn
	account account.ID
	m       *person.Matcher
	share   *budget.Share
	found   *person.Found
}

// each calls scan for each row, and claims the memory that it returns.
func (s *personSearch) each(query string, args []any, scan func(*sqlite.Stmt) (weight int64, err error)) error {
	return sqlitex.Execute(s.conn, query, &sqlitex.ExecOptions{
		Args: args,
		ResultFunc: func(stmt *sqlite.Stmt) error {
			weight, err := scan(stmt)
			if err == nil && weight > 0 {
				err = s.share.Claim(weight)
			}
			return err
		},
	})
}

func (s *personSearch) contacts() error {
	number := int64(s.m.Number)
	err := s.each(`SELECT `+contactColumns+`, zeroblob(16) FROM contacts WHERE account_id = ?1 AND number = ?2
		UNION ALL SELECT `+contactColumns+`, deletion FROM trashed_contacts WHERE account_id = ?1 AND number = ?2`, []any{s.account, number},
		func(stmt *sqlite.Stmt) (int64, error) {
			c := person.Contact{Contact: scanContact(stmt), Deletion: columnSID(stmt, contactParams-1)}
			s.found.Contacts = append(s.found.Contacts, c)
			s.m.Note(c.SID)
			return c.Weight(), nil
		})
	for i := range s.found.Contacts {
		if err != nil {
			return err
		}
		c := &s.found.Contacts[i]
		err = s.each(`SELECT lists.sid, lists.name, m.date_created FROM list_members AS m CROSS JOIN lists ON lists.id = m.list_id
				WHERE m.contact_sid = ?2 AND lists.account_id = ?1
			UNION ALL SELECT m.list_sid, coalesce((SELECT name FROM lists WHERE account_id = ?1 AND sid = m.list_sid),
				(SELECT name FROM trashed_lists WHERE account_id = ?1 AND sid = m.list_sid), ''), m.date_created
				FROM trashed_members AS m WHERE m.account_id = ?1 AND m.contact_sid = ?2`, []any{s.account, c.SID[:]},
			func(stmt *sqlite.Stmt) (int64, error) {
				l := addressbook.ListRef{SID: columnSID(stmt, 0), Name: stmt.ColumnText(1), Joined: optionalTime(stmt, 2)}
				c.Lists = append(c.Lists, l)
				return int64(100 + len(l.Name)), nil
			})
	}
	return err
}

func (s *personSearch) suppressions() error {
	return s.each(`SELECT `+suppressionColumns+` FROM suppressions WHERE account_id = ? AND number IN (?, ?)`,
		[]any{s.account, int64(s.m.Number), int64(s.m.Mark)}, func(stmt *sqlite.Stmt) (int64, error) {
			found := scanSuppression(stmt)
			s.found.Suppressions = append(s.found.Suppressions, found)
			return found.Weight(), nil
		})
}

func (s *personSearch) campaigns() error {
	return s.each(`SELECT sid, name, numbers FROM campaigns WHERE account_id = ? AND length(numbers) > 0`, []any{s.account},
		func(stmt *sqlite.Stmt) (int64, error) {
			if !person.HoldsNumber(columnBytes(stmt, 2), s.m.Number) {
				return 0, nil
			}
			c := person.Campaign{SID: columnSID(stmt, 0), Name: stmt.ColumnText(1)}
			s.found.Campaigns = append(s.found.Campaigns, c)
			return int64(100 + len(c.Name)), nil
		})
}

func (s *personSearch) targets() error {
	return s.each(`SELECT campaigns.sid, campaigns.name, `+targetColumns+` FROM campaigns CROSS JOIN targets AS t ON t.campaign_id = campaigns.id
		WHERE campaigns.account_id = ?1 AND (t.number = ?2 OR t.number = ?3 AND t.state <> 2) ORDER BY campaigns.sid, t.position`,
		[]any{s.account, int64(s.m.Number), int64(s.m.Mark)}, func(stmt *sqlite.Stmt) (int64, error) {
			t, err := scanTarget(stmt, 2)
			found := person.Target{Campaign: person.Campaign{SID: columnSID(stmt, 0), Name: stmt.ColumnText(1)}, Target: t}
			s.found.Targets = append(s.found.Targets, found)
			return t.Weight(), err
		})
}

// personCalls selects the calls to a person that are found: not those of a target with the
// mark that is being called.
const personCalls = ` FROM calls INDEXED BY calls_by_number CROSS JOIN campaigns ON campaigns.id = calls.campaign_id
	WHERE campaigns.account_id = ?1 AND (calls.number = ?2 OR calls.number = ?3 AND NOT EXISTS (SELECT 1 FROM targets AS t
		WHERE t.campaign_id = calls.campaign_id AND t.position = calls.position AND t.state = 2))`

func (s *personSearch) calls() error {
	args := []any{s.account, int64(s.m.Number), int64(s.m.Mark)}
	err := s.each(`SELECT campaigns.sid, `+callColumns+personCalls+` ORDER BY calls.sid`, args, func(stmt *sqlite.Stmt) (int64, error) {
		call := scanCall(stmt, 1, columnSID(stmt, 0))
		s.found.Calls = append(s.found.Calls, call)
		return call.Weight(), nil
	})
	if err != nil {
		return err
	}
	return s.each(`SELECT count(*) FROM dialogs WHERE call_sid IN (SELECT calls.sid`+personCalls+` AND calls.state = 5)`, args,
		func(stmt *sqlite.Stmt) (int64, error) {
			s.found.Dialogs = stmt.ColumnInt(0)
			return 0, nil
		})
}

func (s *personSearch) events() error {
	for i := range s.found.Targets {
		t := &s.found.Targets[i]
		err := s.each(`SELECT id, kind, state, url, body, date_created, call_sid FROM events INDEXED BY events_by_target
			WHERE account_id = ? AND campaign_sid = ? AND position = ? ORDER BY id`, []any{s.account, t.Campaign.SID[:], t.Position},
			func(stmt *sqlite.Stmt) (int64, error) {
				e := person.Event{State: event.State(stmt.ColumnInt(2)), Event: event.Event{
					ID: stmt.ColumnInt64(0), Account: s.account, Campaign: t.Campaign.SID, Position: t.Position, Kind: event.Kind(stmt.ColumnInt(1)),
					URL: stmt.ColumnText(3), Body: columnBytes(stmt, 4), Created: optionalTime(stmt, 5), Call: columnSID(stmt, 6),
				}}
				if _, told := s.m.Event(e.Body); !told {
					return 0, nil
				}
				s.found.Events = append(s.found.Events, e)
				return int64(500 + len(e.URL) + len(e.Body)), nil
			})
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *personSearch) answers() error {
	return s.each(`SELECT key, encoding, body, date_created FROM idempotency_keys WHERE account_id = ?`, []any{s.account},
		func(stmt *sqlite.Stmt) (weight int64, err error) {
			r := journal.Receipt{Encoding: journal.Encoding(stmt.ColumnInt(1)), Body: columnBytes(stmt, 2)}
			body, err := r.Whole()
			if err != nil {
				return 0, err
			}
			_, parts := s.m.Answer(body)
			if len(parts) == 0 {
				return 0, nil
			}
			for _, part := range parts {
				weight += int64(100 + len(part))
			}
			s.found.Answers = append(s.found.Answers, person.Answer{Key: stmt.ColumnText(0), Created: time.Unix(0, stmt.ColumnInt64(3)), Parts: parts})
			return weight, nil
		})
}

func (s *personSearch) errorRows() error {
	return s.each(`SELECT uploads.sid, uploads.file_name, e.line, e.kind, e.reason, e.record
		FROM uploads CROSS JOIN upload_errors AS e ON e.upload_id = uploads.id WHERE uploads.account_id = ? ORDER BY uploads.sid, e.line`, []any{s.account},
		func(stmt *sqlite.Stmt) (int64, error) {
			row := upload.ErrorRow{Reason: stmt.ColumnText(4), Record: columnBytes(stmt, 5)}
			if !s.m.Holds(string(row.Record)) && !s.m.Holds(row.Reason) {
				return 0, nil
			}
			row.Line, row.Kind = stmt.ColumnInt64(2), upload.KindOf(stmt.ColumnInt(3))
			s.found.ErrorRows = append(s.found.ErrorRows, person.ErrorRow{Upload: columnSID(stmt, 0), FileName: stmt.ColumnText(1), ErrorRow: row})
			return int64(200 + len(row.Reason) + len(row.Record)), nil
		})
}

// PersonCalls implements [person.Store].
func (b *AddressBook) PersonCalls(ctx context.Context, account account.ID, mark phone.Number) (calls []campaign.Call, err error) {
	err = b.db.points.read(ctx, account, func(conn *sqlite.Conn) error {
		return sqlitex.Execute(conn, `SELECT campaigns.sid, `+callColumns+` FROM calls INDEXED BY calls_by_number CROSS JOIN campaigns ON campaigns.id = calls.campaign_id
			WHERE calls.number = ? AND calls.state < 5 AND campaigns.account_id = ?`, &sqlitex.ExecOptions{
			Args: []any{int64(mark), account},
			ResultFunc: func(stmt *sqlite.Stmt) error {
				calls = append(calls, scanCall(stmt, 1, columnSID(stmt, 0)))
				return nil
			},
		})
	})
	return calls, storeError("read the calls of a person", err)
}
