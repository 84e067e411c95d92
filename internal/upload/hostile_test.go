package upload_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"

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
