package postgres

import (
	"context"
	"math/rand/v2"
	"slices"

	"github.com/jackc/pgx/v5"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/journal"
	"callbook/internal/person"
	"callbook/internal/phone"
	"callbook/internal/suppression"
)

// ErasePerson implements [person.Store].
func (db *DB) ErasePerson(ctx context.Context, account account.ID, _ addressbook.SID, m *person.Matcher, f *person.Found) error {
	return db.write(ctx, account, "erase a person", func(t *tx) error {
		e := personErasure{tx: t, m: m, found: f}
		e.suppressions()
		if err := e.contacts(); err != nil {
			return err
		}
		if err := e.campaigns(); err != nil {
			return err
		}
		e.targets()
		e.calls()
		e.events()
		e.errorRows()
		return e.answers()
	})
}

// personErasure is the state of one call of ErasePerson.
type personErasure struct {
	*tx
	m     *person.Matcher
	found *person.Found
}

func (e *personErasure) suppressions() {
	if !slices.ContainsFunc(e.found.Suppressions, func(s suppression.Suppression) bool { return !s.Number.Erased() }) {
		return
	}
	e.queue(`WITH gone AS (DELETE FROM suppressions WHERE account_id = $1 AND number = $2 RETURNING source, date_created)
		INSERT INTO suppressions (account_id, `+suppressionColumns+`) SELECT $1, $3, source, '', date_created FROM gone ON CONFLICT DO NOTHING`,
		e.account, (*numberValue)(&e.m.Number), (*numberValue)(&e.m.Mark))
}

func (e *personErasure) contacts() error {
	var there, trashed []addressbook.SID
	for i := range e.found.Contacts {
		if c := &e.found.Contacts[i]; c.Deletion == (addressbook.SID{}) {
			there = append(there, c.SID)
		} else {
			trashed = append(trashed, c.SID)
		}
	}
	if len(there)+len(trashed) == 0 {
		return nil
	}
	e.lockTrash(restoring)
	// Somebody may have given it another number since, and then it is another person's.
	var still []addressbook.SID
	e.lockContacts(there, func(c *addressbook.Contact) {
		if c.Number == e.m.Number {
			still = append(still, c.SID)
		}
	})
	if err := e.flush(); err != nil {
		return err
	}
	e.deleteLocked(addressbook.ForGood, still)
	column := sids(trashed)
	e.queue(`DELETE FROM trashed_members WHERE account_id = $1 AND contact_sid = ANY($2)
		AND EXISTS (SELECT FROM trashed_contacts WHERE account_id = $1 AND sid = contact_sid)`, e.account, column)
	e.queue(`DELETE FROM trashed_contacts WHERE account_id = $1 AND sid = ANY($2)`, e.account, column)
	return nil
}

// campaigns locks the campaigns of which something is erased, and erases the number among
// their own.
func (e *personErasure) campaigns() error {
	var all []addressbook.SID
	for i := range e.found.Campaigns {
		all = append(all, e.found.Campaigns[i].SID)
	}
	named := slices.Clone(all)
	for i := range e.found.Targets {
		all = append(all, e.found.Targets[i].Campaign.SID)
	}
	for i := range e.found.Calls {
		all = append(all, e.found.Calls[i].Campaign)
	}
	if len(all) == 0 {
		return nil
	}
	e.queue(`SELECT FROM campaigns WHERE account_id = $1 AND sid = ANY($2) ORDER BY sid FOR UPDATE`, e.account, sids(inOrder(all)))
	for i := range named {
		var numbers []byte
		sid := (*sidValue)(&named[i])
		e.queue(`SELECT numbers FROM campaigns WHERE account_id = $1 AND sid = $2`, e.account, sid).QueryRow(func(row pgx.Row) error {
			err := row.Scan(&numbers)
			if noRow(err) {
				return nil
			}
			return err
		})
		if err := e.flush(); err != nil {
			return err
		}
		person.EraseNumber(numbers, e.m.Number)
		if numbers != nil {
			e.queue(`UPDATE campaigns SET numbers = $3 WHERE account_id = $1 AND sid = $2`, e.account, sid, numbers)
		}
	}
	return nil
}

// erased is an erased number, as it is stored.
var erased = phone.Erased

// targets erases the numbers of targets. A target that is being called gets the mark.
func (e *personErasure) targets() {
	campaigns, positions := make([]addressbook.SID, len(e.found.Targets)), make([]int32, len(e.found.Targets))
	for i := range e.found.Targets {
		campaigns[i], positions[i] = e.found.Targets[i].Campaign.SID, int32(e.found.Targets[i].Position)
	}
	e.queue(`UPDATE targets SET number = CASE WHEN state = 2 THEN $3 ELSE $4::bigint END, contact_sid = NULL, name = NULL, vars = NULL
		FROM unnest($5::uuid[], $6::integer[]) AS gone (campaign_sid, position)
		WHERE targets.account_id = $1 AND targets.campaign_sid = gone.campaign_sid AND targets.position = gone.position AND targets.number IN ($2, $3)`,
		e.account, (*numberValue)(&e.m.Number), (*numberValue)(&e.m.Mark), (*numberValue)(&erased), sids(campaigns), positions)
}

// calls erases the numbers of calls, as those of their targets.
func (e *personErasure) calls() {
	campaigns, calls := make([]addressbook.SID, len(e.found.Calls)), make([]addressbook.SID, len(e.found.Calls))
	for i := range e.found.Calls {
		campaigns[i], calls[i] = e.found.Calls[i].Campaign, e.found.Calls[i].SID
	}
	e.queue(`UPDATE calls SET digits = '', cause_text = '', mark = '', recording = CASE WHEN calls.state < 5 THEN -1 ELSE 0 END, number = targets.number
		FROM unnest($4::uuid[], $5::uuid[]) AS gone (campaign_sid, sid), targets
		WHERE calls.account_id = $1 AND calls.campaign_sid = gone.campaign_sid AND calls.sid = gone.sid AND calls.number IN ($2, $3)
			AND targets.account_id = $1 AND targets.campaign_sid = calls.campaign_sid AND targets.position = calls.position`,
		e.account, (*numberValue)(&e.m.Number), (*numberValue)(&e.m.Mark), sids(campaigns), sids(calls))
	e.queue(`DELETE FROM recordings USING unnest($2::uuid[], $3::uuid[]) AS gone (campaign_sid, sid)
		WHERE recordings.account_id = $1 AND recordings.campaign_sid = gone.campaign_sid AND recordings.call_sid = gone.sid`, e.account, sids(campaigns), sids(calls))
	e.queue(`DELETE FROM dialogs WHERE call_sid = ANY($2) AND NOT EXISTS
		(SELECT FROM calls WHERE account_id = $1 AND sid = call_sid AND state < 5)`, e.account, sids(calls))
}

func (e *personErasure) events() {
	for i := range e.found.Events {
		found := &e.found.Events[i]
		body, _ := e.m.Event(found.Body)
		e.queue(`UPDATE events SET body = $3 WHERE account_id = $1 AND id = $2`, e.account, found.ID, body)
	}
}

func (e *personErasure) errorRows() {
	for i := range e.found.ErrorRows {
		row := &e.found.ErrorRows[i]
		e.queue(`WITH gone AS (DELETE FROM upload_errors WHERE account_id = $1 AND upload_sid = $2 AND line = $3 RETURNING octet_length(reason) + octet_length(record) AS bytes)
			UPDATE uploads SET errors_omitted = errors_omitted + 1, error_bytes = greatest(0, error_bytes - gone.bytes) FROM gone WHERE account_id = $1 AND sid = $2`,
			e.account, (*sidValue)(&row.Upload), row.Line)
	}
}

func (e *personErasure) answers() error {
	for i := range e.found.Answers {
		r := journal.Receipt{Key: e.found.Answers[i].Key}
		e.queue(`SELECT encoding, body FROM idempotency_keys WHERE account_id = $1 AND key = $2 FOR UPDATE`, e.account, r.Key).QueryRow(func(row pgx.Row) error {
			err := row.Scan((*uint8)(&r.Encoding), &r.Body)
			if noRow(err) {
				return nil
			}
			return err
		})
		if err := e.flush(); err != nil {
			return err
		}
		if r.Body == nil {
			continue // it was deleted since
		}
		body, err := r.Whole()
		if err != nil {
			return err
		}
		rest, _ := e.m.Answer(body)
		was := r.Cost()
		r.Replace(rest)
		e.queue(`UPDATE idempotency_keys SET encoding = $3, body = $4 WHERE account_id = $1 AND key = $2`, e.account, r.Key, int16(r.Encoding), r.Body)
		e.queue(`INSERT INTO receipt_totals (account_id, slot, receipts, bytes) VALUES ($1, $2, 0, $3)`+addReceiptTotals, e.account, rand.IntN(countSlots), r.Cost()-was)
	}
	return nil
}

// markOf returns an SQL expression for the [person.Mark] of a number. It is NULL for
// accounts that have erased none. $1 is the account.
func markOf(number string) string {
	return `(('x' || encode(substring(sha256((SELECT secret FROM secrets WHERE account_id = $1 AND purpose = 3) || int8send(` + number +
		`)) FROM 1 FOR 8), 'hex'))::bit(64)::bigint | (-9223372036854775808)::bigint)`
}

// marks returns numbers of the account by their marks. It returns none for accounts that
// have erased none.
func (t *tx) marks(numbers []phone.Number) (map[phone.Number]phone.Number, error) {
	var secret []byte
	t.queue(`SELECT secret FROM secrets WHERE account_id = $1 AND purpose = $2`, t.account, account.ErasedNumbers).QueryRow(func(row pgx.Row) error {
		err := row.Scan(&secret)
		if noRow(err) {
			return nil
		}
		return err
	})
	if err := t.flush(); err != nil || secret == nil {
		return nil, err
	}
	marks := make(map[phone.Number]phone.Number, len(numbers))
	for _, n := range numbers {
		marks[person.Mark(secret, n)] = n
	}
	return marks, nil
}

// Scrub implements [person.Store]. It does nothing: PostgreSQL overwrites dead rows as it
// vacuums its tables, and its log as it reuses the segments.
func (db *DB) Scrub(context.Context, []addressbook.SID, [][]byte) error { return nil }

// Unscrubbed implements [person.Store]. It returns none, since Scrub does nothing.
func (db *DB) Unscrubbed(context.Context) ([]addressbook.SID, error) { return nil, nil }
