package dbcopy

import "callbook/internal/account"

const (
	// a transaction with defaultBatchRows takes a few hundredths of a second
	defaultBatchRows = 5000
	// batchBytes bounds the memory of a batch whose rows are long.
	batchBytes = 4 << 20
	// chunkBytes is the size in which a batch allocates memory for its rows.
	chunkBytes = 256 << 10
)

// Part is a range of one account's rows in one table, in the order of their keys.
type Part struct {
	Account account.ID
	Table   *Table
	Rows    []Row
}

// batch is the rows that one transaction writes.
type batch struct {
	parts []Part
	rows  int
	bytes int
	to    position // the position of the copy after this batch

	chunk []byte // an arena: its spare capacity is for the bytes of the next rows
}

// add adds a copy of a row of the account's table.
func (b *batch) add(account account.ID, t *Table, row Row) {
	if n := len(b.parts); n == 0 || b.parts[n-1].Account != account || b.parts[n-1].Table != t {
		b.parts = append(b.parts, Part{Account: account, Table: t})
	}
	p := &b.parts[len(b.parts)-1]
	clone := make(Row, len(row))
	for i, v := range row {
		clone[i] = v
		clone[i].Bytes = b.clone(v.Bytes)
	}
	p.Rows = append(p.Rows, clone)
	b.rows++
}

// clone copies bytes into the arena.
func (b *batch) clone(p []byte) []byte {
	if cap(b.chunk)-len(b.chunk) < len(p) {
		b.chunk = make([]byte, 0, max(chunkBytes, len(p)))
	}
	start := len(b.chunk)
	b.chunk = append(b.chunk, p...)
	b.bytes += len(p)
	return b.chunk[start:len(b.chunk):len(b.chunk)]
}

func (b *batch) full(rows int) bool { return b.rows >= rows || b.bytes >= batchBytes }
