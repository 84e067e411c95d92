package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/audit"
	"callbook/internal/backup"
	"callbook/internal/store/postgres"
	"callbook/internal/store/sqlite"
	"callbook/internal/upload"
	"callbook/internal/verify"
)

type restoreCmd struct {
	File string `arg:"" help:"Backup to restore: what \"callbook backup\" wrote, or any sound database file of callbook's."`
	database
	Force bool `env:"-" help:"Restore a backup in which the check found something wrong, if the file itself is sound."`
}

// Help is the text that kong adds to --help.
func (c *restoreCmd) Help() string {
	return `Puts a backup in the place of the database. Stop the server first: while one runs, it is refused. The backup is copied and checked before anything is changed. What is there is kept beside it, with its files of uploads, as FILE.before-restore-TIME; remove that when it is not needed any more.

The restore is one step: a restore that was stopped or killed leaves the old database or the new one, whole, and can be run again. A backup of an older version is brought up to date by the next start of the server, and one of a newer version is refused.`
}

func (c *restoreCmd) Run(ctx context.Context, std streams) error {
	if postgres.IsURL(c.DB) {
		return fmt.Errorf("%s is a PostgreSQL database, whose own programs restore its backups: pg_restore --clean --if-exists --single-transaction (docs/backup.md)", c.name())
	}
	err := c.restore(ctx, std)
	if err != nil && ctx.Err() != nil {
		return errors.New("stopped; nothing was changed")
	}
	return err
}

func (c *restoreCmd) restore(ctx context.Context, std streams) (err error) {
	if (database{c.File}).missing() {
		return fmt.Errorf("there is no backup %s", c.File)
	}
	if c.same(database{c.File}) {
		return errors.New("FILE is the database itself")
	}
	place, err := c.place()
	if err != nil {
		return err
	}
	// A restore uses these names, and removes files that an earlier one has left.
	for _, name := range []string{place.Preparing(), place.Ready()} {
		if (database{name}).same(database{c.File}) {
			return fmt.Errorf("a restore of %s needs the name %s itself; rename the backup first", c.DB, name)
		}
	}
	if err := sqlite.CheckTarget(c.DB, c.File); err != nil {
		return fmt.Errorf("restore from %s: %w", c.File, err)
	}
	owned, err := sqlite.Own(ctx, place.File)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, owned.Free()) }()
	left, err := place.CleanUp()
	if err != nil {
		return fmt.Errorf("clean up after a restore that was ended: %w", err)
	}
	if left != "" {
		fmt.Fprintf(std.err, "callbook: a restore that was ended before its time left a database, which is now %s\n", left)
	}
	if err := c.prepare(ctx, std, place); err != nil {
		_, cleanErr := place.CleanUp()
		return errors.Join(fmt.Errorf("restore %s: %w", c.File, backupError(err)), cleanErr)
	}
	kept, err := c.replace(ctx, place, owned)
	if err != nil {
		left, cleanErr := place.CleanUp()
		if left != "" {
			fmt.Fprintf(std.err, "callbook: the restore did not end, and left the old database or the new one as %s\n", left)
		}
		return errors.Join(fmt.Errorf("restore %s: %w", c.File, err), cleanErr)
	}
	if _, err := fmt.Fprintf(std.out, "%s has what %s has.\n", c.DB, c.File); err != nil {
		return err
	}
	if kept == "" {
		return nil
	}
	_, err = fmt.Fprintf(std.out, "What was there before is in %s\n", kept)
	return err
}

// place returns where the database is, with symbolic links resolved.
func (c *restoreCmd) place() (backup.Place, error) {
	path, err := filepath.EvalSymlinks(c.DB)
	if errors.Is(err, os.ErrNotExist) {
		path, err = c.DB, nil
	}
	if err == nil {
		path, err = filepath.Abs(path)
	}
	if err != nil {
		return backup.Place{}, fmt.Errorf("find database %s: %w", c.DB, err)
	}
	return backup.Place{File: path, Uploads: sqlite.UploadsFolder(c.DB)}, nil
}

// prepare copies the backup and checks it.
func (c *restoreCmd) prepare(ctx context.Context, std streams, place backup.Place) error {
	info, err := os.Stat(c.File)
	if err != nil {
		return err
	}
	if info.Size() == 0 {
		return errors.New("the BACKUP is empty; the database was not touched; restore another one")
	}
	// The files of uploads are extracted from the backup, so they exist twice for a
	// while.
	if err := backup.CheckRoom(place.Preparing(), info.Size()+info.Size()/8); err != nil {
		return err
	}
	bar := onTerminal(std.err, "bytes")
	sealed, err := backup.Copy(ctx, c.File, place.Preparing(), func(done, total int64) { bar.show("copying", done, total) })
	bar.clear()
	if err != nil {
		return err
	}
	packed, err := sqlite.Packed(ctx, place.Preparing())
	if err != nil {
		return err
	}
	if !sealed && packed {
		return backup.ErrCut
	}
	if !sealed {
		fmt.Fprintf(std.err, "callbook: %s has no checksum, since \"callbook backup\" did not write it; it is checked without\n", c.File)
	}
	report, err := checkBackup(ctx, std, place.Preparing(), ofBackup)
	if err != nil {
		return err
	}
	if !report.OK() && !c.Force {
		return errors.New("the check found something wrong in the backup, as the lines above tell; the database was not touched; --force restores it all the same")
	}
	return nil
}

// backupError makes clear that an error is about the backup, and not about the database.
func backupError(err error) error {
	switch {
	case errors.Is(err, errBroken), errors.Is(err, backup.ErrCut), errors.Is(err, backup.ErrChecksum):
		return fmt.Errorf("%w: %w", backup.ErrDamaged, err)
	case errors.Is(err, verify.ErrDamaged):
		return fmt.Errorf("%w: SQLite cannot read it", backup.ErrDamaged) // err speaks of the database
	}
	return err
}

// ofBackup changes the words of a check's result, so that they speak of the backup and
// not of the database that it replaces.
func ofBackup(r verify.Result) verify.Result {
	r.Problems = slices.Clone(r.Problems)
	for i := range r.Problems {
		p := &r.Problems[i]
		if rest, ok := strings.CutPrefix(p.Text, verify.ErrDamaged.Error()); ok {
			p.Text = "the backup is damaged" + rest
		}
	}
	r.Advice = "This is wrong in the backup. Restore another one that is sound."
	return r
}

// replace puts the prepared database in the place of the present one. It returns the new
// name of the old database, or "" if there was none.
func (c *restoreCmd) replace(ctx context.Context, place backup.Place, owned *sqlite.Owned) (kept string, err error) {
	damaged, err := owned.Retire()
	if err != nil {
		return "", err
	}
	if kept, err = place.Kept(time.Now()); err != nil {
		return "", err
	}
	if kept != "" {
		if err := place.KeepUploads(kept); err != nil {
			return "", fmt.Errorf("keep the files of uploads: %w", err)
		}
	}
	if _, err := sqlite.Unpack(ctx, place.Preparing(), upload.NewDisk(place.Uploads)); err != nil {
		return "", err
	}
	told, _ := audit.Begin(ctx, account.None, audit.Change{Action: audit.DatabasesRestore, Done: 1})
	if err := sqlite.TellRestored(told, place.Preparing()); err != nil && !c.Force {
		return "", fmt.Errorf("write into the audit log: %w", err)
	}
	if err := ctx.Err(); err != nil { // the last chance to cancel
		return "", err
	}
	if damaged || kept == "" {
		if err := place.KeepLogs(kept, time.Now()); err != nil {
			return "", fmt.Errorf("put the old log away: %w", err)
		}
	}
	// Between this and the exchange, another program can only read the old database, or
	// write into what is kept of it.
	if err := owned.Close(); err != nil {
		return "", err
	}
	return kept, place.Replace(kept)
}

// noFiles is for a database that stores the files of uploads itself, or has none.
func noFiles() (map[addressbook.SID]int64, error) { return make(map[addressbook.SID]int64), nil }
