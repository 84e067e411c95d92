package main

import (
	"encoding/csv"
	"errors"
	"io"
	"os"
	"testing"

	"callbook/internal/phone"
)

// TestWriteCSV counts the rows of a file by itself.
func TestWriteCSV(t *testing.T) {
	const rows, forFloor = 3456, 100
	file, err := newGenerator(1).writeCSV(t.TempDir(), rows, forFloor)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(file.path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || info.Size() != int64(file.bytes) {
		t.Errorf("the file has %d bytes, not %d (%v)", info.Size(), file.bytes, err)
	}
	r := csv.NewReader(f)
	r.FieldsPerRecord = -1
	header, err := r.Read()
	if err != nil {
		t.Fatal(err)
	}
	var got csvStats
	short := 0
	seen := make(map[string]bool)
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		got.Total++
		if len(record) < len(header) {
			short++
		}
		_, err = phone.ParseE164(record[0])
		switch {
		case err != nil || len(record) > len(header):
			got.Failed++
		case seen[record[0]]:
			got.Duplicate++
		default:
			seen[record[0]] = true
			got.Success++
		}
	}
	if got != file.want || got.Total != rows || got.Duplicate == 0 || got.Failed == 0 || short == 0 {
		t.Errorf("the file holds %+v and %d short rows, and is said to hold %+v", got, short, file.want)
	}
	if len(file.rows) != forFloor {
		t.Errorf("the floor has %d rows, want %d", len(file.rows), forFloor)
	}
	if each := file.bytes / rows; each < 90 || each > 110 {
		t.Errorf("a row has %d bytes, want about 100", each)
	}
}
