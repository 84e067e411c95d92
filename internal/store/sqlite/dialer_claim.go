package sqlite

import (
	"context"
	"slices"

	"zombiezen.com/go/sqlite"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/campaign"
	"callbook/internal/dialer"
	"callbook/internal/event"
	"callbook/internal/work"
)

// Claim implements [dialer.Store].
func (s *Campaigns) Claim(ctx context.Context, l work.Lease, account account.ID, sid addressbook.SID, q dialer.ClaimQuery, rule dialer.ClaimRule) (dials []dialer.Dial, err error) {
	err = s.dialFor(ctx, l, account, sid, q.Limit, "claim calls", func(tx *editTx, row *campaignRow) (err error) {
		dials = nil
		if row.State == campaign.InProgress {
			dials, err = tx.claim(row, q, rule)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return dials, nil
}

// dueTarget is a target that is due, and what is known of its number.
type dueTarget struct {
	campaign.Target
	dialer.Callee
}

func (tx *editTx) claim(row *campaignRow, q dialer.ClaimQuery, rule dialer.ClaimRule) (dials []dialer.Dial, err error) {
	var events []event.Event
	last := dueTarget{Target: campaign.Target{Position: -1}}
	for scanned := 0; scanned < q.Scan && len(dials) < q.Limit; {
		turn, err := tx.dueTargets(row, q, last.Target, min(q.Scan-scanned, q.Limit-len(dials)))
		if err != nil {
			return nil, err
		}
		if len(turn) == 0 {
			break
		}
		last = turn[len(turn)-1]
		scanned += len(turn)
		for i := range turn {
			t := &turn[i].Target
			if q.DayOf != nil {
				if turn[i].CallsToday, err = tx.callsOfDay(q, t); err != nil {
					return nil, err
				}
			}
			if len(row.Lists) > 0 && !row.Duplicates && len(t.History) == 0 {
				if turn[i].Called, err = tx.calledBefore(row, t); err != nil {
					return nil, err
				}
			}
			call, told := rule(&row.Campaign, t, turn[i].Callee)
			events = append(events, told...)
			if call != nil {
				if err := tx.insertCall(row, call); err != nil {
					return nil, err
				}
				dials = append(dials, dialer.Dial{Call: *call, Target: *t})
			}
			if err := tx.updateTarget(row, t); err != nil {
				return nil, err
			}
		}
	}
	return dials, tx.insertEvents(events)
}

// dueTargets reads up to limit due targets, ordered by Due and position, from behind
// after.
func (tx *editTx) dueTargets(row *campaignRow, q dialer.ClaimQuery, after campaign.Target, limit int) (turn []dueTarget, err error) {
	err = tx.each(`SELECT EXISTS (SELECT 1 FROM suppressions AS s WHERE s.account_id = ?1 AND s.number IN (t.number, `+markOf("t.number")+`)),
			t.contact_sid IS NOT NULL AND NOT EXISTS (SELECT 1 FROM contacts AS c WHERE c.account_id = ?1 AND c.sid = t.contact_sid),
			`+targetColumns+` FROM targets AS t INDEXED BY targets_due
		WHERE t.campaign_id = ?2 AND t.due <= ?3 AND t.due >= ?4 AND (t.due, t.position) > (?4, ?5) ORDER BY t.due, t.position LIMIT ?6`,
		func(stmt *sqlite.Stmt) {
			stmt.BindInt64(1, int64(row.Account))
			stmt.BindInt64(2, row.id)
			stmt.BindInt64(3, q.Now.UnixNano())
			stmt.BindInt64(4, 0)
			if !after.Due.IsZero() {
				stmt.BindInt64(4, after.Due.UnixNano())
			}
			stmt.BindInt64(5, int64(after.Position))
			stmt.BindInt64(6, int64(limit))
		}, func(stmt *sqlite.Stmt) error {
			t, err := scanTarget(stmt, 2)
			turn = append(turn, dueTarget{t, dialer.Callee{Suppressed: stmt.ColumnBool(0), Gone: stmt.ColumnBool(1)}})
			return err
		})
	return turn, err
}

// callsOfDay counts the calls to a target's number within the day of its callee.
func (tx *editTx) callsOfDay(q dialer.ClaimQuery, t *campaign.Target) (n int, err error) {
	day, end := q.DayOf(t.Number)
	from, until := addressbook.FirstSID(day), addressbook.FirstSID(end)
	err = tx.each(`SELECT count(*) FROM calls INDEXED BY calls_by_number CROSS JOIN campaigns ON campaigns.id = campaign_id
		WHERE number = ? AND calls.sid >= ? AND calls.sid < ? AND account_id = ? AND outcome <> ?`, func(stmt *sqlite.Stmt) {
		stmt.BindInt64(1, int64(t.Number))
		stmt.BindBytes(2, from[:])
		stmt.BindBytes(3, until[:])
		stmt.BindInt64(4, int64(tx.edit.account))
		stmt.BindInt64(5, int64(campaign.TrunkFailed))
	}, func(stmt *sqlite.Stmt) error {
		n = stmt.ColumnInt(0)
		return nil
	})
	return n, err
}

// calledBefore reports whether the campaign has called the number of a target that has no
// calls.
func (tx *editTx) calledBefore(row *campaignRow, t *campaign.Target) (called bool, err error) {
	err = tx.each(`SELECT EXISTS (SELECT 1 FROM calls INDEXED BY calls_by_number WHERE number = ? AND campaign_id = ?)`, func(stmt *sqlite.Stmt) {
		stmt.BindInt64(1, int64(t.Number))
		stmt.BindInt64(2, row.id)
	}, func(stmt *sqlite.Stmt) error {
		called = stmt.ColumnBool(0)
		return nil
	})
	return called, err
}

// Record implements [dialer.Store].
func (s *Campaigns) Record(ctx context.Context, l work.Lease, account account.ID, calls []dialer.CallRef, rule dialer.RecordRule) error {
	return s.dial(ctx, l, account, len(calls), "record calls", func(tx *editTx) error {
		r := recorder{tx: tx, rule: rule}
		for i, ref := range calls {
			if err := r.record(i, ref); err != nil {
				return err
			}
		}
		return r.end()
	})
}

// recorder is the state of one call of Record.
type recorder struct {
	tx     *editTx
	rule   dialer.RecordRule
	rows   []*campaignRow
	before []progress
	events []event.Event
}

// campaign returns the campaign of a call, or nil if it does not exist.
func (r *recorder) campaign(sid addressbook.SID) (*campaignRow, error) {
	i := slices.IndexFunc(r.rows, func(row *campaignRow) bool { return row.SID == sid })
	if i >= 0 {
		return r.rows[i], nil
	}
	row, err := readCampaign(r.tx.Conn, r.tx.edit.account, sid, "")
	if err == errNoRow {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	r.rows, r.before = append(r.rows, row), append(r.before, progressOf(row))
	return row, nil
}

// record calls the rule for the i-th call, if it has not ended.
func (r *recorder) record(i int, ref dialer.CallRef) error {
	row, err := r.campaign(ref.Campaign)
	if row == nil {
		return err
	}
	var call campaign.Call
	sofar := 0 // the samples of its recording
	err = r.tx.each(`SELECT `+callColumns+`, (SELECT coalesce(sum(length(sound)), 0) FROM recordings WHERE recordings.campaign_id = ?1 AND call_sid = ?2)
		FROM calls WHERE campaign_id = ?1 AND sid = ?2 AND state < 5`, func(stmt *sqlite.Stmt) {
		stmt.BindInt64(1, row.id)
		stmt.BindBytes(2, ref.Call[:])
	}, func(stmt *sqlite.Stmt) error {
		call, sofar = scanCall(stmt, 0, row.SID), stmt.ColumnInt(callParams)
		return nil
	})
	if err != nil || call.State == 0 {
		return err
	}
	t, err := r.tx.readTarget(row, call.Position)
	if err != nil {
		return err
	}
	was, wasCall, history := t, call, slices.Clone(t.History)
	call.Recording = sofar
	r.events = append(r.events, r.rule(i, &row.Campaign, &t, &call)...)
	if call.State != campaign.CallEnded {
		call.Recording = wasCall.Recording
	}
	switch {
	case call.State == 0:
		err = r.tx.deleteCall(row, &call)
	case call != wasCall:
		err = r.tx.updateCall(row, &call)
	}
	if err == nil && call.Suppress != "" {
		err = r.tx.suppressCallee(&call)
	}
	moved := t.State != was.State || t.Reason != was.Reason || !t.Due.Equal(was.Due) || !t.Ended.Equal(was.Ended) || !slices.Equal(t.History, history)
	if err == nil && moved {
		err = r.tx.updateTarget(row, &t)
	}
	return err
}

// end stores the progress of the campaigns, and the events.
func (r *recorder) end() error {
	for i, row := range r.rows {
		if progressOf(row) == r.before[i] {
			continue
		}
		if err := r.tx.saveProgress(row); err != nil {
			return err
		}
	}
	return r.tx.insertEvents(r.events)
}

// deleteCall deletes a call that never left.
func (tx *editTx) deleteCall(row *campaignRow, call *campaign.Call) error {
	tx.bytes += callBytes
	return tx.run(`DELETE FROM calls WHERE campaign_id = ? AND sid = ?`, func(stmt *sqlite.Stmt) {
		stmt.BindInt64(1, row.id)
		stmt.BindBytes(2, call.SID[:])
	})
}
