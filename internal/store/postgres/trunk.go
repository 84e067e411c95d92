package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/trunk"
)

var (
	_ trunk.Store   = (*DB)(nil)
	_ trunk.Dialogs = (*DB)(nil)
)

const trunkColumns = `name, settings, password, date_created, date_updated`

func trunkFields(r *trunk.Row) []any {
	return []any{&r.Name, &r.Settings, &r.Password, (*dateValue)(&r.Created), (*dateValue)(&r.Updated)}
}

// InsertTrunk implements [trunk.Store].
func (db *DB) InsertTrunk(ctx context.Context, r *trunk.Row) error {
	return db.write(ctx, account.None, "insert trunk", func(t *tx) error {
		others, added := 0, false
		// Two trunks that are added at the same time are counted one after the other.
		t.queue(`LOCK TABLE trunks IN SHARE ROW EXCLUSIVE MODE`)
		t.queue(`SELECT count(*) FROM trunks WHERE name <> $1`, r.Name).QueryRow(func(row pgx.Row) error { return row.Scan(&others) })
		t.queue(`INSERT INTO trunks (`+trunkColumns+`) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (name) DO NOTHING`,
			r.Name, string(r.Settings), r.Password, (*dateValue)(&r.Created), (*dateValue)(&r.Updated)).
			Exec(func(tag pgconn.CommandTag) error {
				added = tag.RowsAffected() == 1
				return nil
			})
		if err := t.flush(); err != nil {
			return err
		}
		switch {
		case !added:
			return trunk.ErrNameTaken
		case others >= trunk.MaxTrunks:
			return trunk.ErrTooMany
		}
		return nil
	})
}

// ChangeTrunk implements [trunk.Store].
func (db *DB) ChangeTrunk(ctx context.Context, name string, change func(*trunk.Row) error) error {
	var own error // of change
	err := db.write(ctx, account.None, "change trunk", func(t *tx) error {
		var r trunk.Row
		if !storable(name) {
			return trunk.ErrNotThere
		}
		t.queue(`SELECT `+trunkColumns+` FROM trunks WHERE name = $1 FOR UPDATE`, name).
			QueryRow(func(row pgx.Row) error { return row.Scan(trunkFields(&r)...) })
		if err := t.flush(); err != nil {
			if noRow(err) {
				return trunk.ErrNotThere
			}
			return err
		}
		if own = change(&r); own != nil {
			return own
		}
		t.queue(`UPDATE trunks SET settings = $2, password = $3, date_updated = $4 WHERE name = $1`,
			name, string(r.Settings), r.Password, (*dateValue)(&r.Updated))
		return nil
	})
	if own != nil {
		return own
	}
	return err
}

// DeleteTrunk implements [trunk.Store].
func (db *DB) DeleteTrunk(ctx context.Context, name string) error {
	if !storable(name) {
		return trunk.ErrNotThere
	}
	return db.write(ctx, account.None, "delete trunk", func(t *tx) error {
		deleted := false
		t.queue(`DELETE FROM trunks WHERE name = $1`, name).Exec(func(tag pgconn.CommandTag) error {
			deleted = tag.RowsAffected() == 1
			return nil
		})
		if err := t.flush(); err != nil {
			return err
		}
		if !deleted {
			return trunk.ErrNotThere
		}
		return nil
	})
}

// Trunks implements [trunk.Store].
func (db *DB) Trunks(ctx context.Context) ([]trunk.Row, error) {
	return collect(ctx, db, purpose{}, "list trunks", func(row pgx.CollectableRow) (r trunk.Row, err error) {
		return r, row.Scan(trunkFields(&r)...)
	}, `SELECT `+trunkColumns+` FROM trunks ORDER BY name`)
}

// AddDialogs implements [trunk.Dialogs].
func (db *DB) AddDialogs(ctx context.Context, calls []addressbook.SID, record []byte) ([]addressbook.SID, error) {
	return collect(ctx, db, purpose{}, "add dialogs", func(r pgx.CollectableRow) (call addressbook.SID, err error) {
		return call, r.Scan((*sidValue)(&call))
	}, `INSERT INTO dialogs (call_sid, record) SELECT call, $2 FROM unnest($1::uuid[]) AS call ORDER BY call
		ON CONFLICT (call_sid) DO NOTHING RETURNING call_sid`, sids(calls), record)
}

// SaveDialog implements [trunk.Dialogs].
func (db *DB) SaveDialog(ctx context.Context, call addressbook.SID, record []byte) error {
	return db.execute(ctx, purpose{}, "save dialog",
		`INSERT INTO dialogs (call_sid, record) VALUES ($1, $2) ON CONFLICT (call_sid) DO UPDATE SET record = excluded.record`,
		(*sidValue)(&call), record)
}

// Dialogs implements [trunk.Dialogs].
func (db *DB) Dialogs(ctx context.Context, calls []addressbook.SID) (map[addressbook.SID][]byte, error) {
	type row struct {
		call   addressbook.SID
		record []byte
	}
	rows, err := collect(ctx, db, purpose{}, "read dialogs", func(r pgx.CollectableRow) (d row, err error) {
		return d, r.Scan((*sidValue)(&d.call), &d.record)
	}, `SELECT call_sid, record FROM dialogs WHERE call_sid = ANY($1::uuid[])`, sids(calls))
	if err != nil {
		return nil, err
	}
	records := make(map[addressbook.SID][]byte, len(rows))
	for _, r := range rows {
		records[r.call] = r.record
	}
	return records, nil
}

// TestDialogs implements [trunk.Dialogs].
func (db *DB) TestDialogs(ctx context.Context) ([]addressbook.SID, error) {
	return collect(ctx, db, purpose{}, "read dialogs of test calls", func(r pgx.CollectableRow) (call addressbook.SID, err error) {
		return call, r.Scan((*sidValue)(&call))
	}, `SELECT call_sid FROM dialogs WHERE call_sid < $1 ORDER BY call_sid LIMIT 100`, (*sidValue)(&trunk.EndOfTestCalls))
}

// DropDialogs implements [trunk.Dialogs].
func (db *DB) DropDialogs(ctx context.Context, calls []addressbook.SID) error {
	if len(calls) == 0 {
		return nil
	}
	return db.execute(ctx, purpose{}, "drop dialogs", `DELETE FROM dialogs WHERE call_sid = ANY($1::uuid[])`, sids(calls))
}

// DropOldDialogs implements [trunk.Dialogs].
func (db *DB) DropOldDialogs(ctx context.Context, before time.Time, limit int) (more bool, err error) {
	end := addressbook.FirstSID(before)
	dropped, err := collect(ctx, db, purpose{}, "drop old dialogs", func(r pgx.CollectableRow) (none struct{}, err error) {
		return none, nil
	}, `DELETE FROM dialogs WHERE call_sid IN (SELECT call_sid FROM dialogs WHERE call_sid >= $1 AND call_sid < $2
			AND call_sid NOT IN (SELECT sid FROM calls WHERE state < 5) ORDER BY call_sid LIMIT $3) RETURNING 1`,
		(*sidValue)(&trunk.EndOfTestCalls), (*sidValue)(&end), limit)
	return len(dropped) == limit && err == nil, err
}
