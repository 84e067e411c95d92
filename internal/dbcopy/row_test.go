package dbcopy

import (
	"bytes"
	"testing"
)

func FuzzRow(f *testing.F) {
	columns := Contacts.Columns[:3] // a sid, a number and a text
	f.Add([]byte("0123456789abcdef"), int64(-1), []byte("text"), false)
	f.Add([]byte{}, int64(1)<<62, []byte{0, 1, 2}, true)
	f.Fuzz(func(t *testing.T, sid []byte, number int64, text []byte, null bool) {
		row := Row{{Bytes: sid}, {Int: number}, {Bytes: text}}
		if null {
			row[1] = Value{Null: true}
		}
		encoded := row.appendTo(nil, columns)
		got, err := decodeRow(encoded, len(columns))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got[0].Bytes, sid) || got[1].Int != row[1].Int || got[1].Null != null || !bytes.Equal(got[2].Bytes, text) {
			t.Errorf("%v came back as %v", row, got)
		}
		for cut := range encoded {
			if _, err := decodeRow(encoded[:cut], len(columns)); err == nil {
				t.Errorf("%x is read although it is cut at %d", encoded, cut)
			}
		}
		if _, err := decodeRow(append(encoded, 0), len(columns)); err == nil {
			t.Error("a row is read that has too much")
		}
		// What is no row at all must not bring the reader down.
		_, _ = decodeRow(text, len(columns))
	})
}
