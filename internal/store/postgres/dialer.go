package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/campaign"
	"callbook/internal/dialer"
	"callbook/internal/work"
)

// Dialing is a DB as a [dialer.Store]. It is a type of its own because DB has the Purge
// of the trash.
type Dialing struct{ *DB }

var _ dialer.Store = Dialing{}

// Dialing returns the store of the dialer.
func (db *DB) Dialing() Dialing { return Dialing{db} }

// ClaimAccounts implements [dialer.Store]. Of servers that claim an account at once, the
// second one waits for the first, and then sees its lease.
func (db *DB) ClaimAccounts(ctx context.Context, l work.Lease, now time.Time, limit int) (claimed []account.Account, err error) {
	err = db.write(ctx, account.None, "claim accounts", func(t *tx) error {
		claimed = nil
		t.queue(`WITH leased AS (
				INSERT INTO dialing (account_id, lease_server, lease_until)
					SELECT DISTINCT account_id, $1, $2::bigint FROM campaigns WHERE NOT closed
						AND account_id NOT IN (SELECT id FROM accounts WHERE date_deleted IS NOT NULL)
						AND NOT EXISTS (SELECT FROM dialing WHERE dialing.account_id = campaigns.account_id AND lease_until > $3)
					ORDER BY account_id LIMIT $4
				ON CONFLICT (account_id) DO UPDATE SET lease_server = excluded.lease_server, lease_until = excluded.lease_until
					WHERE dialing.lease_until <= $3
				RETURNING account_id)
			SELECT `+accountColumns+` FROM leased JOIN accounts ON accounts.id = leased.account_id ORDER BY accounts.id`,
			l.Server, l.End(), now.UnixNano(), limit).Query(func(rows pgx.Rows) error {
			var a accountRow
			_, err := pgx.ForEachRow(rows, a.into(), func() error {
				acct, err := a.account()
				claimed = append(claimed, acct)
				return err
			})
			return err
		})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return claimed, nil
}

// Account implements [dialer.Store].
func (d Dialing) Account(ctx context.Context, id account.ID) (account.Account, error) {
	var a accountRow
	err := d.row(ctx, of(id), `SELECT `+accountColumns+` FROM accounts WHERE id = $1`, []any{id}, a.into())
	if noRow(err) {
		return account.Account{}, account.ErrDeleted
	}
	if err != nil {
		return account.Account{}, storeError("read account", err)
	}
	return a.account()
}

// RenewAccounts implements [dialer.Store].
func (db *DB) RenewAccounts(ctx context.Context, l work.Lease, accounts []account.ID) (lost []account.ID, err error) {
	ids := make([]int64, len(accounts))
	for i, id := range accounts {
		ids[i] = int64(id)
	}
	err = db.write(ctx, account.None, "renew leases", func(t *tx) error {
		kept := make(map[account.ID]bool, len(accounts))
		t.queue(`UPDATE dialing SET lease_until = $2 WHERE account_id = ANY($3) AND lease_server = $1
			AND account_id NOT IN (SELECT id FROM accounts WHERE date_deleted IS NOT NULL) RETURNING account_id`, l.Server, l.End(), ids).
			Query(func(rows pgx.Rows) error {
				var id account.ID
				_, err := pgx.ForEachRow(rows, []any{&id}, func() error {
					kept[id] = true
					return nil
				})
				return err
			})
		if err := t.flush(); err != nil {
			return err
		}
		lost = nil
		for _, id := range accounts {
			if !kept[id] {
				lost = append(lost, id)
			}
		}
		return nil
	})
	return lost, err
}

// ReleaseAccount implements [dialer.Store].
func (db *DB) ReleaseAccount(ctx context.Context, server string, account account.ID) error {
	return db.execute(ctx, of(account), "release an account",
		`UPDATE dialing SET lease_server = '', lease_until = 0 WHERE account_id = $1 AND lease_server = $2`, account, server)
}

// unsortedTargets begins transactions that look for due targets. While statistics are out
// of date, the planner may take a large campaign for a small one, and read and sort all
// its targets to find the first. Without sorts it uses the index. Without JIT, it does
// not compile a query whose unavoidable sort now seems to be expensive.
const unsortedTargets = `SELECT set_config('enable_sort', 'off', true), set_config('jit', 'off', true)`

// dial runs a transaction of an account for which no other server dials, and extends the
// lease. It locks the lease, so the account has one such transaction at a time. The
// statements that lock queues share the round trip of the lease.
func (db *DB) dial(ctx context.Context, l work.Lease, account account.ID, operation string, lock func(*tx), do func(*tx) error) error {
	return db.write(ctx, account, operation, func(t *tx) error {
		held := false
		t.queue(`INSERT INTO dialing (account_id, lease_server, lease_until) VALUES ($1, $2, $3)
			ON CONFLICT (account_id) DO UPDATE SET lease_server = excluded.lease_server, lease_until = greatest(dialing.lease_until, excluded.lease_until)
			WHERE dialing.lease_server = excluded.lease_server`, account, l.Server, l.End()).Exec(func(tag pgconn.CommandTag) error {
			held = tag.RowsAffected() == 1
			return nil
		})
		t.queue(unsortedTargets)
		lock(t)
		if err := t.flush(); err != nil {
			return err
		}
		if !held {
			return work.ErrLost
		}
		return do(t)
	})
}

// dialFor is dial for one campaign. It stores the campaign's progress if do has changed
// it.
func (db *DB) dialFor(ctx context.Context, l work.Lease, account account.ID, sid addressbook.SID, operation string, do func(*tx, *campaignRow) error) error {
	var row *campaignRow
	return db.dial(ctx, l, account, operation, func(t *tx) {
		row = nil
		t.lockCampaigns([]addressbook.SID{sid}, "", func(c *campaignRow) { row = c })
	}, func(t *tx) error {
		if row == nil {
			return campaign.ErrNotFound
		}
		before := progressOf(row)
		if err := do(t, row); err != nil {
			return err
		}
		if progressOf(row) != before {
			t.saveProgress(row)
		}
		return nil
	})
}

// progress is the part of a campaign that changes as it is dialed.
type progress struct {
	state                   campaign.State
	expanded, closed        bool
	next, listsRead         int
	contactRead             addressbook.SID
	updated, started, ended time.Time
	counts                  campaign.Counts
}

func progressOf(c *campaignRow) progress {
	return progress{c.State, c.Expanded, c.Closed, c.next, c.listsRead, c.contactRead, c.Updated, c.Started, c.Ended, c.Counts}
}

// OpenCampaigns implements [dialer.Store].
func (db *DB) OpenCampaigns(ctx context.Context, account account.ID) ([]campaign.Campaign, error) {
	return collect(ctx, db, of(account), "read open campaigns", func(row pgx.CollectableRow) (campaign.Campaign, error) {
		c, err := scanCampaign(row)
		if err != nil {
			return campaign.Campaign{}, err
		}
		return c.Campaign, nil
	}, `SELECT `+campaignColumns+` FROM campaigns WHERE account_id = $1 AND NOT closed ORDER BY sid`, account)
}

// ChangeOpen implements [dialer.Store].
func (db *DB) ChangeOpen(ctx context.Context, l work.Lease, account account.ID, sid addressbook.SID, rule dialer.CampaignRule) error {
	return db.dialFor(ctx, l, account, sid, "change an open campaign", func(t *tx, row *campaignRow) error {
		if row.Closed {
			return campaign.ErrNotFound
		}
		t.insertEvents(rule(&row.Campaign))
		return nil
	})
}

// InFlight implements [dialer.Store].
func (db *DB) InFlight(ctx context.Context, account account.ID, after addressbook.SID, limit int) ([]campaign.Call, error) {
	return collect(ctx, db, of(account), "read calls in flight", scanCall,
		`SELECT `+callColumns+` FROM calls WHERE account_id = $1 AND state < 5 AND sid > $2 ORDER BY sid LIMIT $3`, account, (*sidValue)(&after), limit)
}

// CallsSince implements [dialer.Store].
func (db *DB) CallsSince(ctx context.Context, account account.ID, since time.Time) (map[addressbook.SID][]time.Time, error) {
	from := addressbook.FirstSID(since)
	calls := make(map[addressbook.SID][]time.Time)
	// Campaigns that ended before since have no such calls.
	_, err := collect(ctx, db, of(account), "read the last calls", func(row pgx.CollectableRow) (none struct{}, err error) {
		var of, sid addressbook.SID
		err = row.Scan((*sidValue)(&of), (*sidValue)(&sid))
		calls[of] = append(calls[of], sid.Time())
		return none, err
	}, `SELECT campaigns.sid, calls.sid FROM campaigns CROSS JOIN LATERAL
			(SELECT sid FROM calls WHERE calls.account_id = $1 AND calls.campaign_sid = campaigns.sid AND calls.sid >= $2 OFFSET 0) AS calls
		WHERE campaigns.account_id = $1 AND (date_ended IS NULL OR date_ended >= $3) ORDER BY calls.sid`,
		account, (*sidValue)(&from), since.UnixNano())
	if err != nil {
		return nil, err
	}
	return calls, nil
}

// NextDue implements [campaign.Store] and [dialer.Store].
func (db *DB) NextDue(ctx context.Context, account account.ID, sid addressbook.SID) (due time.Time, ok bool, err error) {
	err = db.read(ctx, of(account), "read when the next target is due", func(t *tx) error {
		t.queue(unsortedTargets)
		t.queue(`SELECT due FROM targets WHERE account_id = $1 AND campaign_sid = $2 AND state = 1 ORDER BY due, position LIMIT 1`,
			account, (*sidValue)(&sid)).Query(func(rows pgx.Rows) error {
			_, err := pgx.ForEachRow(rows, []any{(*dateValue)(&due)}, func() error {
				ok = true
				return nil
			})
			return err
		})
		return nil
	})
	return due, ok, err
}
