package sqlite

import (
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/event"
)

// eventStore implements [event.Store].
type eventStore struct{ book *AddressBook }

// Events returns the store of events.
func (b *AddressBook) Events() event.Store { return eventStore{b} }

// insertEventRows inserts events that are due at once.
var insertEventRows = newBulkInsert(`events (account_id, campaign_sid, position, kind, state, last, due, tries, status, trouble,
	date_since, date_created, call_sid, receiver, url, body)`, 16)

// eventBytes estimates the space of an event without its texts, with its entries in
// indexes.
const eventBytes = 200

// insertEvents inserts events, and counts them.
func (tx *editTx) insertEvents(events []event.Event) error {
	if len(events) == 0 {
		return nil
	}
	err := insertEventRows.run(tx.Conn, len(events), func(stmt *sqlite.Stmt, param, i int) {
		e := &events[i]
		tx.bytes += eventBytes + len(e.URL) + len(e.Body)
		stmt.BindInt64(param, int64(e.Account))
		stmt.BindBytes(param+1, e.Campaign[:])
		stmt.BindInt64(param+2, int64(e.Position))
		stmt.BindInt64(param+3, int64(e.Kind))
		stmt.BindInt64(param+4, int64(event.Waiting))
		stmt.BindBool(param+5, e.Last)
		stmt.BindInt64(param+6, int64(event.AtOnce))
		stmt.BindInt64(param+7, 0)
		stmt.BindInt64(param+8, 0)
		stmt.BindInt64(param+9, 0)
		stmt.BindInt64(param+10, e.Created.UnixNano())
		stmt.BindInt64(param+11, e.Created.UnixNano())
		if e.Kind == event.CallStatus {
			stmt.BindBytes(param+12, e.Call[:])
		} else {
			stmt.BindNull(param + 12)
		}
		stmt.BindText(param+13, event.Origin(e.URL))
		stmt.BindText(param+14, e.URL)
		stmt.BindBytes(param+15, e.Body)
	})
	if err != nil {
		return err
	}
	var moves eventMoves
	for i := range events {
		moves.add(events[i].Account, events[i].Campaign, 0, event.Waiting)
	}
	return moves.write(tx)
}

// eventMoves are changes to the event counters of campaigns.
type eventMoves map[eventCampaign]*event.Counts

type eventCampaign struct {
	account account.ID
	sid     addressbook.SID
}

// add counts an event that has changed its state. From is 0 for a new event, and to is 0
// for a deleted one.
func (m *eventMoves) add(account account.ID, sid addressbook.SID, from, to event.State) {
	if *m == nil {
		*m = make(eventMoves)
	}
	key := eventCampaign{account, sid}
	n := (*m)[key]
	if n == nil {
		n = &event.Counts{}
		(*m)[key] = n
	}
	n.Move(from, to)
}

// write updates the counters.
func (m eventMoves) write(tx *editTx) error {
	for of, n := range m {
		tx.bytes += pageBytes
		err := tx.exec(`INSERT INTO event_totals (account_id, campaign_sid, waiting, delivered, given_up) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (account_id, campaign_sid) DO UPDATE SET waiting = waiting + excluded.waiting,
			delivered = delivered + excluded.delivered, given_up = given_up + excluded.given_up`,
			of.account, of.sid[:], n.Waiting, n.Delivered, n.GivenUp)
		if err != nil {
			return err
		}
	}
	return nil
}

// eventRef is an event in the result of a statement.
type eventRef struct {
	id       int64
	campaign addressbook.SID
	position int
	state    event.State
}

// eventRefs runs a query for columns id, campaign_sid, position and state.
func eventRefs(conn *sqlite.Conn, query string, args ...any) (refs []eventRef, err error) {
	err = sqlitex.Execute(conn, query, &sqlitex.ExecOptions{
		Args: args,
		ResultFunc: func(stmt *sqlite.Stmt) error {
			r := eventRef{id: stmt.ColumnInt64(0), position: stmt.ColumnInt(2), state: event.State(stmt.ColumnInt(3))}
			stmt.ColumnBytes(1, r.campaign[:])
			refs = append(refs, r)
			return nil
		},
	})
	return refs, err
}
