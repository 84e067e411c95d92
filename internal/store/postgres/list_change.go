package postgres

import (
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/journal"
)

// InsertLists implements [addressbook.Store].
func (db *DB) InsertLists(ctx context.Context, account account.ID, lists []addressbook.List, ready journal.Ready[[]addressbook.ListResult]) error {
	return db.writeOnce(ctx, account, "insert lists", func(t *tx) error {
		// Of lists with the same name, only the first is inserted. All transactions
		// insert in the order of the names, so they do not deadlock.
		first := make(map[string]int, len(lists))
		for i := range lists {
			if _, ok := first[lists[i].Name]; !ok {
				first[lists[i].Name] = i
			}
		}
		rows := make([]*addressbook.List, 0, len(first))
		for _, i := range first {
			rows = append(rows, &lists[i])
		}
		slices.SortFunc(rows, func(a, b *addressbook.List) int { return strings.Compare(a.Name, b.Name) })
		added := make(map[string]bool, len(rows))
		t.queue(`INSERT INTO lists (account_id, sid, name, name_key, tag, type, date_created, date_updated, contact_count)
			SELECT $1, new.*, 0
			FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::smallint[], $7::bigint[], $8::bigint[]) AS new
			ON CONFLICT (account_id, name) DO NOTHING RETURNING name`, listArgs(account, rows)...).Query(func(rows pgx.Rows) error {
			var name string
			_, err := pgx.ForEachRow(rows, []any{&name}, func() error {
				added[name] = true
				return nil
			})
			return err
		})
		if err := t.flush(); err != nil {
			return err
		}
		results := make([]addressbook.ListResult, len(lists))
		for i := range lists {
			if name := lists[i].Name; added[name] && first[name] == i {
				results[i].List = &lists[i]
			} else {
				results[i].Fault = addressbook.ErrNameTaken
			}
		}
		t.keep(ready.Receipt(results))
		return nil
	})
}

// listArgs returns the account and the columns of lists as parameters.
func listArgs(account account.ID, lists []*addressbook.List) []any {
	n := len(lists)
	sid, tag := make(sidColumn, n), make(textColumn, n)
	name, nameKey := make([]string, n), make([]string, n)
	kind := make([]int16, n)
	created, updated := make(dateColumn, n), make(dateColumn, n)
	for i, l := range lists {
		sid[i], tag[i] = (*sidValue)(&l.SID), (*textValue)(&l.Tag)
		name[i], nameKey[i] = l.Name, addressbook.NameKey(l.Name, "")
		kind[i] = int16(l.Type)
		created[i], updated[i] = (*dateValue)(&l.Created), (*dateValue)(&l.Updated)
	}
	return []any{account, sid, name, nameKey, tag, kind, created, updated}
}

// UpdateLists implements [addressbook.Store].
func (db *DB) UpdateLists(ctx context.Context, account account.ID, patches []addressbook.ListPatch, ready journal.Ready[[]addressbook.ListResult]) error {
	return db.writeOnce(ctx, account, "update lists", func(t *tx) error {
		patched := make([]addressbook.SID, len(patches))
		var wanted []string
		for i := range patches {
			patched[i] = patches[i].SID
			if patches[i].Name.Set {
				wanted = append(wanted, patches[i].Name.Value)
			}
		}
		rows := make(map[addressbook.SID]*addressbook.List)
		names := make(map[string]addressbook.SID) // the list that has each name
		t.lockLists(patched, func(l *addressbook.List) { rows[l.SID] = l })
		t.queue(`SELECT `+listColumns+` FROM lists WHERE account_id = $1 AND name = ANY($2)`, account, wanted).
			Query(t.eachList(func(l *addressbook.List) { names[l.Name] = l.SID }))
		if err := t.flush(); err != nil {
			return err
		}
		before := make(map[addressbook.SID]string, len(rows))
		for sid, l := range rows {
			before[sid], names[l.Name] = l.Name, sid
		}
		results := make([]addressbook.ListResult, len(patches))
		changed := make(map[addressbook.SID]bool, len(rows))
		for i := range patches {
			p := &patches[i]
			l := rows[p.SID]
			if l == nil {
				results[i].Fault = addressbook.ErrNoList
				continue
			}
			after := *l
			if !p.Fits(l) {
				results[i] = addressbook.ListResult{List: &after, Fault: addressbook.ErrListChanged}
				continue
			}
			results[i].List = &after
			if !p.Apply(&after) {
				continue
			}
			if holder, held := names[after.Name]; held && holder != l.SID {
				results[i] = addressbook.ListResult{Fault: addressbook.ErrNameTaken}
				continue
			}
			delete(names, l.Name)
			names[after.Name] = l.SID
			*l = after
			changed[l.SID] = true
		}
		// Another transaction may take a name after this one has looked it up. A retry
		// finds it.
		t.retryOnConflict = true
		t.updateLists(rows, before, changed)
		t.keep(ready.Receipt(results))
		return nil
	})
}

// lockLists queues a query that reads lists and locks them, in the order of their sids.
func (t *tx) lockLists(lists []addressbook.SID, do func(*addressbook.List)) {
	t.queue(`SELECT `+listColumns+` FROM lists WHERE account_id = $1 AND sid = ANY($2) ORDER BY sid FOR UPDATE`,
		t.account, sids(lists)).Query(t.eachList(do))
}

// updateLists queues the updates of the changed lists. Before has their stored names.
func (t *tx) updateLists(lists map[addressbook.SID]*addressbook.List, before map[addressbook.SID]string, changed map[addressbook.SID]bool) {
	if len(changed) == 0 {
		return
	}
	old := make(map[string]addressbook.SID, len(changed))
	rows := make([]*addressbook.List, 0, len(changed))
	for sid := range changed {
		old[before[sid]] = sid
		rows = append(rows, lists[sid])
	}
	var freed []addressbook.SID
	for _, l := range rows {
		if giver, ok := old[l.Name]; ok && giver != l.SID {
			freed = append(freed, giver)
		}
	}
	if len(freed) > 0 {
		// PostgreSQL checks a unique name row by row, and not at the end of the
		// statement. So lists are given temporary names first, which are longer than any
		// list's may be.
		t.queue(`UPDATE lists SET name = repeat('-', $3) || sid::text WHERE account_id = $1 AND sid = ANY($2)`,
			t.account, sids(freed), 4*addressbook.MaxTextLength)
	}
	args := listArgs(t.account, rows)
	t.queue(`UPDATE lists SET name = new.name, name_key = new.name_key, tag = new.tag, date_updated = new.date_updated
		FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::smallint[], $7::bigint[], $8::bigint[])
			AS new (sid, name, name_key, tag, type, date_created, date_updated)
		WHERE lists.account_id = $1 AND lists.sid = new.sid`, args...)
}
