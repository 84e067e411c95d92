package sqlite

import (
	"context"
	"errors"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"callbook/internal/account"
	"callbook/internal/budget"
	"callbook/internal/campaign"
	"callbook/internal/journal"
	"callbook/internal/phone"
	"callbook/internal/suppression"
	"callbook/internal/upload"
)

var _ suppression.Store = (*AddressBook)(nil)

// suppressionColumns are the columns that scanSuppression reads.
const suppressionColumns = `number, source, note, date_created`

func scanSuppression(stmt *sqlite.Stmt) suppression.Suppression {
	return suppression.Suppression{
		Number: phone.Number(stmt.ColumnInt64(0)), Source: stmt.ColumnText(1), Note: stmt.ColumnText(2), Created: optionalTime(stmt, 3),
	}
}

// readSuppression reads the row of a number or of its mark, or returns errNoRow.
func readSuppression(conn *sqlite.Conn, account account.ID, n phone.Number) (s suppression.Suppression, err error) {
	err = queryOne(conn, `SELECT `+suppressionColumns+` FROM suppressions WHERE account_id = ?1 AND number IN (?2, `+markOf("?2")+`) ORDER BY number DESC LIMIT 1`, []any{account, int64(n)},
		func(stmt *sqlite.Stmt) error {
			s = scanSuppression(stmt)
			return nil
		})
	return s, err
}

// suppressCallee adds the suppression that a callee has asked for, if it is new.
func (tx *editTx) suppressCallee(call *campaign.Call) error {
	tx.bytes += pageBytes
	return tx.exec(`INSERT INTO suppressions (account_id, `+suppressionColumns+`) VALUES (?,?,?,?,?) ON CONFLICT DO NOTHING`,
		tx.edit.account, int64(call.Number), suppression.FromCall, call.Suppress, call.Ended.UnixNano())
}

// AddSuppressions implements [suppression.Store].
func (b *AddressBook) AddSuppressions(ctx context.Context, account account.ID, all []suppression.Suppression, ready journal.Ready[[]suppression.Added]) error {
	return b.edit(ctx, account, len(all), "add suppressions", func(tx *editTx) error {
		results := make([]suppression.Added, len(all))
		for i, s := range all {
			added, err := tx.addSuppression(account, &s)
			if err != nil {
				return err
			}
			results[i] = suppression.Added{Suppression: s, New: added}
			if added {
				continue
			}
			if results[i].Suppression, err = readSuppression(tx.Conn, account, s.Number); err != nil {
				return err
			}
			if err := tx.edit.share.Claim(results[i].Weight()); err != nil {
				return err
			}
		}
		return tx.keep(ready.Receipt(results))
	})
}

// addSuppression adds a suppression, and reports whether its number is new.
func (tx *editTx) addSuppression(account account.ID, s *suppression.Suppression) (bool, error) {
	err := tx.exec(`INSERT INTO suppressions (account_id, `+suppressionColumns+`) VALUES (?,?,?,?,?) ON CONFLICT DO NOTHING`,
		account, int64(s.Number), s.Source, s.Note, s.Created.UnixNano())
	added := tx.Changes() > 0
	if added {
		tx.bytes += pageBytes // part of a page
	}
	return added, err
}

// suppress adds the suppressions of a batch.
func (tx *editTx) suppress(batch *upload.Batch) ([]upload.Outcome, error) {
	outcomes := make([]upload.Outcome, len(batch.Suppressions))
	for i := range batch.Suppressions {
		added, err := tx.addSuppression(batch.Account, &batch.Suppressions[i])
		if err != nil {
			return nil, err
		}
		if !added {
			outcomes[i] = upload.Member
		}
	}
	return outcomes, nil
}

// RemoveSuppressions implements [suppression.Store].
func (b *AddressBook) RemoveSuppressions(ctx context.Context, account account.ID, numbers []phone.Number, ready journal.Ready[[]*suppression.Suppression]) error {
	return b.edit(ctx, account, len(numbers), "remove suppressions", func(tx *editTx) error {
		results := make([]*suppression.Suppression, len(numbers))
		for i, n := range numbers {
			s, err := readSuppression(tx.Conn, account, n)
			if errors.Is(err, errNoRow) {
				continue
			}
			if err == nil {
				err = tx.edit.share.Claim(s.Weight())
			}
			if err == nil {
				err = tx.exec(`DELETE FROM suppressions WHERE account_id = ?1 AND number IN (?2, `+markOf("?2")+`)`, account, int64(n))
			}
			if err != nil {
				return err
			}
			tx.bytes += pageBytes
			s.Number = n // it may be stored as a mark
			results[i] = &s
		}
		return tx.keep(ready.Receipt(results))
	})
}

// Suppressions implements [suppression.Store].
func (b *AddressBook) Suppressions(ctx context.Context, account account.ID, q suppression.Query) (suppression.Page, error) {
	var page suppression.Page
	share := budget.Of(ctx)
	from, args := `FROM suppressions WHERE account_id = ?1`, []any{account}
	if q.Number != 0 {
		from, args = from+` AND number IN (?2, `+markOf("?2")+`)`, append(args, int64(q.Number))
	}
	order := `date_created DESC, number DESC`
	if q.ByNumber {
		order, from, args = `number`, from+` AND number > ?`, append(args, int64(q.After))
	}
	err := b.db.points.read(ctx, account, func(conn *sqlite.Conn) (err error) {
		defer sqlitex.Transaction(conn)(&err) // reads the total and the page from one snapshot
		if !q.ByNumber {
			if page.Total, err = countUpTo(conn, from, args, q.MaxTotal); err != nil {
				return err
			}
		}
		return sqlitex.Execute(conn, `SELECT `+suppressionColumns+` `+from+` ORDER BY `+order+` LIMIT ? OFFSET ?`, &sqlitex.ExecOptions{
			Args: append(args, q.Limit, q.Offset),
			ResultFunc: func(stmt *sqlite.Stmt) error {
				s := scanSuppression(stmt)
				page.Suppressions = append(page.Suppressions, s)
				return share.Claim(s.Weight())
			},
		})
	})
	if err != nil {
		return suppression.Page{}, storeError("read suppressions", err)
	}
	return page, nil
}
