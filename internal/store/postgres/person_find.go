package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/budget"
	"callbook/internal/campaign"
	"callbook/internal/event"
	"callbook/internal/journal"
	"callbook/internal/person"
	"callbook/internal/phone"
	"callbook/internal/suppression"
	"callbook/internal/upload"
)

var _ person.Store = (*DB)(nil)

// FindPerson implements [person.Store].
func (db *DB) FindPerson(ctx context.Context, account account.ID, m *person.Matcher) (*person.Found, error) {
	var found *person.Found
	err := db.read(ctx, purpose{account, true}, "find a person", func(t *tx) error {
		s := personSearch{tx: t, m: m, found: &person.Found{}}
		found = s.found
		s.contacts()
		s.suppressions()
		s.campaigns()
		s.targets()
		s.calls()
		if err := t.flush(); err != nil {
			return err
		}
		// These need what the others have found.
		for i := range s.found.Contacts {
			s.lists(&s.found.Contacts[i])
		}
		for i := range s.found.Targets {
			s.events(&s.found.Targets[i])
		}
		s.answers()
		s.errorRows()
		return t.flush()
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// personSearch is the state of one call of FindPerson.
type personSearch struct {
	*tx
	m     *person.Matcher
	found *person.Found
}

// each queues a query. It calls scan for each row, and claims the memory that it returns.
func (s *personSearch) each(query string, args []any, scan func(pgx.CollectableRow) (weight int64, err error)) {
	share := budget.Of(s.ctx)
	s.queue(query, append([]any{s.account}, args...)...).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			weight, err := scan(rows)
			if err == nil && weight > 0 {
				err = share.Claim(weight)
			}
			if err != nil {
				return err
			}
		}
		return rows.Err()
	})
}

func (s *personSearch) contacts() {
	for _, from := range []string{
		`'00000000-0000-0000-0000-000000000000'::uuid FROM contacts`, `deletion FROM trashed_contacts AS contacts`,
	} {
		s.each(`SELECT `+contactColumns+`, `+from+` WHERE contacts.account_id = $1 AND contacts.number = $2`, []any{(*numberValue)(&s.m.Number)},
			func(row pgx.CollectableRow) (int64, error) {
				var c person.Contact
				err := row.Scan(append(intoContact(&c.Contact), (*sidValue)(&c.Deletion))...)
				s.found.Contacts = append(s.found.Contacts, c)
				s.m.Note(c.SID)
				return c.Weight(), err
			})
	}
}

func (s *personSearch) lists(c *person.Contact) {
	s.each(`SELECT m.list_sid, lists.name, m.date_created FROM list_members AS m JOIN lists ON lists.account_id = $1 AND lists.sid = m.list_sid
			WHERE m.account_id = $1 AND m.contact_sid = $2
		UNION ALL SELECT m.list_sid, coalesce((SELECT name FROM lists WHERE account_id = $1 AND sid = m.list_sid),
			(SELECT name FROM trashed_lists WHERE account_id = $1 AND sid = m.list_sid), ''), m.date_created
			FROM trashed_members AS m WHERE m.account_id = $1 AND m.contact_sid = $2`, []any{(*sidValue)(&c.SID)},
		func(row pgx.CollectableRow) (int64, error) {
			var l addressbook.ListRef
			err := row.Scan((*sidValue)(&l.SID), &l.Name, (*dateValue)(&l.Joined))
			c.Lists = append(c.Lists, l)
			return int64(100 + len(l.Name)), err
		})
}

func (s *personSearch) suppressions() {
	s.queue(`SELECT `+suppressionColumns+` FROM suppressions WHERE account_id = $1 AND number IN ($2, $3)`, s.numbers()...).
		Query(s.eachSuppression(func(found *suppression.Suppression) { s.found.Suppressions = append(s.found.Suppressions, *found) }))
}

// numbers returns the arguments $1 to $3: the account, the number and its mark.
func (s *personSearch) numbers() []any {
	return []any{s.account, (*numberValue)(&s.m.Number), (*numberValue)(&s.m.Mark)}
}

func (s *personSearch) campaigns() {
	s.each(`SELECT sid, name, numbers FROM campaigns WHERE account_id = $1 AND octet_length(numbers) > 0`, nil,
		func(row pgx.CollectableRow) (int64, error) {
			var c person.Campaign
			var numbers []byte
			err := row.Scan((*sidValue)(&c.SID), &c.Name, &numbers)
			if !person.HoldsNumber(numbers, s.m.Number) {
				return 0, err
			}
			s.found.Campaigns = append(s.found.Campaigns, c)
			return int64(100 + len(c.Name)), err
		})
}

func (s *personSearch) targets() {
	s.each(`SELECT `+targetColumns+`, campaigns.name FROM targets JOIN campaigns ON campaigns.account_id = $1 AND campaigns.sid = targets.campaign_sid
		WHERE targets.account_id = $1 AND (targets.number = $2 OR targets.number = $3 AND targets.state <> 2) ORDER BY targets.campaign_sid, targets.position`,
		s.numbers()[1:], func(row pgx.CollectableRow) (int64, error) {
			var name string
			t, err := scanTarget(row, &name)
			s.found.Targets = append(s.found.Targets, person.Target{Campaign: person.Campaign{SID: t.campaign, Name: name}, Target: t.Target})
			return t.Weight(), err
		})
}

// personCalls selects the calls to a person that are found: not those of a target with the
// mark that is being called.
const personCalls = ` FROM calls WHERE calls.account_id = $1 AND calls.number IN ($2, $3) AND (calls.number = $2 OR NOT EXISTS
	(SELECT FROM targets WHERE targets.account_id = $1 AND targets.campaign_sid = calls.campaign_sid AND targets.position = calls.position AND targets.state = 2))`

func (s *personSearch) calls() {
	s.each(`SELECT `+callColumns+personCalls+` ORDER BY calls.sid`, s.numbers()[1:], func(row pgx.CollectableRow) (int64, error) {
		call, err := scanCall(row)
		s.found.Calls = append(s.found.Calls, call)
		return call.Weight(), err
	})
	s.each(`SELECT count(*) FROM dialogs WHERE call_sid IN (SELECT calls.sid`+personCalls+` AND calls.state = 5)`, s.numbers()[1:],
		func(row pgx.CollectableRow) (int64, error) { return 0, row.Scan(&s.found.Dialogs) })
}

func (s *personSearch) events(t *person.Target) {
	s.each(`SELECT id, kind, state, url, body, date_created, call_sid FROM events WHERE account_id = $1 AND campaign_sid = $2 AND position = $3 ORDER BY id`,
		[]any{(*sidValue)(&t.Campaign.SID), t.Position}, func(row pgx.CollectableRow) (int64, error) {
			e := person.Event{Event: event.Event{Account: s.account, Campaign: t.Campaign.SID, Position: t.Position}}
			var call *sidValue
			err := row.Scan(&e.ID, (*uint8)(&e.Kind), (*uint8)(&e.State), &e.URL, &e.Body, (*dateValue)(&e.Created), &call)
			if call != nil {
				e.Call = addressbook.SID(*call)
			}
			if _, told := s.m.Event(e.Body); err != nil || !told {
				return 0, err
			}
			s.found.Events = append(s.found.Events, e)
			return int64(500 + len(e.URL) + len(e.Body)), nil
		})
}

func (s *personSearch) answers() {
	s.each(`SELECT key, encoding, body, date_created FROM idempotency_keys WHERE account_id = $1`, nil, func(row pgx.CollectableRow) (weight int64, err error) {
		var a person.Answer
		var r journal.Receipt
		if err := row.Scan(&a.Key, (*uint8)(&r.Encoding), &r.Body, (*dateValue)(&a.Created)); err != nil {
			return 0, err
		}
		body, err := r.Whole()
		if err != nil {
			return 0, err
		}
		if _, a.Parts = s.m.Answer(body); len(a.Parts) == 0 {
			return 0, nil
		}
		for _, part := range a.Parts {
			weight += int64(100 + len(part))
		}
		s.found.Answers = append(s.found.Answers, a)
		return weight, nil
	})
}

func (s *personSearch) errorRows() {
	s.each(`SELECT uploads.sid, uploads.file_name, e.line, e.kind, e.reason, e.record
		FROM upload_errors AS e JOIN uploads ON uploads.account_id = $1 AND uploads.sid = e.upload_sid WHERE e.account_id = $1 ORDER BY uploads.sid, e.line`, nil,
		func(row pgx.CollectableRow) (int64, error) {
			var e person.ErrorRow
			var kind int
			if err := row.Scan((*sidValue)(&e.Upload), &e.FileName, &e.Line, &kind, &e.Reason, &e.Record); err != nil {
				return 0, err
			}
			if !s.m.Holds(string(e.Record)) && !s.m.Holds(e.Reason) {
				return 0, nil
			}
			e.Kind = upload.KindOf(kind)
			s.found.ErrorRows = append(s.found.ErrorRows, e)
			return int64(200 + len(e.Reason) + len(e.Record)), nil
		})
}

// PersonCalls implements [person.Store].
func (db *DB) PersonCalls(ctx context.Context, account account.ID, mark phone.Number) ([]campaign.Call, error) {
	return collect(ctx, db, of(account), "read the calls of a person", scanCall,
		`SELECT `+callColumns+` FROM calls WHERE account_id = $1 AND number = $2 AND state < 5`, account, (*numberValue)(&mark))
}
