package table

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"callbook/internal/csvcell"
)

const (
	// headBytes is how many bytes of a file are read to find its separator and header.
	headBytes = 64 << 10
	// headRows is how many rows are read for that.
	headRows = 200
)

// separators are the known separators, the most common first.
var separators = []string{",", ";", "\t", "|"}

// head is the beginning of a text file.
type head struct {
	file    io.ReaderAt
	dialect Dialect
	// start is where the text begins, after a byte order mark and a line that names the
	// separator.
	start Position
}

// readHead finds the encoding of a text file, its line ends, the beginning of the text,
// and the separator if a line names it. It does not change what given sets. A file that
// is not text is a fault.
func readHead(file io.ReaderAt, given Dialect) (*head, error) {
	begin, err := readAt(file, headBytes)
	if err != nil {
		return nil, err
	}
	h := &head{file: file, dialect: given, start: Position{Line: 1}}
	mark := []byte("\xef\xbb\xbf")
	switch {
	case bytes.HasPrefix(begin, []byte("\xff\xfe")):
		h.dialect.Encoding, mark = UTF16LE, begin[:2]
	case bytes.HasPrefix(begin, []byte("\xfe\xff")):
		h.dialect.Encoding, mark = UTF16BE, begin[:2]
	case bytes.IndexByte(begin[:min(len(begin), 4096)], 0) >= 0:
		return nil, BadFile("the file is binary, not text; save it as \"CSV UTF-8\"")
	case given.Encoding == UTF8 || given.Encoding == Windows1252:
	case bytes.HasPrefix(begin, mark):
		h.dialect.Encoding = UTF8
	default:
		if h.dialect.Encoding, err = detectEncoding(file); err != nil {
			return nil, err
		}
	}
	for bytes.HasPrefix(begin[h.start.Offset:], mark) {
		h.start.Offset += int64(len(mark))
	}
	text := string(h.dialect.Encoding.append(nil, begin[h.start.Offset:]))
	cr := strings.IndexByte(text, '\r')
	h.dialect.LoneCR = cr >= 0 && cr < len(text)-1 && strings.IndexByte(text, '\n') < 0
	if err := h.readSeparatorLine(given.Separator == ""); err != nil {
		return nil, err
	}
	first := newReader(file, h.dialect, h.start)
	first.skipEmpty()
	h.start = first.position
	return h, nil
}

// readSeparatorLine skips a first line such as "sep=;", which spreadsheets understand. If
// take is set, it takes the separator from it.
func (h *head) readSeparatorLine(take bool) error {
	r := newReader(h.file, h.dialect, h.start)
	line, err := r.lines.line(0)
	if err != nil {
		return nil // the next read returns the error
	}
	text := bytes.Trim(r.decode(line), "\"")
	if len(text) < 4 || !bytes.EqualFold(text[:4], []byte("sep=")) || len(text) > 5 {
		return nil
	}
	h.start.Offset += int64(len(line))
	h.start.Line++
	if len(text) == 5 && take {
		separator := string(text[4:])
		if !validSeparator(separator) {
			return BadFile("its first line names %q as the separator, which cannot be one", separator)
		}
		h.dialect.Separator = separator
	}
	return nil
}

// validSeparator reports whether s can be a separator.
func validSeparator(s string) bool {
	return len(s) == 1 && s[0] < utf8.RuneSelf && !strings.ContainsAny(s, "\"\r\n\x00") &&
		(s[0] < '0' || s[0] > '9') && (s[0]|0x20 < 'a' || s[0]|0x20 > 'z')
}

// readAt returns the first size bytes of a file, or all of a shorter one.
func readAt(file io.ReaderAt, size int) ([]byte, error) {
	begin := make([]byte, size)
	n, err := file.ReadAt(begin, 0)
	if err != nil && err != io.EOF {
		return nil, err
	}
	return begin[:n], nil
}

// detectEncoding decides whether a file without a byte order mark is UTF-8 or
// Windows-1252. It is UTF-8, perhaps with damaged rows, if it has at least as many
// characters beyond ASCII as invalid bytes, or a byte that Windows-1252 does not have.
func detectEncoding(file io.ReaderAt) (Encoding, error) {
	buf := make([]byte, 256<<10)
	wide, bad := 0, 0
	have := 0
	for offset := int64(0); ; {
		n, err := file.ReadAt(buf[have:], offset)
		offset += int64(n)
		if err != nil && err != io.EOF {
			return "", err
		}
		part := buf[:have+n]
		have = 0
		for len(part) > 0 {
			if ascii := asciiPrefix(part); ascii > 0 {
				part = part[ascii:]
				continue
			}
			if err == nil && !utf8.FullRune(part) {
				have = copy(buf, part)
				break
			}
			r, size := utf8.DecodeRune(part)
			switch {
			case r != utf8.RuneError || size > 1:
				wide++
			case fromWindows1252(part[0]) == utf8.RuneError:
				return UTF8, nil
			default:
				bad++
			}
			part = part[size:]
		}
		if err == io.EOF {
			break
		}
	}
	if bad > wide {
		return Windows1252, nil
	}
	return UTF8, nil
}

// asciiPrefix returns how many bytes at the beginning of text are ASCII.
func asciiPrefix(text []byte) int {
	n := 0
	for ; n+8 <= len(text); n += 8 {
		if (text[n]|text[n+1]|text[n+2]|text[n+3]|text[n+4]|text[n+5]|text[n+6]|text[n+7])&0x80 != 0 {
			break
		}
	}
	for n < len(text) && text[n] < utf8.RuneSelf {
		n++
	}
	return n
}

// headRow is a row of a head.
type headRow struct {
	Row
	next Position // the beginning of the next row
}

// rows returns the first rows of the table as this separator divides them.
func (h *head) rows(separator string) ([]headRow, error) {
	d := h.dialect
	d.Separator = separator
	const most = maxRowBytes + headBytes
	limit := h.start.Offset + most
	rows, err := firstRows(newReader(io.NewSectionReader(h.file, 0, limit), d, h.start))
	if n := len(rows); n > 1 && rows[n-1].next.Offset == limit {
		rows = rows[:n-1] // the last row may be incomplete
	}
	return rows, err
}

// firstRows returns the first rows: headBytes of them, or more if all may be titles.
func firstRows(from Rows) ([]headRow, error) {
	var all []headRow
	for bytes := 0; len(all) < headRows && (bytes < headBytes || len(all) <= titleRows); {
		row, err := from.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		bytes += row.Bytes()
		row.Cells = slices.Clone(row.Cells)
		all = append(all, headRow{row, from.Position()})
	}
	return all, nil
}

// detectSeparator chooses the separator with which the head is most like a table: its
// rows have the same number of cells, and a row names columns of contacts. Of equal ones,
// it takes the most common.
func (h *head) detectSeparator() error {
	best := -1.0
	for _, separator := range separators {
		rows, err := h.rows(separator)
		if err != nil {
			return err
		}
		if fit := fitOf(rows); fit > best {
			best, h.dialect.Separator = fit, separator
		}
	}
	return nil
}

// fitOf returns how much rows are like a table, from 0 (a single column) to 4.
func fitOf(rows []headRow) float64 {
	if len(rows) > 0 && len(rows[0].Cells) == 1 && fieldCalled(rows[0].Cells[0]) == csvcell.Number {
		return 0 // a single column, whose cells may contain the separator
	}
	widths := make(map[int]int)
	named, readable := 0, 0
	for i, row := range rows {
		if row.Fault != nil {
			continue
		}
		readable++
		cells := withoutBlankEnd(row.Cells)
		widths[len(cells)]++
		if i < titleRows && len(cells) > 1 {
			named = max(named, fieldsNamed(cells))
		}
	}
	common, count := 0, 0
	for width, n := range widths {
		if n > count || n == count && width > common {
			common, count = width, n
		}
	}
	if common < 2 && named == 0 || readable == 0 {
		return 0
	}
	fit := 0.0
	for width, n := range widths {
		if width > 1 {
			// A short row may lack its last cells because they are empty.
			fit += float64(n) / float64(1+abs(common-width))
		}
	}
	return fit/float64(len(rows)) + float64(min(named, 3))
}

func abs(n int) int { return max(n, -n) }

// withoutBlankEnd returns cells without the blank ones at the end.
func withoutBlankEnd(cells []string) []string {
	n := len(cells)
	for n > 0 && isBlank(cells[n-1]) {
		n--
	}
	return cells[:n]
}
