package exporter

import (
	"strings"

	"callbook/internal/csvcell"
)

// Bounds of the columns for custom_field's values, so that neither they nor the
// header grow with the number of contacts. What has no column of its own goes
// into that of the whole.
const (
	maxColumns   = 256
	maxNameBytes = 255
)

// customColumns are the columns for custom_field's values, in the order in
// which their names came first.
//
// A custom_field goes into them only when the very same bytes are made of its
// cells again, by the code that uploads use. One with another order of keys,
// with blanks between them, or with a key that comes twice, stays whole.
type customColumns struct {
	names   []string
	keys    []string       // of names, as csvcell.AppendKey has them
	at      map[string]int // where a name is in names
	members []member       // of the custom_field at hand
	object  csvcell.Object
}

// member is a value of a custom_field that has a column.
type member struct {
	column int
	cell   string
}

func newCustomColumns() *customColumns { return &customColumns{at: make(map[string]int)} }

// headers are the names of the columns.
func (c *customColumns) headers() []string {
	headers := make([]string, len(c.names))
	for i, name := range c.names {
		headers[i] = csvcell.CustomPrefix + name
	}
	return headers
}

// full tells that no column is added any more.
func (c *customColumns) full() bool { return len(c.names) == maxColumns }

// learn adds the columns that a custom_field needs to go into columns, if that
// is possible at all.
func (c *customColumns) learn(customField string) {
	before := len(c.names)
	if !c.split(customField, true) {
		for _, name := range c.names[before:] {
			delete(c.at, name)
		}
		c.names, c.keys = c.names[:before], c.keys[:before]
	}
}

// appendCells appends the cell of each column, and returns what goes into the
// column of the whole: nothing, or all of it while the others stay empty.
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

// split makes cells of a custom_field, and tells whether they bring it back.
// With adding, a name that has no column gets one, even when they do not.
func (c *customColumns) split(customField string, adding bool) bool {
	c.members = c.members[:0]
	if customField == "" {
		return true
	}
	c.object.Reset()
	ok := csvcell.EachMember(customField, func(name, value string) bool {
		column, known := c.at[name]
		if !known {
			if column = len(c.names); !adding || !c.add(name) {
				return false
			}
		}
		// An upload makes the object in the order of the columns.
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

// add adds a column. It returns false when there is no room, or when the name
// would not come back from a header as it is.
func (c *customColumns) add(name string) bool {
	if c.full() || len(name) > maxNameBytes || strings.IndexByte(name, 0) >= 0 {
		return false
	}
	if key, ok := csvcell.CustomColumn(csvcell.CustomPrefix + name); !ok || key == "" || key != name {
		return false
	}
	c.at[name] = len(c.names)
	c.names = append(c.names, name)
	c.keys = append(c.keys, string(csvcell.AppendKey(nil, name)))
	return true
}
