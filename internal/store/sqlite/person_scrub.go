package sqlite

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"slices"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"callbook/internal/account"
)

// page is a page of the database file. Free pages are on the list of pages to be reused.
type page struct {
	number int64
	free   bool
}

// maxCleaned bounds the pages of a file whose free space is cleaned. A page of a tree is
// known by its first byte, which in other pages is the highest byte of a page's number: it
// is less than that of any tree in a file of fewer pages.
const maxCleaned = 2 << 24

// dirtyPages returns the pages that have one of the texts in their free space. Rows that
// were moved or changed before leave their bytes there. In a file of [maxCleaned] pages or
// more it returns none.
func (b *AddressBook) dirtyPages(ctx context.Context, texts [][]byte) (dirty []page, err error) {
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
		return sqlitex.Execute(conn, `SELECT pgno, data FROM sqlite_dbpage`, &sqlitex.ExecOptions{
			ResultFunc: func(stmt *sqlite.Stmt) error {
				p := page{number: stmt.ColumnInt64(0)}
				p.free = free[p.number]
				if p.clean(columnBytes(stmt, 1), texts) {
					dirty = append(dirty, p)
				}
				return nil
			},
		})
	})
	return dirty, err
}

// freePages returns the pages on the list of pages to be reused, without those that hold
// the list.
func freePages(conn *sqlite.Conn) (map[int64]bool, error) {
	free := make(map[int64]bool)
	read := func(number int64) (data []byte, err error) {
		err = queryOne(conn, `SELECT data FROM sqlite_dbpage WHERE pgno = ?`, []any{number}, func(stmt *sqlite.Stmt) error {
			data = columnBytes(stmt, 0)
			return nil
		})
		return data, err
	}
	const firstTrunk = 32 // in the file's header
	head, err := read(1)
	if err != nil {
		return nil, err
	}
	trunk := int64(binary.BigEndian.Uint32(head[firstTrunk:]))
	for seen := 0; trunk != 0; seen++ {
		data, err := read(trunk)
		if err != nil {
			return nil, err
		}
		n := int(binary.BigEndian.Uint32(data[4:]))
		if seen > 1<<20 || 8+4*n > len(data) {
			return nil, fmt.Errorf("the list of free pages is damaged")
		}
		for i := range n {
			free[int64(binary.BigEndian.Uint32(data[8+4*i:]))] = true
		}
		trunk = int64(binary.BigEndian.Uint32(data))
	}
	return free, nil
}

// cleanPages cleans pages, as far as they still have one of the texts in their free space.
func (tx *editTx) cleanPages(pages []page, texts [][]byte) error {
	free, err := freePages(tx.Conn)
	if err != nil {
		return err
	}
	for _, p := range pages {
		p.free = free[p.number]
		var data []byte
		err := queryOne(tx.Conn, `SELECT data FROM sqlite_dbpage WHERE pgno = ?`, []any{p.number}, func(stmt *sqlite.Stmt) error {
			data = columnBytes(stmt, 0)
			return nil
		})
		if err == nil && p.clean(data, texts) {
			err = tx.exec(`UPDATE sqlite_dbpage SET data = ? WHERE pgno = ?`, data, p.number)
			tx.bytes += len(data)
		}
		if err != nil {
			return fmt.Errorf("clean a page: %w", err)
		}
	}
	return nil
}

// clean overwrites the free space of a page with zeros if that has one of the texts, and
// reports whether it had.
func (p page) clean(data []byte, texts [][]byte) bool {
	spaces := p.spaces(data)
	if !slices.ContainsFunc(spaces, func(space []byte) bool {
		return slices.ContainsFunc(texts, func(text []byte) bool { return bytes.Contains(space, text) })
	}) {
		return false
	}
	for _, space := range spaces {
		clear(space)
	}
	return true
}

// spaces returns the free space of a page: all of a free page, and in the page of a table
// or an index what is between its cells and in the list of freed cells. The format is that
// of https://www.sqlite.org/fileformat2.html. Other pages are used whole, apart from the
// end of the last page of a long value.
func (p page) spaces(data []byte) (spaces [][]byte) {
	if p.free {
		return [][]byte{data}
	}
	add := func(from, to int) {
		if from < to && to <= len(data) {
			spaces = append(spaces, data[from:to])
		}
	}
	head, headBytes := 0, 8
	if p.number == 1 {
		head = 100 // behind the file's header
	}
	switch data[head] {
	case 2, 5: // inner pages have a pointer more
		headBytes = 12
	case 10, 13:
	default:
		return nil
	}
	at := func(offset int) int { return int(binary.BigEndian.Uint16(data[offset:])) }
	cells, content := at(head+3), at(head+5)
	if content == 0 {
		content = 1 << 16
	}
	add(head+headBytes+2*cells, content)
	for freed, last := at(head+1), 0; freed > last && freed+4 <= len(data); freed, last = at(freed), freed {
		add(freed+4, freed+at(freed+2))
	}
	return spaces
}
