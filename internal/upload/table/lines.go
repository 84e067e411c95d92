package table

import (
	"bytes"
	"errors"
	"io"
)

// errRowTooLong means that a row has more than maxRowBytes.
var errRowTooLong = errors.New("the row is too long")

// readBytes is how much of a file is read at once.
const readBytes = 64 << 10

// lines reads the lines of a file, and can look ahead over several lines. It holds no
// more of the file than the longest row.
type lines struct {
	file   io.ReaderAt
	end    byte  // the last byte of a line
	width  int   // bytes in a character: 1, or 2 for UTF-16
	high   int   // the index of the upper byte in a UTF-16 character
	offset int64 // the position of buf[0] in the file
	buf    []byte
	from   int // the index in buf where the current row begins
	eof    bool
}

func newLines(file io.ReaderAt, d Dialect, offset int64) lines {
	l := lines{file: file, end: '\n', width: 1, offset: offset}
	if d.LoneCR {
		l.end = '\r'
	}
	switch d.Encoding {
	case UTF16LE:
		l.width, l.high = 2, 1
	case UTF16BE:
		l.width, l.high = 2, 0
	}
	return l
}

// line returns the line that begins behind bytes after the beginning of the row, with its
// line end; the last line of a file may lack that. The error is io.EOF if there is no
// line, and errRowTooLong if the row would become too long. The line is valid until the
// next call.
func (l *lines) line(behind int) ([]byte, error) {
	for seen := behind; ; {
		row := l.buf[l.from:]
		if end := l.findEnd(row, seen); end >= 0 {
			if end > maxRowBytes {
				return nil, errRowTooLong
			}
			return row[behind:end], nil
		}
		switch {
		case len(row) > maxRowBytes:
			return nil, errRowTooLong
		case l.eof && behind == len(row):
			return nil, io.EOF
		case l.eof:
			return row[behind:], nil
		}
		// the last character may be incomplete
		seen = max(behind, len(row)/l.width*l.width)
		if err := l.fill(); err != nil {
			return nil, err
		}
	}
}

// findEnd returns the index after the first line end in row, or -1. It searches from an
// index where a character begins.
func (l *lines) findEnd(row []byte, from int) int {
	for from < len(row) {
		i := bytes.IndexByte(row[from:], l.end)
		if i < 0 {
			return -1
		}
		at := from + i
		if l.width == 1 {
			return at + 1
		}
		begin := at &^ 1
		if begin+1 < len(row) && row[begin+l.high] == 0 && row[begin+1-l.high] == l.end {
			return begin + 2
		}
		from = begin + 2
	}
	return -1
}

// fill reads more of the file.
func (l *lines) fill() error {
	if l.from > 0 {
		n := copy(l.buf, l.buf[l.from:])
		l.buf, l.offset, l.from = l.buf[:n], l.offset+int64(l.from), 0
	}
	have := len(l.buf)
	if cap(l.buf)-have < readBytes {
		grown := make([]byte, have, max(2*readBytes, 2*cap(l.buf)))
		copy(grown, l.buf)
		l.buf = grown
	}
	n, err := l.file.ReadAt(l.buf[have:have+readBytes], l.offset+int64(have))
	l.buf = l.buf[:have+n]
	if err == io.EOF {
		l.eof = true
		return nil
	}
	if n > 0 {
		return nil // the next read returns the error
	}
	return err
}

// skip moves the beginning of the row forward by this many bytes.
func (l *lines) skip(bytes int) { l.from += bytes }

// whole skips the first line of the row, however long that is. It returns the size of the
// line, and the line itself, or the beginning of a long one.
func (l *lines) whole() (line []byte, size int64, err error) {
	line, err = l.line(0)
	if err != errRowTooLong {
		l.skip(len(line))
		return line, int64(len(line)), err
	}
	line = bytes.Clone(l.buf[l.from:][:maxKeptBytes])
	for {
		row := l.buf[l.from:]
		if end := l.findEnd(row, 0); end >= 0 {
			l.skip(end)
			return line, size + int64(end), nil
		}
		whole := len(row) / l.width * l.width
		if l.eof {
			whole = len(row)
		}
		l.skip(whole)
		size += int64(whole)
		if l.eof {
			return line, size, nil
		}
		if err := l.fill(); err != nil {
			return nil, 0, err
		}
	}
}
