// Package xlsx reads the rows of a spreadsheet (ISO/IEC 29500, as Excel, Google Sheets
// and LibreOffice write it) one by one, with the texts that the spreadsheet shows. It
// holds one row and the shared texts in memory, both within limits.
package xlsx

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"path"
	"strings"

	"github.com/klauspost/compress/flate"
)

// The errors of invalid files. Any other error comes from reading.
var (
	// ErrTooLarge means that a part of the file exceeds a limit.
	ErrTooLarge = errors.New("the spreadsheet is too large")
	// ErrTexts means that the shared texts exceed their limit.
	ErrTexts = errors.New("the spreadsheet has too many different texts")
	// ErrNoSheet means that no sheet has the name.
	ErrNoSheet = errors.New("the spreadsheet has no such sheet")
	// ErrFormat means that the file is not a spreadsheet of this format, or is damaged.
	ErrFormat = errors.New("the file is no spreadsheet, or damaged")
)

// These limits protect against malicious files.
const (
	maxDirectory = 1 << 20 // bytes of the archive's directory
	maxPart      = 16 << 20
	maxShared    = 1 << 30 // bytes of the XML of shared texts
	maxSheet     = 1 << 30 // bytes of the XML of a sheet
	maxTexts     = 32 << 20
	maxText      = 256 << 10 // bytes of a row
	maxColumns   = 16384
	maxRows      = 1 << 20
	maxFormat    = 1 << 10 // bytes of a number format
)

// Workbook is a spreadsheet file.
type Workbook struct {
	parts  map[string]*zip.File
	sheets []sheet
	styles []*format // by the index in a cell
	shared *texts
	base   epoch
}

type sheet struct{ name, part string }

// Open reads a workbook except its sheets and shared texts.
func Open(file io.ReaderAt, size int64) (*Workbook, error) {
	if err := checkDirectory(file, size); err != nil {
		return nil, err
	}
	archive, err := zip.NewReader(file, size)
	if err != nil {
		return nil, formatError(err)
	}
	archive.RegisterDecompressor(zip.Deflate, flate.NewReader)
	w := &Workbook{parts: make(map[string]*zip.File)}
	for _, part := range archive.File {
		w.parts[strings.ToLower(strings.TrimPrefix(strings.ReplaceAll(part.Name, `\`, "/"), "/"))] = part
	}
	return w, w.readBook()
}

// checkDirectory returns an error if the archive's directory needs too much memory.
func checkDirectory(file io.ReaderAt, size int64) error {
	const endBytes = 22
	tail := make([]byte, min(size, endBytes+64<<10))
	if _, err := file.ReadAt(tail, size-int64(len(tail))); err != nil && err != io.EOF {
		return err
	}
	at := bytes.LastIndex(tail, []byte("PK\x05\x06"))
	if at < 0 || len(tail)-at < endBytes {
		return ErrFormat
	}
	parts := binary.LittleEndian.Uint16(tail[at+10:])
	length := int64(binary.LittleEndian.Uint32(tail[at+12:]))
	offset := int64(binary.LittleEndian.Uint32(tail[at+16:]))
	// With these values, archive/zip would look for a ZIP64 directory, which may have any
	// size and position.
	if parts == math.MaxUint16 || length == math.MaxUint16 || offset == math.MaxUint32 {
		return ErrTooLarge
	}
	if length > maxDirectory || size-offset > maxDirectory+int64(len(tail)) {
		return ErrTooLarge
	}
	return nil
}

func formatError(err error) error {
	if errors.Is(err, zip.ErrFormat) || errors.Is(err, zip.ErrAlgorithm) || errors.Is(err, zip.ErrChecksum) ||
		errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return ErrFormat
	}
	if _, ok := errors.AsType[flate.CorruptInputError](err); ok {
		return ErrFormat
	}
	return err
}

// open opens a part of the file, or returns nil if it does not exist.
func (w *Workbook) open(name string) (io.ReadCloser, error) {
	part := w.parts[strings.ToLower(strings.TrimPrefix(name, "/"))]
	if part == nil {
		return nil, nil
	}
	r, err := part.Open()
	if err != nil {
		return nil, formatError(err)
	}
	return r, nil
}

// each calls do with each start tag of a part until do returns false. A part that does
// not exist has none.
func (w *Workbook) each(name string, do func(*tag) bool) error {
	r, err := w.open(name)
	if err != nil || r == nil {
		return err
	}
	defer r.Close()
	s := newScanner(r, maxPart)
	for {
		t, err := s.next(false)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return formatError(err)
		}
		if !t.close && !do(&t) {
			return nil
		}
	}
}

// readBook reads the names of the sheets and the styles of cells.
func (w *Workbook) readBook() error {
	book := "xl/workbook.xml"
	if err := w.eachRelation("", func(kind, _, target string) {
		if strings.HasSuffix(kind, "/officeDocument") {
			book = target
		}
	}); err != nil {
		return err
	}
	targets := make(map[string]string) // of the sheets, by the id of the relation
	styles, shared := "", ""
	if err := w.eachRelation(book, func(kind, id, target string) {
		switch {
		case strings.HasSuffix(kind, "/worksheet"):
			targets[id] = target
		case strings.HasSuffix(kind, "/styles"):
			styles = target
		case strings.HasSuffix(kind, "/sharedStrings"):
			shared = target
		}
	}); err != nil {
		return err
	}
	err := w.each(book, func(t *tag) bool {
		switch {
		case t.is("sheet"):
			if target := targets[t.attr("id")]; target != "" {
				w.sheets = append(w.sheets, sheet{t.attr("name"), target})
			}
		case t.is("workbookPr"):
			w.base = epoch(isTrue(t.attr("date1904")))
		}
		return len(w.sheets) < maxColumns
	})
	if err != nil {
		return err
	}
	if len(w.sheets) == 0 {
		return ErrFormat
	}
	if err := w.readStyles(styles); err != nil {
		return err
	}
	w.shared = &texts{part: shared}
	return nil
}

func isTrue(value string) bool { return value == "1" || value == "true" }

// eachRelation calls do with each relation of a part to another part.
func (w *Workbook) eachRelation(part string, do func(kind, id, target string)) error {
	dir, name := path.Split(part)
	return w.each(dir+"_rels/"+name+".rels", func(t *tag) bool {
		if t.is("Relationship") && t.attr("TargetMode") != "External" {
			target := t.attr("Target")
			if !strings.HasPrefix(target, "/") {
				target = path.Join(dir, target)
			}
			do(t.attr("Type"), t.attr("Id"), strings.TrimPrefix(target, "/"))
		}
		return true
	})
}

// readStyles reads the number format of each style.
func (w *Workbook) readStyles(part string) error {
	codes := make(map[string]string)
	formats := make(map[string]*format)
	inside := false
	return w.each(part, func(t *tag) bool {
		switch {
		case t.is("numFmt"):
			codes[t.attr("numFmtId")] = t.attr("formatCode")
		case t.is("cellXfs"):
			inside = true
		case t.is("cellStyles") || t.is("dxfs"):
			inside = false
		case t.is("xf") && inside:
			id := t.attr("numFmtId")
			f := formats[id]
			if f == nil {
				code, ok := codes[id]
				if !ok {
					code = builtin[id]
				}
				f = newFormat(code)
				formats[id] = f
			}
			w.styles = append(w.styles, f)
		}
		return len(w.styles) < 1<<16
	})
}

// Sheets returns the names of the sheets in their order.
func (w *Workbook) Sheets() []string {
	names := make([]string, len(w.sheets))
	for i, s := range w.sheets {
		names[i] = s.name
	}
	return names
}

// Rows returns the rows of the sheet with this name; "" means the first sheet. The caller
// must close them.
func (w *Workbook) Rows(name string) (*Rows, error) {
	for _, s := range w.sheets {
		if s.name != name && name != "" {
			continue
		}
		if err := w.shared.read(w); err != nil {
			return nil, err
		}
		r, err := w.open(s.part)
		if err != nil {
			return nil, err
		}
		if r == nil {
			return nil, ErrFormat
		}
		size := int64(w.parts[strings.ToLower(s.part)].UncompressedSize64)
		return &Rows{book: w, part: r, scan: newScanner(r, maxSheet), size: size}, nil
	}
	return nil, fmt.Errorf("%w: %q", ErrNoSheet, name)
}
