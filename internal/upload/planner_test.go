package upload_test

import (
	"bytes"
	"testing"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/test/xlsxtest"
	"callbook/internal/upload"
)

// TestBatchesAreBounded: the rows of a spreadsheet may take thousands of times the
// memory that they take in the file.
func TestBatchesAreBounded(t *testing.T) {
	t.Parallel()
	long := bytes.Repeat([]byte("x"), 30<<10)
	wide := make([]string, 4000)
	wide[0], wide[len(wide)-1] = "9876543210", "x"
	for name, row := range map[string][]string{"wide": wide, "long": {"9876543210", string(long)}} {
		rows := [][]string{{"number", "first_name"}}
		for range 500 {
			rows = append(rows, row)
		}
		file := xlsxtest.Write(xlsxtest.Sheet{Name: "S", Rows: rows})
		u := upload.Upload{Account: account.Account{ID: 1, Region: "IN"}, Size: int64(len(file))}
		if err := u.ReadHeader(bytes.NewReader(file), nil); err != nil {
			t.Fatal(err)
		}
		p, err := upload.NewPlanner(addressbook.New(nil, addressbook.Options{}), u, bytes.NewReader(file), 2000, error.Error)
		if err != nil {
			t.Fatal(err)
		}
		worked := int64(0)
		for last := false; !last; {
			b, err := p.Next(time.Now())
			if err != nil {
				t.Fatal(err)
			}
			n := b.To.Line - b.From.Line
			if worked, last = worked+n, b.Last; n > 100 {
				t.Errorf("%s: a batch has %d rows", name, n)
			}
		}
		if worked != 500 {
			t.Errorf("%s: %d rows were worked", name, worked)
		}
	}
}
