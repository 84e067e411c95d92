package main

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// report is all that a run found.
type report []*table

// table has rows of a name and figures.
type table struct {
	Title   string
	Columns []string
	Rows    [][]any
}

// table adds a table.
func (r *report) table(title string, columns ...string) *table {
	t := &table{Title: title, Columns: columns}
	*r = append(*r, t)
	return t
}

func (t *table) add(row ...any) { t.Rows = append(t.Rows, row) }

// write prints the report.
func (r report) write(w io.Writer, database string) error {
	fmt.Fprintf(w, "%s, %s/%s, %d CPUs, %s. Other work on the machine shows in all figures: compare ratios.\n",
		database, runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version())
	for _, t := range r {
		columns := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
		fmt.Fprintf(columns, "\n%s\n%s\t\n", t.Title, strings.Join(t.Columns, "\t"))
		for _, row := range t.Rows {
			for _, cell := range row {
				if f, ok := cell.(float64); ok {
					cell = figure(f)
				}
				fmt.Fprint(columns, cell, "\t")
			}
			fmt.Fprintln(columns)
		}
		if err := columns.Flush(); err != nil {
			return err
		}
	}
	return nil
}

// figure shows three digits, or a whole number.
func figure(f float64) string {
	if f < 100 && f != math.Trunc(f) {
		return strconv.FormatFloat(f, 'g', 3, 64)
	}
	return grouped(int(math.Round(f)))
}

// grouped writes 12345 as 12,345.
func grouped(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// percentile returns the smallest of all that p percent of them do not exceed;
// zero when there are none. It sorts.
func percentile[T cmp.Ordered](all []T, p int) (at T) {
	if len(all) == 0 {
		return at
	}
	slices.Sort(all)
	rank := (len(all)*p + 99) / 100 // rounded up
	return all[max(rank, 1)-1]
}

// ms is a percentile in milliseconds.
func ms(times []time.Duration, p int) float64 {
	return float64(percentile(times, p)) / float64(time.Millisecond)
}
