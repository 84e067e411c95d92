package upload_test

import (
	"encoding/csv"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"callbook/internal/test/servertest"
)

// TestErrorsRoundTrip mends the error rows and uploads them as they came.
func TestErrorsRoundTrip(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{})
	c := s.Account("demo")
	u := c.Upload("Leads", "\ufefffirst_name,Number,notes\r\n"+
		"Asha,"+asha+",kept\r\n"+
		"\"Jos\xe9, Jr\",9876543211,\"two\r\nlines\"\r\n"+
		"Vikram,98765x,\"a \"\"b\"\"\"\r\n"+
		"\r\n"+
		"Again,"+asha+"\r\n"+
		"Many,+919876543213,b,c,d\r\n"+
		"\"Open,+919876543214,e\r\n"+
		"Ba\"re,+919876543215,f\r\n")
	c.Await(u)
	text, records := c.Errors(u)
	want := [][]string{
		{"callbook_line", "callbook_code", "callbook_reason", "first_name", "Number", "notes"},
		{"3", "1002", "Invalid FirstName: not valid UTF-8", "José, Jr", "9876543211", "two\nlines"},
		{"5", "1002", "Invalid Number: it has letters", "Vikram", "98765x", `a "b"`},
		{"7", "1008", "The contact is in the list already", "Again", asha},
		{"8", "1002", "The row has 5 cells, and the header 3", "Many", "+919876543213", "b", "c", "d"},
		{"9", "1002", `The row is not valid CSV: a quote (") is not closed, or something follows a closing one`, "Open,+919876543214,e"},
	}
	if diff := cmp.Diff(want, records); diff != "" {
		t.Fatalf("error rows (-want +got):\n%s", diff)
	}
	mended := strings.NewReplacer("98765x", "9876543212", ",b,c,d", ",b", `"Open,+919876543214,e"`, `Open,+919876543214,e`, "Again,"+asha, "Again,+919876543216").Replace(text)
	again := c.Upload("Leads", mended)
	if got := c.Await(again); got.Stats != (servertest.Stats{Total: 5, Success: 5}) {
		_, records := c.Errors(again)
		t.Errorf("got %+v: %q", got, records)
	}
	if got := stored(t, c); len(got) != 7 || got[2] != "+919876543211|José, Jr|-|-|-|-|-" {
		t.Errorf("got %q", got)
	}
	// What fails again has the columns of ours once.
	twice := c.Upload("Leads", text)
	c.Await(twice)
	if _, records := c.Errors(twice); len(records[0]) != 6 {
		t.Errorf("got %q", records[0])
	}
	a := c.Get(c.Path("/csv-status/" + u.ID + "/errors"))
	if got := a.Header.Get("Content-Type"); got != "text/csv; charset=utf-8" {
		t.Errorf("content type is %q", got)
	}
}

// TestErrorsKeepCells: what is in the cells of an error row is there when they
// are uploaded again.
func TestErrorsKeepCells(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{})
	c := s.Account("demo")
	u := c.Upload("Leads", "number,first_name,last_name,tag,custom_field.a,custom_field,callbook_sid\n"+
		"x,'=1+1,','' a,-5,,7\n"+
		"y,' Asha ,\"a\r\r\nb\",\"'\r\r\n\",,\"{\"\"k\"\":\r\r\n1}\",8\n")
	c.Await(u)
	text, _ := c.Errors(u)
	again := c.Upload("Leads", strings.NewReplacer(",x,", ","+asha+",", ",y,", ","+vikram+",").Replace(text))
	if got := c.Await(again); got.Stats != (servertest.Stats{Total: 2, Success: 2}) {
		t.Errorf("got %+v of %s", got, text)
	}
	want := []string{asha + `|=1+1||-|-|' a|{"a":-5}`, vikram + "| Asha |a\r\nb|-|-|\r\n|{\"k\":1}"}
	if diff := cmp.Diff(want, stored(t, c)); diff != "" {
		t.Errorf("contacts (-want +got):\n%s", diff)
	}
}

// TestManyErrors reads more error rows than are read at once.
func TestManyErrors(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{})
	c := s.Account("demo")
	const n = 3500
	u := c.Upload("Leads", "number,first_name\n"+strings.Repeat("x,\"A\nB\"\n", n))
	if got := c.Await(u); got.Stats != (servertest.Stats{Total: n, Failed: n}) {
		t.Errorf("got %+v", got)
	}
	text, records := c.Errors(u)
	for i, record := range records[1:] {
		if record[0] != fmt.Sprint(2+2*i) || record[4] != "A\nB" {
			t.Fatalf("row %d is %q", i, record)
		}
	}
	if len(records) != 1+n {
		t.Errorf("there are %d error rows", len(records)-1)
	}
	if got := c.Await(c.Upload("Leads", text)); got.Stats.Failed != n {
		t.Errorf("got %+v", got)
	}
}

// TestErrorsAreCSV: whatever the names and cells are, the errors are good CSV.
func TestErrorsAreCSV(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{})
	c := s.Account("demo")
	u := c.Upload("Leads", "number,\"a, \"\"b\"\"\ncolumn\",c\nx,\"1,\"\"2\"\"\",\"\r\"\ny,,\n")
	c.Await(u)
	text, _ := c.Errors(u)
	r := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, "\ufeff")))
	r.FieldsPerRecord = 6
	records, err := r.ReadAll()
	if err != nil || len(records) != 3 || records[0][4] != "a, \"b\"\ncolumn" || records[1][4] != `1,"2"` || records[2][3] != "y" {
		t.Errorf("got %v, %q", err, records)
	}
}

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

// TestErrorHeadersRunNothing: neither does a spreadsheet run the name of a column
// in an error file, which is read as the same name again.
func TestErrorHeadersRunNothing(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{})
	c := s.Account("demo")
	cells := []string{"=1+1", "+cmd|' /C calc'!A0", "@SUM(1)", "\t=x", "＝1", "-plain-", "'=x", "O'Neil", "=HYPERLINK(\"http://example.com\")"}
	harmless := func(records [][]string) {
		t.Helper()
		for _, cell := range records[0][3:] {
			if strings.ContainsAny(cell[:1], "=+-@＝\t") {
				t.Errorf("the name %q is a formula", cell)
			}
		}
	}
	var file strings.Builder
	w := csv.NewWriter(&file)
	w.Write(append([]string{"number"}, cells...))
	w.Write([]string{"bad"})
	w.Flush()
	static := c.Upload("Static", file.String())
	c.Await(static)
	text, records := c.Errors(static)
	harmless(records)
	again := c.Upload("Static", text)
	c.Await(again)
	if twice, _ := c.Errors(again); twice != text {
		t.Errorf("uploaded as they came, the error rows are\n%s\nwere\n%s", twice, text)
	}

	file.Reset()
	w.Write([]string{"=1+1", "number", "@x", "'=y"})
	w.Write([]string{"a", "bad", "b", "c"})
	w.Flush()
	dynamic := c.Upload("Dynamic", file.String(), "type", "dynamic")
	c.Await(dynamic)
	text, records = c.Errors(dynamic)
	harmless(records)
	if got := c.Await(c.Upload("Dynamic", strings.Replace(text, "bad", asha, 1), "type", "dynamic")); got.Stats.Success != 1 {
		t.Fatalf("got %+v of %s", got, text)
	}
	if got, want := stored(t, c), []string{asha + `|-|-|-|-|-|{"=1+1":"a","@x":"b","=y":"c"}`}; !cmp.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
