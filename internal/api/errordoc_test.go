package api

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestErrorTable: the table of errors for those who come from the platform has all
// of them, and no other.
func TestErrorTable(t *testing.T) {
	text, err := os.ReadFile("../../docs/from-exotel.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "## All errors\n")
	all := []wireFault{internalFault}
	for _, wire := range wireFaults {
		all = append(all, wire)
	}
	for _, wire := range all {
		row := fmt.Sprintf("\n| %d | %d | `%s` |", wire.code, wire.status, wire.message)
		if strings.Count(section, row) != 1 {
			t.Errorf("the table has no row %q", row)
		}
	}
	if rows := strings.Count(section, "\n| 1"); rows != len(all) {
		t.Errorf("the table has %d rows, want %d", rows, len(all))
	}
}
