package export

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/zip"
)

// maxSheetRows is the number of rows that a sheet of Excel can have.
const maxSheetRows = 1 << 20

// XLSX writes the contacts as a workbook (Office Open XML, ECMA-376) with the rows of
// [Export.CSV]. Each cell is a text, so that spreadsheets do not evaluate or round it.
// Rows that do not fit on a sheet go to another one with the same header.
func (e *Export) XLSX(ctx context.Context, w io.Writer) error {
	return e.rows(ctx, newWorkbook(w, maxSheetRows))
}

// workbook writes a workbook as a stream: first its sheets, then the list of them.
type workbook struct {
	zip    *zip.Writer
	most   int // maximum of rows on a sheet
	sheets int
	sheet  io.Writer // the current sheet, or nil
	header []string
	row    int // the current row of the sheet
	b      []byte
}

func newWorkbook(w io.Writer, most int) *workbook {
	z := zip.NewWriter(w)
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) {
		return flate.NewWriter(w, flate.BestSpeed)
	})
	return &workbook{zip: z, most: most}
}

const (
	xmlHead       = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"
	mainSpace     = `"http://schemas.openxmlformats.org/spreadsheetml/2006/main"`
	officeSpace   = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	packageSpace  = "http://schemas.openxmlformats.org/package/2006/"
	contentPrefix = "application/vnd.openxmlformats-officedocument.spreadsheetml."

	// The header stays visible, and the first column is wide enough for a number.
	sheetHead = xmlHead + `<worksheet xmlns=` + mainSpace + `>` +
		`<sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>` +
		`<cols><col min="1" max="1" width="18" customWidth="1"/></cols><sheetData>`
	sheetEnd = `</sheetData></worksheet>`

	// Style 1 has number format 49, text, so that a spreadsheet keeps unchanged what a
	// person types into a cell.
	styles = xmlHead + `<styleSheet xmlns=` + mainSpace + `>` +
		`<fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts>` +
		`<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>` +
		`<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>` +
		`<cellXfs count="2"><xf xfId="0"/><xf xfId="0" numFmtId="49" applyNumberFormat="1"/></cellXfs>` +
		`<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>`
)

// writeHeader begins the first sheet.
func (b *workbook) writeHeader(names []string) error {
	b.header = names
	return b.nextSheet()
}

// writeRow writes a row, on a new sheet if the last one is full.
func (b *workbook) writeRow(cells []string) error {
	if b.row == b.most {
		if err := b.endSheet(); err != nil {
			return err
		}
		if err := b.nextSheet(); err != nil {
			return err
		}
	}
	b.appendRow(cells)
	if len(b.b) < bufferBytes {
		return nil
	}
	return b.flush()
}

func (b *workbook) nextSheet() (err error) {
	b.sheets++
	if b.sheet, err = b.zip.Create(sheetName(b.sheets)); err != nil {
		return err
	}
	b.row = 0
	b.b = append(b.b, sheetHead...)
	b.appendRow(b.header)
	return nil
}

func (b *workbook) endSheet() error {
	b.b = append(b.b, sheetEnd...)
	return b.flush()
}

func (b *workbook) flush() error {
	_, err := b.sheet.Write(b.b)
	b.b = b.b[:0]
	return err
}

// end writes the rest of the workbook.
func (b *workbook) end() error {
	if err := b.endSheet(); err != nil {
		return err
	}
	var types, sheets, links strings.Builder
	for i := 1; i <= b.sheets; i++ {
		fmt.Fprintf(&types, `<Override PartName="/%s" ContentType="%sworksheet+xml"/>`, sheetName(i), contentPrefix)
		fmt.Fprintf(&sheets, `<sheet name="Contacts %d" sheetId="%d" r:id="rId%d"/>`, i, i, i)
		fmt.Fprintf(&links, `<Relationship Id="rId%d" Type="%s/worksheet" Target="worksheets/sheet%d.xml"/>`, i, officeSpace, i)
	}
	for _, part := range []struct{ name, text string }{
		{"xl/styles.xml", styles},
		{"xl/workbook.xml", xmlHead + `<workbook xmlns=` + mainSpace + ` xmlns:r="` + officeSpace + `"><sheets>` + sheets.String() + `</sheets></workbook>`},
		{"xl/_rels/workbook.xml.rels", xmlHead + `<Relationships xmlns="` + packageSpace + `relationships">` + links.String() +
			`<Relationship Id="styles" Type="` + officeSpace + `/styles" Target="styles.xml"/></Relationships>`},
		{"_rels/.rels", xmlHead + `<Relationships xmlns="` + packageSpace + `relationships">` +
			`<Relationship Id="rId1" Type="` + officeSpace + `/officeDocument" Target="xl/workbook.xml"/></Relationships>`},
		{"[Content_Types].xml", xmlHead + `<Types xmlns="` + packageSpace + `content-types">` +
			`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
			`<Default Extension="xml" ContentType="application/xml"/>` +
			`<Override PartName="/xl/workbook.xml" ContentType="` + contentPrefix + `sheet.main+xml"/>` +
			`<Override PartName="/xl/styles.xml" ContentType="` + contentPrefix + `styles+xml"/>` + types.String() + `</Types>`},
	} {
		w, err := b.zip.Create(part.name)
		if err != nil {
			return err
		}
		if _, err := io.WriteString(w, part.text); err != nil {
			return err
		}
	}
	return b.zip.Close()
}

func sheetName(i int) string { return fmt.Sprintf("xl/worksheets/sheet%d.xml", i) }

// appendRow appends a row. It omits empty cells.
func (b *workbook) appendRow(cells []string) {
	b.row++
	b.b = append(b.b, `<row r="`...)
	b.b = strconv.AppendInt(b.b, int64(b.row), 10)
	b.b = append(b.b, `">`...)
	for i, cell := range cells {
		if cell == "" {
			continue
		}
		b.b = append(b.b, `<c r="`...)
		b.b = strconv.AppendInt(appendColumn(b.b, i), int64(b.row), 10)
		b.b = append(b.b, `" s="1" t="inlineStr"><is><t xml:space="preserve">`...)
		b.b = append(appendText(b.b, cell), `</t></is></c>`...)
	}
	b.b = append(b.b, `</row>`...)
}

// appendColumn appends the letters of a column: A to Z, AA and so on.
func appendColumn(b []byte, i int) []byte {
	if i >= 26 {
		b = appendColumn(b, i/26-1)
	}
	return append(b, 'A'+byte(i%26))
}

// appendText appends a text as XML. It writes characters that XML cannot represent as
// _xHHHH_ (ECMA-376, part 1, 22.9.2.19), and also the underscore of a text that looks
// like such an escape.
func appendText(b []byte, text string) []byte {
	for i, r := range text {
		switch {
		case r == '&':
			b = append(b, "&amp;"...)
		case r == '<':
			b = append(b, "&lt;"...)
		case r == '>':
			b = append(b, "&gt;"...)
		case r < ' ' && r != '\t' && r != '\n', r == 0xfffe, r == 0xffff, r == '_' && escapes(text[i:]):
			b = fmt.Appendf(b, "_x%04X_", r)
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return b
}

// escapes reports whether a text begins with _xHHHH_.
func escapes(text string) bool {
	const length = len("_xHHHH_")
	if len(text) < length || text[1] != 'x' && text[1] != 'X' || text[length-1] != '_' {
		return false
	}
	_, err := strconv.ParseUint(text[2:length-1], 16, 16)
	return err == nil
}
