package postgres

import (
	"bytes"
	"cmp"
	"maps"
	"slices"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/event"
)

// eventStore implements [event.Store].
type eventStore struct{ db *DB }

// Events returns the store of events.
func (db *DB) Events() event.Store { return eventStore{db} }

const insertEventRows = `INSERT INTO events (account_id, campaign_sid, position, kind, state, last, due, tries, status, trouble,
		date_since, date_created, call_sid, receiver, url, body)
	SELECT account_id, campaign_sid, position, kind, 1, last, 0, 0, 0, 0, created, created, call_sid, receiver, url, body
	FROM unnest($1::bigint[], $2::uuid[], $3::integer[], $4::smallint[], $5::boolean[], $6::bigint[], $7::uuid[], $8::text[], $9::text[], $10::bytea[])
		WITH ORDINALITY AS new (account_id, campaign_sid, position, kind, last, created, call_sid, receiver, url, body, n)
	ORDER BY n`

// insertEvents queues the insertion of events.
func (t *tx) insertEvents(events []event.Event) {
	if len(events) == 0 {
		return
	}
	n := len(events)
	accounts, campaigns, positions := make([]int64, n), make([]addressbook.SID, n), make([]int32, n)
	kinds, last, created := make([]int16, n), make([]bool, n), make([]int64, n)
	calls, receivers, urls, bodies := make([]*sidValue, n), make([]string, n), make([]string, n), make([][]byte, n)
	var moves eventMoves
	for i := range events {
		e := &events[i]
		accounts[i], campaigns[i], positions[i] = int64(e.Account), e.Campaign, int32(e.Position)
		kinds[i], last[i], created[i] = int16(e.Kind), e.Last, e.Created.UnixNano()
		if e.Kind == event.CallStatus {
			calls[i] = (*sidValue)(&e.Call)
		}
		receivers[i], urls[i], bodies[i] = event.Origin(e.URL), e.URL, e.Body
		moves.add(e.Account, e.Campaign, 0, event.Waiting)
	}
	t.queue(insertEventRows, accounts, sids(campaigns), positions, kinds, last, created, calls, receivers, urls, bodies)
	moves.queue(t)
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

// queue queues the updates of the counters. All transactions use the same order, so they
// do not deadlock. It should be called at the end of a transaction, because other
// transactions wait for these rows.
func (m eventMoves) queue(t *tx) {
	if len(m) == 0 {
		return
	}
	order := slices.SortedFunc(maps.Keys(m), func(a, b eventCampaign) int {
		return cmp.Or(cmp.Compare(a.account, b.account), bytes.Compare(a.sid[:], b.sid[:]))
	})
	accounts, campaigns := make([]int64, len(m)), make([]addressbook.SID, len(m))
	waiting, delivered, givenUp := make([]int64, len(m)), make([]int64, len(m)), make([]int64, len(m))
	for i, of := range order {
		n := m[of]
		accounts[i], campaigns[i] = int64(of.account), of.sid
		waiting[i], delivered[i], givenUp[i] = int64(n.Waiting), int64(n.Delivered), int64(n.GivenUp)
	}
	t.queue(`INSERT INTO event_totals (account_id, campaign_sid, waiting, delivered, given_up)
		SELECT account_id, campaign_sid, waiting, delivered, given_up
		FROM unnest($1::bigint[], $2::uuid[], $3::bigint[], $4::bigint[], $5::bigint[]) WITH ORDINALITY
			AS moved (account_id, campaign_sid, waiting, delivered, given_up, n) ORDER BY n
		ON CONFLICT (account_id, campaign_sid) DO UPDATE SET waiting = event_totals.waiting + excluded.waiting,
			delivered = event_totals.delivered + excluded.delivered, given_up = event_totals.given_up + excluded.given_up`,
		accounts, sids(campaigns), waiting, delivered, givenUp)
}
