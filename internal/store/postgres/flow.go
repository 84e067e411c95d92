package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/budget"
	"callbook/internal/callflow/library"
	"callbook/internal/campaign"
	"callbook/internal/journal"
)

var _ library.Store = (*DB)(nil)

// flowColumns is what scanFlow reads.
const flowColumns = `flows.name, flows.title, flows.flow, flows.date_created, flows.date_updated`

// briefFlowColumns are flowColumns without the steps.
const briefFlowColumns = `flows.name, flows.title, '{}', flows.date_created, flows.date_updated`

func scanFlow(row pgx.CollectableRow) (library.Flow, error) {
	var f library.Flow
	var text string
	if err := row.Scan(&f.Name, &f.Title, &text, (*dateValue)(&f.Created), (*dateValue)(&f.Updated)); err != nil {
		return f, err
	}
	return f, f.Decode(text)
}

// eachFlow returns a function that reads rows of flowColumns. It claims their memory from
// the request's budget.
func (t *tx) eachFlow(do func(*library.Flow)) func(pgx.Rows) error {
	share := budget.Of(t.ctx)
	return func(rows pgx.Rows) error {
		for rows.Next() {
			f, err := scanFlow(rows)
			if err == nil {
				err = share.Claim(f.Weight())
			}
			if err != nil {
				return err
			}
			do(&f)
		}
		return rows.Err()
	}
}

// queueLockAccount locks the account, so that its flows, the campaigns that name them and
// its policy change one after the other.
func (t *tx) queueLockAccount() {
	t.queue(`SELECT 1 FROM accounts WHERE id = $1 FOR NO KEY UPDATE`, t.account)
}

// queuePrompts asks which of the prompts that a flow plays are there, and keeps them there
// until the transaction ends.
func (t *tx) queuePrompts(f *library.Flow, there *[]string) {
	t.queue(`SELECT name FROM prompts WHERE account_id = $1 AND name = ANY($2) ORDER BY name FOR KEY SHARE`, t.account, f.Prompts()).
		Query(func(rows pgx.Rows) (err error) {
			*there, err = pgx.CollectRows(rows, pgx.RowTo[string])
			return err
		})
}

// InsertFlow implements [library.Store].
func (db *DB) InsertFlow(ctx context.Context, account account.ID, f *library.Flow, ready journal.Ready[*library.Flow]) error {
	return db.writeOnce(ctx, account, "insert a flow", func(t *tx) error {
		var flows, same int
		t.queueLockAccount()
		var there []string
		t.queuePrompts(f, &there)
		t.queue(`SELECT count(*), count(*) FILTER (WHERE name = $2) FROM flows WHERE account_id = $1`, account, f.Name).
			QueryRow(func(row pgx.Row) error { return row.Scan(&flows, &same) })
		if err := t.flush(); err != nil {
			return err
		}
		switch {
		case same > 0:
			return library.ErrNameTaken
		case flows >= library.MaxFlows:
			return library.ErrTooMany
		}
		if err := f.MissesPrompt(there); err != nil {
			return err
		}
		t.queue(`INSERT INTO flows (account_id, name, title, flow, date_created, date_updated) VALUES ($1, $2, $3, $4, $5, $6)`,
			account, f.Name, f.Title, f.Encode(), (*dateValue)(&f.Created), (*dateValue)(&f.Updated))
		t.keep(ready.Receipt(f))
		return nil
	})
}

// ReplaceFlow implements [library.Store].
func (db *DB) ReplaceFlow(ctx context.Context, account account.ID, f *library.Flow, ifUpdated time.Time, ready journal.Ready[*library.Flow]) error {
	return db.writeOnce(ctx, account, "replace a flow", func(t *tx) error {
		var created, updated time.Time
		var there []string
		t.queuePrompts(f, &there)
		t.queue(`SELECT date_created, date_updated FROM flows WHERE account_id = $1 AND name = $2 FOR NO KEY UPDATE`, account, f.Name).
			Query(func(rows pgx.Rows) error {
				_, err := pgx.ForEachRow(rows, []any{(*dateValue)(&created), (*dateValue)(&updated)}, func() error { return nil })
				return err
			})
		if err := t.flush(); err != nil {
			return err
		}
		if created.IsZero() {
			return library.ErrNotFound
		}
		if err := f.Replaces(created, updated, ifUpdated); err != nil {
			return err
		}
		if err := f.MissesPrompt(there); err != nil {
			return err
		}
		t.queue(`UPDATE flows SET title = $3, flow = $4, date_updated = $5 WHERE account_id = $1 AND name = $2`,
			account, f.Name, f.Title, f.Encode(), (*dateValue)(&f.Updated))
		t.keep(ready.Receipt(f))
		return nil
	})
}

// DeleteFlow implements [library.Store].
func (db *DB) DeleteFlow(ctx context.Context, account account.ID, name string, ready journal.Ready[*library.Flow]) error {
	return db.writeOnce(ctx, account, "delete a flow", func(t *tx) error {
		var f *library.Flow
		var used error
		t.queueLockAccount()
		t.queuePlaying(name, &used)
		t.queue(`SELECT `+flowColumns+` FROM flows WHERE account_id = $1 AND name = $2`, account, name).
			Query(t.eachFlow(func(found *library.Flow) { f = found }))
		if err := t.flush(); err != nil {
			return err
		}
		switch {
		case f == nil:
			return library.ErrNotFound
		case used != nil:
			return used
		}
		t.queue(`DELETE FROM flows WHERE account_id = $1 AND name = $2`, account, name)
		t.keep(ready.Receipt(f))
		return nil
	})
}

// queuePlaying finds a campaign that has not ended and names the flow: used is the fault
// of that when the queue is run.
func (t *tx) queuePlaying(name string, used *error) {
	var sid addressbook.SID
	var title, settings string
	t.queue(`SELECT sid, name, settings FROM campaigns WHERE account_id = $1 AND NOT closed AND state < $2 ORDER BY sid`, t.account, int16(campaign.Completed)).
		Query(func(rows pgx.Rows) error {
			_, err := pgx.ForEachRow(rows, []any{(*sidValue)(&sid), &title, &settings}, func() error {
				s, err := campaign.DecodeSettings([]byte(settings))
				if err == nil && *used == nil && s.FlowName() == name {
					*used = library.ErrInUse(title, sid.String())
				}
				return err
			})
			return err
		})
}

// Flow implements [library.Store].
func (db *DB) Flow(ctx context.Context, account account.ID, name string) (*library.Flow, error) {
	found, err := collect(ctx, db, of(account), "read a flow", scanFlow, `SELECT `+flowColumns+` FROM flows WHERE account_id = $1 AND name = $2`, account, name)
	if err == nil && len(found) == 0 {
		err = library.ErrNotFound
	}
	if err == nil {
		err = budget.Of(ctx).Claim(found[0].Weight())
	}
	if err != nil {
		return nil, err
	}
	return &found[0], nil
}

// Flows implements [library.Store].
func (db *DB) Flows(ctx context.Context, account account.ID, q library.Query) (page library.Page, err error) {
	err = db.read(ctx, of(account), "read flows", func(t *tx) error {
		t.queue(`SELECT count(*) FROM flows WHERE account_id = $1`, account).QueryRow(func(row pgx.Row) error { return row.Scan(&page.Total) })
		columns := flowColumns
		if q.Brief {
			columns = briefFlowColumns
		}
		t.queue(`SELECT `+columns+` FROM flows WHERE account_id = $1 ORDER BY name LIMIT $2 OFFSET $3`, account, q.Limit, q.Offset).
			Query(t.eachFlow(func(f *library.Flow) { page.Flows = append(page.Flows, *f) }))
		return nil
	})
	if err != nil {
		return library.Page{}, err
	}
	return page, nil
}

// ChangedFlows implements [library.Store] and [dialer.Store].
func (db *DB) ChangedFlows(ctx context.Context, account account.ID, known map[string]time.Time) ([]library.Flow, error) {
	names, dates := make([]string, 0, len(known)), make(dateColumn, 0, len(known))
	for name, updated := range known {
		names, dates = append(names, name), append(dates, (*dateValue)(&updated))
	}
	return collect(ctx, db, of(account), "read flows", scanFlow, `SELECT `+flowColumns+` FROM unnest($2::text[], $3::bigint[]) AS known (name, updated)
		JOIN flows ON flows.account_id = $1 AND flows.name = known.name AND flows.date_updated IS DISTINCT FROM known.updated`, account, names, dates)
}
