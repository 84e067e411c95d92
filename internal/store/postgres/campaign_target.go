package postgres

import (
	"strings"

	"github.com/jackc/pgx/v5"

	"callbook/internal/addressbook"
	"callbook/internal/campaign"
)

// targetRow is a target as it is stored.
type targetRow struct {
	campaign.Target
	campaign addressbook.SID
	vars     string
	history  []byte
}

// targetColumns are the columns of a targetRow.
const targetColumns = `targets.campaign_sid, targets.position, targets.number, targets.contact_sid, targets.name, targets.vars,
	targets.state, targets.due, targets.reason, targets.history, targets.date_ended`

// into returns the destinations for targetColumns. The caller must then call decode.
func (t *targetRow) into() []any {
	return []any{
		(*sidValue)(&t.campaign), &t.Position, (*numberValue)(&t.Number), (*sidValue)(&t.Contact), (*jsonValue)(&t.Name), (*jsonValue)(&t.vars),
		(*uint8)(&t.State), (*dateValue)(&t.Due), (*uint8)(&t.Reason), &t.history, (*dateValue)(&t.Ended),
	}
}

// decode reads the columns that hold several values.
func (t *targetRow) decode() (err error) {
	if t.Vars, err = campaign.DecodeVars([]byte(t.vars)); err != nil {
		return err
	}
	t.History, err = campaign.DecodeHistory(t.history)
	return err
}

// moved reports whether a target differs from was.
func (t *targetRow) moved(was *campaign.Target) bool {
	return t.State != was.State || t.Reason != was.Reason || !t.Due.Equal(was.Due) || !t.Ended.Equal(was.Ended) ||
		string(campaign.EncodeHistory(nil, t.History)) != string(t.history)
}

// scanTarget reads a row of targetColumns and further columns.
func scanTarget(row pgx.CollectableRow, more ...any) (t targetRow, err error) {
	err = row.Scan(append(t.into(), more...)...)
	if err == nil {
		err = t.decode()
	}
	return t, err
}

// updateTargets queues the update of targets. It looks up the rows one by one, because
// the planner, which does not see that all belong to one account, could choose to scan
// them.
func (t *tx) updateTargets(targets []*targetRow) {
	if len(targets) == 0 {
		return
	}
	n := len(targets)
	campaigns, positions := make(sidColumn, n), make([]int32, n)
	states, reasons := make([]int16, n), make([]int16, n)
	due, ended := make(dateColumn, n), make(dateColumn, n)
	histories := make([][]byte, n)
	for i, r := range targets {
		campaigns[i], positions[i] = (*sidValue)(&r.campaign), int32(r.Position)
		states[i], reasons[i] = int16(r.State), int16(r.Reason)
		due[i], ended[i] = (*dateValue)(&r.Due), (*dateValue)(&r.Ended)
		histories[i] = campaign.EncodeHistory([]byte{}, r.History)
	}
	t.queue(`WITH new AS MATERIALIZED (SELECT $1::bigint AS account_id, new.*
			FROM unnest($2::uuid[], $3::integer[], $4::smallint[], $5::smallint[], $6::bigint[], $7::bigint[], $8::bytea[])
				AS new (campaign_sid, position, state, reason, due, date_ended, history))
		UPDATE targets SET state = new.state, reason = new.reason, due = new.due, date_ended = new.date_ended, history = new.history
		FROM new WHERE targets.account_id = new.account_id AND targets.campaign_sid = new.campaign_sid AND targets.position = new.position`,
		t.account, campaigns, positions, states, reasons, due, ended, histories)
}

// callColumns are the columns that intoCall reads.
const callColumns = `calls.campaign_sid, calls.sid, calls.position, calls.number, calls.attempt, calls.state, calls.outcome,
	calls.placed, calls.rang, calls.answered, calls.ended, calls.digits, calls.code, calls.cause, calls.cause_text, calls.mark,
	calls.recording`

// intoCall returns the destinations for callColumns.
func intoCall(c *campaign.Call) []any {
	return []any{
		(*sidValue)(&c.Campaign), (*sidValue)(&c.SID), &c.Position, (*numberValue)(&c.Number), &c.Attempt, (*uint8)(&c.State), (*uint8)(&c.Outcome),
		(*dateValue)(&c.Placed), (*dateValue)(&c.Rang), (*dateValue)(&c.Answered), (*dateValue)(&c.Ended),
		&c.Digits, &c.Code, &c.Cause, &c.CauseText, &c.Mark, &c.Recording,
	}
}

func scanCall(row pgx.CollectableRow) (c campaign.Call, err error) {
	err = row.Scan(intoCall(&c)...)
	return c, err
}

// The columns of new calls, and the arrays that callArgs makes of them; $1 is the
// account.
const (
	callNames  = `campaign_sid, sid, position, number, attempt, state, outcome, placed, rang, answered, ended, digits, code, cause, cause_text, mark, recording`
	callArrays = `unnest($2::uuid[], $3::uuid[], $4::integer[], $5::bigint[], $6::smallint[], $7::smallint[], $8::smallint[], $9::bigint[], $10::bigint[],
		$11::bigint[], $12::bigint[], $13::text[], $14::integer[], $15::integer[], $16::text[], $17::text[],
		$18::integer[])`
)

func (t *tx) callArgs(calls []*campaign.Call) []any {
	n := len(calls)
	campaigns, callSIDs, numbers := make(sidColumn, n), make(sidColumn, n), make(numberColumn, n)
	positions, codes, causes, recordings := make([]int32, n), make([]int32, n), make([]int32, n), make([]int32, n)
	attempts, states, outcomes := make([]int16, n), make([]int16, n), make([]int16, n)
	placed, rang, answered, ended := make(dateColumn, n), make(dateColumn, n), make(dateColumn, n), make(dateColumn, n)
	digits, texts, marks := make([]string, n), make([]string, n), make([]string, n)
	for i, c := range calls {
		campaigns[i], callSIDs[i], numbers[i] = (*sidValue)(&c.Campaign), (*sidValue)(&c.SID), (*numberValue)(&c.Number)
		positions[i], codes[i], causes[i], recordings[i] = int32(c.Position), int32(c.Code), int32(c.Cause), int32(c.Recording)
		attempts[i], states[i], outcomes[i] = int16(c.Attempt), int16(c.State), int16(c.Outcome)
		placed[i], rang[i], answered[i], ended[i] = (*dateValue)(&c.Placed), (*dateValue)(&c.Rang), (*dateValue)(&c.Answered), (*dateValue)(&c.Ended)
		digits[i], texts[i], marks[i] = toStorable(c.Digits), toStorable(c.CauseText), toStorable(c.Mark)
	}
	return []any{
		t.account, campaigns, callSIDs, positions, numbers, attempts, states, outcomes, placed, rang, answered, ended, digits, codes, causes, texts, marks, recordings,
	}
}

// toStorable removes from a text what PostgreSQL cannot store. The text of a carrier may
// hold anything.
func toStorable(text string) string {
	if storable(text) {
		return text
	}
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
}

// insertCalls queues the insertion of calls.
func (t *tx) insertCalls(calls []*campaign.Call) {
	if len(calls) > 0 {
		t.queue(`INSERT INTO calls (account_id, `+callNames+`) SELECT $1, new.* FROM `+callArrays+` AS new`, t.callArgs(calls)...)
	}
}

// updateCalls queues the update of calls. It looks up the rows one by one, as
// updateTargets does.
func (t *tx) updateCalls(calls []*campaign.Call) {
	if len(calls) == 0 {
		return
	}
	t.queue(`WITH new AS MATERIALIZED (SELECT $1::bigint AS account_id, new.* FROM `+callArrays+` AS new (`+callNames+`))
		UPDATE calls SET state = new.state, outcome = new.outcome, placed = new.placed, rang = new.rang, answered = new.answered, ended = new.ended,
			digits = new.digits, code = new.code, cause = new.cause, cause_text = new.cause_text, mark = new.mark,
			recording = new.recording
		FROM new WHERE calls.account_id = new.account_id AND calls.campaign_sid = new.campaign_sid AND calls.sid = new.sid`, t.callArgs(calls)...)
}

// deleteCalls queues the deletion of calls that never left.
func (t *tx) deleteCalls(calls []*campaign.Call) {
	for _, c := range calls {
		t.queue(`DELETE FROM calls WHERE account_id = $1 AND campaign_sid = $2 AND sid = $3`, t.account, (*sidValue)(&c.Campaign), (*sidValue)(&c.SID))
	}
}
