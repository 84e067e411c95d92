package export

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"
)

// sheets reads the cells of a workbook, as its sheets have them.
func sheets(t *rapid.T, file []byte) (all [][][]string) {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	for i := 1; ; i++ {
		f, err := z.Open(fmt.Sprintf("xl/worksheets/sheet%d.xml", i))
		if err != nil {
			return all
		}
		var sheet struct {
			Rows []struct {
				Cells []struct {
					Ref  string `xml:"r,attr"`
					Text string `xml:"is>t"`
				} `xml:"c"`
			} `xml:"sheetData>row"`
		}
		if err := xml.NewDecoder(f).Decode(&sheet); err != nil {
			t.Fatal(err)
		}
		rows := make([][]string, len(sheet.Rows))
		for r, row := range sheet.Rows {
			for _, cell := range row.Cells {
				for c := 0; ; c++ {
					if ref := string(strconv.AppendInt(appendColumn(nil, c), int64(r+1), 10)); ref == cell.Ref {
						break
					}
					if c >= len(rows[r]) {
						rows[r] = append(rows[r], "")
					}
				}
				rows[r] = append(rows[r], unescape(cell.Text))
			}
		}
		all = append(all, rows)
	}
}

var escape = regexp.MustCompile(`_x[0-9A-Fa-f]{4}_`)

func unescape(text string) string {
	return escape.ReplaceAllStringFunc(text, func(e string) string {
		r, _ := strconv.ParseUint(e[2:6], 16, 16)
		return string(rune(r))
	})
}

// TestWorkbook writes rows of any texts, and finds them on the sheets, none of which
// has more rows than a sheet may have.
func TestWorkbook(t *testing.T) {
	t.Parallel()
	cell := rapid.OneOf(
		rapid.SampledFrom([]string{"", "=1+1", "+919876543210", "a\r\nb", "\x01", "_x000D_", "_x000d_x", "_xyz_", "<&>\"'", " x ", "\uffff", "आशा"}),
		rapid.String(),
	)
	rapid.Check(t, func(t *rapid.T) {
		header := rapid.SliceOfN(cell, 1, 30).Draw(t, "header")
		rows := rapid.SliceOfN(rapid.SliceOfN(cell, 1, 30), 0, 10).Draw(t, "rows")
		const most = 4
		var file bytes.Buffer
		b := newWorkbook(&file, most)
		err := b.writeHeader(header)
		for i := 0; i < len(rows) && err == nil; i++ {
			err = b.writeRow(rows[i])
		}
		if err == nil {
			err = b.end()
		}
		if err != nil {
			t.Fatal(err)
		}
		trim := func(row []string) []string {
			for len(row) > 0 && row[len(row)-1] == "" {
				row = row[:len(row)-1]
			}
			return row
		}
		for i, sheet := range sheets(t, file.Bytes()) {
			want := append([][]string{header}, rows[:min(len(rows), most-1)]...)
			rows = rows[len(want)-1:]
			if !slices.EqualFunc(sheet, want, func(a, b []string) bool { return slices.Equal(a, trim(b)) }) {
				t.Fatalf("sheet %d has %q, want %q", i+1, sheet, want)
			}
		}
		if len(rows) > 0 {
			t.Fatalf("%d rows are missing", len(rows))
		}
	})
}
