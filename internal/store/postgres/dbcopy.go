package postgres

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"callbook/internal/account"
	"callbook/internal/dbcopy"
)

// Transfer gives a copy access to a database.
type Transfer struct{ db *DB }

var _ dbcopy.Store = Transfer{}

// transferName begins the application name of a copy's connections. A random suffix
// identifies the copy.
const transferName = applicationName + " copy "

// OpenTransfer opens a database for the exclusive use of a copy, until it is closed. The
// error wraps [ErrInUse] if a server or another copy uses the database, or if there is a
// connection with the application name of one.
func OpenTransfer(ctx context.Context, url string, opts Options) (*DB, error) {
	opts.alone = transferName + rand.Text()
	return Open(ctx, url, opts)
}

// awaitAlone waits, up to useLockWait, until there is no other connection with an
// application name of callbook. The connections of a process that has just ended or was
// killed linger, and may even be about to commit. Neither they nor the connections of
// commands hold the use lock.
func (db *DB) awaitAlone(ctx context.Context, own string) error {
	last := time.Now().Add(useLockWait)
	ticker := time.NewTicker(useLockPause)
	defer ticker.Stop()
	for {
		var others int
		err := db.row(ctx, purpose{}, `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
			AND (application_name = $1 OR starts_with(application_name, $2) AND application_name <> $3)`,
			[]any{applicationName, transferName, own}, []any{&others})
		if err != nil || others == 0 {
			return err
		}
		if time.Now().After(last) {
			return ErrInUse
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// Transfer returns the database for a copy.
func (db *DB) Transfer() Transfer { return Transfer{db: db} }

// Accounts implements [dbcopy.Store].
func (x Transfer) Accounts(ctx context.Context) ([]account.Account, error) { return x.db.Accounts(ctx) }

// Size implements [dbcopy.Store].
func (x Transfer) Size(ctx context.Context) (rows int64, err error) {
	query := `SELECT ((SELECT coalesce(sum(contacts), 0) FROM contact_counts) + (SELECT coalesce(sum(contact_count), 0) FROM lists)`
	for _, t := range slices.Concat(dbcopy.Tables, dbcopy.Shared) { // Audit counts that of the installation too
		if t != dbcopy.Contacts && t != dbcopy.Members && t != dbcopy.InstallationAudit {
			query += ` + (SELECT count(*) FROM ` + t.Name + `)`
		}
	}
	err = x.db.row(ctx, purpose{}, query+`)::bigint`, nil, []any{&rows})
	return rows, storeError("count rows", err)
}

// ContactCount implements [dbcopy.Store].
func (x Transfer) ContactCount(ctx context.Context, account account.ID) (count int64, err error) {
	err = x.db.row(ctx, purpose{}, `SELECT coalesce(sum(contacts), 0)::bigint FROM contact_counts WHERE account_id = $1`, []any{account}, []any{&count})
	return count, storeError("count contacts", err)
}

// LastCopy implements [dbcopy.Store].
func (x Transfer) LastCopy(ctx context.Context) (dbcopy.State, bool, error) {
	return x.db.LastCopy(ctx)
}

// LastCopy returns the state of the last copy into this database, and false if there
// was none.
func (db *DB) LastCopy(ctx context.Context) (s dbcopy.State, copied bool, err error) {
	err = db.row(ctx, purpose{}, `SELECT source, at FROM copies`, nil, []any{&s.Source, &s.At})
	if noRow(err) {
		return s, false, nil
	}
	return s, err == nil, storeError("look for a copy", err)
}

// Begin implements [dbcopy.Store].
func (x Transfer) Begin(ctx context.Context, s dbcopy.State, accounts []account.Account) error {
	sids, regions, zones := make([]string, len(accounts)), make([]string, len(accounts)), make([]string, len(accounts))
	created, limits := make([]int64, len(accounts)), make([]int, len(accounts))
	disabled, deleted := make([]*dateValue, len(accounts)), make([]*dateValue, len(accounts))
	for i, a := range accounts {
		sids[i], regions[i], zones[i], created[i] = a.SID, a.Region, a.TimeZone.String(), a.Created.UnixNano()
		limits[i], disabled[i], deleted[i] = a.RequestsAMinute, (*dateValue)(&a.Disabled), (*dateValue)(&a.Deleted)
	}
	return x.db.write(ctx, account.None, "begin a copy", func(t *tx) error {
		var there bool
		t.queue(`SELECT EXISTS (SELECT 1 FROM accounts) OR EXISTS (SELECT 1 FROM copies)`).QueryRow(func(row pgx.Row) error {
			return row.Scan(&there)
		})
		if err := t.flush(); err != nil {
			return err
		}
		if there {
			return dbcopy.ErrNotEmpty
		}
		t.queue(`INSERT INTO copies (source, at) VALUES ($1, $2)`, s.Source, s.At)
		t.queue(`INSERT INTO accounts (sid, region, time_zone, date_created, requests_a_minute, date_disabled, date_deleted)
			SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::integer[], $6::bigint[], $7::bigint[])`,
			sids, regions, zones, created, limits, dateColumn(disabled), dateColumn(deleted))
		err := t.flush()
		if taken(err) { // another copy has begun concurrently
			err = dbcopy.ErrNotEmpty
		}
		return err
	})
}

// End implements [dbcopy.Store].
func (x Transfer) End(ctx context.Context, from, to dbcopy.State) error {
	// Without statistics, PostgreSQL would plan the first queries for empty tables.
	for _, table := range slices.Concat(dbcopy.Tables, dbcopy.Shared) {
		if err := x.db.execute(ctx, purpose{}, "analyse tables", `ANALYZE `+table.Name); err != nil {
			return err
		}
	}
	// A copy keeps the ids of events, and new ones must not have them.
	const goOn = `SELECT setval(pg_get_serial_sequence('events', 'id'), max(id)) FROM events`
	if err := x.db.execute(ctx, purpose{}, "go on with the ids of events", goOn); err != nil {
		return err
	}
	return x.Write(ctx, nil, from, to)
}

// Write implements [dbcopy.Store].
func (x Transfer) Write(ctx context.Context, parts []dbcopy.Part, from, to dbcopy.State) error {
	loads := loadsOf(parts)
	return x.db.write(ctx, account.None, "copy rows", func(t *tx) error {
		moved := false
		t.queue(`UPDATE copies SET source = $1, at = $2 WHERE source = $3 AND at = $4`, to.Source, to.At, from.Source, from.At).
			Exec(func(tag pgconn.CommandTag) error {
				moved = tag.RowsAffected() == 1
				return nil
			})
		if err := t.flush(); err != nil {
			return err
		}
		if !moved {
			return dbcopy.ErrMoved
		}
		for _, l := range loads {
			if _, err := t.conn.PgConn().CopyFrom(t.ctx, bytes.NewReader(l.data), l.statement); err != nil {
				return fmt.Errorf("%s: %w", l.table, err)
			}
		}
		t.countCopied(parts)
		return nil
	})
}

// countCopied queues the updates of the counters.
func (t *tx) countCopied(parts []dbcopy.Part) {
	var contacts counted[int64]
	var members counted[string]
	var owners []int64 // of the lists
	for i := range parts {
		p := &parts[i]
		switch p.Table {
		case dbcopy.Contacts:
			contacts.add(int64(p.Account), len(p.Rows))
		case dbcopy.Members:
			for _, row := range p.Rows {
				members.add(fmt.Sprintf("%x", row[0].Bytes), 1)
				owners = append(owners, int64(p.Account))[:len(members.of)]
			}
		case dbcopy.Receipts:
			total := p.ReceiptTotal()
			t.queue(`INSERT INTO receipt_totals (account_id, slot, receipts, bytes) VALUES ($1, 0, $2, $3)`+addReceiptTotals,
				p.Account, total.Receipts, total.Bytes)
		}
	}
	if len(contacts.of) > 0 {
		t.queue(`INSERT INTO contact_counts (account_id, slot, contacts)
			SELECT these.account_id, 0, these.added FROM unnest($1::bigint[], $2::bigint[]) AS these (account_id, added)
			ON CONFLICT (account_id, slot) DO UPDATE SET contacts = contact_counts.contacts + excluded.contacts`,
			contacts.of, contacts.by)
	}
	if len(members.of) > 0 {
		t.queue(`UPDATE lists SET contact_count = contact_count + these.added
			FROM unnest($1::bigint[], $2::uuid[], $3::bigint[]) AS these (account_id, sid, added)
			WHERE lists.account_id = these.account_id AND lists.sid = these.sid`, owners, members.of, members.by)
	}
}

// counted sums counts by key, as parallel arrays for unnest. Counts of the same key must
// be added consecutively.
type counted[T comparable] struct {
	of []T
	by []int64
}

func (c *counted[T]) add(of T, by int) {
	if n := len(c.of); n == 0 || c.of[n-1] != of {
		c.of, c.by = append(c.of, of), append(c.by, 0)
	}
	c.by[len(c.by)-1] += int64(by)
}
