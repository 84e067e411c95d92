package sqlite

import (
	"context"
	"fmt"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"callbook/internal/account"
	"callbook/internal/addressbook"
)

// maxCleaned bounds the pages of a file whose free space is cleaned. A page of a tree is
// known by its first byte, which in other pages is the highest byte of a page's number: it
// is less than that of any tree in a file of fewer pages.
const maxCleaned = 2 << 24

// cleanedAtOnce is how many pages one transaction cleans at most.
const cleanedAtOnce = 256

// Scrub implements [person.Store]. It cleans free space (see page.clean), and then moves
// all of the log into the file and truncates it. The marks of the erasures go last, so that
// a Scrub that was ended is done again.
func (b *AddressBook) Scrub(ctx context.Context, erasures []addressbook.SID, texts [][]byte) error {
	err := b.cleanPages(ctx, texts)
	if err == nil {
		err = b.truncateLog(ctx)
	}
	if err == nil && len(erasures) > 0 {
		err = b.edit(ctx, account.None, len(erasures), "note that free space is clean", func(tx *editTx) error {
			for i := range erasures {
				if err := tx.exec(`DELETE FROM unscrubbed WHERE erasure = ?`, erasures[i][:]); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return storeError("clean the database's files", err)
}

// Unscrubbed implements [person.Store].
func (b *AddressBook) Unscrubbed(ctx context.Context) (erasures []addressbook.SID, err error) {
	err = b.db.read(ctx, func(conn *sqlite.Conn) error {
		return sqlitex.Execute(conn, `SELECT erasure FROM unscrubbed`, &sqlitex.ExecOptions{
			ResultFunc: func(stmt *sqlite.Stmt) error {
				var sid addressbook.SID
				stmt.ColumnBytes(0, sid[:])
				erasures = append(erasures, sid)
				return nil
			},
		})
	})
	return erasures, storeError("read which erasures left remains", err)
}

// cleanPages cleans the free space of the pages that have one of the texts there, and
// without texts of all. Rows that were moved or changed before leave their bytes there. In
// a file of [maxCleaned] pages or more it does nothing.
func (b *AddressBook) cleanPages(ctx context.Context, texts [][]byte) error {
	for next := int64(1); next > 0; {
		var dirty []int64
		var err error
		if dirty, next, err = b.dirtyPages(ctx, next, texts); err != nil {
			return err
		}
		if len(dirty) == 0 {
			continue
		}
		err = b.edit(ctx, account.None, len(dirty), "clean free space", func(tx *editTx) error { return tx.cleanPages(dirty, texts) })
		if err != nil {
			return err
		}
	}
	return nil
}

// dirtyPages returns the first pages that have to be cleaned, from a page on, and the page
// to go on at; 0 is the end of the file.
func (b *AddressBook) dirtyPages(ctx context.Context, from int64, texts [][]byte) (dirty []int64, next int64, err error) {
	err = b.db.scans.read(ctx, account.None, func(conn *sqlite.Conn) (err error) {
		defer sqlitex.Transaction(conn)(&err)
		var count int64
		err = queryOne(conn, `PRAGMA page_count`, nil, func(stmt *sqlite.Stmt) error {
			count = stmt.ColumnInt64(0)
			return nil
		})
		if err != nil || count >= maxCleaned {
			return err
		}
		free, err := freePages(conn)
		if err != nil {
			return err
		}
		for number := from; number <= count; number++ {
			if len(dirty) == cleanedAtOnce {
				next = number
				return nil
			}
			data, err := readPage(conn, number)
			if err != nil {
				return err
			}
			if free.page(number).clean(data, texts) {
				dirty = append(dirty, number)
			}
		}
		return nil
	})
	return dirty, next, err
}

// cleanPages cleans pages, as far as they still have to be.
func (tx *editTx) cleanPages(pages []int64, texts [][]byte) error {
	free, err := freePages(tx.Conn)
	if err != nil {
		return err
	}
	for _, number := range pages {
		data, err := readPage(tx.Conn, number)
		if err == nil && free.page(number).clean(data, texts) {
			err = tx.exec(`UPDATE sqlite_dbpage SET data = ? WHERE pgno = ?`, data, number)
			tx.bytes += len(data)
		}
		if err != nil {
			return fmt.Errorf("clean a page: %w", err)
		}
	}
	return nil
}

// truncateLog moves the log into the file and truncates it. It waits for transactions that
// still read from the log.
func (b *AddressBook) truncateLog(ctx context.Context) error {
	for {
		done, err := b.tryTruncate(ctx)
		if err != nil || done {
			return err
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
}

// logPatience is how long all writers wait for transactions that still read from the log
// when it is to be truncated. After that the writers have a turn.
const logPatience = 200 * time.Millisecond

// tryTruncate is one try of truncateLog.
func (b *AddressBook) tryTruncate(ctx context.Context) (done bool, err error) {
	select {
	case b.db.turn <- struct{}{}:
	case <-ctx.Done():
		return false, context.Cause(ctx)
	}
	defer func() { <-b.db.turn }()
	err = lend(ctx, b.db.health, b.db.writes, func(conn *sqlite.Conn) error {
		conn.SetBusyTimeout(logPatience)
		defer conn.SetBusyTimeout(busyTimeout)
		return sqlitex.ExecuteTransient(conn, "PRAGMA wal_checkpoint(TRUNCATE)", &sqlitex.ExecOptions{
			ResultFunc: func(stmt *sqlite.Stmt) error {
				done = stmt.ColumnInt(0) == 0
				return nil
			},
		})
	})
	if sqlite.ErrCode(err).ToPrimary() == sqlite.ResultBusy {
		err = nil
	}
	return done, err
}
