package upload_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"callbook/internal/addressbook"
	"callbook/internal/test/servertest"
	"callbook/internal/test/xlsxtest"
	"callbook/internal/upload"
)

// longest keeps how many lines the longest batch has.
type longest struct {
	upload.Store
	lines *atomic.Int64
}

func (l longest) ApplyBatch(ctx context.Context, b *upload.Batch) (upload.State, error) {
	if n := b.To.Line - b.From.Line; n > l.lines.Load() {
		l.lines.Store(n)
	}
	return l.Store.ApplyBatch(ctx, b)
}

// TestLargeRowsOfSpreadsheet uploads spreadsheets that are small as files, and whose
// rows are not: a batch has few of them.
func TestLargeRowsOfSpreadsheet(t *testing.T) {
	t.Parallel()
	wide := make([]string, 16384)
	wide[0], wide[len(wide)-1] = "9876543210", "x"
	for name, row := range map[string][]string{
		"many cells": wide,
		"long text":  {"9876543210", strings.Repeat("x", 250_000)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rows := [][]string{{"number"}}
			for range 100 {
				rows = append(rows, row)
			}
			var lines atomic.Int64
			s := servertest.Start(t, servertest.Options{Imports: func(s upload.Store) upload.Store { return longest{s, &lines} }})
			c := s.Account("demo")
			u := c.Upload("Leads", string(xlsxtest.Write(xlsxtest.Sheet{Name: "S", Rows: rows})))
			if got := c.Await(u); got.Stats != (servertest.Stats{Total: 100, Failed: 100}) {
				t.Errorf("got %+v", got)
			}
			if n := lines.Load(); n > 10 {
				t.Errorf("a batch has %d rows, which take more than %d MiB", n, n/4)
			}
		})
	}
}

// TestStrayQuotes uploads a file of which each line leaves a quote open.
func TestStrayQuotes(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{})
	c := s.Account("demo")
	const n = 200_000
	u := c.Upload("Leads", "number,first_name\n"+strings.Repeat("a\",\"\n", n))
	if got := c.Await(u); got.Stats != (servertest.Stats{Total: n, Failed: n}) {
		t.Errorf("got %+v", got)
	}
}

// sheetFile is a spreadsheet whose one sheet has this XML, and these styles.
func sheetFile(rows, styles string) string {
	return string(xlsxtest.Zip(map[string]string{
		"xl/workbook.xml":            `<workbook><sheets><sheet name="S" id="1"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": `<Relationship Id="1" Type="/worksheet" Target="s.xml"/><Relationship Id="2" Type="/styles" Target="t.xml"/>`,
		"xl/s.xml":                   `<worksheet><sheetData><row><c t="str"><v>number</v></c></row>` + rows + `</sheetData></worksheet>`,
		"xl/t.xml":                   styles,
	}))
}

// otherDirectory is an archive whose directory, of n entries, only the end of its
// other form (zip64) has.
func otherDirectory(n uint64) string {
	order := binary.LittleEndian
	file := append([]byte("PK\x03\x04"), make([]byte, 100)...)
	begin := uint64(len(file))
	for range n {
		file = append(append(file, "PK\x01\x02"...), make([]byte, 42)...)
	}
	end := uint64(len(file))
	file = append(order.AppendUint64(append(file, "PK\x06\x06"...), 44), make([]byte, 12)...)
	for _, value := range []uint64{n, n, end - begin, begin} {
		file = order.AppendUint64(file, value)
	}
	file = append(order.AppendUint32(append(file, "PK\x06\x07"...), 0), 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0)
	order.PutUint64(file[len(file)-12:], end)
	file = append(append(file, "PK\x05\x06"...), 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 100, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 0)
	return string(file)
}

// TestSpreadsheetBounds: what a file could have without end is refused, or left out.
func TestSpreadsheetBounds(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{})
	c := s.Account("demo")
	for name, file := range map[string]string{
		"more rows than Excel has":      sheetFile(strings.Repeat("<row/>", 1<<20)+`<row><c><v>9876543210</v></c></row>`, ""),
		"a directory of the other form": otherDirectory(200_000),
	} {
		answer := c.UploadForm(servertest.NewForm("list_name", "Leads").File(file))
		if answer.Status != 400 || !strings.Contains(string(answer.Body), "too large") {
			t.Errorf("%s: got %d: %s", name, answer.Status, answer.Body)
		}
	}
	var codes, styles strings.Builder
	long := "0" + strings.Repeat("-", 60_000)
	for id := range 100 {
		fmt.Fprintf(&codes, `<numFmt numFmtId="%d" formatCode="%s"/>`, 200+id, long)
		fmt.Fprintf(&styles, `<xf numFmtId="%d"/>`, 200+id)
	}
	u := c.Upload("Leads", sheetFile(`<row><c s="1"><v>9876543210</v></c></row>`,
		`<styleSheet><numFmts>`+codes.String()+`</numFmts><cellXfs>`+styles.String()+`</cellXfs></styleSheet>`))
	if got := c.Await(u); got.Stats != (servertest.Stats{Total: 1, Success: 1}) {
		t.Errorf("a format that is too long: got %+v", got)
	}
}

// TestCancelledRead: a file is read no further once its reader's context has ended.
func TestCancelledRead(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	disk := upload.NewDisk(filepath.Join(t.TempDir(), "uploads"))
	sid := addressbook.SID{1}
	if err := disk.Write(ctx, 1, sid, strings.NewReader("number")); err != nil {
		t.Fatal(err)
	}
	file, err := disk.Open(ctx, 1, sid)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.ReadAt(make([]byte, 6), 0); err != nil {
		t.Fatal(err)
	}
	gone := errors.New("the client is gone")
	cancel(gone)
	if _, err := file.ReadAt(make([]byte, 6), 0); !errors.Is(err, gone) {
		t.Errorf("a read after that: %v", err)
	}
}
