package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"callbook/internal/account"
	"callbook/internal/usage"
)

var _ usage.Store = (*DB)(nil)

// AddRequests implements [usage.Store].
func (db *DB) AddRequests(ctx context.Context, counts []usage.Count) error {
	// All servers write these rows in the same order, so they do not deadlock.
	accounts, days := make([]int64, len(counts)), make([]int32, len(counts))
	outcomes, requests := make([]int16, len(counts)), make([]int64, len(counts))
	for i, c := range counts {
		accounts[i], days[i], outcomes[i], requests[i] = int64(c.Account), int32(c.Date), c.Stored(), int64(c.Requests)
	}
	return db.execute(ctx, purpose{}, "count requests", `INSERT INTO requests (account_id, day, outcome, requests)
		SELECT a, d, o, sum(n) FROM unnest($1::bigint[], $2::integer[], $3::smallint[], $4::bigint[]) AS new (a, d, o, n)
		GROUP BY a, d, o ORDER BY a, d, o
		ON CONFLICT (account_id, day, outcome) DO UPDATE SET requests = requests.requests + excluded.requests`,
		accounts, days, outcomes, requests)
}

// Requests implements [usage.Store].
func (db *DB) Requests(ctx context.Context, account account.ID, from, to usage.Date) ([]usage.Day, error) {
	var days []usage.Day
	_, err := collect(ctx, db, of(account), "read counts of requests", func(row pgx.CollectableRow) (none struct{}, err error) {
		var date, outcome int
		var c usage.Count
		if err = row.Scan(&date, &outcome, &c.Requests); err != nil {
			return none, err
		}
		if len(days) == 0 || days[len(days)-1].Date != usage.Date(date) {
			days = append(days, usage.Day{Date: usage.Date(date)})
		}
		c.SetStored(outcome)
		days[len(days)-1].Add(c)
		return none, nil
	}, `SELECT day, outcome, requests FROM requests WHERE account_id = $1 AND day BETWEEN $2 AND $3 ORDER BY day`,
		account, int32(from), int32(to))
	return days, err
}

// ForgetRequests implements [usage.Store].
func (db *DB) ForgetRequests(ctx context.Context, before usage.Date) error {
	return db.execute(ctx, purpose{}, "forget counts of requests", `DELETE FROM requests WHERE day < $1`, int32(before))
}
