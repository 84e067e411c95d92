package table

import "bytes"

// record splits the lines of one row into cells.
//
// A quote within a cell is text, as in spreadsheets and most readers. If something
// follows a closing quote, the cell goes on as if it had no quotes, unless that quote
// begins a pair before the next separator: `"a "b" c"` is the cell `a "b" c`. A backslash
// before a quote is not special.
type record struct {
	separator byte
	text      []byte
	spans     []span
	from      int  // the index in text where the current cell begins
	quoted    bool // a quote is open
	carried   bool // the open quote is from an earlier line
	all       []string
}

// span is the place of a cell in record.text.
type span struct{ from, to int }

// progress is the state of a row after a line was added.
type progress uint8

const (
	complete progress = iota // the row ends with this line
	open                     // a quote is open, so the row has more lines
	broken                   // a quote of an earlier line cannot have been an opening one
)

func (r *record) reset() {
	r.text, r.spans = r.text[:0], r.spans[:0]
	r.from, r.quoted, r.carried = 0, false, false
}

// cells returns the cells of the row. The slice is valid until the next row, but the
// strings stay valid.
func (r *record) cells() []string {
	text := string(r.text)
	r.all = r.all[:0]
	for _, s := range r.spans {
		r.all = append(r.all, text[s.from:s.to])
	}
	return r.all
}

// end ends the current cell.
func (r *record) end() {
	r.spans = append(r.spans, span{r.from, len(r.text)})
	r.from, r.quoted, r.carried = len(r.text), false, false
}

// add adds a line, without its end, to the row.
func (r *record) add(line []byte) progress {
	if !r.quoted && bytes.IndexByte(line, '"') < 0 {
		r.addPlain(line)
		return complete
	}
	for {
		if !r.quoted && len(line) > 0 && line[0] == '"' {
			r.quoted = true
			line = line[1:]
		}
		more := false
		if r.quoted {
			var state progress
			if line, more, state = r.addQuoted(line); state != complete {
				return state
			}
		} else {
			line, more = r.addBare(line)
		}
		if !more {
			return complete
		}
	}
}

// addPlain adds a line that has no quotes.
func (r *record) addPlain(line []byte) {
	base := len(r.text)
	r.text = append(r.text, line...)
	for {
		i := bytes.IndexByte(line, r.separator)
		if i < 0 {
			r.spans = append(r.spans, span{base, base + len(line)})
			return
		}
		r.spans = append(r.spans, span{base, base + i})
		base += i + 1
		line = line[i+1:]
	}
}

// addBare adds the rest of a cell without quotes, and returns what follows its separator.
// More is false if there is no separator.
func (r *record) addBare(line []byte) (rest []byte, more bool) {
	cell, rest, more := bytes.Cut(line, []byte{r.separator})
	r.text = append(r.text, cell...)
	r.end()
	return rest, more
}

// addQuoted is addBare for a cell with an open quote.
func (r *record) addQuoted(line []byte) (rest []byte, more bool, state progress) {
	for {
		i := bytes.IndexByte(line, '"')
		if i < 0 {
			r.text = append(append(r.text, line...), '\n')
			r.carried = true
			return nil, false, open
		}
		r.text = append(r.text, line[:i]...)
		line = line[i+1:]
		switch {
		case len(line) == 0:
			r.end()
			return nil, false, complete
		case line[0] == r.separator:
			r.end()
			return line[1:], true, complete
		case line[0] == '"':
			r.text = append(r.text, '"')
			line = line[1:]
			continue
		case r.carried && !r.endsBlank(line):
			return nil, false, broken
		}
		second, pair := r.pair(line)
		if !pair {
			rest, more = r.addBare(line)
			return rest, more, complete
		}
		inner := line[:second]
		if n := len(r.text); n > r.from && r.text[n-1] == '\\' && bytes.HasSuffix(inner, []byte{'\\'}) {
			r.text = r.text[:n-1]
			inner = inner[:len(inner)-1]
		}
		r.text = append(append(r.text, '"'), inner...)
		line = line[second:]
		if len(line) > 1 && line[1] != r.separator {
			r.text = append(r.text, '"')
			line = line[1:]
		}
	}
}

// pair reports whether the quote before line begins a pair within the cell, and returns
// the index of the second quote.
func (r *record) pair(line []byte) (second int, ok bool) {
	second = bytes.IndexByte(line, '"')
	if second < 0 {
		return 0, false
	}
	if bytes.IndexByte(line[:second], r.separator) < 0 {
		return second, true
	}
	n := len(r.text)
	return second, n > r.from && r.text[n-1] == '\\' && second > 0 && line[second-1] == '\\'
}

// endsBlank reports whether only blanks precede the end of the cell.
func (r *record) endsBlank(line []byte) bool {
	rest := bytes.TrimLeft(line, " ")
	return len(rest) == 0 || rest[0] == r.separator
}
