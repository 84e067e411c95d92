package main

import (
	"strings"
	"testing"
	"time"
)

func TestProgressLine(t *testing.T) {
	t.Parallel()
	const total = 1_000_000_000
	run := func(terminal bool) string {
		var out strings.Builder
		now := time.Unix(0, 0)
		p := newProgressLine(&out, "rows")
		p.terminal, p.now = terminal, func() time.Time { return now }
		p.show("copying", 100_000_000, total) // it goes on with a copy
		for range 12 {
			now = now.Add(time.Second)
			p.show("copying", 100_000_000+now.Unix()*1_000_000, total)
		}
		now = now.Add(time.Millisecond)
		p.show("copying", total+1, total)
		p.show("comparing", 0, total+1)
		p.end()
		p.end()
		return out.String()
	}
	const elsewhere = `copying   [........]  10% 100000000 of 1000000000 rows
copying   [........]  10% 105000000 of 1000000000 rows, 1000000/s, 15 min left
copying   [........]  11% 110000000 of 1000000000 rows, 1000000/s, 15 min left
copying   [########] 100% 1000000001 of 1000000001 rows, 74993751/s, 0 s left
comparing [........]   0% 0 of 1000000001 rows
`
	if got := run(false); got != elsewhere {
		t.Errorf("not on a terminal: got\n%s", got)
	}
	lines := strings.Split(run(true), "\n")
	if len(lines) != 3 || strings.Count(lines[0], "\r") != 14 || strings.Count(lines[1], "\r") != 1 || lines[2] != "" {
		t.Errorf("on a terminal: got %q", lines)
	}
	width := 0
	for _, drawn := range strings.Split(lines[0], "\r")[1:] {
		if len(drawn) < width || len(drawn) >= 80 {
			t.Errorf("%q does not cover the line before it, or not fit", drawn)
		}
		width = len(strings.TrimRight(drawn, " "))
	}
}
