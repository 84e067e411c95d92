package xlsx_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"callbook/internal/test/xlsxtest"
	"callbook/internal/xlsx"
)

// read returns the rows of a sheet, each at its number.
func read(file []byte, sheet string) (rows [][]string, err error) {
	book, err := xlsx.Open(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return nil, err
	}
	from, err := book.Rows(sheet)
	if err != nil {
		return nil, err
	}
	defer from.Close()
	for {
		number, cells, err := from.Next()
		if err == io.EOF {
			return rows, nil
		}
		if err != nil {
			return rows, err
		}
		for len(rows) < int(number)-1 {
			rows = append(rows, nil)
		}
		rows = append(rows, slices.Clone(cells))
	}
}

func TestRows(t *testing.T) {
	t.Parallel()
	want := [][]string{{"a & b", "", "é\n\"<"}, nil, {"", "x_x000D_"}, {}}
	file := xlsxtest.Write(xlsxtest.Sheet{Name: "One", Rows: [][]string{{"1"}}}, xlsxtest.Sheet{Name: "Two & 3", Rows: want})
	want[2][1] = "x\r"
	got, err := read(file, "Two & 3")
	if diff := cmp.Diff(want[:3], got[:3]); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if got, err := read(file, ""); err != nil || len(got) != 1 || got[0][0] != "1" {
		t.Errorf("the first sheet is %q, %v", got, err)
	}
	if _, err := read(file, "Three"); !errors.Is(err, xlsx.ErrNoSheet) {
		t.Errorf("got %v", err)
	}
}

// TestCells reads what other programs write: cells without references, texts in
// their cells, runs, how texts are pronounced, CDATA, prefixes.
func TestCells(t *testing.T) {
	t.Parallel()
	const relations = `<Relationships><Relationship Id='rId1' Type="a/worksheet" Target="/xl/s.xml"/><Relationship Id="r2" Type="a/sharedStrings" Target="t.xml"/></Relationships>`
	file := xlsxtest.Zip(map[string]string{
		"xl/workbook.xml":            `<x:workbook xmlns:x="y"><x:workbookPr date1904="1"/><x:sheets><x:sheet name="S" r:id="rId1"/></x:sheets></x:workbook>`,
		"xl/_rels/workbook.xml.rels": relations,
		"xl/t.xml":                   `<sst><si><r><t>As</t></r><r><rPr><b/></rPr><t>ha</t></r><rPh><t>no</t></rPh></si><si/><si><t>b</t></si></sst>`,
		"xl/s.xml": `<worksheet><!-- <row/> --><dimension ref="A1>B2"/><sheetData><row><c t="s"><v>0</v></c><c t="s"><v>1</v></c><c t='s'><v>2</v></c></row>` +
			`<row r="5" spans='1:3'><c t="inlineStr"><is><t>in</t><r><t>line</t></r></is></c><c r="D5" t="str"><f>A1&gt;"x"</f><v><![CDATA[a<b]]></v></c>` +
			`<c t="b"><v>1</v></c><c t="e"><v>#N/A</v></c><c t="s"><v>99</v></c><c><f>1</f></c></row><row/></sheetData></worksheet>`,
	})
	got, err := read(file, "S")
	want := [][]string{{"Asha", "", "b"}, nil, nil, nil, {"inline", "", "", "a<b", "TRUE", "#N/A", "", ""}, {}}
	if diff := cmp.Diff(want[:5], got[:5]); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

// TestShown: numbers are what a spreadsheet shows of them.
func TestShown(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ code, value, want string }{
		{"", "9876543210", "9876543210"},
		{"", "9.87654321E9", "9876543210"},
		{"", "919876543210", "919876543210"},
		{"", "1.2345678901234E+14", "123456789012340"},
		{"", "0.30000000000000004", "0.3"},
		{"", "-1.5", "-1.5"},
		{"General", "1E-3", "0.001"},
		{"0", "9876543210.4", "9876543210"},
		{"0.00", "1234.5", "1234.50"},
		{"0.0#", "1", "1.0"},
		{"#,##0", "1234567.5", "1,234,568"},
		{"#,##0", "9876543210", "9876543210"},
		{"#,##0;[Red](#,##0)", "-1234", "(1,234)"},
		{"0%", "0.125", "13%"},
		{"yyyy-mm-dd", "NaN", "NaN"},
		{"0.00E+00", "9876543210", "9876543210"},
		{"00000", "42", "00042"},
		{`"+"00\ 00000\ 00000`, "919876543210", "+91 98765 43210"},
		{"[<=9999999]###-####;(###) ###-####", "4155550123", "(415) 555-0123"},
		{"[$₹-4009] #,##0.00", "1234.5", "₹ 1,234.50"},
		{"@", "12", "12"},
		{"yyyy-mm-dd", "45000.75", "2023-03-15"},
		{"dd/mm/yyyy hh:mm", "45000.75", "15/03/2023 18:00"},
		{"d-mmm-yy", "45000", "15-Mar-23"},
		{"h:mm AM/PM", "0.75", "6:00 PM"},
		{"[h]:mm:ss", "1.5", "36:00:00"},
		{"mm:ss.0", "0.0001", "00:08.6"},
		{"yyyy", "-1", "-1"},
		{`"x"`, "5", "x"},
		{strings.Repeat("0", 2000), "5", "5"},
		{"0.00", "no number", "no number"},
	} {
		cell := xlsxtest.Number + tt.value
		if tt.code != "" {
			cell = xlsxtest.Number + "|" + tt.code + "|" + tt.value
		}
		got, err := read(xlsxtest.Write(xlsxtest.Sheet{Name: "S", Rows: [][]string{{cell}}}), "")
		if err != nil || len(got) != 1 || got[0][0] != tt.want {
			t.Errorf("%s as %q is shown as %q, want %q (%v)", tt.value, tt.code, got, tt.want, err)
		}
	}
}

// TestSkip: what is read from a row on is what is read at once.
func TestSkip(t *testing.T) {
	t.Parallel()
	rows := [][]string{{"a"}, nil, {"b", "c"}, {}, {"d"}}
	file := xlsxtest.Write(xlsxtest.Sheet{Name: "S", Rows: rows})
	for from, want := range []string{"a", "a", "b c", "b c", "", "d"} {
		book, err := xlsx.Open(bytes.NewReader(file), int64(len(file)))
		if err != nil {
			t.Fatal(err)
		}
		r, err := book.Rows("")
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Skip(int64(from)); err != nil {
			t.Fatal(err)
		}
		_, cells, err := r.Next()
		if got := strings.Join(cells, " "); err != nil || got != want {
			t.Errorf("from %d on: %q, %v", from, got, err)
		}
	}
}

// TestHostile: files that are made to be large, or are no spreadsheets, are errors.
func TestHostile(t *testing.T) {
	t.Parallel()
	good := xlsxtest.Write(xlsxtest.Sheet{Name: "S", Rows: [][]string{{"a"}}})
	many := make(map[string]string)
	for i := range 20_000 {
		many[strings.Repeat("x", 20)+string(rune(0x4E00+i))] = ""
	}
	texts := make([][]string, 3000)
	for i := range texts {
		texts[i] = []string{strings.Repeat("x", 12_000) + string(rune(0x4E00+i))}
	}
	for name, tt := range map[string]struct {
		file []byte
		want error
	}{
		"empty":          {nil, xlsx.ErrFormat},
		"no archive":     {[]byte("PK\x03\x04 and so on"), xlsx.ErrFormat},
		"no workbook":    {xlsxtest.Zip(map[string]string{"a": "b"}), xlsx.ErrFormat},
		"cut off":        {good[:len(good)-30], xlsx.ErrFormat},
		"many parts":     {xlsxtest.Zip(many), xlsx.ErrTooLarge},
		"ZIP64":          {inZIP64(xlsxtest.Zip(many)), xlsx.ErrTooLarge},
		"many rows":      {sheetOf(`<row/><row r="1048577"/>`, ""), xlsx.ErrTooLarge},
		"too many texts": {xlsxtest.Write(xlsxtest.Sheet{Name: "S", Rows: texts}), xlsx.ErrTexts},
		"long row":       {xlsxtest.Write(xlsxtest.Sheet{Name: "S", Rows: [][]string{slices.Repeat([]string{strings.Repeat("x", 1000)}, 500)}}), xlsx.ErrRow},
	} {
		if _, err := read(tt.file, ""); !errors.Is(err, tt.want) {
			t.Errorf("%s: got %v, want %v", name, err, tt.want)
		}
	}
}

// inZIP64 returns an archive whose directory is said by records of ZIP64.
func inZIP64(archive []byte) []byte {
	const endBytes = 22
	body, end := archive[:len(archive)-endBytes], archive[len(archive)-endBytes:]
	le := binary.LittleEndian
	parts, length, offset := uint64(le.Uint16(end[10:])), uint64(le.Uint32(end[12:])), uint64(le.Uint32(end[16:]))
	b := le.AppendUint64([]byte(string(body)+"PK\x06\x06"), 44)
	b = append(b, make([]byte, 12)...) // versions and disks
	for _, n := range []uint64{parts, parts, length, offset} {
		b = le.AppendUint64(b, n)
	}
	b = le.AppendUint64(append(b, "PK\x06\x07\x00\x00\x00\x00"...), uint64(len(body)))
	b = append(b, "\x01\x00\x00\x00PK\x05\x06\x00\x00\x00\x00\x01\x00\x01\x00\x10\x00\x00\x00"...)
	return append(b, "\xff\xff\xff\xff\x00\x00"...)
}

// sheetOf returns a workbook with these rows, whose cells have this format.
func sheetOf(rows, code string) []byte {
	return xlsxtest.Zip(map[string]string{
		"xl/workbook.xml":            `<workbook><sheets><sheet name="S" id="1"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": `<Relationship Id="1" Type="/worksheet" Target="s.xml"/><Relationship Id="2" Type="/styles" Target="c.xml"/>`,
		"xl/c.xml":                   `<numFmt numFmtId="0" formatCode='` + strings.NewReplacer("'", "", "<", "&lt;", ">", "&gt;").Replace(code) + `'/><cellXfs><xf numFmtId="0"/>`,
		"xl/s.xml":                   "<sheetData>" + rows + "</sheetData>",
	})
}

// FuzzSheet reads sheets of any XML, and finds the same rows when it skips some.
func FuzzSheet(f *testing.F) {
	for _, seed := range []string{
		`<row r="1"><c r="A1"><v>1</v></c></row><row/>`, `<sheetData/>`, `<row`, `<!--`, `<![CDATA[`, `<c t="s`, `&#x;`,
		`<row r="3"><c t="inlineStr"><is><t>a&amp;b</t></is></c></row><row r="2"><c r="ZZZZ1"/></row>`,
	} {
		f.Add(seed, "yyyy-mm-dd [h]")
		f.Add(seed, `#,##0.00;[<5]"x"`)
	}
	f.Fuzz(func(t *testing.T, sheet, code string) {
		file := sheetOf(sheet, code)
		all, err := read(file, "")
		if err != nil {
			return
		}
		book, err := xlsx.Open(bytes.NewReader(file), int64(len(file)))
		if err != nil {
			t.Fatal(err)
		}
		rows, err := book.Rows("")
		if err != nil {
			t.Fatal(err)
		}
		if err := rows.Skip(int64(len(all))); err != nil {
			if len(all) > 0 {
				t.Fatal(err)
			}
			return
		}
		if len(all) == 0 {
			return
		}
		if _, cells, err := rows.Next(); err != nil || !slices.Equal(cells, all[len(all)-1]) {
			t.Fatalf("the last row is %q, and then %q, %v", all[len(all)-1], cells, err)
		}
	})
}
