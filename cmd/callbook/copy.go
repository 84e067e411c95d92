package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"text/tabwriter"

	"callbook/internal/dbcopy"
	"callbook/internal/store/postgres"
	"callbook/internal/store/sqlite"
	"callbook/internal/upload"
)

type copyCmd struct {
	From string `required:"" placeholder:"FILE|URL" help:"Database to copy: a file, or a PostgreSQL database as for --db. No server may use it meanwhile."`
	To   string `required:"" placeholder:"FILE|URL" help:"Database to copy into: an empty one, or one with a copy of --from that was stopped."`
}

// Help is the text that kong adds to --help.
func (c *copyCmd) Help() string {
	return `Copies everything, with its sids and dates: accounts with their keys, contacts, lists, trash, uploads (those that are being worked, or wait to be started, with their files), campaigns with their calls, recordings and callbacks, flows, suppressions, the audit log, answers kept for Idempotency-Keys, and the dashboard's sessions and login links; and SIP trunks. It copies from a file to PostgreSQL, back, or between two of a kind. The key of the trunks' passwords is not in the database: copy its file too.

Stop the servers first. A copy that was stopped or killed goes on where it was when the same command is run again. At the end both databases are read again and compared; the exit code is 0 only when they have the same. Until then no server starts on the database that is copied into.`
}

// Validate is called by kong after it has parsed the flags.
func (c *copyCmd) Validate() error {
	if c.From == "" || c.To == "" {
		return errors.New("it takes both --from and --to: the database to copy, and the one to copy into")
	}
	return errors.Join(checkDatabase("--from", c.From), checkDatabase("--to", c.To))
}

func (c *copyCmd) Run(ctx context.Context, std streams) error {
	err := c.copy(ctx, std)
	if err != nil && ctx.Err() != nil {
		return errors.New("stopped; run the same command again to go on")
	}
	return err
}

func (c *copyCmd) copy(ctx context.Context, std streams) (err error) {
	from, to := database{c.From}, database{c.To}
	if from.same(to) {
		return errors.New("--from and --to are one database")
	}
	if from.missing() {
		return fmt.Errorf("there is no database %s", from.DB)
	}
	source, closeSource, err := from.openTransfer(ctx, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeSource()) }()
	target, closeTarget, err := to.openTransfer(ctx, true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeTarget()) }()

	bar := newProgressLine(std.err, "rows")
	table := tabwriter.NewWriter(std.out, 0, 0, 2, ' ', 0)
	accounts := 0
	err = dbcopy.Copy(ctx, source, target, dbcopy.Options{
		Progress: func(p dbcopy.Phase, done, total int64) { bar.show(string(p), done, total) },
		Resumed: func(done, total int64) {
			fmt.Fprintf(std.err, "Going on with a copy: %d of %d rows are there.\n", done, total)
		},
		Compared: func(s dbcopy.Summary) {
			if accounts++; accounts == 1 {
				fmt.Fprintln(table, "ACCOUNT\tCONTACTS\tLISTS\tMEMBERS\tUPLOADS\tCHECKSUM")
			}
			fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%d\t%x\n", s.Account, s.Contacts, s.Lists, s.Members, s.Uploads, s.Checksum)
		},
	})
	bar.end()
	return c.report(std.out, table, accounts, err)
}

// report prints how the copy has ended.
func (c *copyCmd) report(out io.Writer, table *tabwriter.Writer, accounts int, err error) error {
	from, to := database{c.From}.name(), database{c.To}.name()
	if _, ok := errors.AsType[*dbcopy.Mismatch](err); ok {
		return errors.Join(table.Flush(), fmt.Errorf("%s and %s are not the same:\n%w\nWas one of them written meanwhile? Then make %s empty and copy again", from, to, err, to))
	}
	if err != nil {
		return fmt.Errorf("copy %s to %s: %w", from, to, err)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s has everything that %s has. Accounts compared: %d.\n", to, from, accounts)
	return err
}

// same reports whether both names are equal or refer to the same file.
func (d database) same(other database) bool {
	if d.DB == other.DB {
		return true
	}
	if postgres.IsURL(d.DB) || postgres.IsURL(other.DB) {
		return false
	}
	one, err := os.Stat(d.DB)
	if err != nil {
		return false
	}
	two, err := os.Stat(other.DB)
	return err == nil && os.SameFile(one, two)
}

// openTransfer opens a database for a copy. It also returns a function that closes it. If
// the database is only read, its schema stays unchanged.
func (d database) openTransfer(ctx context.Context, write bool) (dbcopy.Database, func() error, error) {
	if postgres.IsURL(d.DB) {
		db, err := postgres.OpenTransfer(ctx, d.DB, postgres.Options{Migrate: write})
		if err != nil {
			return dbcopy.Database{}, nil, err
		}
		return dbcopy.Database{Store: db.Transfer(), Files: db.Files()}, db.Close, nil
	}
	db, err := sqlite.Open(ctx, d.DB)
	if err != nil {
		return dbcopy.Database{}, nil, err
	}
	store, err := db.OpenTransfer()
	if err != nil {
		return dbcopy.Database{}, nil, errors.Join(err, db.Close())
	}
	closeAll := func() error { return errors.Join(store.Close(), db.Close()) }
	if err := sqlite.AdoptUploads(d.DB); err != nil {
		return dbcopy.Database{}, nil, errors.Join(err, closeAll())
	}
	return dbcopy.Database{Store: store, Files: upload.NewDisk(sqlite.UploadsFolder(d.DB))}, closeAll, nil
}
