package csvcell_test

import (
	"bytes"
	"encoding/csv"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"callbook/internal/csvcell"
)

func TestMark(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Asha":             "Asha",
		"O'Neil":           "O'Neil",
		"1=1":              "1=1",
		"आशा":              "आशा",
		"":                 "'",
		"=1+1":             "'=1+1",
		"+919876543210":    "'+919876543210",
		"-5":               "'-5",
		"@SUM(A1)":         "'@SUM(A1)",
		"\t=1":             "'\t=1",
		"\r=1":             "'\r=1",
		"\n=1":             "'\n=1",
		"＝1":               "'＝1",
		"＋1":               "'＋1",
		"－1":               "'－1",
		"＠1":               "'＠1",
		" Asha ":           "' Asha ",
		"Asha\u00a0":       "'Asha\u00a0",
		"'":                "''",
		"'Asha":            "''Asha",
		"'=1":              "''=1",
		"\xff":             "\xff",
		"\ufeff=1":         "\ufeff=1", // no blank, and no spreadsheet passes over it within a file
		"=\"a\",\"b\"\n=c": "'=\"a\",\"b\"\n=c",
	} {
		got := csvcell.Mark(text)
		if got != want {
			t.Errorf("Mark(%q) = %q, want %q", text, got, want)
		}
		if back, marked := csvcell.Unmark(got); back != text || marked != (got != text) {
			t.Errorf("Unmark(%q) = %q, %v, want %q", got, back, marked, text)
		}
	}
	for _, theirs := range []string{"", "'abc", "'5", "'O'Neil'", "'आ", "=1", "+1", " x "} {
		if got, marked := csvcell.Unmark(theirs); got != theirs || marked {
			t.Errorf("Unmark(%q) = %q, %v, and it is not marked", theirs, got, marked)
		}
	}
}

// read reads what a file has in it.
func read(t *testing.T, file []byte) [][]string {
	t.Helper()
	r := csv.NewReader(bytes.NewReader(file))
	r.FieldsPerRecord = -1
	records, err := r.ReadAll()
	if err != nil {
		t.Fatalf("%v in %q", err, file)
	}
	return records
}

// FuzzText holds that every text is one cell, that the cell is that text again
// after it was in a file, and that no spreadsheet runs it.
func FuzzText(f *testing.F) {
	for _, seed := range []string{"", "'", "''", "=1+1", "'=x", " a ", "a\r\nb", "a\r\r\nb\r", "\r\n", "\"", "\\.", "＝1", "\u2028x", "\xff'"} {
		f.Add(seed, "x")
	}
	f.Fuzz(func(t *testing.T, text, other string) {
		cell := csvcell.Mark(text)
		if strings.ContainsAny(cell[:1], "=+-@\t\r\n") {
			t.Errorf("the cell %q begins a formula", cell)
		}
		if (cell == csvcell.Mark(other)) != (text == other) {
			t.Errorf("%q and %q are the same cell", text, other)
		}
		var file bytes.Buffer
		w := csv.NewWriter(&file)
		if err := csvcell.WriteRecord(w, []string{cell, other, "x"}); err != nil {
			t.Fatal(err)
		}
		w.Flush()
		if got := read(t, file.Bytes()); len(got) != 1 || !slices.Equal(got[0], []string{cell, other, "x"}) {
			t.Fatalf("%q, %q are read as %q", cell, other, got)
		}
		if back, _ := csvcell.Unmark(cell); back != text {
			t.Errorf("%q came back as %q", text, back)
		}
	})
}

func TestValues(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		`"gold"`:            "gold",
		`"a \"b\"\\\n"`:     "a \"b\"\\\n", // marked for the newline at its end
		`"Pune, MH"`:        "Pune, MH",
		`""`:                `""`,
		`"=1+1"`:            "'=1+1",
		`"-5"`:              "'-5",
		`"'x"`:              "''x",
		`" x"`:              "' x",
		`"12"`:              `"12"`,
		`"012"`:             "012",
		`"1 2"`:             "1 2",
		`"true"`:            `"true"`,
		`"null"`:            `"null"`,
		`"TRUE"`:            "TRUE",
		`"{}"`:              `"{}"`,
		`"{x}"`:             "{x}",
		`"\"q\""`:           `"\"q\""`,
		`"caf\u00e9"`:       `"caf\u00e9"`,
		`"a\/b"`:            `"a\/b"`,
		`"a\u0000b"`:        `"a\u0000b"`,
		`"a\u000ab"`:        `"a\u000ab"`,
		`"\ud83d\ude00"`:    `"\ud83d\ude00"`,
		`-5`:                "-5",
		`1.50e+02`:          "1.50e+02",
		`-0`:                "-0",
		`123456789012345.0`: "123456789012345.0",
		`true`:              "true",
		`null`:              "null",
		`{"a": [1, "=x"]}`:  `{"a": [1, "=x"]}`,
		`[]`:                "[]",
	} {
		if strings.HasSuffix(value, `\n"`) {
			want = "'" + want
		}
		got := csvcell.ValueCell(value)
		if got != want {
			t.Errorf("ValueCell(%s) = %q, want %q", value, got, want)
		}
		var o csvcell.Object
		o.Add(`"k":`, got)
		if o.String() != `{"k":`+value+`}` {
			t.Errorf("the cell %q of %s came back in %s", got, value, o.String())
		}
	}
	for cell, want := range map[string]string{
		" 12 ":       `12`,
		" x ":        `" x "`,
		"12,5":       `"12,5"`,
		"+5":         `"+5"`,
		"'-5":        `"-5"`,
		"'":          `""`,
		"'x":         `"'x"`,
		"{\"a\":1":   `"{\"a\":1"`,
		`"\ud800"`:   `"\"\\ud800\""`,
		`{"a":1} {}`: `"{\"a\":1} {}"`,
	} {
		var o csvcell.Object
		if o.Add(`"k":`, cell); o.String() != `{"k":`+want+`}` {
			t.Errorf("the cell %q became %s, want %s", cell, o.String(), want)
		}
	}
	var o csvcell.Object
	o.AddText(`"a":`, "12")
	o.Add(`"b":`, "")
	o.AddText(`"c":`, "")
	o.AddText(`"d":`, "'=1")
	if want := `{"a":"12","d":"=1"}`; o.String() != want {
		t.Errorf("got %s, want %s", o.String(), want)
	}
	if o.Reset(); o.String() != "" {
		t.Errorf("got %s after a reset", o.String())
	}
}

// FuzzValue holds that the cell of a value brings that very value back, and
// that whatever stands in a cell makes good JSON.
func FuzzValue(f *testing.F) {
	for _, seed := range []string{`"x"`, `"\u00e9"`, `-1E5`, `" "`, `"'"`, `"\ud800"`, `{"a":1,"a":2}`, "[ 1 ,\r\n2]", `"12"`, "=1", "'=1", " 1", "\"\x00\""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) {
			return
		}
		var o csvcell.Object
		o.Add(`"k":`, text)
		if got := o.String(); got != "" && !csvcell.ValidJSON(got) {
			t.Errorf("the cell %q became %s", text, got)
		}
		if !csvcell.ValidJSON(text) || strings.Trim(text, " \t\r\n") != text {
			return
		}
		cell := csvcell.ValueCell(text)
		if strings.ContainsAny(cell[:1], "=+@\t\r\n") || cell[0] == '-' && strings.Trim(cell, "0123456789.eE+-") != "" {
			t.Errorf("the cell %q of %s begins a formula", cell, text)
		}
		if strings.IndexByte(cell, 0) >= 0 {
			t.Errorf("the cell %q of %s has a NUL", cell, text)
		}
		o.Reset()
		if o.Add(`"k":`, cell); o.String() != `{"k":`+text+`}` {
			t.Errorf("the cell %q of %s came back in %s", cell, text, o.String())
		}
	})
}

func TestCustomColumn(t *testing.T) {
	t.Parallel()
	for column, want := range map[string]string{
		"custom_field.plan":    "plan",
		" Custom_Field.Plan\t": "Plan",
		"custom_field. a b ":   " a b",
		"custom_field.":        "",
		"custom_field.  ":      "",
		"custom_field.x.y":     "x.y",
	} {
		if got, ok := csvcell.CustomColumn(column); !ok || got != want {
			t.Errorf("CustomColumn(%q) = %q, %v, want %q", column, got, ok, want)
		}
	}
	for _, other := range []string{"", "custom_field", "number", "custom", "xcustom_field.a"} {
		if got, ok := csvcell.CustomColumn(other); ok {
			t.Errorf("CustomColumn(%q) = %q", other, got)
		}
	}
}

func TestRuns(t *testing.T) {
	t.Parallel()
	for cell, want := range map[string]bool{
		"": false, "Asha": false, "1=1": false, "'=1": false, " =1": false, "\xff=": false,
		"=1": true, "@x": true, "+x": true, "-2+x": true, "\t1": true, "\r=x": true, "\n": true, "＝1": true, "＋x": true,
		"+91 (0)98765-43210": false, "＋९१ ९८७६५": false, "-5": false, "-2+3": false, "+1,5": false, "-1e5": true,
	} {
		if got := csvcell.Runs(cell); got != want {
			t.Errorf("Runs(%q) = %v", cell, got)
		}
	}
}
