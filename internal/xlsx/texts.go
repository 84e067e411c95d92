package xlsx

import (
	"io"
)

// texts are the texts that cells share, packed into chunks.
type texts struct {
	part   string // "" for none
	loaded bool
	chunks [][]byte
	refs   []ref
	bytes  int
}

// ref is where a text is.
type ref struct {
	chunk    uint16
	from, to uint32
}

const (
	chunkBytes = 1 << 20
	refBytes   = 12
)

// read reads the texts, unless that was done.
func (x *texts) read(w *Workbook) error {
	if x.loaded || x.part == "" {
		return nil
	}
	x.loaded = true
	r, err := w.open(x.part)
	if err != nil || r == nil {
		return err
	}
	defer r.Close()
	s := newScanner(r, maxShared)
	item := richText{}
	for {
		t, err := s.next(item.keeps())
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return formatError(err)
		}
		item.tag(&t)
		switch {
		case t.is("si") && (t.close || t.empty):
			if err := x.add(s.text); err != nil {
				return err
			}
			s.text = s.text[:0]
		case t.is("si"):
			s.text = s.text[:0]
		}
	}
}

// add adds a text, as an item has it.
func (x *texts) add(text []byte) error {
	text = unescapeCodes(text)
	if x.bytes += len(text) + refBytes; x.bytes > maxTexts {
		return ErrTexts
	}
	last := len(x.chunks) - 1
	if last < 0 || len(x.chunks[last])+len(text) > cap(x.chunks[last]) {
		x.chunks = append(x.chunks, make([]byte, 0, max(chunkBytes, len(text))))
		last++
	}
	from := len(x.chunks[last])
	x.chunks[last] = append(x.chunks[last], text...)
	x.refs = append(x.refs, ref{uint16(last), uint32(from), uint32(len(x.chunks[last]))})
	return nil
}

// at returns a text; nil for one that is not there.
func (x *texts) at(i int) []byte {
	if i < 0 || i >= len(x.refs) {
		return nil
	}
	r := x.refs[i]
	return x.chunks[r.chunk][r.from:r.to]
}

// richText follows the tags of a text, whose runs are in t elements. Those within
// rPh tell how it is pronounced.
type richText struct{ text, spoken bool }

func (x *richText) keeps() bool { return x.text && !x.spoken }

func (x *richText) tag(t *tag) {
	switch {
	case t.is("t"):
		x.text = !t.close && !t.empty
	case t.is("rPh"):
		x.spoken = !t.close && !t.empty
	}
}

// unescapeCodes takes off the escapes by which texts have characters that XML has
// not, as _x000D_. It may change text.
func unescapeCodes(text []byte) []byte {
	const size = len("_x000D_")
	out, from := text[:0], 0
	for i := 0; i+size <= len(text); i++ {
		if text[i] != '_' || text[i+1] != 'x' || text[i+size-1] != '_' {
			continue
		}
		r := entity("#x" + string(text[i+2:i+6]))
		if r < 0 || text[i+2] == '+' || text[i+2] == '-' {
			continue
		}
		out = append(out, text[from:i]...)
		out = append(out, string(r)...)
		i += size - 1
		from = i + 1
	}
	if from == 0 {
		return text
	}
	return append(out, text[from:]...)
}
