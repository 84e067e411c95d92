package sqlite

import (
	"context"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/event"
	"callbook/internal/work"
)

// Record implements [event.Store].
func (s eventStore) Record(ctx context.Context, l work.Lease, account account.ID, outcomes []event.Outcome) error {
	return s.book.edit(ctx, account, len(outcomes), "record deliveries", func(tx *editTx) error {
		if ours, err := tx.renewEvents(l, account); err != nil || !ours {
			return tx.lostOr(err)
		}
		return tx.recordEvents(account, outcomes)
	})
}

// lostOr returns err, or the refusal for a lost lease if err is nil.
func (tx *editTx) lostOr(err error) error {
	if err != nil {
		return err
	}
	return tx.refuse(work.ErrLost)
}

// recordEvents stores outcomes of an account's events. It makes the events due that were
// Behind those that have ended.
func (tx *editTx) recordEvents(account account.ID, outcomes []event.Outcome) error {
	var moves eventMoves
	ended := make(map[eventTarget]bool)
	for i := range outcomes {
		o := &outcomes[i]
		changed, err := tx.recordEvent(account, o)
		if err != nil {
			return err
		}
		if changed && o.State != event.Waiting {
			moves.add(account, o.Campaign, event.Waiting, o.State)
			ended[eventTarget{o.Campaign, o.Position}] = true
			ended[eventTarget{o.Campaign, event.Whole}] = true
		}
	}
	for t := range ended {
		err := tx.exec(`UPDATE events INDEXED BY events_by_target SET due = ?
			WHERE account_id = ? AND campaign_sid = ? AND position = ? AND state = 1 AND due = ?`,
			int64(event.AtOnce), account, t.campaign[:], t.position, int64(event.Behind))
		if err != nil {
			return err
		}
	}
	// Events that are to be Behind come last, when the events that have ended are known.
	for i := range outcomes {
		o := &outcomes[i]
		if o.State != event.Waiting || o.Due != event.Behind {
			continue
		}
		tx.bytes += eventBytes
		err := tx.exec(`UPDATE events AS e SET due = ? WHERE id = ? AND account_id = ? AND state = 1 AND `+firstWaiting+` IS NOT NULL`,
			int64(event.Behind), o.ID, account)
		if err != nil {
			return err
		}
	}
	return moves.write(tx)
}

// eventTarget identifies a target, or with the position event.Whole a campaign.
type eventTarget struct {
	campaign addressbook.SID
	position int
}

// recordEvent stores one outcome. Changed reports whether the event was Waiting.
func (tx *editTx) recordEvent(account account.ID, o *event.Outcome) (changed bool, err error) {
	tx.bytes += eventBytes
	due, ended := o.Due, any(nil)
	if o.State != event.Waiting {
		due, ended = event.AtOnce, o.At.UnixNano()
	} else if due == event.Behind {
		due = event.AtOnce
	}
	if o.Tried {
		err = tx.exec(`UPDATE events SET state = ?, due = ?, date_ended = ?, tries = ?, date_tried = ?, status = ?, trouble = ?
			WHERE id = ? AND account_id = ? AND state = 1`,
			int64(o.State), int64(due), ended, o.Tries, o.At.UnixNano(), o.Answer.Status, int64(o.Answer.Trouble), o.ID, account)
	} else {
		err = tx.exec(`UPDATE events SET state = ?, due = ?, date_ended = ? WHERE id = ? AND account_id = ? AND state = 1`,
			int64(o.State), int64(due), ended, o.ID, account)
	}
	return tx.Changes() > 0, err
}

// Expire implements [event.Store].
func (s eventStore) Expire(ctx context.Context, l work.Lease, r event.Receiver, before, now time.Time, limit int) (more bool, err error) {
	const from = `SELECT id, campaign_sid, position, state, date_since FROM events INDEXED BY events_due
		WHERE account_id = ? AND receiver = ? AND state = 1`
	err = s.book.edit(ctx, r.Account, limit, "give up events", func(tx *editTx) error {
		if ours, err := tx.renewEvents(l, r.Account); err != nil || !ours {
			return tx.lostOr(err)
		}
		// Every event that was tried is due later than all that were not, but may be as
		// old.
		refs, err := eventRefs(tx.Conn, `SELECT id, campaign_sid, position, state FROM
				(SELECT * FROM (`+from+` AND due <= 0 ORDER BY due, id LIMIT ?) UNION ALL
				SELECT * FROM (`+from+` AND due > 0 AND due <= ? ORDER BY due, id LIMIT ?))
			WHERE date_since < ? LIMIT ?`,
			r.Account, r.Origin, limit, r.Account, r.Origin, now.UnixNano(), limit, before.UnixNano(), limit)
		if err != nil {
			return err
		}
		outcomes := make([]event.Outcome, len(refs))
		for i, ref := range refs {
			outcomes[i] = event.Outcome{ID: ref.id, Campaign: ref.campaign, Position: ref.position, State: event.GivenUp, At: now}
		}
		more = len(outcomes) == limit
		return tx.recordEvents(r.Account, outcomes)
	})
	return more, err
}
