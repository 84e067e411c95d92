package sqlite

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"

	"zombiezen.com/go/sqlite"
)

// readPage returns the bytes of a page, which the caller may change.
func readPage(conn *sqlite.Conn, number int64) (data []byte, err error) {
	err = queryOne(conn, `SELECT data FROM sqlite_dbpage WHERE pgno = ?`, []any{number}, func(stmt *sqlite.Stmt) error {
		data = columnBytes(stmt, 0)
		return nil
	})
	return data, err
}

// freeList has the pages to be reused, with the offset from which on each is free. Some of
// them hold the list, in front of that offset.
type freeList map[int64]int

func (l freeList) page(number int64) page {
	from, free := l[number]
	return page{number: number, free: free, from: from}
}

func freePages(conn *sqlite.Conn) (freeList, error) {
	free := make(freeList)
	const firstTrunk = 32 // in the file's header
	head, err := readPage(conn, 1)
	if err != nil {
		return nil, err
	}
	trunk := int64(binary.BigEndian.Uint32(head[firstTrunk:]))
	for seen := 0; trunk != 0; seen++ {
		data, err := readPage(conn, trunk)
		if err != nil {
			return nil, err
		}
		n := int(binary.BigEndian.Uint32(data[4:]))
		if seen > 1<<20 || 8+4*n > len(data) {
			return nil, fmt.Errorf("the list of free pages is damaged")
		}
		free[trunk] = 8 + 4*n
		for i := range n {
			free[int64(binary.BigEndian.Uint32(data[8+4*i:]))] = 0
		}
		trunk = int64(binary.BigEndian.Uint32(data))
	}
	return free, nil
}

// page is a page of the database file.
type page struct {
	number int64
	free   bool // on the list of pages to be reused
	from   int  // from which byte on, if it is
}

// clean overwrites the free space of a page with zeros if that has one of the texts, and
// without texts if it has anything. It reports whether it had.
func (p page) clean(data []byte, texts [][]byte) bool {
	spaces := p.spaces(data)
	if !slices.ContainsFunc(spaces, func(space []byte) bool {
		if texts == nil {
			return len(bytes.Trim(space, "\x00")) > 0
		}
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
		return [][]byte{data[p.from:]}
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
