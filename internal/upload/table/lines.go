package table

import (
	"bytes"
	"errors"
	"io"
)

// errRowTooLong tells that a row has more than maxRowBytes.
var errRowTooLong = errors.New("the row is too long")

// readBytes is how much is read of a file at once.
const readBytes = 64 << 10

// lines reads the lines of a file, and can look at several before it goes on
// behind them. It holds no more of the file than the longest row has.
type lines struct {
	file   io.ReaderAt
	end    byte  // ends a line
	width  int   // bytes of a character: 1, or 2 for UTF-16
	high   int   // where a character of two bytes has the upper one
	offset int64 // of buf[0] in the file
	buf    []byte
	from   int // where in buf the row begins
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

// line returns the line that begins so many bytes behind the beginning of the row,
// with its end; the last line of a file need not have one. It returns io.EOF where
// no line is, and errRowTooLong where the row would become too long with it. The
// line is good until the next call.
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
		// The last character may be there in part only.
		seen = max(behind, len(row)/l.width*l.width)
		if err := l.fill(); err != nil {
			return nil, err
		}
	}
}

// findEnd returns where the line ends in row, its end included, when it is looked
// for from a position on where a character begins; -1 when it is not there.
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
		return nil // what is wrong comes again
	}
	return err
}

// skip goes on behind so many bytes of the row.
func (l *lines) skip(bytes int) { l.from += bytes }

// whole goes on behind the first line of the row, however long it is, and returns
// its size, and of a long one only the beginning.
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
