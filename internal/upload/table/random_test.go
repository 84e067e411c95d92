package table

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"

	"callbook/internal/addressbook"
	"callbook/internal/test/tabletest"
)

// TestRandomTables reads tables of random traits whose contents are known, from the
// beginning and again from the boundary behind every row.
func TestRandomTables(t *testing.T) {
	t.Parallel()
	for seed := range uint64(1000) {
		want := tabletest.New(seed)
		file, size := bytes.NewReader(want.File), int64(len(want.File))
		plan, _, err := Find(file, size, addressbook.Static, Mapping{}, nil)
		if err != nil {
			t.Errorf("%d, %s: %v", seed, want.Traits, err)
			continue
		}
		stored, err := DecodePlan(plan.Encode())
		if err != nil {
			t.Fatal(err)
		}
		layout, err := stored.Layout(addressbook.Static)
		if err != nil {
			t.Fatal(err)
		}
		for from, i := stored.Start, 0; ; i++ {
			rows, err := stored.Open(file, size, from)
			if err != nil {
				t.Fatal(err)
			}
			if i == 0 {
				if got := drafts(t, layout, rows); !slices.Equal(got, want.Contacts) {
					t.Errorf("%d, %s:\n got %q\nwant %q\n%.600s", seed, want.Traits, got, want.Contacts, want.File)
					break
				}
				continue
			}
			row, err := rows.Next()
			if err == io.EOF && i == len(want.Contacts)+1 {
				break
			}
			if err != nil || draftText(layout.Draft(row)) != want.Contacts[i-1] {
				t.Errorf("%d, %s: row %d from its boundary is %q, %v", seed, want.Traits, i, row.Cells, err)
				break
			}
			from = rows.Position()
		}
	}
}

func drafts(t *testing.T, l *Layout, rows Rows) (all []string) {
	t.Helper()
	for {
		row, err := rows.Next()
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, draftText(l.Draft(row)))
	}
}

func draftText(d addressbook.Draft) string {
	if d.Fault != nil {
		return d.Fault.Error()
	}
	return strings.Join([]string{d.Number.Value, d.Texts[addressbook.FirstName].Value, d.Texts[addressbook.LastName].Value, d.Texts[addressbook.Email].Value}, "|")
}
