package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/budget"
)

// listColumns is what scanList reads, in this order.
const listColumns = `lists.sid, lists.name, lists.tag, lists.type, lists.contact_count, lists.date_created, lists.date_updated`

func intoList(l *addressbook.List) []any {
	return []any{
		(*sidValue)(&l.SID), &l.Name, (*textValue)(&l.Tag), (*uint8)(&l.Type), &l.ContactCount,
		(*dateValue)(&l.Created), (*dateValue)(&l.Updated),
	}
}

// eachList returns a function that reads rows of listColumns. It claims their memory from
// the request's budget.
func (t *tx) eachList(do func(*addressbook.List)) func(pgx.Rows) error {
	share := budget.Of(t.ctx)
	return func(rows pgx.Rows) error {
		for rows.Next() {
			var l addressbook.List
			err := rows.Scan(intoList(&l)...)
			if err == nil {
				err = share.Claim(l.Weight())
			}
			if err != nil {
				return err
			}
			do(&l)
		}
		return rows.Err()
	}
}

// List implements [addressbook.Store].
func (db *DB) List(ctx context.Context, account account.ID, sid addressbook.SID) (addressbook.List, error) {
	return db.oneList(ctx, `sid = $2`, account, (*sidValue)(&sid))
}

// ListByName implements [addressbook.Store].
func (db *DB) ListByName(ctx context.Context, account account.ID, name string) (addressbook.List, error) {
	return db.oneList(ctx, `name = $2`, account, name, name)
}

// oneList reads the list that meets a condition on $2. The words are texts from the
// request, as in [DB.row].
func (db *DB) oneList(ctx context.Context, condition string, account account.ID, arg any, words ...string) (addressbook.List, error) {
	var l addressbook.List
	err := db.row(ctx, of(account), `SELECT `+listColumns+` FROM lists WHERE account_id = $1 AND `+condition,
		[]any{account, arg}, intoList(&l), words...)
	if noRow(err) {
		return addressbook.List{}, addressbook.ErrNoList
	}
	return l, storeError("read list", err)
}

// Lists implements [addressbook.Store].
func (db *DB) Lists(ctx context.Context, account account.ID, q addressbook.ListQuery) (addressbook.ListPage, error) {
	var page addressbook.ListPage
	err := db.read(ctx, purpose{account, q.Scans()}, "read lists", func(t *tx) error {
		s := newSelection("lists", account)
		if q.Name != "" {
			s.and("strpos(lists.name_key, %s) > 0", addressbook.Fold(q.Name))
		}
		s.queueCount(t, &page.Total)
		s.queuePage(t, listColumns, window{q.Window, "lists"}).Query(t.eachList(func(l *addressbook.List) {
			page.Lists = append(page.Lists, *l)
		}))
		return nil
	})
	if err != nil {
		return addressbook.ListPage{}, err
	}
	page.Lists, page.Next = addressbook.Cut(page.Lists, q.Limit, func(l *addressbook.List) addressbook.Position { return l.Position(q.Window) })
	return page, nil
}
