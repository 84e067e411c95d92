package xlsx

import (
	"bytes"
	"io"
)

// scanner is a tokenizer for the XML of workbooks, which is UTF-8 and has no DTD. It does
// not allocate memory for tags.
type scanner struct {
	r        io.Reader
	buf      []byte
	from, to int   // buf[from:to] is read, but not scanned
	before   int64 // bytes before buf[0]
	limit    int64 // limit of the bytes to read
	err      error // the error of r, which may be io.EOF
	text     []byte
}

const scanBytes = 64 << 10

func newScanner(r io.Reader, limit int64) *scanner {
	return &scanner{r: r, buf: make([]byte, scanBytes), limit: limit}
}

// offset returns how many bytes were scanned.
func (s *scanner) offset() int64 { return s.before + int64(s.from) }

// fill reads more bytes. It returns an error if there are none.
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
		return ErrFormat // a tag is longer than the buffer
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

// next returns the next tag. If keep is set, it appends the text before the tag to
// s.text.
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

// need reads until at least n bytes are unscanned.
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

// readText reads up to the next tag. It returns io.EOF if there is none.
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

// declaration reads a CDATA section, or skips a comment.
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

// skipTo reads past the next end. If keep is set, it appends what precedes end to s.text.
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
