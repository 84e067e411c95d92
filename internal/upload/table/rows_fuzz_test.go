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

func readRows(t *testing.T, file []byte, from Position) []readRow {
	t.Helper()
	r := NewReader(bytes.NewReader(file), from)
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
		got.Cells = slices.Clone(got.Cells)
		all = append(all, readRow{got, after})
	}
}

// FuzzRows holds what is read from the beginning against what is read from
// every boundary on, against the lines of the text, and where all of it is CSV
// against encoding/csv.
func FuzzRows(f *testing.F) {
	for _, seed := range []string{
		"", "\n", "number\n", "a,b\r\n\r\nc,\"d\r\ne\"\n\"f\"", "a,\"b\nc,d\ne\"f\ng,h\n", "\"", "\"\n\n\"", "a\"b\nc\n",
		"\"a\n\"b\n\"c\"\n\"", "\r", "a\r", "\"\r\n\"\r\n", "\"\"\"\n\"\"\"\n", "a,\"\n\n\n", "\xff,\"\xff\n", "\n\n\"a\nb\"c\n\nd",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		start := Position{Line: 1}
		all := readRows(t, file, start)
		for i, got := range all {
			if line := got.next.Line; int64(1+bytes.Count(file[:got.next.Offset], []byte("\n"))) != line && got.next.Offset < int64(len(file)) {
				t.Fatalf("row %d ends at %+v, which is another line", i, got.next)
			}
			rest := readRows(t, file, got.next)
			if !slices.EqualFunc(rest, all[i+1:], sameRow) {
				t.Fatalf("after row %d: %+v, but %+v when read at once", i, rest, all[i+1:])
			}
			if got.Line < 1 || got.Line > 1+int64(bytes.Count(file, []byte("\n"))) {
				t.Fatalf("row %d is in line %d", i, got.Line)
			}
		}
		r := csv.NewReader(bytes.NewReader(file))
		r.FieldsPerRecord = -1
		want, err := r.ReadAll()
		if err != nil || slices.ContainsFunc(want, func(cells []string) bool { return len(strings.Join(cells, "")) > maxRowBytes/2 }) {
			return
		}
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
