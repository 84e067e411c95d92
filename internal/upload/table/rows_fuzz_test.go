package table

import (
	"bytes"
	"encoding/csv"
	"io"
	"slices"
	"strings"
	"testing"
)

// readRow is a row with cells of its own.
type readRow struct {
	Row
	next Position // where the reader was after it
}

func readRows(t *testing.T, file []byte, d Dialect, from Position) []readRow {
	t.Helper()
	r := newReader(bytes.NewReader(file), d, from)
	var all []readRow
	for before := from; ; before = r.Position() {
		got, err := r.Next()
		after := r.Position()
		if after.Offset < before.Offset || after.Offset > int64(len(file)) {
			t.Fatalf("the reader went from %+v to %+v", before, after)
		}
		if err == io.EOF {
			if after.Offset != int64(len(file)) {
				t.Fatalf("the end is at %+v of %d bytes", after, len(file))
			}
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		if after.Offset == before.Offset {
			t.Fatalf("the reader stays at %+v", after)
		}
		if got.Fault == nil && !hasText(got.Cells) {
			t.Fatalf("the row %q has no text", got.Cells)
		}
		got.Cells = slices.Clone(got.Cells)
		all = append(all, readRow{got, after})
	}
}

// FuzzRows holds what is read from the beginning against what is read from
// every boundary on, and where all of it is CSV against encoding/csv. The same
// text in UTF-16 has the same rows.
func FuzzRows(f *testing.F) {
	for _, seed := range []string{
		"", "\n", "number\n", "a,b\r\n\r\nc,\"d\r\ne\"\n\"f\"", "a,\"b\nc,d\ne\"f\ng,h\n", "\"", "\"\n\n\"", "a\"b\nc\n",
		"\"a\n\"b\n\"c\"\n\"", "\r", "a\r", "\"\r\n\"\r\n", "\"\"\"\n\"\"\"\n", "a,\"\n\n\n", "\xff,\"\xff\n", "\n\n\"a\nb\"c\n\nd",
		"a,\"b \"c\" d\",e\n", "\"a\" b,\"c\"\n", "\"a \\\"b, c\\\" d\"\n", ",,\n \n\ufeff\n", "a\rb\r",
	} {
		f.Add([]byte(seed), byte(0))
		f.Add([]byte(seed), byte(5))
	}
	f.Fuzz(func(t *testing.T, file []byte, choice byte) {
		d := Dialect{
			Encoding:  []Encoding{UTF8, Windows1252, UTF16LE, UTF16BE}[choice%4],
			Separator: separators[choice/4%4],
			LoneCR:    choice&16 != 0,
		}
		all := readRows(t, file, d, Position{Line: 1})
		for i, got := range all {
			rest := readRows(t, file, d, got.next)
			if !slices.EqualFunc(rest, all[i+1:], sameRow) {
				t.Fatalf("after row %d: %+v, but %+v when read at once", i, rest, all[i+1:])
			}
			if got.Line < 1 || i > 0 && got.Line < all[i-1].next.Line {
				t.Fatalf("row %d is in line %d", i, got.Line)
			}
		}
		if d.LoneCR {
			return
		}
		text := string(d.Encoding.append(nil, file))
		r := csv.NewReader(strings.NewReader(text))
		r.FieldsPerRecord, r.Comma = -1, rune(d.separator())
		want, err := r.ReadAll()
		if err != nil || slices.ContainsFunc(want, func(cells []string) bool { return len(strings.Join(cells, "")) > maxRowBytes/4 }) {
			return
		}
		want = slices.DeleteFunc(want, func(cells []string) bool { return !hasText(cells) })
		if len(all) != len(want) {
			t.Fatalf("%d rows, want %d", len(all), len(want))
		}
		for i := range want {
			if all[i].Fault != nil || !slices.Equal(all[i].Cells, want[i]) {
				t.Fatalf("row %d is %q (%v), want %q", i, all[i].Cells, all[i].Fault, want[i])
			}
		}
	})
}

func sameRow(a, b readRow) bool {
	return a.Line == b.Line && a.Fault == b.Fault && a.next == b.next && slices.Equal(a.Cells, b.Cells)
}
