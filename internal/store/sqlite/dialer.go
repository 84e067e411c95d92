package sqlite

import (
	"context"
	"errors"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/campaign"
	"callbook/internal/dialer"
	"callbook/internal/work"
)

var _ dialer.Store = (*Campaigns)(nil)

// claimableAccounts selects the accounts that have open campaigns and whose lease is free
// or has run out by the time in its argument.
const claimableAccounts = ` FROM accounts WHERE date_deleted IS NULL AND id IN (SELECT account_id FROM campaigns WHERE closed = 0)
	AND NOT EXISTS (SELECT 1 FROM dialing WHERE account_id = accounts.id AND lease_until > ?)`

// ClaimAccounts implements [dialer.Store].
func (s *Campaigns) ClaimAccounts(ctx context.Context, l work.Lease, now time.Time, limit int) (claimed []account.Account, err error) {
	// Mostly there is none, and then nothing is written.
	err = s.book.db.points.read(ctx, account.None, func(conn *sqlite.Conn) error {
		return queryOne(conn, `SELECT 1`+claimableAccounts+` LIMIT 1`, []any{now.UnixNano()}, func(*sqlite.Stmt) error { return nil })
	})
	if errors.Is(err, errNoRow) {
		return nil, nil
	}
	if err != nil {
		return nil, storeError("look for campaigns", err)
	}
	err = s.book.edit(ctx, account.None, 1, "claim accounts", func(tx *editTx) error {
		claimed = nil
		err := sqlitex.Execute(tx.Conn, `SELECT `+accountColumns+claimableAccounts+` ORDER BY id LIMIT ?`, &sqlitex.ExecOptions{
			Args: []any{now.UnixNano(), limit},
			ResultFunc: func(stmt *sqlite.Stmt) error {
				a, err := scanAccount(stmt)
				claimed = append(claimed, a)
				return err
			},
		})
		for _, a := range claimed {
			if err != nil {
				return err
			}
			tx.bytes += pageBytes // part of a page
			err = tx.exec(`INSERT OR REPLACE INTO dialing (account_id, lease_server, lease_until) VALUES (?, ?, ?)`, a.ID, l.Server, l.End())
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return claimed, nil
}

// Account implements [dialer.Store].
func (s *Campaigns) Account(ctx context.Context, id account.ID) (a account.Account, err error) {
	err = s.book.db.points.read(ctx, id, func(conn *sqlite.Conn) error {
		return queryOne(conn, `SELECT `+accountColumns+` FROM accounts WHERE id = ?`, []any{id}, func(stmt *sqlite.Stmt) (err error) {
			a, err = scanAccount(stmt)
			return err
		})
	})
	if errors.Is(err, errNoRow) {
		return account.Account{}, account.ErrDeleted
	}
	return a, storeError("read account", err)
}

// RenewAccounts implements [dialer.Store].
func (s *Campaigns) RenewAccounts(ctx context.Context, l work.Lease, accounts []account.ID) (lost []account.ID, err error) {
	err = s.book.edit(ctx, account.None, len(accounts), "renew leases", func(tx *editTx) error {
		lost = nil
		for _, id := range accounts {
			tx.bytes += pageBytes
			err := tx.exec(`UPDATE dialing SET lease_until = ? WHERE account_id = ? AND lease_server = ?
				AND NOT EXISTS (SELECT 1 FROM accounts WHERE id = account_id AND date_deleted IS NOT NULL)`, l.End(), id, l.Server)
			if err != nil {
				return err
			}
			if tx.Changes() == 0 {
				lost = append(lost, id)
			}
		}
		return nil
	})
	return lost, err
}

// ReleaseAccount implements [dialer.Store].
func (s *Campaigns) ReleaseAccount(ctx context.Context, server string, account account.ID) error {
	return s.book.edit(ctx, account, 1, "release an account", func(tx *editTx) error {
		tx.bytes += pageBytes
		return tx.exec(`UPDATE dialing SET lease_server = '', lease_until = 0 WHERE account_id = ? AND lease_server = ?`, account, server)
	})
}

// dial runs an edit of an account for which no other server dials, and extends the lease.
func (s *Campaigns) dial(ctx context.Context, l work.Lease, account account.ID, rows int, operation string, do func(*editTx) error) error {
	return s.book.edit(ctx, account, rows, operation, func(tx *editTx) error {
		err := tx.exec(`INSERT INTO dialing (account_id, lease_server, lease_until) VALUES (?, ?, ?)
			ON CONFLICT (account_id) DO UPDATE SET lease_until = max(lease_until, excluded.lease_until)
			WHERE lease_server = excluded.lease_server`, account, l.Server, l.End())
		if err != nil {
			return err
		}
		if tx.Changes() == 0 {
			return tx.refuse(work.ErrLost)
		}
		tx.bytes += pageBytes // part of a page
		return do(tx)
	})
}

// dialFor is dial for one campaign. It stores the campaign's progress if do has changed
// it.
func (s *Campaigns) dialFor(ctx context.Context, l work.Lease, account account.ID, sid addressbook.SID, rows int, operation string, do func(*editTx, *campaignRow) error) error {
	return s.dial(ctx, l, account, rows, operation, func(tx *editTx) error {
		row, err := readCampaign(tx.Conn, account, sid, "")
		if errors.Is(err, errNoRow) {
			return tx.refuse(campaign.ErrNotFound)
		}
		if err != nil {
			return err
		}
		before := progressOf(row)
		if err := do(tx, row); err != nil || progressOf(row) == before {
			return err
		}
		return tx.saveProgress(row)
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
	minutes                 campaign.Minutes
}

func progressOf(row *campaignRow) progress {
	return progress{
		row.State, row.Expanded, row.Closed, row.next, row.listsRead, row.contactRead, row.Updated, row.Started, row.Campaign.Ended, row.Counts, row.Minutes,
	}
}

// OpenCampaigns implements [dialer.Store].
func (s *Campaigns) OpenCampaigns(ctx context.Context, account account.ID) (open []campaign.Campaign, err error) {
	err = s.book.db.points.read(ctx, account, func(conn *sqlite.Conn) error {
		return sqlitex.Execute(conn, `SELECT `+campaignColumns+` FROM campaigns WHERE account_id = ? AND closed = 0 ORDER BY sid`, &sqlitex.ExecOptions{
			Args: []any{account},
			ResultFunc: func(stmt *sqlite.Stmt) error {
				row, err := scanCampaign(stmt)
				if err == nil {
					open = append(open, row.Campaign)
				}
				return err
			},
		})
	})
	return open, storeError("read campaigns", err)
}

// ChangeOpen implements [dialer.Store].
func (s *Campaigns) ChangeOpen(ctx context.Context, l work.Lease, account account.ID, sid addressbook.SID, rule dialer.CampaignRule) error {
	return s.dialFor(ctx, l, account, sid, 1, "change a campaign", func(tx *editTx, row *campaignRow) error {
		if row.Closed {
			return tx.refuse(campaign.ErrNotFound)
		}
		return tx.insertEvents(rule(&row.Campaign))
	})
}

// InFlight implements [dialer.Store].
func (s *Campaigns) InFlight(ctx context.Context, account account.ID, after addressbook.SID, limit int) (calls []campaign.Call, err error) {
	err = s.book.db.points.read(ctx, account, func(conn *sqlite.Conn) error {
		return sqlitex.Execute(conn, `SELECT campaigns.sid, `+callColumns+` FROM calls INDEXED BY calls_in_flight CROSS JOIN campaigns ON campaigns.id = campaign_id
			WHERE calls.state < 5 AND calls.sid > ? AND campaigns.account_id = ? ORDER BY calls.sid LIMIT ?`, &sqlitex.ExecOptions{
			Args: []any{after[:], account, limit},
			ResultFunc: func(stmt *sqlite.Stmt) error {
				calls = append(calls, scanCall(stmt, 1, columnSID(stmt, 0)))
				return nil
			},
		})
	})
	return calls, storeError("read calls in flight", err)
}

// CallsSince implements [dialer.Store].
func (s *Campaigns) CallsSince(ctx context.Context, account account.ID, since time.Time) (map[addressbook.SID][]time.Time, error) {
	from := addressbook.FirstSID(since)
	calls := make(map[addressbook.SID][]time.Time)
	err := s.book.db.points.read(ctx, account, func(conn *sqlite.Conn) error {
		return sqlitex.Execute(conn, `SELECT campaigns.sid, calls.sid FROM campaigns CROSS JOIN calls ON campaign_id = campaigns.id
			WHERE account_id = ? AND calls.sid >= ? ORDER BY campaigns.id, calls.sid`, &sqlitex.ExecOptions{
			Args: []any{account, from[:]},
			ResultFunc: func(stmt *sqlite.Stmt) error {
				of := columnSID(stmt, 0)
				calls[of] = append(calls[of], columnSID(stmt, 1).Time())
				return nil
			},
		})
	})
	return calls, storeError("read the last calls", err)
}

// NextDue implements [campaign.Store] and [dialer.Store].
func (s *Campaigns) NextDue(ctx context.Context, account account.ID, sid addressbook.SID) (due time.Time, ok bool, err error) {
	err = s.book.db.points.read(ctx, account, func(conn *sqlite.Conn) error {
		return queryOne(conn, `SELECT due FROM campaigns CROSS JOIN targets INDEXED BY targets_due ON campaign_id = campaigns.id
			WHERE account_id = ? AND sid = ? AND due IS NOT NULL ORDER BY due LIMIT 1`, []any{account, sid[:]}, func(stmt *sqlite.Stmt) error {
			due, ok = optionalTime(stmt, 0), true
			return nil
		})
	})
	if errors.Is(err, errNoRow) {
		return time.Time{}, false, nil
	}
	return due, ok, storeError("read the next target's time", err)
}
