package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"callbook/internal/backup"
	"callbook/internal/store/postgres"
	"callbook/internal/store/sqlite"
	"callbook/internal/upload"
	"callbook/internal/verify"
)

type backupCmd struct {
	File string `arg:"" help:"File to write."`
	database
	Force bool `env:"-" help:"Overwrite the file, once the new backup is whole."`
}

// Help is the text that kong adds to --help.
func (c *backupCmd) Help() string {
	return `Writes a database file as it is at one moment, with the files of uploads that are being worked or wait to be started, into one file. It works beside a running server and holds up no write. The backup is checked as "callbook check" does before it gets its name, and has a checksum of all its bytes; "callbook restore" puts it in place again.

Of a PostgreSQL database, pg_dump makes a backup: see docs/backup.md.

The exit code is 1 when there is no backup, and also when there is one of a database in which the check found something wrong.`
}

func (c *backupCmd) Run(ctx context.Context, std streams) error {
	if postgres.IsURL(c.DB) {
		return fmt.Errorf("%s is a PostgreSQL database, whose own programs make its backups: pg_dump --format=custom --file %s (docs/backup.md)",
			c.name(), c.File)
	}
	err := c.backup(ctx, std)
	if err != nil && ctx.Err() != nil {
		return errors.New("stopped; there is no backup")
	}
	return err
}

func (c *backupCmd) backup(ctx context.Context, std streams) error {
	if err := c.mustExist(); err != nil {
		return err
	}
	if c.same(database{c.File}) {
		return errors.New("FILE is the database itself")
	}
	// The backup is written under the second name until it is complete.
	for _, name := range []string{c.File, backup.PartialName(c.File)} {
		if c.same(database{name}) {
			return fmt.Errorf("a backup is written as %s first, and that is the database itself; name another file", name)
		}
		if err := sqlite.CheckTarget(c.DB, name); err != nil {
			return fmt.Errorf("back up to %s: %w", name, err)
		}
	}
	failed := func(err error) error { return fmt.Errorf("back up %s to %s: %w", c.DB, c.File, err) }
	to, err := filepath.Abs(c.File)
	if err != nil {
		return failed(err)
	}
	staged, err := backup.Stage(to, c.Force)
	if err != nil {
		return failed(err)
	}
	report, err := c.write(ctx, std, staged)
	if err != nil {
		return failed(errors.Join(err, staged.Discard()))
	}
	if err := ctx.Err(); err != nil {
		return errors.Join(err, staged.Discard())
	}
	sum, err := staged.Publish(ctx)
	if err != nil {
		return failed(err)
	}
	if _, err := fmt.Fprintf(std.out, "%s  %s\n", sum, c.File); err != nil {
		return err
	}
	if !report.OK() {
		return fmt.Errorf("%s is a backup of %s with all that is wrong in it, of which the lines above tell", c.File, c.DB)
	}
	return nil
}

// write writes the backup and checks it.
func (c *backupCmd) write(ctx context.Context, std streams, staged *backup.Staged) (report verify.Report, err error) {
	bar := onTerminal(std.err, "pages")
	_, missing, err := sqlite.Backup(ctx, c.DB, upload.NewDisk(sqlite.UploadsFolder(c.DB)), staged.Path(), sqlite.BackupOptions{
		Begun:    func(bytes int64) error { return backup.CheckRoom(staged.Path(), bytes) },
		Progress: func(done, total int64) { bar.show("copying", done, total) },
	})
	bar.clear()
	if err != nil {
		return report, err
	}
	for _, sid := range missing {
		fmt.Fprintf(std.err, "callbook: upload %s has rows left and no file, in the database too\n", sid)
	}
	return checkBackup(ctx, std, staged.Path(), func(r verify.Result) verify.Result { return r })
}

// errBroken means that the file of a backup is damaged, and not only its rows.
var errBroken = errors.New("it is broken, as the lines above tell")

// checkBackup checks the file of a backup. Problems of its rows are in the report. If the
// file is damaged, the error wraps errBroken. It prints the results that shown returns.
func checkBackup(ctx context.Context, std streams, path string, shown func(verify.Result) verify.Result) (verify.Report, error) {
	found := func(_ io.Writer, r verify.Result) error {
		if r.OK() {
			return nil
		}
		return printResult(std.err, shown(r))
	}
	report, err := runChecks(ctx, sqlite.NewVerifier(path, noFiles), std, nil, found)
	if err != nil {
		return report, err
	}
	for i := range report.Results {
		if r := &report.Results[i]; !r.OK() && slices.Contains([]string{verify.Schema, verify.Structure}, r.Check) {
			return report, fmt.Errorf("%s: %w", r.Check, errBroken)
		}
	}
	return report, nil
}
