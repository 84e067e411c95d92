package sqlite

import (
	"container/list"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/phone"
)

// indexCache is an LRU cache of the number indexes of accounts. It belongs to the
// writer's goroutine: numbers are unique because no other goroutine adds any. Others
// may only call peek.
type indexCache struct {
	mu       sync.Mutex // held while byID changes, and by peek
	limit    int        // bytes
	log      *slog.Logger
	added    *additions                   // must be written before rows are read
	byID     map[account.ID]*list.Element // of *accountIndex
	recency  *list.List                   // the most recently used one in front
	bytes    int                          // the sum of counted
	report   func(bytes int)              // called when bytes has changed much; may be nil
	reported int                          // the last value passed to report
}

type accountIndex struct {
	account account.ID
	counted int // its part of indexCache.bytes
	*numberIndex
}

func newIndexCache(limit int, log *slog.Logger, added *additions) *indexCache {
	return &indexCache{limit: limit, log: log, added: added, byID: make(map[account.ID]*list.Element), recency: list.New()}
}

// get returns the account's index. It builds one if none is cached, and evicts others
// if the cache exceeds its limit.
func (c *indexCache) get(conn *sqlite.Conn, account account.ID) (*numberIndex, error) {
	e, ok := c.byID[account]
	if ok {
		c.recency.MoveToFront(e)
	} else {
		x, err := c.build(conn, account)
		if err != nil {
			return nil, fmt.Errorf("build number index: %w", err)
		}
		e = c.recency.PushFront(&accountIndex{account: account, numberIndex: x})
		c.mu.Lock()
		c.byID[account] = e
		c.mu.Unlock()
	}
	c.shrink()
	return e.Value.(*accountIndex).numberIndex, nil
}

// peek looks up a number for other goroutines than the writer's. Known is false while
// the account has no index or has uncommitted removals: then only the writer can tell.
func (c *indexCache) peek(account account.ID, n phone.Number) (sidPrefix uint64, found, known bool) {
	c.mu.Lock()
	e, ok := c.byID[account]
	c.mu.Unlock()
	if !ok {
		return 0, false, false
	}
	return e.Value.(*accountIndex).peek(n)
}

// settle settles the indexes of these jobs' accounts, after their transaction has ended.
func (c *indexCache) settle(group []*job) {
	last := account.ID(-1) // most groups are of one account
	for _, j := range group {
		if j.account == last {
			continue
		}
		last = j.account
		if x := c.loaded(last); x != nil && x.removed {
			x.settle()
		}
	}
}

// loaded returns the account's index if it is cached, or nil.
func (c *indexCache) loaded(account account.ID) *numberIndex {
	if e, ok := c.byID[account]; ok {
		return e.Value.(*accountIndex).numberIndex
	}
	return nil
}

// remove removes contacts from the account's index, if it is cached.
func (c *indexCache) remove(account account.ID, contacts []*addressbook.Contact) {
	x := c.loaded(account)
	if x == nil {
		return
	}
	for _, contact := range contacts {
		x.remove(contact.Number)
	}
}

// holder reads the contact that has the number according to the account's index.
func (c *indexCache) holder(conn *sqlite.Conn, account account.ID, sidPrefix uint64, n phone.Number) (*addressbook.Contact, error) {
	if err := c.added.write(conn); err != nil {
		return nil, err
	}
	contact, err := findByPrefix(conn, account, sidPrefix, n)
	if errors.Is(err, errNoRow) {
		// Another program wrote to the table, which is authoritative. The next
		// request rebuilds the index from it.
		c.drop(account)
	}
	if err != nil {
		return nil, fmt.Errorf("read existing contact: %w", err)
	}
	return contact, nil
}

// drop evicts an account's index. The next write rebuilds it.
func (c *indexCache) drop(account account.ID) {
	if e, ok := c.byID[account]; ok {
		c.recency.Remove(e)
		c.bytes -= e.Value.(*accountIndex).counted
		c.mu.Lock()
		delete(c.byID, account)
		c.mu.Unlock()
	}
}

// shrink evicts the least recently used indexes until the rest fits. It never evicts
// the one in front, which is about to be used.
func (c *indexCache) shrink() {
	// Only the index that was in front before can have grown since it was counted.
	for e, n := c.recency.Front(), 0; e != nil && n < 2; e, n = e.Next(), n+1 {
		x := e.Value.(*accountIndex)
		c.bytes += x.numberIndex.bytes - x.counted
		x.counted = x.numberIndex.bytes
	}
	for c.bytes > c.limit && c.recency.Len() > 1 {
		c.drop(c.recency.Back().Value.(*accountIndex).account)
	}
	const reportStep = 1 << 20
	if c.report != nil && (c.bytes >= c.reported+reportStep || c.bytes <= c.reported-reportStep) {
		c.reported = c.bytes
		c.report(c.bytes)
	}
}

// build builds the account's index from the table, including what the current
// transaction has written.
func (c *indexCache) build(conn *sqlite.Conn, account account.ID) (*numberIndex, error) {
	if err := c.added.write(conn); err != nil {
		return nil, err
	}
	start := time.Now()
	expected, err := countContacts(conn, account)
	if err != nil {
		return nil, err
	}
	x := newNumberIndex(expected)
	x.removed = true // this transaction may have removed numbers
	err = sqlitex.Execute(conn, `SELECT number, sid FROM contacts WHERE account_id = ? ORDER BY sid`,
		&sqlitex.ExecOptions{
			Args: []any{account},
			ResultFunc: func(stmt *sqlite.Stmt) error {
				var sid addressbook.SID
				stmt.ColumnBytes(1, sid[:])
				existing, added := x.add(phone.Number(stmt.ColumnInt64(0)), sid.Prefix())
				if !added {
					// The index takes the older contact, as the table is
					// authoritative, and logs the violation.
					c.log.Error("two contacts of one account have the same number",
						"account_id", account, "sid", sid.String(), "older_sid_begins", fmt.Sprintf("%016x", existing))
				}
				return nil
			},
		})
	if err != nil {
		return nil, err
	}
	c.log.Debug("number index built", "account_id", account, "contacts", x.len, "bytes", x.bytes, "duration", time.Since(start))
	return x, nil
}
