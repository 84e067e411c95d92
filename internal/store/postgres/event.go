package postgres

import "callbook/internal/event"

// insertEvents stores what is to be told, when the queue is run. Each event is due at
// once. Their ids rise in their order, and as the transaction has locked their
// campaigns, in the order in which transactions about a campaign are committed.
func (t *tx) insertEvents(events []event.Event) {
	if len(events) == 0 {
		return
	}
	n := len(events)
	campaigns, calls := make(sidColumn, n), make(sidColumn, n)
	positions, kinds := make([]int32, n), make([]int16, n)
	last, urls, bodies := make([]bool, n), make([]string, n), make([][]byte, n)
	created := make(dateColumn, n)
	for i := range events {
		e := &events[i]
		campaigns[i], calls[i] = (*sidValue)(&e.Campaign), (*sidValue)(&e.Call)
		positions[i], kinds[i] = int32(e.Position), int16(e.Kind)
		last[i], urls[i], bodies[i], created[i] = e.Last, e.URL, append([]byte{}, e.Body...), (*dateValue)(&e.Created)
	}
	t.queue(`INSERT INTO events (account_id, campaign_sid, position, kind, call_sid, last, url, body, date_created, next_due)
		SELECT $1, campaign_sid, position, kind, nullif(call_sid, '00000000-0000-0000-0000-000000000000'), last, url, body, created, created
		FROM unnest($2::uuid[], $3::integer[], $4::smallint[], $5::uuid[], $6::boolean[], $7::text[], $8::bytea[], $9::bigint[])
			WITH ORDINALITY AS new (campaign_sid, position, kind, call_sid, last, url, body, created, place) ORDER BY place`,
		t.account, campaigns, positions, kinds, calls, last, urls, bodies, created)
}
