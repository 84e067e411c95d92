package upload_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"callbook/internal/addressbook"
	"callbook/internal/journal"
	"callbook/internal/test/servertest"
	"callbook/internal/test/tabletest"
	"callbook/internal/test/xlsxtest"
	"callbook/internal/upload"
	"callbook/internal/upload/table"
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

// TestRandomTables uploads tables of random traits whose contents are known.
func TestRandomTables(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{})
	for seed := range uint64(48) {
		table := tabletest.New(seed)
		c := s.Account(fmt.Sprint("table-", seed))
		got := c.Await(c.Upload("Leads", string(table.File)))
		if len(table.Contacts) != got.Stats.Success || got.Stats.Total != got.Stats.Success || got.File.Encoding != table.Encoding || *got.File.Separator != table.Separator {
			t.Errorf("%s: got %+v, read as %+v", table.Traits, got, got.File)
		}
		var contacts []string
		for _, item := range c.List("limit=1000").Page(t).Response {
			cells := strings.Split(strings.ReplaceAll(seen(*item.Data), "|-", "|"), "|")
			contacts = append(contacts, strings.Join(cells, "|"))
		}
		for i, want := range table.Contacts {
			number, texts, _ := strings.Cut(want, "|")
			at := strings.LastIndex(texts, "|")
			if i >= len(contacts) || contacts[i] != number+"|"+texts[:at]+"||"+texts[at+1:]+"||" {
				t.Errorf("%s: row %d is %q, want %q", table.Traits, i, contacts[i], want)
				break
			}
		}
	}
}

// older stores uploads as releases did that had no plans.
type older struct{ upload.Store }

func (o older) AddUpload(ctx context.Context, u upload.Upload, list addressbook.List, ready journal.Ready[addressbook.List]) error {
	u.Plan = table.Plan{}
	return o.Store.AddUpload(ctx, u, list, ready)
}

// TestOlderUpload: an upload of a release that had no plans goes on as that release
// read it, with the columns that have their exact names alone.
func TestOlderUpload(t *testing.T) {
	t.Parallel()
	path := servertest.NewDatabase(t)
	s := servertest.Start(t, servertest.Options{Path: path, BatchRows: 3, Imports: func(s upload.Store) upload.Store {
		return older{(&gate{after: func(n int) error { return map[int]error{2: errStop}[n] }, before: func(n int) error {
			if n > 2 {
				return errStop
			}
			return nil
		}}).over(s)}
	}})
	c := s.Account("demo")
	text := "\ufeffNumber,Last Name,first_name\r\n"
	for i := range 10 {
		text += fmt.Sprintf("98765432%02d,\"a\nb\",x\r\n", i)
	}
	u := c.Upload("Leads", text)
	c.AwaitUntil(u, func(u servertest.Upload) bool { return u.Stats.Total >= 3 })
	s.Stop()
	s = servertest.Start(t, servertest.Options{Path: path})
	c = c.At(s)
	if got := c.Await(u); got.Stats != (servertest.Stats{Total: 10, Success: 10}) || got.File != nil {
		t.Errorf("got %+v", got)
	}
	for _, contact := range stored(t, c) {
		if !strings.HasSuffix(contact, "|x|-|-|-|-|-") {
			t.Errorf("got %s", contact)
		}
	}
}
