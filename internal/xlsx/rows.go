package xlsx

import (
	"errors"
	"io"
	"strconv"
)

// ErrRow means that a row is too large. The rows after it can be read.
var ErrRow = errors.New("the row is too large")

// Rows reads the rows of a sheet.
type Rows struct {
	book   *Workbook
	part   io.ReadCloser
	scan   *scanner
	size   int64 // size of the sheet's XML
	number int64 // the number of the current row
	begun  bool  // only the start tag of that row was read
	empty  bool  // that row has no content
	ended  bool
	row    []byte
	ends   []int // where the cells end within row
	cells  []string
}

// Close closes the sheet.
func (r *Rows) Close() error { return r.part.Close() }

// Offset returns the bytes of the sheet that were read, and the size of the sheet. After
// the same row, it is always the same.
func (r *Rows) Offset() (bytes, of int64) { return r.scan.offset(), r.size }

// Held returns how many bytes the shared texts take in memory.
func (r *Rows) Held() int64 { return int64(r.book.shared.bytes) }

// Next returns the number of the next row in the file, from 1, and the shown texts of its
// cells, which are valid until the next call. It returns io.EOF after the last row.
func (r *Rows) Next() (number int64, cells []string, err error) {
	if r.ended {
		return 0, nil, io.EOF
	}
	if !r.begun {
		if err := r.toRow(); err != nil {
			return 0, nil, err
		}
	}
	r.begun = false
	r.row, r.ends = r.row[:0], r.ends[:0]
	if !r.empty {
		err = r.readCells()
	}
	if err != nil && err != ErrRow {
		return 0, nil, formatError(err)
	}
	text := string(r.row)
	r.cells = r.cells[:0]
	from := 0
	for _, end := range r.ends {
		r.cells = append(r.cells, text[from:end])
		from = end
	}
	return r.number, r.cells, err
}

// Skip skips the rows before the given number. It returns io.EOF if no rows are left.
func (r *Rows) Skip(number int64) error {
	for {
		if err := r.toRow(); err != nil {
			return err
		}
		if r.number >= number {
			r.begun = true
			return nil
		}
		for inside := !r.empty; inside; {
			t, err := r.scan.next(false)
			if err != nil {
				return formatError(orCut(err))
			}
			inside = !(t.close && t.is("row"))
		}
	}
}

// toRow reads to the beginning of the next row.
func (r *Rows) toRow() error {
	for {
		t, err := r.scan.next(false)
		if err != nil {
			return formatError(orCut(err))
		}
		switch {
		case t.is("row") && !t.close:
			n, _ := strconv.ParseInt(string(t.rawAttr("r")), 10, 32)
			r.number, r.empty = max(r.number+1, n), t.empty
			if r.number > maxRows {
				return ErrTooLarge
			}
			return nil
		case t.is("sheetData") && (t.close || t.empty):
			r.ended = true
			return io.EOF
		}
	}
}

// readCells reads the cells and the end of a row.
func (r *Rows) readCells() error {
	var tooLarge error
	for {
		t, err := r.scan.next(false)
		if err != nil {
			return orCut(err)
		}
		switch {
		case t.is("row") && t.close:
			return tooLarge
		case !t.is("c") || t.close:
			continue
		}
		column := columnOf(t.rawAttr("r"))
		if column < 0 {
			column = len(r.ends)
		}
		if column >= maxColumns || len(r.row) > maxText {
			tooLarge = ErrRow
		}
		if tooLarge == nil {
			for len(r.ends) < column {
				r.ends = append(r.ends, len(r.row))
			}
		}
		style, _ := strconv.Atoi(string(t.rawAttr("s")))
		kind := kindOf(t.rawAttr("t"))
		if !t.empty {
			if err := r.readValue(); err != nil {
				return err
			}
			if tooLarge == nil && column == len(r.ends) {
				r.row = r.appendShown(r.row, kind, style)
			}
		}
		if tooLarge == nil && column == len(r.ends) {
			r.ends = append(r.ends, len(r.row))
		}
	}
}

// readValue reads the value of a cell and the end of the cell.
func (r *Rows) readValue() error {
	s := r.scan
	s.text = s.text[:0]
	inline, value := richText{}, false
	for {
		t, err := s.next(value || inline.keeps())
		if err != nil {
			return orCut(err)
		}
		inline.tag(&t)
		switch {
		case t.is("v"):
			value = !t.close && !t.empty
		case t.is("c") && t.close:
			return nil
		}
	}
}

// kind is the type of a cell's value.
type kind uint8

const (
	isNumber kind = iota
	isShared
	isText
	isBool
)

func kindOf(name []byte) kind {
	switch string(name) {
	case "s":
		return isShared
	case "str", "inlineStr", "e", "d":
		return isText
	case "b":
		return isBool
	}
	return isNumber
}

// appendShown appends the text that the sheet shows for the value that was read.
func (r *Rows) appendShown(b []byte, kind kind, style int) []byte {
	value := r.scan.text
	switch kind {
	case isShared:
		i, err := strconv.Atoi(string(value))
		if err != nil {
			return b
		}
		return append(b, r.book.shared.at(i)...)
	case isText:
		return append(b, unescapeCodes(value)...)
	case isBool:
		if string(value) == "1" {
			return append(b, "TRUE"...)
		}
		return append(b, "FALSE"...)
	}
	var f *format
	if style >= 0 && style < len(r.book.styles) {
		f = r.book.styles[style]
	}
	return f.append(b, value, r.book.base)
}

// columnOf returns the index of the column in a reference such as C12, or -1.
func columnOf(ref []byte) int {
	column := 0
	for _, c := range ref {
		if c |= 0x20; c < 'a' || c > 'z' {
			break
		}
		if column = 26*column + int(c-'a') + 1; column > maxColumns {
			break
		}
	}
	return column - 1
}
