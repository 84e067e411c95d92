package sqlite

import (
	"context"
	"errors"
	"fmt"

	"zombiezen.com/go/sqlite"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/journal"
	"callbook/internal/person"
	"callbook/internal/phone"
)

// ErasePerson implements [person.Store].
func (b *AddressBook) ErasePerson(ctx context.Context, account account.ID, erasure addressbook.SID, m *person.Matcher, f *person.Found) error {
	rows := len(f.Contacts) + len(f.Targets) + len(f.Calls) + len(f.Events) + len(f.Answers) + len(f.ErrorRows) + 1
	return b.edit(ctx, account, rows, "erase a person", func(tx *editTx) error {
		// SQLite overwrites what the transaction deletes and frees. Elsewhere that would
		// cost the writing of each free page.
		if err := setPragmas(tx.Conn, "secure_delete = ON"); err != nil {
			return err
		}
		e := personErasure{editTx: tx, account: account, m: m, found: f}
		err := e.exec(`INSERT INTO unscrubbed (erasure) VALUES (?) ON CONFLICT DO NOTHING`, erasure[:])
		for _, part := range []func() error{e.contacts, e.suppressions, e.campaigns, e.targets, e.events, e.answers, e.errorRows} {
			if err != nil {
				break
			}
			err = part()
		}
		return errors.Join(err, setPragmas(tx.Conn, "secure_delete = OFF"))
	})
}

// personErasure is the state of one call of ErasePerson.
type personErasure struct {
	*editTx
	account account.ID
	m       *person.Matcher
	found   *person.Found
}

func (e *personErasure) contacts() error {
	var there []addressbook.SID
	for i := range e.found.Contacts {
		c := &e.found.Contacts[i]
		e.bytes += pageBytes
		if c.Deletion == (addressbook.SID{}) {
			there = append(there, c.SID)
			continue
		}
		err := e.eraseMembers(c.SID)
		if err == nil {
			err = e.exec(`DELETE FROM trashed_contacts WHERE account_id = ? AND sid = ? AND number = ?`, e.account, c.SID[:], int64(e.m.Number))
		}
		if err != nil {
			return fmt.Errorf("erase from the trash: %w", err)
		}
	}
	// Somebody may have given it another number since, and then it is another person's.
	var still []addressbook.SID
	for _, sid := range there {
		c, err := readContact(e.Conn, e.account, sid)
		if err == nil && c.Number == e.m.Number {
			still = append(still, sid)
		}
		if err != nil && !errors.Is(err, errNoRow) {
			return err
		}
	}
	_, err := e.deleteContacts(addressbook.ForGood, still)
	return err
}

func (e *personErasure) suppressions() error {
	for i := range e.found.Suppressions {
		s := &e.found.Suppressions[i]
		if s.Number.Erased() {
			continue
		}
		e.bytes += 2 * pageBytes
		err := e.exec(`INSERT INTO suppressions (account_id, `+suppressionColumns+`)
			SELECT account_id, ?1, source, '', date_created FROM suppressions WHERE account_id = ?2 AND number = ?3 ON CONFLICT DO NOTHING`,
			int64(e.m.Mark), e.account, int64(e.m.Number))
		if err == nil {
			err = e.exec(`DELETE FROM suppressions WHERE account_id = ? AND number = ?`, e.account, int64(e.m.Number))
		}
		if err != nil {
			return fmt.Errorf("erase a suppression: %w", err)
		}
	}
	return nil
}

func (e *personErasure) campaigns() error {
	for i := range e.found.Campaigns {
		sid := e.found.Campaigns[i].SID
		var numbers []byte
		err := queryOne(e.Conn, `SELECT numbers FROM campaigns WHERE account_id = ? AND sid = ?`, []any{e.account, sid[:]}, func(stmt *sqlite.Stmt) error {
			numbers = columnBytes(stmt, 0)
			return nil
		})
		if errors.Is(err, errNoRow) {
			continue
		}
		person.EraseNumber(numbers, e.m.Number)
		if err == nil {
			err = e.exec(`UPDATE campaigns SET numbers = ? WHERE account_id = ? AND sid = ?`, numbers, e.account, sid[:])
		}
		if err != nil {
			return fmt.Errorf("erase a number of a campaign: %w", err)
		}
		e.bytes += pageBytes + len(numbers)
	}
	return nil
}

// targets erases the numbers of targets and of their calls. A target that is being called
// gets the mark.
func (e *personErasure) targets() error {
	const of = ` campaign_id = (SELECT id FROM campaigns WHERE account_id = ? AND sid = ?) AND position = ?`
	for i := range e.found.Targets {
		t := &e.found.Targets[i]
		err := e.exec(`UPDATE targets SET number = iif(state = 2, ?, ?), contact_sid = NULL, name = NULL, vars = NULL WHERE number IN (?, ?) AND`+of,
			int64(e.m.Mark), int64(erased), int64(e.m.Number), int64(e.m.Mark), e.account, t.Campaign.SID[:], t.Position)
		if err != nil {
			return fmt.Errorf("erase a target: %w", err)
		}
		e.bytes += targetBytes + pageBytes
	}
	for i := range e.found.Calls {
		c := &e.found.Calls[i]
		err := e.exec(`UPDATE calls SET digits = '', cause_text = '', mark = '', recording = iif(state < 5, -1, 0),
				number = (SELECT number FROM targets AS t WHERE t.campaign_id = calls.campaign_id AND t.position = calls.position)
			WHERE number IN (?, ?) AND campaign_id = (SELECT id FROM campaigns WHERE account_id = ? AND sid = ?) AND sid = ?`,
			int64(e.m.Number), int64(e.m.Mark), e.account, c.Campaign[:], c.SID[:])
		if err == nil {
			err = e.exec(`DELETE FROM recordings WHERE campaign_id = (SELECT id FROM campaigns WHERE account_id = ? AND sid = ?) AND call_sid = ?`, e.account, c.Campaign[:], c.SID[:])
		}
		if err == nil {
			err = e.exec(`DELETE FROM dialogs WHERE call_sid = ?1 AND NOT EXISTS (SELECT 1 FROM calls INDEXED BY calls_in_flight WHERE sid = ?1 AND state < 5)`, c.SID[:])
		}
		if err != nil {
			return fmt.Errorf("erase a call: %w", err)
		}
		e.bytes += callBytes + pageBytes
	}
	return nil
}

// erased is an erased number, as it is stored.
const erased = -1 << 63

func (e *personErasure) events() error {
	for i := range e.found.Events {
		found := &e.found.Events[i]
		body, _ := e.m.Event(found.Body)
		if err := e.exec(`UPDATE events SET body = ? WHERE account_id = ? AND id = ?`, body, e.account, found.ID); err != nil {
			return fmt.Errorf("erase an event: %w", err)
		}
		e.bytes += pageBytes + len(body)
	}
	return nil
}

func (e *personErasure) answers() error {
	for i := range e.found.Answers {
		key := e.found.Answers[i].Key
		var r journal.Receipt
		err := queryOne(e.Conn, `SELECT encoding, body FROM idempotency_keys WHERE account_id = ? AND key = ?`, []any{e.account, key}, func(stmt *sqlite.Stmt) error {
			r = journal.Receipt{Key: key, Encoding: journal.Encoding(stmt.ColumnInt(0)), Body: columnBytes(stmt, 1)}
			return nil
		})
		if errors.Is(err, errNoRow) {
			continue
		}
		var body []byte
		if err == nil {
			body, err = r.Whole()
		}
		if err != nil {
			return fmt.Errorf("erase an answer: %w", err)
		}
		rest, _ := e.m.Answer(body)
		was := r.Cost()
		r.Replace(rest)
		err = e.exec(`UPDATE idempotency_keys SET encoding = ?, body = ? WHERE account_id = ? AND key = ?`, int(r.Encoding), r.Body, e.account, key)
		if err == nil {
			err = moveReceiptTotal(e.Conn, e.account, journal.Total{Bytes: r.Cost() - was})
		}
		if err != nil {
			return fmt.Errorf("erase an answer: %w", err)
		}
		e.bytes += len(r.Body) + 2*pageBytes
	}
	return nil
}

func (e *personErasure) errorRows() error {
	for i := range e.found.ErrorRows {
		row := &e.found.ErrorRows[i]
		const of = `(SELECT id FROM uploads WHERE account_id = ? AND sid = ?)`
		err := e.exec(`DELETE FROM upload_errors WHERE upload_id = `+of+` AND line = ?`, e.account, row.Upload[:], row.Line)
		if err == nil && e.Changes() > 0 {
			err = e.exec(`UPDATE uploads SET errors_omitted = errors_omitted + 1, error_bytes = max(0, error_bytes - ?) WHERE account_id = ? AND sid = ?`,
				len(row.Reason)+len(row.Record), e.account, row.Upload[:])
		}
		if err != nil {
			return fmt.Errorf("erase an error row: %w", err)
		}
		e.bytes += 2 * pageBytes
	}
	return nil
}

// markFunction is the SQL function for [person.Mark].
const markFunction = "callbook_mark"

// markOf returns an SQL expression for the mark of a number. It is NULL for accounts that
// have erased none. ?1 is the account.
func markOf(number string) string {
	return markFunction + `((SELECT secret FROM secrets WHERE account_id = ?1 AND purpose = 3), ` + number + `)`
}

func registerMark(conn *sqlite.Conn) error {
	err := conn.CreateFunction(markFunction, &sqlite.FunctionImpl{
		NArgs:         2,
		Deterministic: true,
		Scalar: func(_ sqlite.Context, args []sqlite.Value) (sqlite.Value, error) {
			if args[0].Type() == sqlite.TypeNull {
				return sqlite.Value{}, nil
			}
			return sqlite.IntegerValue(int64(person.Mark(args[0].Blob(), phone.Number(args[1].Int64())))), nil
		},
	})
	if err != nil {
		return fmt.Errorf("create function %s: %w", markFunction, err)
	}
	return nil
}
