package table

import (
	"errors"
	"io"
	"math/bits"

	"callbook/internal/fault"
	"callbook/internal/xlsx"
)

// sheetRows implements [Rows] for a sheet. An archive cannot be sought, so the position
// is the number of the next row, and seeking reads all rows before it. The position's
// offset only shows progress: it is proportional to the part of the sheet that was read.
type sheetRows struct {
	rows     *xlsx.Rows
	size     int64 // of the file
	position Position
}

func openSheet(file io.ReaderAt, size int64, d Dialect, from Position) (Rows, error) {
	book, err := xlsx.Open(file, size)
	if err != nil {
		return nil, badSheet(err)
	}
	return rowsOf(book, size, d.Sheet, from)
}

func rowsOf(book *xlsx.Workbook, size int64, sheet string, from Position) (*sheetRows, error) {
	rows, err := book.Rows(sheet)
	if err != nil {
		return nil, badSheet(err)
	}
	if err := rows.Skip(from.Line); err != nil && err != io.EOF {
		return nil, badSheet(err)
	}
	return &sheetRows{rows: rows, size: size, position: from}, nil
}

// Position implements [Rows].
func (s *sheetRows) Position() Position { return s.position }

// Close implements io.Closer.
func (s *sheetRows) Close() error { return s.rows.Close() }

// Held returns how many bytes of memory the rows hold while they are open.
func (s *sheetRows) Held() int64 { return s.rows.Held() }

// Next implements [Rows].
func (s *sheetRows) Next() (Row, error) {
	for {
		number, cells, err := s.rows.Next()
		if err == io.EOF {
			return Row{}, io.EOF
		}
		if err != nil && err != xlsx.ErrRow {
			return Row{}, badSheet(err)
		}
		s.position = Position{Offset: s.offset(), Line: number + 1}
		switch {
		case err != nil:
			return Row{Line: number, Cells: cells, Fault: errRowLarge}, nil
		case hasText(cells):
			return Row{Line: number, Cells: cells}, nil
		}
	}
}

// offset returns the read part of the sheet as a part of the file.
func (s *sheetRows) offset() int64 {
	read, of := s.rows.Offset()
	if of <= 0 || read >= of {
		return s.size
	}
	high, low := bits.Mul64(uint64(read), uint64(s.size))
	part, _ := bits.Div64(high, low, uint64(of))
	return int64(part)
}

var errRowLarge = fault.New(fault.Invalid, "The row is too long, or has too many cells")

// badSheet returns the fault of an invalid spreadsheet.
func badSheet(err error) error {
	switch {
	case errors.Is(err, xlsx.ErrFormat):
		return BadFile("the file is no spreadsheet of Excel's, or damaged; save it as \"CSV UTF-8\"")
	case errors.Is(err, xlsx.ErrNoSheet):
		return BadFile("the spreadsheet has no such sheet")
	case errors.Is(err, xlsx.ErrTexts), errors.Is(err, xlsx.ErrTooLarge):
		return BadFile("the spreadsheet is too large to be read as one; save it as \"CSV UTF-8\"")
	}
	return err
}
