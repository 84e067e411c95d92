package postgres

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"callbook/internal/account"
	"callbook/internal/budget"
	"callbook/internal/journal"
	"callbook/internal/phone"
	"callbook/internal/suppression"
)

const suppressionColumns = `number, source, note, date_created`

// eachSuppression returns a function that reads rows of suppressionColumns. It claims
// their memory from the request's budget.
func (t *tx) eachSuppression(do func(*suppression.Suppression)) func(pgx.Rows) error {
	share := budget.Of(t.ctx)
	return func(rows pgx.Rows) error {
		var s suppression.Suppression
		_, err := pgx.ForEachRow(rows, []any{(*numberValue)(&s.Number), &s.Source, &s.Note, (*dateValue)(&s.Created)}, func() error {
			found := s
			do(&found)
			return share.Claim(s.Weight())
		})
		return err
	}
}

// AddSuppressions implements [suppression.Store].
func (db *DB) AddSuppressions(ctx context.Context, account account.ID, all []suppression.Suppression, ready journal.Ready[[]suppression.Added]) error {
	return db.writeOnce(ctx, account, "add suppressions", func(t *tx) error {
		results, err := t.addSuppressions(all)
		if err == nil {
			t.keep(ready.Receipt(results))
		}
		return err
	})
}

func (t *tx) addSuppressions(all []suppression.Suppression) ([]suppression.Added, error) {
	// Of suppressions of the same number, only the first is inserted. All transactions
	// insert in the order of the numbers, so they do not deadlock.
	first := make(map[phone.Number]int, len(all))
	var left []int
	for i := range all {
		if _, ok := first[all[i].Number]; !ok {
			first[all[i].Number] = i
			left = append(left, i)
		}
	}
	slices.SortFunc(left, func(a, b int) int { return cmp.Compare(all[a].Number, all[b].Number) })
	stored, added := make(map[phone.Number]*suppression.Suppression, len(left)), make(map[phone.Number]bool)
	// A number that was neither added nor found was removed between the two statements.
	// Try again.
	for range attempts {
		t.insertSuppressions(all, left, func(s *suppression.Suppression) { stored[s.Number], added[s.Number] = s, true })
		if err := t.flush(); err != nil {
			return nil, err
		}
		missing := func(i int) bool { return stored[all[i].Number] != nil }
		if left = slices.DeleteFunc(left, missing); len(left) == 0 {
			break
		}
		t.queue(`SELECT `+suppressionColumns+` FROM suppressions WHERE account_id = $1 AND number = ANY($2)`, t.account, suppressed(all, left)).
			Query(t.eachSuppression(func(s *suppression.Suppression) { stored[s.Number] = s }))
		if err := t.flush(); err != nil {
			return nil, err
		}
		if left = slices.DeleteFunc(left, missing); len(left) == 0 {
			break
		}
	}
	if len(left) > 0 {
		return nil, errAgain
	}
	results := make([]suppression.Added, len(all))
	for i := range all {
		n := all[i].Number
		results[i] = suppression.Added{Suppression: *stored[n], New: added[n] && first[n] == i}
	}
	return results, nil
}

// suppressed returns the numbers of the suppressions at these indexes.
func suppressed(all []suppression.Suppression, at []int) numberColumn {
	numbers := make(numberColumn, len(at))
	for i, place := range at {
		numbers[i] = (*numberValue)(&all[place].Number)
	}
	return numbers
}

// insertSuppressions queues the insertion of the suppressions at these indexes whose
// numbers are new. It calls added for each that was inserted.
func (t *tx) insertSuppressions(all []suppression.Suppression, at []int, added func(*suppression.Suppression)) {
	sources, notes, created := make([]string, len(at)), make([]string, len(at)), make(dateColumn, len(at))
	for i, place := range at {
		s := &all[place]
		sources[i], notes[i], created[i] = s.Source, s.Note, (*dateValue)(&s.Created)
	}
	t.queue(`INSERT INTO suppressions (account_id, `+suppressionColumns+`)
		SELECT $1, new.* FROM unnest($2::bigint[], $3::text[], $4::text[], $5::bigint[]) AS new
		ON CONFLICT (account_id, number) DO NOTHING RETURNING `+suppressionColumns,
		t.account, suppressed(all, at), sources, notes, created).Query(t.eachSuppression(added))
}

// RemoveSuppressions implements [suppression.Store].
func (db *DB) RemoveSuppressions(ctx context.Context, account account.ID, numbers []phone.Number, ready journal.Ready[[]*suppression.Suppression]) error {
	return db.writeOnce(ctx, account, "remove suppressions", func(t *tx) error {
		marks, err := t.marks(numbers)
		if err != nil {
			return err
		}
		column := make(numberColumn, 0, len(numbers)+len(marks))
		for i := range numbers {
			column = append(column, (*numberValue)(&numbers[i]))
		}
		for mark := range marks {
			column = append(column, (*numberValue)(&mark))
		}
		removed := make(map[phone.Number]*suppression.Suppression, len(numbers))
		t.queue(`DELETE FROM suppressions WHERE account_id = $1 AND number IN
				(SELECT number FROM suppressions WHERE account_id = $1 AND number = ANY($2) ORDER BY number FOR UPDATE)
			RETURNING `+suppressionColumns, account, column).Query(t.eachSuppression(func(s *suppression.Suppression) {
			if n, marked := marks[s.Number]; marked {
				s.Number = n
			}
			removed[s.Number] = s
		}))
		if err := t.flush(); err != nil {
			return err
		}
		results := make([]*suppression.Suppression, len(numbers))
		for i, n := range numbers {
			results[i] = removed[n]
			delete(removed, n) // a repeated number finds nothing
		}
		t.keep(ready.Receipt(results))
		return nil
	})
}

// Suppressions implements [suppression.Store].
func (db *DB) Suppressions(ctx context.Context, account account.ID, q suppression.Query) (page suppression.Page, err error) {
	err = db.read(ctx, purpose{account, true}, "list suppressions", func(t *tx) error {
		s := newSelection("suppressions", account)
		if q.Number != 0 {
			s.and("number IN (%[1]s, "+markOf("%[1]s::bigint")+")", int64(q.Number))
		}
		if q.MaxTotal > 0 {
			s.counter = fmt.Sprintf(`SELECT count(*) FROM (SELECT 1 FROM suppressions WHERE %s LIMIT %d) AS first`, s.where, q.MaxTotal)
		}
		order := `date_created DESC, number DESC`
		if q.ByNumber {
			order = `number`
			s.and("number > %s", int64(q.After))
		} else {
			s.queueCount(t, &page.Total)
		}
		t.queue(`SELECT `+suppressionColumns+` FROM suppressions WHERE `+s.where+` ORDER BY `+order+` LIMIT `+s.arg(q.Limit)+` OFFSET `+s.arg(q.Offset),
			s.args...).Query(t.eachSuppression(func(found *suppression.Suppression) { page.Suppressions = append(page.Suppressions, *found) }))
		return nil
	})
	if err != nil {
		return suppression.Page{}, err
	}
	return page, nil
}
