package sqlite

import (
	"zombiezen.com/go/sqlite"

	"callbook/internal/event"
)

// insertEventRows inserts events that wait to be delivered.
var insertEventRows = newBulkInsert(`events (account_id, campaign_sid, position, kind, call_sid, last, url, body, date_created, next_due, state, attempts, answer)`, 13)

// insertEvents stores what is to be told. Each is due at once.
func (tx *editTx) insertEvents(events []event.Event) error {
	if len(events) == 0 {
		return nil
	}
	return insertEventRows.run(tx.Conn, len(events), func(stmt *sqlite.Stmt, param, i int) {
		const fixedBytes = 160 // but for texts, with the entries of the indexes
		e := &events[i]
		tx.bytes += fixedBytes + len(e.URL) + len(e.Body)
		stmt.BindInt64(param, int64(e.Account))
		stmt.BindBytes(param+1, e.Campaign[:])
		stmt.BindInt64(param+2, int64(e.Position))
		stmt.BindInt64(param+3, int64(e.Kind))
		bindSID(stmt, param+4, e.Call)
		stmt.BindBool(param+5, e.Last)
		stmt.BindText(param+6, e.URL)
		stmt.BindBytes(param+7, e.Body)
		stmt.BindInt64(param+8, e.Created.UnixNano())
		stmt.BindInt64(param+9, e.Created.UnixNano())
		stmt.BindInt64(param+10, int64(event.Waiting))
		stmt.BindInt64(param+11, 0)
		stmt.BindText(param+12, "")
	})
}
