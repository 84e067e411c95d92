// Package table reads CSV files of contacts: their rows, what their columns are
// for, and a preview of both. It knows files and no database: what a valid
// contact is, its callers ask the address book.
package table

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"math"
	"slices"
	"strings"

	"callbook/internal/fault"
)

// Position is a boundary between two rows of a file.
type Position struct {
	Offset int64 // bytes before it
	Line   int64 // of the row that begins there, from 1
}

const (
	// maxRowBytes is the longest row that is read. The longest that can be
	// valid has some 25 KB.
	maxRowBytes = 256 << 10
	// maxKeptBytes is how much of a row that is longer goes into the errors.
	maxKeptBytes = 16 << 10
	readBytes    = 32 << 10
)

// Row is one row of a file.
type Row struct {
	Line  int64    // where it begins in the file, from 1
	Cells []string // good until the next row is read
	// Fault is why the row could not be read as CSV, nil when it could. With a
	// fault, the cells are a guess.
	Fault error
}

// Reader reads the rows of a file from any boundary between two rows.
//
// A row that is not CSV fails alone: where it has several lines, as after a
// quote that nobody closed, only its first line is given up and the next is
// read as a row again. A quote that was left open would otherwise take the
// rest of the file with it.
type Reader struct {
	file     io.ReaderAt
	position Position // where the next row begins
	base     Position // where csv began
	from     *section
	buf      *bufio.Reader
	csv      *csv.Reader
	line     bytes.Buffer // what readLine returns
}

// NewReader returns a Reader of the rows from this boundary on.
func NewReader(file io.ReaderAt, from Position) *Reader {
	r := &Reader{file: file, from: &section{file: file}}
	r.buf = bufio.NewReaderSize(r.from, readBytes)
	r.reset(from)
	return r
}

// Position returns where the next row begins.
func (r *Reader) Position() Position { return r.position }

// reset goes to another boundary.
func (r *Reader) reset(p Position) {
	r.position, r.base = p, p
	r.from.offset, r.from.limit, r.from.err = p.Offset, p.Offset, nil
	r.buf.Reset(r.from)
	r.csv = csv.NewReader(r.buf)
	r.csv.ReuseRecord = true
	r.csv.FieldsPerRecord = -1
}

// Next returns the next row, or io.EOF. Any other error is of the file.
func (r *Reader) Next() (Row, error) {
	for {
		start := r.position
		r.from.limit = start.Offset + maxRowBytes
		record, err := r.csv.Read()
		if r.from.err != nil && r.from.err != errRowTooLong {
			return Row{}, r.from.err
		}
		end := r.base.Offset + r.csv.InputOffset()
		if err == nil {
			first, _ := r.csv.FieldPos(0)
			last := len(record) - 1
			lastLine, _ := r.csv.FieldPos(last)
			r.position = Position{
				Offset: end,
				Line:   r.base.Line + int64(lastLine+strings.Count(record[last], "\n")),
			}
			return Row{Line: r.base.Line + int64(first) - 1, Cells: record}, nil
		}
		if err == io.EOF {
			r.position.Offset = end
			return Row{}, io.EOF
		}
		bad, ok := errors.AsType[*csv.ParseError](err)
		if ok && bad.StartLine == bad.Line && r.from.err == nil {
			raw := make([]byte, end-start.Offset)
			if _, err := r.file.ReadAt(raw, start.Offset); err != nil && err != io.EOF {
				return Row{}, err
			}
			r.position = Position{Offset: end, Line: r.base.Line + int64(bad.Line)}
			return Row{Line: r.position.Line - 1, Cells: guess(raw), Fault: malformed(bad)}, nil
		}
		var failed error = errTooLong
		if ok && r.from.err == nil {
			failed = malformed(bad)
		}
		if got, ok, err := r.giveUpLine(start, failed); ok || err != nil {
			return got, err
		}
	}
}

// giveUpLine fails the line at start and goes on behind it. Where lines with
// nothing in them come first, it goes on behind those, and returns false.
func (r *Reader) giveUpLine(start Position, failed error) (got Row, ok bool, err error) {
	r.reset(start)
	r.from.limit = math.MaxInt64
	here := start
	for {
		line, size, err := r.readLine()
		if err == io.EOF && size == 0 {
			r.reset(here)
			return Row{}, false, nil
		}
		if err != nil && err != io.EOF {
			return Row{}, false, err
		}
		if blank := size <= 2 && len(bytes.Trim(line, "\r\n")) == 0; !blank {
			if here != start {
				r.reset(here)
				return Row{}, false, nil
			}
			got = Row{Line: here.Line, Cells: guess(line), Fault: failed}
			r.reset(Position{Offset: here.Offset + size, Line: here.Line + 1})
			return got, true, nil
		}
		here.Offset += size
		here.Line++
	}
}

// readLine reads a line of any length. It returns its size, and of a long one
// only the beginning.
func (r *Reader) readLine() (line []byte, size int64, err error) {
	r.line.Reset()
	for {
		part, err := r.buf.ReadSlice('\n')
		size += int64(len(part))
		r.line.Write(part[:min(len(part), max(0, maxKeptBytes-r.line.Len()))])
		if err != bufio.ErrBufferFull {
			return r.line.Bytes(), size, err
		}
	}
}

var (
	errRowTooLong = errors.New("the row is too long") // of a section
	errTooLong    = fault.New(fault.Invalid, "The row is too long: a quote may have been left open")
	errNotCSV     = fault.New(fault.Invalid, "The row is not valid CSV")
	errBareQuote  = fault.New(fault.Invalid, `The row is not valid CSV: a cell that has a quote (") in it must be in quotes, and the quote doubled`)
	errOpenQuote  = fault.New(fault.Invalid, `The row is not valid CSV: a quote (") is not closed, or something follows a closing one`)
)

func malformed(bad *csv.ParseError) error {
	switch bad.Err {
	case csv.ErrBareQuote:
		return errBareQuote
	case csv.ErrQuote:
		return errOpenQuote
	}
	return errNotCSV
}

// guess splits a line that is not CSV, so that it can be mended cell by cell.
func guess(line []byte) []string {
	line = bytes.Trim(line, "\r\n")
	r := csv.NewReader(bytes.NewReader(line))
	r.LazyQuotes = true
	r.FieldsPerRecord = -1
	cells, err := r.Read()
	if err != nil {
		return []string{string(line)}
	}
	return slices.Clone(cells)
}

// section reads a file from an offset up to a limit.
type section struct {
	file          io.ReaderAt
	offset, limit int64
	err           error // the one that was returned, if it was not io.EOF
}

func (s *section) Read(p []byte) (int, error) {
	room := s.limit - s.offset
	if room <= 0 {
		// Where the file ends here too, that is what matters.
		var one [1]byte
		if n, err := s.file.ReadAt(one[:], s.offset); n == 0 && err == io.EOF {
			return 0, io.EOF
		}
		s.err = errRowTooLong
		return 0, s.err
	}
	n, err := s.file.ReadAt(p[:min(int64(len(p)), room)], s.offset)
	s.offset += int64(n)
	switch {
	case n > 0:
		return n, nil // what is wrong comes again
	case err != io.EOF:
		s.err = err
	}
	return n, err
}
