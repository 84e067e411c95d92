package sqlite

import (
	"fmt"

	"zombiezen.com/go/sqlite"

	"callbook/internal/addressbook"
	"callbook/internal/campaign"
	"callbook/internal/phone"
)

// targetColumns are the columns that scanTarget reads, of targets AS t.
const targetColumns = `t.position, t.number, t.contact_sid, t.name, t.vars, t.state, t.due, t.reason, t.history, t.date_ended`

// scanTarget reads targetColumns. The first of them is column col.
func scanTarget(stmt *sqlite.Stmt, col int) (t campaign.Target, err error) {
	t = campaign.Target{
		Position: stmt.ColumnInt(col), Number: phone.Number(stmt.ColumnInt64(col + 1)), Contact: columnSID(stmt, col+2), Name: stmt.ColumnText(col + 3),
		State: campaign.TargetState(stmt.ColumnInt(col + 5)), Due: optionalTime(stmt, col+6), Reason: campaign.Reason(stmt.ColumnInt(col + 7)),
		Ended: optionalTime(stmt, col+9),
	}
	if t.Vars, err = campaign.DecodeVars(columnBytes(stmt, col+4)); err != nil {
		return t, err
	}
	var buf [campaign.MaxHistory * campaign.AttemptBytes]byte
	t.History, err = campaign.DecodeHistory(buf[:stmt.ColumnBytes(col+8, buf[:])])
	return t, err
}

// readTarget reads a target of a campaign.
func (tx *editTx) readTarget(row *campaignRow, position int) (t campaign.Target, err error) {
	err = fmt.Errorf("campaign %s has no target at %d", row.SID, position)
	failed := tx.each(`SELECT `+targetColumns+` FROM targets AS t WHERE campaign_id = ? AND position = ?`, func(stmt *sqlite.Stmt) {
		stmt.BindInt64(1, row.id)
		stmt.BindInt64(2, int64(position))
	}, func(stmt *sqlite.Stmt) error {
		t, err = scanTarget(stmt, 0)
		return err
	})
	if failed != nil {
		return t, failed
	}
	return t, err
}

// targetBytes and callBytes estimate the space of a target and of a call, with their
// entries in indexes.
const (
	targetBytes = 200
	callBytes   = 160
)

// updateTarget stores the columns of a target that may change.
func (tx *editTx) updateTarget(row *campaignRow, t *campaign.Target) error {
	tx.bytes += targetBytes
	return tx.run(`UPDATE targets SET state = ?, due = ?, reason = ?, history = ?, date_ended = ? WHERE campaign_id = ? AND position = ?`,
		func(stmt *sqlite.Stmt) {
			var buf [campaign.MaxHistory * campaign.AttemptBytes]byte
			stmt.BindInt64(1, int64(t.State))
			bindTime(stmt, 2, t.Due)
			stmt.BindInt64(3, int64(t.Reason))
			stmt.BindBytes(4, campaign.EncodeHistory(buf[:0], t.History))
			bindTime(stmt, 5, t.Ended)
			stmt.BindInt64(6, row.id)
			stmt.BindInt64(7, int64(t.Position))
		})
}

// callColumns are the columns of calls that bindCall binds and scanCall reads.
const callColumns = `calls.sid, calls.position, calls.number, calls.attempt, calls.state, calls.outcome, calls.placed, calls.rang,
	calls.answered, calls.ended, calls.digits, calls.code, calls.cause, calls.cause_text, calls.mark, calls.recording`

// callParams is how many columns callColumns has.
const callParams = 16

// scanCall reads callColumns. The first of them is column col.
func scanCall(stmt *sqlite.Stmt, col int, of addressbook.SID) campaign.Call {
	return campaign.Call{
		Campaign: of, SID: columnSID(stmt, col), Position: stmt.ColumnInt(col + 1), Number: phone.Number(stmt.ColumnInt64(col + 2)),
		Attempt: stmt.ColumnInt(col + 3), State: campaign.CallState(stmt.ColumnInt(col + 4)), Outcome: campaign.Outcome(stmt.ColumnInt(col + 5)),
		Placed: optionalTime(stmt, col+6), Rang: optionalTime(stmt, col+7), Answered: optionalTime(stmt, col+8), Ended: optionalTime(stmt, col+9),
		Digits: stmt.ColumnText(col + 10), Code: stmt.ColumnInt(col + 11), Cause: stmt.ColumnInt(col + 12),
		CauseText: stmt.ColumnText(col + 13), Mark: stmt.ColumnText(col + 14), Recording: stmt.ColumnInt(col + 15),
	}
}

// insertCall adds a call.
func (tx *editTx) insertCall(row *campaignRow, call *campaign.Call) error {
	tx.bytes += callBytes
	return tx.run(`INSERT INTO calls (campaign_id, sid, position, number, attempt, state, outcome, placed, rang, answered, ended, digits, code, cause, cause_text, mark, recording)
		VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)`, func(stmt *sqlite.Stmt) {
		stmt.BindInt64(1, row.id)
		stmt.BindBytes(2, call.SID[:])
		stmt.BindInt64(3, int64(call.Position))
		stmt.BindInt64(4, int64(call.Number))
		stmt.BindInt64(5, int64(call.Attempt))
		bindProgress(stmt, 6, call)
	})
}

// updateCall stores the columns of a call that may change.
func (tx *editTx) updateCall(row *campaignRow, call *campaign.Call) error {
	tx.bytes += callBytes
	return tx.run(`UPDATE calls SET state = ?, outcome = ?, placed = ?, rang = ?, answered = ?, ended = ?, digits = ?, code = ?, cause = ?, cause_text = ?, mark = ?, recording = ?
		WHERE campaign_id = ? AND sid = ?`, func(stmt *sqlite.Stmt) {
		bindProgress(stmt, 1, call)
		stmt.BindInt64(13, row.id)
		stmt.BindBytes(14, call.SID[:])
	})
}

// bindProgress binds the columns of a call that may change.
func bindProgress(stmt *sqlite.Stmt, param int, call *campaign.Call) {
	stmt.BindInt64(param, int64(call.State))
	stmt.BindInt64(param+1, int64(call.Outcome))
	bindTime(stmt, param+2, call.Placed)
	bindTime(stmt, param+3, call.Rang)
	bindTime(stmt, param+4, call.Answered)
	bindTime(stmt, param+5, call.Ended)
	stmt.BindText(param+6, call.Digits)
	stmt.BindInt64(param+7, int64(call.Code))
	stmt.BindInt64(param+8, int64(call.Cause))
	stmt.BindText(param+9, call.CauseText)
	stmt.BindText(param+10, call.Mark)
	stmt.BindInt64(param+11, int64(call.Recording))
}
