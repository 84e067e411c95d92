package dbcopy

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"callbook/internal/account"
)

// copier is one run of [Copy].
type copier struct {
	source, target Database
	opts           Options

	accounts []account.Account     // of the source, by sid
	ids      map[string]account.ID // of the accounts in the target, by sid
	name     string                // State.Source
	total    int64                 // rows of the source, estimated
	at       position              // how far the copy is
}

// position is the progress of a copy: every row of the source up to this one, in
// the order of accounts, tables and keys, has been copied. State.At holds it as
// JSON.
type position struct {
	Account string `json:"account,omitempty"`
	Table   string `json:"table,omitempty"`
	After   []byte `json:"after,omitempty"` // the row's key, encoded
	Rows    int64  `json:"rows"`            // how many were copied
	Done    bool   `json:"done,omitempty"`  // whether all rows were copied
	Ended   bool   `json:"ended,omitempty"` // whether the databases were compared
}

func parsePosition(text string) (p position, err error) {
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return p, fmt.Errorf("where the copy is cannot be read: %w", err)
	}
	return p, nil
}

func (p position) String() string {
	text, err := json.Marshal(p)
	if err != nil {
		panic(err) // a struct of strings and numbers can be encoded
	}
	return string(text)
}

func (c *copier) state(p position) State { return State{Source: c.name, At: p.String()} }

// begin begins the copy, or finds the position to resume it from.
func (c *copier) begin(ctx context.Context) (err error) {
	if c.accounts, err = c.source.Store.Accounts(ctx); err != nil {
		return fmt.Errorf("read the source: %w", err)
	}
	if c.total, err = c.source.Store.Size(ctx); err != nil {
		return fmt.Errorf("read the source: %w", err)
	}
	c.name = nameOf(c.accounts)
	state, copied, err := c.target.Store.LastCopy(ctx)
	if err == nil && copied {
		c.at, err = parsePosition(state.At)
	}
	switch {
	case err != nil:
		return fmt.Errorf("read the target: %w", err)
	case !copied:
		if err := c.target.Store.Begin(ctx, c.state(c.at), c.accounts); err != nil {
			return fmt.Errorf("begin in the target: %w", err)
		}
	case state.Source != c.name && c.at.Ended:
		return fmt.Errorf("begin in the target: %w", ErrNotEmpty)
	case state.Source != c.name:
		return fmt.Errorf("go on in the target: %w", ErrOtherSource)
	case !c.at.Ended:
		c.opts.Resumed(c.at.Rows, c.total)
	}
	there, err := c.target.Store.Accounts(ctx)
	if err != nil {
		return fmt.Errorf("read the target: %w", err)
	}
	c.ids = map[string]account.ID{nobody.SID: nobody.ID}
	for _, a := range there {
		c.ids[a.SID] = a.ID
	}
	for _, a := range c.accounts {
		if _, ok := c.ids[a.SID]; !ok {
			return &Mismatch{Account: a.SID, Table: accountsTable, Detail: "it is not in the target"}
		}
	}
	return nil
}

// nameOf identifies a database by its accounts: no other database has their dates
// of creation to the nanosecond.
func nameOf(accounts []account.Account) string {
	h := sha256.New()
	for _, a := range accounts {
		fmt.Fprintf(h, "%s %d\n", a.SID, a.Created.UnixNano())
	}
	return hex.EncodeToString(h.Sum(nil))
}

// nobody stands for an account as the owner of the rows of [Shared], after all accounts.
// No account has this sid.
var nobody = account.Account{ID: account.None, SID: "*"}

// tablesOf returns the tables of an account, or those of nobody.
func tablesOf(a account.Account) []*Table {
	if a.SID == nobody.SID {
		return Shared
	}
	return Tables
}

// copyRows copies the rows after c.at. One goroutine reads the next batch while
// the other writes.
func (c *copier) copyRows(ctx context.Context) error {
	c.opts.Progress(Copying, c.at.Rows, c.total)
	if c.at.Done {
		return nil
	}
	batches := make(chan *batch)
	group, ctx := errgroup.WithContext(ctx)
	from := c.at // the writer changes c.at
	group.Go(func() error {
		defer close(batches)
		return c.read(ctx, from, batches)
	})
	group.Go(func() error {
		for b := range batches {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := c.target.Store.Write(ctx, b.parts, c.state(c.at), c.state(b.to)); err != nil {
				return fmt.Errorf("write into the target: %w", err)
			}
			c.at = b.to
			c.opts.Progress(Copying, c.at.Rows, c.total)
		}
		return nil
	})
	return group.Wait()
}

// read reads the source from a position on, and sends its rows in batches.
func (c *copier) read(ctx context.Context, from position, batches chan<- *batch) error {
	send := func(b *batch) error {
		select {
		case batches <- b:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	b := &batch{to: from}
	acct, table, after, err := c.find(from)
	if err != nil {
		return err
	}
	owners := append(slices.Clip(c.accounts), nobody)
	for ; acct < len(owners); acct, table = acct+1, 0 {
		a := owners[acct]
		tables := tablesOf(a)
		for ; table < len(tables); table, after = table+1, nil {
			t := tables[table]
			err := c.source.Store.Read(ctx, a.ID, t, after, func(row Row) error {
				b.add(c.ids[a.SID], t, row)
				b.to.Rows++
				if !b.full(c.opts.BatchRows) {
					return nil
				}
				b.to = position{Account: a.SID, Table: t.Name, After: row[:t.Key].appendTo(nil, t.Columns), Rows: b.to.Rows}
				to := b.to
				err := send(b)
				b = &batch{to: to}
				return err
			})
			if err != nil {
				return fmt.Errorf("read %s of account %s: %w", t.Name, a.SID, err)
			}
		}
	}
	b.to = position{Rows: b.to.Rows, Done: true}
	return send(b)
}

// find returns where reading resumes: the indexes of an account and a table, and
// a key of that table.
func (c *copier) find(p position) (acct, table int, after Row, err error) {
	if p.Account == "" {
		return 0, 0, nil, nil
	}
	owners := append(slices.Clip(c.accounts), nobody)
	acct = slices.IndexFunc(owners, func(a account.Account) bool { return a.SID == p.Account })
	if acct >= 0 {
		table = slices.IndexFunc(tablesOf(owners[acct]), func(t *Table) bool { return t.Name == p.Table })
	}
	if acct < 0 || table < 0 {
		return 0, 0, nil, fmt.Errorf("the copy is at %s of account %s, which is not there", p.Table, p.Account)
	}
	after, err = decodeRow(p.After, tablesOf(owners[acct])[table].Key)
	return acct, table, after, err
}
