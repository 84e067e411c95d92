// Package table reads tables of contacts: CSV files of any dialect, and spreadsheets. It
// finds out how to read a file and what its columns are for, and previews both. It uses
// no database: its callers ask the address book what a valid contact is.
package table

import (
	"bytes"
	"io"
	"unicode"
	"unicode/utf8"

	"callbook/internal/fault"
)

// Position is a boundary between two rows of a file.
type Position struct {
	Offset int64 // bytes before the boundary
	Line   int64 // the line of the row after the boundary, from 1
}

const (
	// maxRowBytes bounds the rows that are read. No valid row has more than some 25 KB.
	maxRowBytes = 256 << 10
	// maxKeptBytes is how many bytes of a longer row its error row has.
	maxKeptBytes = 16 << 10
)

// Row is one row of a file.
type Row struct {
	Line  int64    // the line in the file where the row begins, from 1
	Cells []string // valid until the next row is read
	// Fault is why the row could not be read, or nil. With a fault, the cells are only a
	// guess.
	Fault error
}

// Bytes returns about how much memory the row takes.
func (r *Row) Bytes() int {
	const header = 16 // of a string
	bytes := header * len(r.Cells)
	for _, cell := range r.Cells {
		bytes += len(cell)
	}
	return bytes
}

// Rows reads the rows of a file in order. It skips rows without text.
type Rows interface {
	// Next returns the next row, or io.EOF. Any other error means that the file cannot be
	// read.
	Next() (Row, error)
	// Position returns where the next row begins.
	Position() Position
}

// reader implements [Rows] for a text file.
//
// If a row cannot be read, only its first line fails, and the next line is read as a row
// again. Otherwise, a quote that nobody closed would take the rest of the file with it.
type reader struct {
	dialect  Dialect
	lines    lines
	position Position
	record   record
	decoded  []byte // the last decoded line
	// A failed row had an open quote at the end of each line up to the offset openTo.
	// OpenEnds means that the quote was found never to be closed.
	openTo   int64
	openEnds bool
}

func newReader(file io.ReaderAt, d Dialect, from Position) *reader {
	return &reader{
		dialect:  d,
		lines:    newLines(file, d, from.Offset),
		position: from,
		record:   record{separator: d.separator()},
	}
}

// Position implements [Rows].
func (r *reader) Position() Position { return r.position }

// Next implements [Rows].
func (r *reader) Next() (Row, error) {
	for {
		row, err := r.read()
		if err != nil || row.Fault != nil || hasText(row.Cells) {
			return row, err
		}
	}
}

// read returns the next row, even if it has no text.
func (r *reader) read() (Row, error) {
	r.skipEmpty()
	row := Row{Line: r.position.Line}
	r.record.reset()
	looking := false // only looks for the end of the quote, without adding the text up to openTo
	for size, count := 0, int64(0); ; {
		line, err := r.lines.line(size)
		switch {
		case err == io.EOF && size == 0:
			return Row{}, io.EOF
		case err == io.EOF:
			return r.giveUpOpen(size, true, errOpenQuote)
		case err == errRowTooLong:
			return r.giveUpOpen(size, false, errTooLong)
		case err != nil:
			return Row{}, err
		}
		begin := size
		size += len(line)
		count++
		state := r.record.add(r.decode(line))
		if known := r.openTo - r.position.Offset; state == open && count == 1 && int64(size) <= known {
			// An earlier row had its quote open here too, so both quotes end at the same
			// place.
			if r.openEnds {
				return r.giveUp(errOpenQuote)
			}
			looking, size = true, int(known)
			continue
		}
		switch state {
		case complete:
			if looking { // now read the text
				looking, size, count, r.openTo = false, 0, 0, 0
				r.record.reset()
				continue
			}
			r.lines.skip(size)
			r.position.Offset += int64(size)
			r.position.Line += count
			row.Cells = r.record.cells()
			return row, nil
		case broken:
			return r.giveUpOpen(begin, true, errOpenQuote)
		}
	}
}

// giveUpOpen fails a row whose quote was open for size bytes, and remembers that.
// Otherwise, in a file with many stray quotes, each line would be read together with all
// that follow it.
func (r *reader) giveUpOpen(size int, ends bool, failed error) (Row, error) {
	r.openTo, r.openEnds = r.position.Offset+int64(size), ends
	return r.giveUp(failed)
}

// skipEmpty skips empty lines, of which a file may have millions.
func (r *reader) skipEmpty() {
	for {
		line, err := r.lines.line(0)
		if err != nil || len(line) > 2*r.lines.width || len(r.decode(line)) > 0 {
			return // the next read returns the error
		}
		r.lines.skip(len(line))
		r.position.Offset += int64(len(line))
		r.position.Line++
	}
}

// giveUp fails the first line of the current row, and moves behind it.
func (r *reader) giveUp(failed error) (Row, error) {
	line, size, err := r.lines.whole()
	if err != nil {
		return Row{}, err
	}
	r.record.reset()
	if r.record.add(r.decode(line)) != complete {
		r.record.text = bytes.TrimSuffix(r.record.text, []byte{'\n'})
		r.record.end()
	}
	row := Row{Line: r.position.Line, Cells: r.record.cells(), Fault: failed}
	r.position.Offset += size
	r.position.Line++
	return row, nil
}

// decode returns the text of a line without its line end. The text is valid until the
// next call.
func (r *reader) decode(line []byte) []byte {
	text := line
	if r.dialect.Encoding != UTF8 {
		r.decoded = r.dialect.Encoding.append(r.decoded[:0], line)
		text = r.decoded
	}
	if n := len(text); n > 0 && text[n-1] == r.lines.end {
		text = text[:n-1]
	}
	if n := len(text); n > 0 && text[n-1] == '\r' {
		text = text[:n-1]
	}
	return text
}

var (
	errTooLong   = fault.New(fault.Invalid, "The row is too long: a quote may have been left open")
	errOpenQuote = fault.New(fault.Invalid, `The row is not valid CSV: a quote (") is not closed, or something follows a closing one`)
)

// hasText reports whether a cell has a visible character.
func hasText(cells []string) bool {
	for _, cell := range cells {
		if !isBlank(cell) {
			return true
		}
	}
	return false
}

func isBlank(cell string) bool {
	for i := 0; i < len(cell); {
		c := cell[i]
		if c < utf8.RuneSelf {
			if c > ' ' && c != 0x7F {
				return false
			}
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(cell[i:])
		if !unicode.IsSpace(r) && !isInvisible(r) {
			return false
		}
		i += size
	}
	return true
}

// isInvisible reports whether a character is invisible: a format character, or one that
// Unicode calls default-ignorable.
func isInvisible(r rune) bool {
	return unicode.In(r, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}
