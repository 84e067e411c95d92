package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/summary"
)

var _ summary.Store = (*DB)(nil)

// AppendFacts implements [summary.Store].
func (db *DB) AppendFacts(ctx context.Context, facts []summary.Fact, account account.ID, after addressbook.SID, limit int) ([]summary.Fact, error) {
	// Each page is one statement, so the database need not keep a snapshot between pages.
	found, err := collect(ctx, db, purpose{account, true}, "read facts of contacts", scanFact, `SELECT sid, number, coalesce(tag, ''), date_created FROM contacts
		WHERE account_id = $1 AND sid > $2 ORDER BY sid LIMIT $3`, account, (*sidValue)(&after), limit)
	return append(facts, found...), err
}

func scanFact(row pgx.CollectableRow) (f summary.Fact, err error) {
	err = row.Scan((*sidValue)(&f.SID), (*numberValue)(&f.Number), &f.Tag, (*dateValue)(&f.Created))
	return f, err
}
