package xlsx

import (
	"bytes"
	"io"
	"strconv"
	"unicode/utf8"
)

// scanner reads the tags and texts of the XML of a workbook, which has no DTD and
// is UTF-8. It allocates nothing for a tag.
type scanner struct {
	r        io.Reader
	buf      []byte
	from, to int   // what is read and not scanned yet is buf[from:to]
	before   int64 // bytes before buf[0]
	limit    int64 // bytes that may be read
	err      error // of r, io.EOF included
	text     []byte
}

const scanBytes = 64 << 10

func newScanner(r io.Reader, limit int64) *scanner {
	return &scanner{r: r, buf: make([]byte, scanBytes), limit: limit}
}

// offset is how many bytes were scanned.
func (s *scanner) offset() int64 { return s.before + int64(s.from) }

// fill reads more, or returns why it cannot.
func (s *scanner) fill() error {
	if s.err != nil {
		return s.err
	}
	if s.from > 0 {
		copy(s.buf, s.buf[s.from:s.to])
		s.before += int64(s.from)
		s.to -= s.from
		s.from = 0
	}
	if s.to == len(s.buf) {
		return ErrFormat // a tag that does not end
	}
	n, err := s.r.Read(s.buf[s.to:])
	s.to += n
	if s.before+int64(s.to) > s.limit {
		err = ErrTooLarge
	}
	s.err = err
	if n > 0 {
		return nil
	}
	return err
}

// tag is a tag. Its parts are good until the next one is read.
type tag struct {
	name  []byte // without its prefix
	attrs []byte
	close bool // it is an end tag
	empty bool // it is the end tag too
}

// next returns the next tag. With keep, the text before it is added to s.text.
func (s *scanner) next(keep bool) (tag, error) {
	for {
		if err := s.readText(keep); err != nil {
			return tag{}, err
		}
		if err := s.need(2); err != nil {
			return tag{}, err
		}
		switch s.buf[s.from+1] {
		case '?':
			if err := s.skipTo([]byte("?>"), false); err != nil {
				return tag{}, err
			}
		case '!':
			if err := s.declaration(keep); err != nil {
				return tag{}, err
			}
		default:
			return s.readTag()
		}
	}
}

// need makes sure that so many bytes are there.
func (s *scanner) need(n int) error {
	for s.to-s.from < n {
		if err := s.fill(); err != nil {
			return orCut(err)
		}
	}
	return nil
}

func orCut(err error) error {
	if err == io.EOF {
		return ErrFormat
	}
	return err
}

// readText goes to the next tag; it returns io.EOF when there is none.
func (s *scanner) readText(keep bool) error {
	begin := len(s.text)
	for {
		part := s.buf[s.from:s.to]
		i := bytes.IndexByte(part, '<')
		n := i
		if i < 0 {
			n = len(part)
		}
		if keep && len(s.text) < maxText {
			s.text = append(s.text, part[:n]...)
		}
		s.from += n
		if i >= 0 {
			if keep && bytes.IndexByte(s.text[begin:], '&') >= 0 {
				s.text = unescape(s.text, begin)
			}
			return nil
		}
		if err := s.fill(); err != nil {
			return err
		}
	}
}

// declaration reads a comment, which it skips, or a CDATA section.
func (s *scanner) declaration(keep bool) error {
	const cdata = "<![CDATA["
	if err := s.need(4); err != nil {
		return err
	}
	if bytes.HasPrefix(s.buf[s.from:s.to], []byte("<!--")) {
		return s.skipTo([]byte("-->"), false)
	}
	if err := s.need(len(cdata)); err != nil {
		return err
	}
	if !bytes.HasPrefix(s.buf[s.from:s.to], []byte(cdata)) {
		return ErrFormat
	}
	s.from += len(cdata)
	return s.skipTo([]byte("]]>"), keep)
}

// skipTo goes on behind end. With keep, what comes before it is added to s.text.
func (s *scanner) skipTo(end []byte, keep bool) error {
	for {
		part := s.buf[s.from:s.to]
		i := bytes.Index(part, end)
		n := i
		if i < 0 {
			n = max(0, len(part)-len(end)+1)
		}
		if keep && len(s.text) < maxText {
			s.text = append(s.text, part[:n]...)
		}
		s.from += n
		if i >= 0 {
			s.from += len(end)
			return nil
		}
		if err := s.fill(); err != nil {
			return orCut(err)
		}
	}
}

func (s *scanner) readTag() (tag, error) {
	for {
		part := s.buf[s.from:s.to]
		if end := endOfTag(part); end >= 0 {
			s.from += end + 1
			return parseTag(part[1:end]), nil
		}
		if err := s.fill(); err != nil {
			return tag{}, orCut(err)
		}
	}
}

// endOfTag returns where the bracket is that closes the tag, -1 when it is not
// there yet. One within a value does not.
func endOfTag(part []byte) int {
	end := bytes.IndexByte(part, '>')
	if end < 0 || bytes.IndexByte(part[:end], '\'') < 0 && bytes.Count(part[:end], []byte{'"'})%2 == 0 {
		return end
	}
	quote := byte(0)
	for i, c := range part {
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '>':
			return i
		}
	}
	return -1
}

// parseTag takes what is between the brackets apart.
func parseTag(inner []byte) (t tag) {
	if len(inner) > 0 && inner[0] == '/' {
		t.close = true
		inner = inner[1:]
	}
	if n := len(inner); n > 0 && inner[n-1] == '/' {
		t.empty = true
		inner = inner[:n-1]
	}
	end := 0
	for end < len(inner) && inner[end] > ' ' {
		end++
	}
	t.name, t.attrs = inner[:end], inner[end:]
	if i := bytes.IndexByte(t.name, ':'); i >= 0 {
		t.name = t.name[i+1:]
	}
	return t
}

// is reports whether the tag has this name.
func (t *tag) is(name string) bool { return string(t.name) == name }

// attr returns the value of an attribute, by its name without a prefix.
func (t *tag) attr(name string) string {
	if value := t.rawAttr(name); value != nil {
		if bytes.IndexByte(value, '&') >= 0 {
			value = unescape(bytes.Clone(value), 0)
		}
		return string(value)
	}
	return ""
}

// rawAttr is attr without its escapes taken off; nil when it is not there.
func (t *tag) rawAttr(name string) []byte {
	rest := t.attrs
	for {
		rest = bytes.TrimLeft(rest, " \t\r\n")
		i := bytes.IndexByte(rest, '=')
		if i < 0 || i+1 >= len(rest) {
			return nil
		}
		key := bytes.TrimRight(rest[:i], " \t\r\n")
		rest = bytes.TrimLeft(rest[i+1:], " \t\r\n")
		if len(rest) == 0 {
			return nil
		}
		end := bytes.IndexByte(rest[1:], rest[0])
		if end < 0 {
			return nil
		}
		value := rest[1 : 1+end]
		rest = rest[end+2:]
		if i := bytes.IndexByte(key, ':'); i >= 0 {
			key = key[i+1:]
		}
		if string(key) == name {
			return value
		}
	}
}

// unescape takes the escapes of XML off text[from:].
func unescape(text []byte, from int) []byte {
	out := text[:from]
	rest := text[from:]
	for len(rest) > 0 {
		if rest[0] != '&' {
			out = append(out, rest[0])
			rest = rest[1:]
			continue
		}
		end := bytes.IndexByte(rest[:min(len(rest), 12)], ';')
		if end < 0 {
			out = append(out, '&')
			rest = rest[1:]
			continue
		}
		if r := entity(string(rest[1:end])); r >= 0 {
			out = utf8.AppendRune(out, r)
		} else {
			out = append(out, rest[:end+1]...)
		}
		rest = rest[end+1:]
	}
	return out
}

// entity returns the character that an escape stands for, -1 for none.
func entity(name string) rune {
	switch name {
	case "amp":
		return '&'
	case "lt":
		return '<'
	case "gt":
		return '>'
	case "quot":
		return '"'
	case "apos":
		return '\''
	}
	if len(name) < 2 || name[0] != '#' {
		return -1
	}
	digits, base := name[1:], 10
	if digits[0] == 'x' || digits[0] == 'X' {
		digits, base = digits[1:], 16
	}
	n, err := strconv.ParseUint(digits, base, 32)
	if err != nil || n > utf8.MaxRune {
		return -1
	}
	return rune(n)
}
