package xlsx

import (
	"bytes"
	"io"
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
