package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

// csvStats are an upload's counts of rows.
type csvStats struct {
	Duplicate int `json:"duplicate"`
	Total     int `json:"total"`
	Success   int `json:"success"`
	Failed    int `json:"failed"`
}

// csvFile is a made-up file for a dynamic list: a number and five variables in
// each row, and some rows of every kind that is none of the usual.
type csvFile struct {
	path  string
	bytes int
	want  csvStats
	rows  []row // those that become contacts, as the floor writes them
}

const (
	csvHeader = "number,name,plan,city,due date,account\n"
	// csvOdd is how many rows hold one of each odd kind.
	csvOdd = 1000
	// A smaller file would be done before the server can be killed three times;
	// a dynamic list holds no more contacts than the larger number.
	csvMinRows = 50_000
	csvMaxRows = 500_000
)

// writeCSV writes a file of this many rows into the directory, and keeps some
// of its contacts for the floor.
func (g *generator) writeCSV(dir string, rows, forFloor int) (file csvFile, err error) {
	file.path = filepath.Join(dir, "contacts.csv")
	f, err := os.Create(file.path)
	if err != nil {
		return file, fmt.Errorf("make a CSV file: %w", err)
	}
	w := bufio.NewWriterSize(f, bufferBytes)
	file.bytes, err = w.WriteString(csvHeader)
	var line []byte
	var last uint64 // the number of the row before
	for i := 0; i < rows && err == nil; i++ {
		c := g.contact()
		line = strconv.AppendUint(append(line[:0], '+'), c.number, 10)
		file.want.Total++
		variables := c.variables(g)
		switch i % csvOdd {
		case 100: // a number that is none
			line = append(line, 'x')
			line = appendCells(line, variables)
			file.want.Failed++
		case 200: // a cell too many
			line = append(appendCells(line, variables), `,"one, too many"`...)
			file.want.Failed++
		case 300: // the number of the row before
			line = strconv.AppendUint(append(line[:0], '+'), last, 10)
			line = appendCells(line, variables)
			file.want.Duplicate++
		case 400: // fewer cells than the header: those are empty
			line = appendCells(line, variables[:2])
			file.want.Success++
		default:
			line = appendCells(line, variables)
			file.want.Success++
			if len(file.rows) < forFloor {
				c.asRow(variables)
				file.rows = append(file.rows, g.row(c))
			}
		}
		last = c.number
		line = append(line, '\n')
		var n int
		n, err = w.Write(line)
		file.bytes += n
	}
	if err = errors.Join(err, w.Flush(), f.Close()); err != nil {
		return file, fmt.Errorf("make a CSV file: %w", err)
	}
	return file, nil
}

// variables are what the contact has in the columns after its number.
func (c *contact) variables(g *generator) []string {
	day := strconv.Itoa(10 + g.rand.IntN(19))
	return []string{
		c.first + " " + c.last,
		pick(g.rand, plans) + " plan",
		pick(g.rand, cities),
		"2026-11-" + day,
		c.email,
	}
}

// asRow leaves the contact what becomes of such a row.
func (c *contact) asRow(variables []string) {
	*c = contact{number: c.number, custom: fmt.Sprintf(`{"name":%q,"plan":%q,"city":%q,"due date":%q,"account":%q}`,
		variables[0], variables[1], variables[2], variables[3], variables[4])}
}

// appendCells appends quoted cells behind another.
func appendCells(line []byte, cells []string) []byte {
	for _, cell := range cells {
		line = append(line, ',', '"')
		line = append(append(line, cell...), '"')
	}
	return line
}
