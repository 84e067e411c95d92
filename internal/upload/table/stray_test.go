package table

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// TestStrayQuotes reads files in which quotes stay open for about as much as a row
// may have. What a reader remembers of the rows before changes no row: each is the
// same for one that begins there.
func TestStrayQuotes(t *testing.T) {
	t.Parallel()
	pieces := []string{"a\",\"\n", "a\",\"\n", "a,b\n", "\"\n", "\"\"\n", "x\"y\n", strings.Repeat("z", 100<<10) + "\n", strings.Repeat("w", 60<<10) + "\n"}
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 0))
		var file []byte
		for range 24 {
			piece := pieces[r.IntN(len(pieces))]
			for range 1 + r.IntN(3) {
				file = append(file, piece...)
			}
		}
		all := readRows(t, file, plainCSV, Position{Line: 1})
		for i, want := range all[:len(all)-1] {
			row, err := newReader(bytes.NewReader(file), plainCSV, want.next).Next()
			if next := all[i+1]; err != nil || row.Line != next.Line || row.Fault != next.Fault || !slices.Equal(row.Cells, next.Cells) {
				t.Fatalf("seed %d: line %d is read as %.40q, %v when begun there (%v), and as %.40q, %v otherwise", seed, next.Line, row.Cells, row.Fault, err, next.Cells, next.Fault)
			}
		}
	}
}
