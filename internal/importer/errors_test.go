package importer_test

import (
	"encoding/csv"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"callbook/internal/servertest"
)

// TestErrorsRunNothing: no spreadsheet runs a cell of an error row, and what was
// in it is there when it is uploaded again.
func TestErrorsRunNothing(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{})
	c, plain := s.Account("demo"), s.Account("plain")
	var file strings.Builder
	w := csv.NewWriter(&file)
	w.Write([]string{"number", "first_name", "email", "tag", "notes", "custom_field.a"})
	var mending []string
	for i, cell := range []string{
		"=1+1", "+cmd|' /C calc'!A0", "-2+3", "-2+x", "@SUM(1)", "\t=x", "\r=x", "\n'=x", "\t", "＝1", "＋x", "＠x",
		"'=x", "''=x", "O'Neil", " =x", "-5", "-1e5", "\t{}", "\n\"=x\"", "+919876543210", "=caf\xc3\xa9",
	} {
		bad := fmt.Sprintf("bad %02d", i)
		w.Write([]string{bad, cell, cell, cell, cell, cell})
		mending = append(mending, bad, fmt.Sprintf("+9198000000%02d", i))
	}
	w.Write([]string{"=HYPERLINK(\"http://example.com\")"})
	w.Write([]string{"+91 98765x"})
	w.Write([]string{"+1 2", "a", "b", "c", "d", "e", "=more()"})
	w.Flush()
	mend := strings.NewReplacer(append(mending, "98765x", "9876543210")...).Replace

	u := c.Upload("Leads", file.String())
	c.Await(u)
	text, records := c.Errors(u)
	for _, record := range records[1:] {
		for _, cell := range record[3:] {
			if strings.ContainsAny(cell[:min(1, len(cell))], "=+-@＝\t\r\n") && strings.ContainsAny(cell, "=@\t\r\nxSm") {
				t.Errorf("the cell %q is a formula", cell)
			}
		}
	}
	if last := records[len(records)-1]; last[3] != "+1 2" || last[9] != "'=more()" {
		t.Errorf("the last row is %q", last)
	}
	c.Await(c.Upload("Leads", mend(text)))
	plain.Await(plain.Upload("Leads", mend(file.String())))
	if diff := cmp.Diff(stored(t, plain), stored(t, c)); diff != "" || len(stored(t, c)) != len(mending)/2+1 {
		t.Errorf("from the file itself, and from the error rows (-want +got):\n%s", diff)
	}
}
