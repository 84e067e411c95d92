package table

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"callbook/internal/addressbook"
	"callbook/internal/csvcell"
)

// Plan tells how to read a file. It is made once, when the upload starts, and stored with
// the upload. So every server and later version reads the file in the same way.
type Plan struct {
	Dialect
	// HeaderLine is the line of the header, from 1; 0 if the file has none.
	HeaderLine int64 `json:"header_line,omitempty"`
	// Start is where the first row of contacts begins.
	Start Position `json:"start"`
	// Width is the number of columns.
	Width int `json:"width"`
	// Columns are the first columns: all that are used, and some others.
	Columns []PlanColumn `json:"columns"`
	// Ignored is how many columns with a header are not used.
	Ignored int `json:"ignored,omitempty"`
}

// PlanColumn is a column of a [Plan].
type PlanColumn struct {
	// Header is the shortened cell of the file's header; "" without a header.
	Header string `json:"header,omitempty"`
	// Name is the name under which the column is read, as in a [Mapping]; "" means that
	// it is ignored.
	Name string `json:"name,omitempty"`
}

// toldColumns bounds the unused columns that a plan contains.
const toldColumns = 100

// IsZero reports whether there is no plan, as for uploads of old versions.
func (p *Plan) IsZero() bool { return p.Width == 0 }

// Encode returns the plan as text for a database, or "" for the zero Plan.
func (p *Plan) Encode() string {
	if p.IsZero() {
		return ""
	}
	text, err := json.Marshal(p)
	if err != nil { // strings and numbers
		panic(err)
	}
	return string(text)
}

// DecodePlan reads what [Plan.Encode] returned.
func DecodePlan(text string) (p Plan, err error) {
	if text == "" {
		return p, nil
	}
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return p, fmt.Errorf("read the plan of a file: %w", err)
	}
	return p, nil
}

// Layout returns the layout of the file's columns.
func (p *Plan) Layout(kind addressbook.ListType) (*Layout, error) {
	names := make([]string, p.Width)
	for i, c := range p.Columns {
		names[i] = c.Name
	}
	return newLayout(names, kind)
}

// Open returns the rows of the file from a position on. The caller must close them if
// they are an [io.Closer].
func (p *Plan) Open(file io.ReaderAt, size int64, from Position) (Rows, error) {
	if p.Encoding == XLSX {
		return openSheet(file, size, p.Dialect, from)
	}
	return newReader(file, p.Dialect, from), nil
}

// OldPlan returns the plan of an upload that was stored without one. Its file is CSV in
// UTF-8 with commas. The first row is the header, with the exact names of the columns.
func OldPlan(file io.ReaderAt, kind addressbook.ListType, m Mapping) (Plan, error) {
	mark, err := readAt(file, 3)
	if err != nil {
		return Plan{}, err
	}
	start := Position{Line: 1}
	if string(mark) == csvcell.ByteOrderMark {
		start.Offset = 3
	}
	rows := newReader(file, plainCSV, start)
	header, err := rows.Next()
	if err == io.EOF {
		return Plan{}, BadFile("the file is empty")
	}
	if err != nil {
		return Plan{}, err
	}
	names := m.names(header.Cells)
	p := Plan{Dialect: plainCSV, HeaderLine: header.Line, Start: rows.Position()}
	if m.NoHeader {
		p.HeaderLine, p.Start = 0, start
	}
	return p, p.setColumns(header.Cells, names, kind)
}

// Find makes the plan for a file and a list of this type. It finds what the mapping does
// not set. It also returns the header of the error rows, as CSV without a line end.
// IsNumber reports whether a cell is a number; nil accepts what looks like one. A mistake
// in the file or its header is a fault.
func Find(file io.ReaderAt, size int64, kind addressbook.ListType, m Mapping, isNumber func(string) bool) (p Plan, errorHeader []byte, err error) {
	f, err := lookAt(file, size, m)
	if err != nil {
		return p, nil, err
	}
	p = f.plan
	names := f.names(kind, m, isNumber)
	if err := p.setColumns(f.header, names, kind); err != nil {
		return p, nil, f.explain(err)
	}
	l, err := p.Layout(kind)
	if err != nil {
		return p, nil, f.explain(err)
	}
	errorHeader = l.encode(l.errorHeader(f.header, names, kind, m.NoHeader))
	if len(errorHeader) > maxHeaderBytes {
		return p, nil, BadFile("the header is longer than %d KiB", maxHeaderBytes>>10)
	}
	return p, errorHeader, nil
}

// setColumns sets the columns from their headers and the names under which they are read.
func (p *Plan) setColumns(header, names []string, kind addressbook.ListType) error {
	p.Width, p.Columns, p.Ignored = len(header), nil, 0
	last := 0 // index of the last used column
	for i, name := range names {
		if purpose(name, kind) != ignored {
			last = i
		} else if !isBlank(header[i]) {
			p.Ignored++
		}
	}
	for i, name := range names[:min(len(names), max(last+1, toldColumns))] {
		c := PlanColumn{Name: name}
		if p.HeaderLine > 0 {
			c.Header = shown(nameOf(legible(header[i])))
		}
		if purpose(name, kind) == ignored {
			c.Name = ""
		}
		p.Columns = append(p.Columns, c)
	}
	if _, err := newLayout(names, kind); err != nil {
		return err
	}
	if len(p.Encode()) > maxPlan {
		return BadFile("the header is longer than %d KiB", maxHeaderBytes>>10)
	}
	return nil
}

// maxPlan bounds a stored plan, in bytes.
const maxPlan = 4 * maxHeaderBytes

// Used returns the columns that are used, and the headers of the others, as far as the
// plan contains them.
func (p *Plan) Used(kind addressbook.ListType) (used []PlanColumn, ignoredHeaders []string) {
	for _, c := range p.Columns {
		switch use := purpose(c.Name, kind); {
		case use != ignored && use != reserved:
			if c.Name = nameOf(c.Name); use != custom && use != variable {
				c.Name = strings.ToLower(c.Name)
			}
			used = append(used, c)
		case strings.TrimSpace(c.Header) != "":
			ignoredHeaders = append(ignoredHeaders, c.Header)
		}
	}
	return used, ignoredHeaders
}

// ColumnCalled returns the index of the first column that is not used and whose header is
// one of these names, whatever its case; -1 for none. The plan contains the first 100 of
// such columns.
func (p *Plan) ColumnCalled(names ...string) int {
	return slices.IndexFunc(p.Columns, func(c PlanColumn) bool {
		return c.Name == "" && slices.Contains(names, strings.ToLower(strings.TrimSpace(c.Header)))
	})
}
