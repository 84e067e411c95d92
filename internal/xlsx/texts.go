package xlsx

import (
	"encoding/binary"
	"io"
)

// texts has the shared texts of a workbook, in chunks. The length of each text precedes
// it.
type texts struct {
	part   string // the part's name, or ""
	loaded bool
	chunks [][]byte
	starts []uint32 // the index of each text's chunk times chunkBytes, plus the offset in it
	bytes  int
}

// chunkBytes is the size of a chunk. The longest text fits into one.
const chunkBytes = 1 << 20

// read reads the texts on the first call.
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

// add adds the text of an item.
func (x *texts) add(text []byte) error {
	text = unescapeCodes(text)
	size := len(text) + binary.MaxVarintLen32
	if x.bytes += size; x.bytes > maxTexts {
		return ErrTexts
	}
	last := len(x.chunks) - 1
	if last < 0 || len(x.chunks[last])+size > chunkBytes {
		x.chunks = append(x.chunks, make([]byte, 0, chunkBytes))
		last++
	}
	chunk := x.chunks[last]
	x.starts = append(x.starts, uint32(last*chunkBytes+len(chunk)))
	x.chunks[last] = append(binary.AppendUvarint(chunk, uint64(len(text))), text...)
	return nil
}

// at returns the i-th text, or nil if there is none.
func (x *texts) at(i int) []byte {
	if i < 0 || i >= len(x.starts) {
		return nil
	}
	text := x.chunks[x.starts[i]/chunkBytes][x.starts[i]%chunkBytes:]
	length, n := binary.Uvarint(text)
	return text[n:][:length]
}

// richText tracks the tags within an item. Its text is in t elements; those within rPh
// elements tell the pronunciation.
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

// unescapeCodes replaces escapes such as _x000D_, which stand for characters that XML
// cannot have. It may modify text.
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
