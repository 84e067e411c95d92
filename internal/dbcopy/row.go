package dbcopy

import (
	"encoding/binary"
	"errors"
)

// Row is a row of a table: a value for each of its columns.
type Row []Value

// Value is the value of a column. [Kind.Numeric] says whether it is in Int or in
// Bytes.
type Value struct {
	Int   int64
	Bytes []byte
	Null  bool
}

// The first byte of an encoded value.
const (
	encodedNull = iota
	encodedInt
	encodedBytes
)

// appendTo appends an encoding of the row. Different rows of a table have
// different encodings.
func (r Row) appendTo(b []byte, columns []Column) []byte {
	for i, v := range r {
		switch {
		case v.Null:
			b = append(b, encodedNull)
		case columns[i].Kind.Numeric():
			b = append(b, encodedInt)
			b = binary.BigEndian.AppendUint64(b, uint64(v.Int))
		default:
			b = append(b, encodedBytes)
			b = binary.AppendUvarint(b, uint64(len(v.Bytes)))
			b = append(b, v.Bytes...)
		}
	}
	return b
}

var errBadRow = errors.New("an encoded row cannot be read")

// decodeRow decodes a row of this many columns that appendTo has encoded.
func decodeRow(b []byte, columns int) (Row, error) {
	row := make(Row, columns)
	for i := range row {
		if len(b) == 0 {
			return nil, errBadRow
		}
		kind := b[0]
		b = b[1:]
		switch kind {
		case encodedNull:
			row[i].Null = true
		case encodedInt:
			if len(b) < 8 {
				return nil, errBadRow
			}
			row[i].Int = int64(binary.BigEndian.Uint64(b))
			b = b[8:]
		case encodedBytes:
			size, n := binary.Uvarint(b)
			if n <= 0 || uint64(len(b)-n) < size {
				return nil, errBadRow
			}
			row[i].Bytes = b[n : n+int(size)]
			b = b[n+int(size):]
		default:
			return nil, errBadRow
		}
	}
	if len(b) > 0 {
		return nil, errBadRow
	}
	return row, nil
}
