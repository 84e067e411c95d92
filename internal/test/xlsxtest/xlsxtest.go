// Package xlsxtest writes spreadsheets for tests.
package xlsxtest

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"fmt"
	"strings"
)

// Sheet is a sheet of a workbook. A cell of a nil slice is a row that is not in
// the file.
type Sheet struct {
	Name string
	Rows [][]string
}

// Number begins a cell that is a number with its value as the file has it, which
// follows; a format code may stand before it, between bars: Number + "|0.00|1".
const Number = "\x00"

// Write returns a workbook of the sheets. Texts are shared, as Excel writes them.
func Write(sheets ...Sheet) []byte {
	w := writer{index: make(map[string]int), formats: make(map[string]int)}
	var list, relations strings.Builder
	parts := make(map[string]string)
	for i, sheet := range sheets {
		fmt.Fprintf(&list, `<sheet name="%s" sheetId="%d" r:id="rId%d"/>`, escape(sheet.Name), i+1, i+1)
		fmt.Fprintf(&relations, relation, fmt.Sprint("rId", i+1), "worksheet", fmt.Sprintf("worksheets/sheet%d.xml", i+1))
		parts[fmt.Sprintf("xl/worksheets/sheet%d.xml", i+1)] = w.sheet(sheet.Rows)
	}
	fmt.Fprintf(&relations, relation, "rIdS", "styles", "styles.xml")
	fmt.Fprintf(&relations, relation, "rIdT", "sharedStrings", "sharedStrings.xml")
	parts["_rels/.rels"] = `<Relationships>` + fmt.Sprintf(relation, "rId1", "officeDocument", "xl/workbook.xml") + `</Relationships>`
	parts["xl/workbook.xml"] = `<?xml version="1.0"?><workbook><sheets>` + list.String() + `</sheets></workbook>`
	parts["xl/_rels/workbook.xml.rels"] = `<Relationships>` + relations.String() + `</Relationships>`
	parts["xl/sharedStrings.xml"] = `<sst>` + w.shared.String() + `</sst>`
	parts["xl/styles.xml"] = `<styleSheet><numFmts>` + w.codes.String() + `</numFmts><cellXfs><xf numFmtId="0"/>` + w.styles.String() + `</cellXfs></styleSheet>`
	return Zip(parts)
}

// Zip returns an archive of these parts.
func Zip(parts map[string]string) []byte {
	var b bytes.Buffer
	archive := zip.NewWriter(&b)
	for name, text := range parts {
		// A buffer takes everything.
		part, _ := archive.Create(name)
		_, _ = part.Write([]byte(text))
	}
	_ = archive.Close()
	return b.Bytes()
}

const relation = `<Relationship Id="%s" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/%s" Target="%s"/>`

type writer struct {
	shared, codes, styles strings.Builder
	index                 map[string]int // of shared texts
	formats               map[string]int // styles, by their codes
}

func (w *writer) sheet(rows [][]string) string {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0"?><worksheet><sheetData>`)
	for i, row := range rows {
		if row == nil {
			continue
		}
		fmt.Fprintf(&b, `<row r="%d">`, i+1)
		for column, cell := range row {
			w.cell(&b, fmt.Sprint(columnName(column), i+1), cell)
		}
		b.WriteString(`</row>`)
	}
	b.WriteString(`</sheetData></worksheet>`)
	return b.String()
}

func (w *writer) cell(b *strings.Builder, ref, cell string) {
	value, isNumber := strings.CutPrefix(cell, Number)
	switch {
	case cell == "":
	case isNumber:
		style := 0
		if code, rest, ok := strings.Cut(strings.TrimPrefix(value, "|"), "|"); ok {
			style, value = w.style(code), rest
		}
		fmt.Fprintf(b, `<c r="%s" s="%d"><v>%s</v></c>`, ref, style, value)
	default:
		i, ok := w.index[cell]
		if !ok {
			i = len(w.index)
			w.index[cell] = i
			fmt.Fprintf(&w.shared, `<si><t xml:space="preserve">%s</t></si>`, escape(cell))
		}
		fmt.Fprintf(b, `<c r="%s" t="s"><v>%d</v></c>`, ref, i)
	}
}

func (w *writer) style(code string) int {
	style, ok := w.formats[code]
	if !ok {
		style = len(w.formats) + 1
		w.formats[code] = style
		fmt.Fprintf(&w.codes, `<numFmt numFmtId="%d" formatCode="%s"/>`, 163+style, escape(code))
		fmt.Fprintf(&w.styles, `<xf numFmtId="%d"/>`, 163+style)
	}
	return style
}

func columnName(column int) string {
	name := ""
	for column++; column > 0; column = (column - 1) / 26 {
		name = string(rune('A'+(column-1)%26)) + name
	}
	return name
}

func escape(text string) string {
	var b bytes.Buffer
	// A buffer takes everything.
	_ = xml.EscapeText(&b, []byte(text))
	return b.String()
}
