package export

import (
	"strings"

	"callbook/internal/csvcell"
)

// These limits keep the header from growing with the number of contacts. A custom_field
// that does not fit goes whole into one column.
const (
	maxColumns   = 256
	maxNameBytes = 255
)

// customColumns are the columns for the values of custom_field, in the order in which
// their names first occurred.
//
// A custom_field is split into them only if an upload would rebuild the same bytes from
// the cells. One with another order of keys, with spaces between them or with a repeated
// key goes whole into one column.
type customColumns struct {
	names   []string
	keys    []string       // the names encoded by csvcell.AppendKey
	index   map[string]int // by name, the index in names
	members []member       // of the current custom_field
	object  csvcell.Object
}

// member is a value of a custom_field and its column.
type member struct {
	column int
	cell   string
}

func newCustomColumns() *customColumns { return &customColumns{index: make(map[string]int)} }

// headers returns the names of the columns.
func (c *customColumns) headers() []string {
	headers := make([]string, len(c.names))
	for i, name := range c.names {
		headers[i] = csvcell.CustomPrefix + name
	}
	return headers
}

// full reports whether no more columns can be added.
func (c *customColumns) full() bool { return len(c.names) == maxColumns }

// learn adds the columns that a custom_field needs, if it can be split.
func (c *customColumns) learn(customField string) {
	before := len(c.names)
	if !c.split(customField, true) {
		for _, name := range c.names[before:] {
			delete(c.index, name)
		}
		c.names, c.keys = c.names[:before], c.keys[:before]
	}
}

// appendCells appends the cell of each column. If the custom_field cannot be split, it
// appends empty cells, and returns the custom_field as whole.
func (c *customColumns) appendCells(cells []string, customField string) (_ []string, whole string) {
	from := len(cells)
	cells = append(cells, make([]string, len(c.names))...)
	if !c.split(customField, false) {
		return cells, customField
	}
	for _, m := range c.members {
		cells[from+m.column] = m.cell
	}
	return cells, ""
}

// split makes c.members from a custom_field, and reports whether an upload would
// rebuild the same bytes. With adding, new names get columns even if it reports
// false.
func (c *customColumns) split(customField string, adding bool) bool {
	c.members = c.members[:0]
	if customField == "" {
		return true
	}
	c.object.Reset()
	ok := csvcell.EachMember(customField, func(name, value string) bool {
		column, known := c.index[name]
		if !known {
			if column = len(c.names); !adding || !c.add(name) {
				return false
			}
		}
		// An upload builds the object in the order of the columns.
		if n := len(c.members); n > 0 && column <= c.members[n-1].column {
			return false
		}
		m := member{column: column, cell: csvcell.ValueCell(value)}
		c.members = append(c.members, m)
		c.object.Add(c.keys[column], m.cell)
		return true
	})
	return ok && c.object.String() == customField
}

// add adds a column. It returns false if there are too many, or if an upload would
// not read the same name from the header.
func (c *customColumns) add(name string) bool {
	if c.full() || len(name) > maxNameBytes || strings.IndexByte(name, 0) >= 0 {
		return false
	}
	if key, ok := csvcell.CustomColumn(csvcell.CustomPrefix + name); !ok || key == "" || key != name {
		return false
	}
	c.index[name] = len(c.names)
	c.names = append(c.names, name)
	c.keys = append(c.keys, string(csvcell.AppendKey(nil, name)))
	return true
}
