package upload_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"callbook/internal/test/servertest"
	"callbook/internal/test/xlsxtest"
)

// formats are ways in which the same table is a file.
var formats = map[string]func(rows [][]string) string{
	"semicolons": func(rows [][]string) string { return "sep=;\r\n" + delimited(rows, ";", "\r\n") },
	"CR alone":   func(rows [][]string) string { return delimited(rows, ",", "\r") },
	"UTF-16LE":   func(rows [][]string) string { return inUTF16(binary.LittleEndian, delimited(rows, "\t", "\r\n")) },
	"UTF-16BE":   func(rows [][]string) string { return inUTF16(binary.BigEndian, delimited(rows, "|", "\n")) },
	"Windows-1252": func(rows [][]string) string {
		return strings.ReplaceAll(delimited(rows, ",", "\n"), "é", "\xe9")
	},
	"xlsx": func(rows [][]string) string { return string(xlsxtest.Write(xlsxtest.Sheet{Name: "Leads", Rows: rows})) },
}

func delimited(rows [][]string, separator, end string) string {
	var b strings.Builder
	for _, row := range rows {
		for i, cell := range row {
			if i > 0 {
				b.WriteString(separator)
			}
			if strings.ContainsAny(cell, separator+"\r\n") {
				cell = `"` + cell + `"`
			}
			b.WriteString(strings.TrimPrefix(cell, xlsxtest.Number))
		}
		b.WriteString(end)
	}
	return b.String()
}

func inUTF16(order binary.AppendByteOrder, text string) string {
	var file []byte
	for _, unit := range utf16.Encode([]rune("\ufeff" + text)) {
		file = order.AppendUint16(file, unit)
	}
	return string(file)
}

// contactRows is a table of n contacts, with rows that have no text among them,
// and its contacts.
func contactRows(r *rand.Rand, n int) (rows [][]string, contacts []string) {
	rows = [][]string{{"Leads of 2026"}, {"Given Name", "City", "Mobile No."}}
	for i := range n {
		if r.IntN(5) == 0 {
			rows = append(rows, [][]string{nil, {"", " ", ""}}[r.IntN(2)])
		}
		name, number := fmt.Sprintf("José; %d|", i), fmt.Sprintf("9198%08d", i)
		contacts = append(contacts, "+"+number+"|"+name+"|-|-|-|-|-")
		if r.IntN(2) == 0 {
			number = xlsxtest.Number + number
		}
		rows = append(rows, []string{name, "Pune, MH", number})
	}
	return rows, contacts
}

// TestFormats uploads the same table in each format, and stops the server over and
// over while it is worked.
func TestFormats(t *testing.T) {
	t.Parallel()
	for name, format := range formats {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rows, want := contactRows(rand.New(rand.NewPCG(3, 0)), 300)
			text := format(rows)
			s, c, u := resumeFile(t, 5, text, len(rows), math.MaxInt)
			if got := c.Await(u); got.Stats != (servertest.Stats{Total: 300, Success: 300}) || got.File.Countries["IN"] != 300 || *got.File.HeaderLine < 2 {
				t.Errorf("got %+v, read as %+v", got, got.File)
			}
			if diff := cmp.Diff(want, stored(t, c)); diff != "" {
				t.Errorf("contacts (-want +got):\n%s", diff)
			}
			nothingLeft(t, s, c, 1)
		})
	}
}

// TestFormatsDryRun stops the server in the middle of a dry run of a spreadsheet.
func TestFormatsDryRun(t *testing.T) {
	t.Parallel()
	rows, _ := contactRows(rand.New(rand.NewPCG(4, 0)), 100)
	_, c, u := resumeFile(t, 6, formats["xlsx"](rows), len(rows), 3, "dry_run", "true")
	if got := c.Await(u); got.Stats.Success != 100 || got.DryRun.New != 100 || c.Total() != 0 {
		t.Errorf("got %+v", got)
	}
}

// TestSpreadsheetDamaged: what is wrong further down in a spreadsheet ends its
// upload, and what came before it stays.
func TestSpreadsheetDamaged(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{BatchRows: 50})
	c := s.Account("demo")
	sheet := `<worksheet><sheetData><row><c t="str"><v>number</v></c></row>`
	for i := range 400 {
		sheet += fmt.Sprintf(`<row><c><v>9198%08d</v></c></row>`, i)
	}
	u := c.Upload("Leads", string(xlsxtest.Zip(map[string]string{
		"xl/workbook.xml":            `<workbook><sheets><sheet name="S" id="1"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": `<Relationship Id="1" Type="/worksheet" Target="s.xml"/>`,
		"xl/s.xml":                   sheet + "<row",
	})))
	if got := c.Await(u); got.Status != "failed" || got.Stats.Success == 0 || *got.Reason != "file lost" {
		t.Errorf("got %+v", got)
	}
	nothingLeft(t, s, c, 1)
}
