package postgres

import (
	"cmp"
	"context"
	"math/rand/v2"
	"slices"
	"sync"

	"github.com/jackc/pgx/v5"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/budget"
	"callbook/internal/journal"
	"callbook/internal/phone"
)

// InsertContacts implements [addressbook.Store].
func (db *DB) InsertContacts(ctx context.Context, account account.ID, contacts []addressbook.Contact, opts addressbook.CreateOptions, ready journal.Ready[[]*addressbook.Contact]) error {
	otherwise := inserting
	if len(contacts) >= db.minCopyRows && opts.OnDuplicate != addressbook.UpdateDuplicate {
		otherwise = copying
	}
	way := otherwise
	many := len(contacts) >= min(minGuessRows, db.minCopyRows) && !opts.DryRun
	if many && db.guesses.worthwhile(account) {
		way = guessing
	}
	found := false
	err := db.writeOnce(ctx, account, "insert contacts", func(t *tx) error {
		in := insertion{tx: t, contacts: contacts, existing: make([]*addressbook.Contact, len(contacts)), way: way}
		// The next attempt uses a way in which less can come between.
		if way == guessing {
			way = otherwise
		} else {
			way = inserting
		}
		err := in.run(opts, ready)
		found = in.created < len(contacts)
		return err
	})
	if err == nil && many {
		db.guesses.learn(account, found)
	}
	return err
}

// way is how an insertion finds out which numbers are taken.
type way int

const (
	guessing  way = iota // it assumes that none is, and fails otherwise
	copying              // it looks them up before it adds the others
	inserting            // it inserts all, and looks up those that conflict
)

// insertion is one InsertContacts.
type insertion struct {
	*tx
	contacts []addressbook.Contact
	existing []*addressbook.Contact // the holder of each contact's number; nil for a new contact
	created  int
	way      way
}

func (in *insertion) run(opts addressbook.CreateOptions, ready journal.Ready[[]*addressbook.Contact]) error {
	at := in.byNumber()
	var err error
	switch update := opts.OnDuplicate == addressbook.UpdateDuplicate; {
	case opts.DryRun:
		_, err = in.find(at, false)
	case in.way == guessing:
		return in.guess(at, ready)
	case in.way == copying:
		err = in.copy(at)
	default:
		err = in.insert(at, update)
	}
	if err != nil {
		return err
	}
	var updated []*addressbook.Contact
	if opts.OnDuplicate == addressbook.UpdateDuplicate {
		for i, c := range in.existing {
			if c != nil {
				c.Overwrite(&in.contacts[i])
				updated = append(updated, c)
			}
		}
	}
	receipt := ready.Receipt(in.existing)
	if !opts.DryRun {
		addressbook.TellInserted(in.note, in.contacts, in.added(), updated)
		in.updateRows(updated)
		in.countContacts(in.created)
	}
	in.keep(receipt)
	return nil
}

// added returns the contacts that are new.
func (in *insertion) added() []*addressbook.Contact {
	added := make([]*addressbook.Contact, 0, in.created)
	for i, c := range in.existing {
		if c == nil {
			added = append(added, &in.contacts[i])
		}
	}
	return added
}

// byNumber returns the indexes of the contacts, sorted by number. A transaction waits for
// another one that inserts the same number. All insert in this order, so they do not
// deadlock.
func (in *insertion) byNumber() []int {
	at := make([]int, len(in.contacts))
	for i := range at {
		at[i] = i
	}
	slices.SortFunc(at, func(a, b int) int { return cmp.Compare(in.contacts[a].Number, in.contacts[b].Number) })
	return at
}

// copy finds the holders of the numbers of the contacts at these indexes, and adds the
// other contacts. If another transaction takes a number meanwhile, everything is retried
// with insert, because two transactions that copy could hinder each other forever.
func (in *insertion) copy(at []int) error {
	free, err := in.find(at, false)
	if err != nil || len(free) == 0 {
		return err
	}
	in.retryOnConflict = true
	in.created = len(free)
	return in.insertRows(in.rows(free), 0)
}

// rows returns the contacts at these indexes.
func (in *insertion) rows(at []int) []*addressbook.Contact {
	rows := make([]*addressbook.Contact, len(at))
	for i, place := range at {
		rows[i] = &in.contacts[place]
	}
	return rows
}

// guess adds all contacts as if their numbers were free, and calls ready at the same
// time. That takes one round trip, or two with a receipt. If a number is taken, the
// caller retries in another way.
func (in *insertion) guess(at []int, ready journal.Ready[[]*addressbook.Contact]) error {
	rows := in.rows(at)
	keyed := in.claim.Key != ""
	in.retryOnConflict = true
	in.created = len(rows)
	addressbook.TellInserted(in.note, in.contacts, rows, nil)
	var err error
	var copied sync.WaitGroup
	copied.Go(func() { err = in.copyAtOnce(rows, !keyed) })
	defer copied.Wait() // after a panic too, because copyAtOnce uses the connection
	receipt := ready.Receipt(in.existing)
	copied.Wait()
	if err == nil && keyed {
		in.countContacts(in.created)
		in.keep(receipt)
	}
	return err
}

// insert adds the contacts at these indexes whose numbers are free, and finds the holders
// of the others.
func (in *insertion) insert(at []int, lock bool) error {
	for range attempts {
		left, err := in.add(at)
		if err != nil || len(left) == 0 {
			return err
		}
		// The insert has waited for transactions that held the same numbers. Only a new
		// statement sees what they have committed.
		if at, err = in.find(left, lock); err != nil || len(at) == 0 {
			return err
		}
		// Between the two statements, the holder has given up its number. Try again.
	}
	return errAgain
}

// add inserts the contacts at these indexes whose numbers are free, and returns the other
// indexes.
func (in *insertion) add(at []int) (left []int, err error) {
	rows := in.rows(at)
	added := make(map[phone.Number]bool, len(at))
	in.queue(`INSERT INTO contacts (account_id, `+rowColumns+`) SELECT $1, `+rowArrays+`
		ON CONFLICT (account_id, number) DO NOTHING RETURNING number`,
		contactArgs(in.account, rows)...).Query(func(rows pgx.Rows) error {
		var number numberValue
		_, err := pgx.ForEachRow(rows, []any{&number}, func() error {
			added[phone.Number(number)] = true
			return nil
		})
		return err
	})
	if err := in.flush(); err != nil {
		return nil, err
	}
	in.created += len(added)
	for _, place := range at {
		if !added[in.contacts[place].Number] {
			left = append(left, place)
		}
	}
	return left, nil
}

// find reads the holders of the numbers of the contacts at these indexes, and locks them
// if lock is set. It returns the indexes whose numbers are free.
func (in *insertion) find(at []int, lock bool) (free []int, err error) {
	numbers := make(numberColumn, len(at))
	for i, place := range at {
		numbers[i] = (*numberValue)(&in.contacts[place].Number)
	}
	holders, err := in.holders(numbers, lock)
	if err != nil {
		return nil, err
	}
	for _, place := range at {
		if in.existing[place] = holders[in.contacts[place].Number]; in.existing[place] == nil {
			free = append(free, place)
		}
	}
	return free, nil
}

// holders reads the contacts that have these numbers.
func (t *tx) holders(numbers numberColumn, lock bool) (map[phone.Number]*addressbook.Contact, error) {
	query := byNumber
	if lock {
		query = lockByNumber("FOR UPDATE")
	}
	found := make(map[phone.Number]*addressbook.Contact)
	t.queue(query, t.account, numbers).Query(t.eachContact(func(c *addressbook.Contact) { found[c.Number] = c }))
	return found, t.flush()
}

// eachContact returns a function that reads rows of contactColumns. It claims their
// memory from the request's budget.
func (t *tx) eachContact(do func(*addressbook.Contact)) func(pgx.Rows) error {
	share := budget.Of(t.ctx)
	return func(rows pgx.Rows) error {
		for rows.Next() {
			c, err := scanContact(rows)
			if err == nil {
				err = share.Claim(c.Weight())
			}
			if err != nil {
				return err
			}
			do(&c)
		}
		return rows.Err()
	}
}

// countSlots is how many rows an account's counter has. Each transaction updates one of
// them, so transactions seldom wait for each other.
const countSlots = 16

// countContacts queues the update of the account's counter.
func (t *tx) countContacts(by int) {
	if by == 0 {
		return
	}
	t.queue(countContacts, t.account, rand.IntN(countSlots), by)
}

const countContacts = `INSERT INTO contact_counts (account_id, slot, contacts) VALUES ($1, $2, $3)
	ON CONFLICT (account_id, slot) DO UPDATE SET contacts = contact_counts.contacts + excluded.contacts`

// updateRows queues the update of all columns of contacts. Their rows must be locked.
func (t *tx) updateRows(contacts []*addressbook.Contact) {
	if len(contacts) == 0 {
		return
	}
	t.queue(`UPDATE contacts SET (`+rowColumns+`) = (SELECT new.*)
		FROM (SELECT `+rowArrays+`) AS new (`+rowColumns+`)
		WHERE contacts.account_id = $1 AND contacts.sid = new.sid`,
		contactArgs(t.account, contacts)...)
}
