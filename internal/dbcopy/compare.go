package dbcopy

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/audit"
)

// Checksum is the SHA-256 of rows, in the order of their keys. It does not depend
// on the engine.
type Checksum [sha256.Size]byte

// Summary has the counts of an account that is equal in both databases.
type Summary struct {
	Account                           string
	Contacts, Lists, Members, Uploads int64
	Checksum                          Checksum // of everything
}

// Mismatch is a difference between the databases after a copy.
type Mismatch struct {
	Account string // its sid; "" for a table of [Shared]
	Table   string // the table's name, or "files" for the files of uploads
	Detail  string
}

func (m *Mismatch) Error() string {
	whose := "account " + m.Account
	if m.Account == "" {
		whose = "the database"
	}
	return fmt.Sprintf("%s differs in %s: %s", whose, m.Table, m.Detail)
}

// maxMismatches is how many mismatches end a comparison.
const maxMismatches = 20

// compare reads both databases and compares them. Its error joins the mismatches.
func (c *copier) compare(ctx context.Context) error {
	there, err := c.target.Store.Accounts(ctx)
	if err != nil {
		return fmt.Errorf("read the target: %w", err)
	}
	found := compareAccounts(c.accounts, there)
	var done int64
	c.opts.Progress(Comparing, 0, c.at.Rows)
	count := func() {
		if done++; done%1000 == 0 {
			c.opts.Progress(Comparing, done, c.at.Rows)
		}
	}
	for _, a := range c.accounts {
		if len(found) >= maxMismatches {
			break
		}
		inSource, inTarget := contents{db: c.source, account: a.ID}, contents{db: c.target, account: c.ids[a.SID]}
		inSource.read = count
		group, ctx := errgroup.WithContext(ctx)
		group.Go(func() error { return inSource.sum(ctx) })
		group.Go(func() error { return inTarget.sum(ctx) })
		if err := group.Wait(); err != nil {
			return fmt.Errorf("compare account %s: %w", a.SID, err)
		}
		different := inSource.compare(&inTarget, a.SID)
		if len(different) == 0 {
			c.opts.Compared(inSource.summary(a))
		}
		found = append(found, different...)
	}
	different, err := c.compareShared(ctx, count)
	if err != nil {
		return err
	}
	c.opts.Progress(Comparing, done, c.at.Rows)
	return errors.Join(append(found, different...)...)
}

// compareShared compares the tables of [Shared]. It calls count for each row.
func (c *copier) compareShared(ctx context.Context, count func()) ([]error, error) {
	inSource, inTarget := contents{db: c.source, read: count}, contents{db: c.target}
	for _, side := range []*contents{&inSource, &inTarget} {
		if err := side.sumTables(ctx, Shared); err != nil {
			return nil, fmt.Errorf("compare what belongs to no account: %w", err)
		}
	}
	return inSource.compareTables(&inTarget, Shared, ""), nil
}

// compareAccounts compares the accounts themselves. Both slices are sorted.
func compareAccounts(source, target []account.Account) (found []error) {
	there := make(map[string]account.Account, len(target))
	for _, a := range target {
		there[a.SID] = a
	}
	for _, a := range source {
		b, ok := there[a.SID]
		delete(there, a.SID)
		if !ok || a.Region != b.Region || a.TimeZone.String() != b.TimeZone.String() || !a.Created.Equal(b.Created) ||
			a.RequestsAMinute != b.RequestsAMinute || !a.Disabled.Equal(b.Disabled) || !a.Deleted.Equal(b.Deleted) {
			found = append(found, &Mismatch{a.SID, accountsTable, "its settings or dates are others in the target, or it is not there"})
		}
	}
	for _, a := range target {
		if _, left := there[a.SID]; left {
			found = append(found, &Mismatch{a.SID, accountsTable, "it is in the target alone"})
		}
	}
	return found
}

// contents are the checksums of one account in one database.
type contents struct {
	db      Database
	account account.ID
	read    func() // called for each row, unless it is nil

	tables   []total // as in the tables that sumTables got
	files    total
	contacts int64 // the counter's value

	withFiles []addressbook.SID // the uploads that may have a file
}

// total is the count and the checksum of a table's rows.
type total struct {
	rows int64
	sum  Checksum
}

func (t total) String() string { return fmt.Sprintf("%d with checksum %.8x", t.rows, t.sum) }

// sum reads all rows and files of the account.
func (c *contents) sum(ctx context.Context) (err error) {
	if err := c.sumTables(ctx, Tables); err != nil {
		return err
	}
	h := sha256.New()
	for _, sid := range c.withFiles {
		there, err := addFile(ctx, h, c.db.Files, c.account, sid)
		if err != nil {
			return fmt.Errorf("read the file of upload %s: %w", sid, err)
		}
		if there {
			c.files.rows++
		}
	}
	h.Sum(c.files.sum[:0])
	c.contacts, err = c.db.Store.ContactCount(ctx, c.account)
	return err
}

// sumTables reads all rows of tables.
func (c *contents) sumTables(ctx context.Context, tables []*Table) error {
	c.tables = make([]total, len(tables))
	for i, t := range tables {
		h := sha256.New()
		var buf []byte
		err := c.db.Store.Read(ctx, c.account, t, nil, func(row Row) error {
			if t == InstallationAudit && string(row[auditAction].Bytes) == string(audit.DatabasesCopy) {
				return nil // the target has that of this copy
			}
			buf = row.appendTo(buf[:0], t.Columns)
			h.Write(buf)
			c.tables[i].rows++
			if c.read != nil {
				c.read()
			}
			if sid, ok := fileOf(t, row); ok {
				c.withFiles = append(c.withFiles, sid)
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("read %s: %w", t.Name, err)
		}
		h.Sum(c.tables[i].sum[:0])
	}
	return nil
}

// compare returns the mismatches between c, of the source, and target.
func (c *contents) compare(target *contents, sid string) (found []error) {
	found = c.compareTables(target, Tables, sid)
	if c.files != target.files {
		found = append(found, &Mismatch{sid, filesTable, fmt.Sprintf("the source has %s, the target %s", c.files, target.files)})
	}
	if c.contacts != target.contacts {
		found = append(found, &Mismatch{sid, countsTable, fmt.Sprintf("the source counts %d contacts, the target %d", c.contacts, target.contacts)})
	}
	return found
}

// compareTables is compare for tables alone.
func (c *contents) compareTables(target *contents, tables []*Table, sid string) (found []error) {
	for i, t := range tables {
		if c.tables[i] != target.tables[i] {
			found = append(found, &Mismatch{sid, t.Name, fmt.Sprintf("the source has %s, the target %s", c.tables[i], target.tables[i])})
		}
	}
	return found
}

func (c *contents) summary(a account.Account) Summary {
	s := Summary{Account: a.SID}
	h := sha256.New()
	fmt.Fprintf(h, "%s %s %s %d\n", a.SID, a.Region, a.TimeZone, a.Created.UnixNano())
	for i, t := range Tables {
		h.Write(c.tables[i].sum[:])
		switch t {
		case Contacts:
			s.Contacts = c.tables[i].rows
		case Lists:
			s.Lists = c.tables[i].rows
		case Members:
			s.Members = c.tables[i].rows
		case Uploads:
			s.Uploads = c.tables[i].rows
		}
	}
	h.Write(c.files.sum[:])
	h.Sum(s.Checksum[:0])
	return s
}
