package imports

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"callbook/internal/addressbook"
	"callbook/internal/fault"
	"callbook/internal/upload/table"
	"callbook/internal/web/shell"
	"callbook/internal/web/words"
)

// shownColumns bounds the columns that the form shows. The others are read as their
// headers say.
const shownColumns = 40

// The uses of a column in the form. The last two need a name.
const (
	useNothing  = ""
	useNumber   = "number"
	useWhole    = "custom_field"
	useCustom   = "custom"
	useVariable = "variable"

	customColumn = "custom_field."
)

var fieldUses = func() []shell.Option {
	uses := []shell.Option{{Value: useNothing, Label: "Leave out"}, {Value: useNumber, Label: "Number"}}
	for _, text := range addressbook.TextFields {
		uses = append(uses, shell.Option{Value: string(text.Key), Label: text.Label})
	}
	return append(uses, shell.Option{Value: useWhole, Label: "All custom fields, as JSON"}, shell.Option{Value: useCustom, Label: "Custom field…"})
}()

// usesOf returns the uses of columns for a list of this type.
func usesOf(kind addressbook.ListType) []shell.Option {
	if kind == addressbook.Dynamic {
		return append(slices.Clip(fieldUses), shell.Option{Value: useVariable, Label: "Variable…"})
	}
	return fieldUses
}

// mappedColumn is a column and its use.
type mappedColumn struct {
	At           int
	Header       string
	Use, Name    string
	Sure         string   // how many of the first cells are numbers; "" for other columns
	Examples     []string // its first cells that are not empty
	ReadableName string   // the header, or the column's position if there is none
	Reserved     bool     // whether it is never read
}

// ID returns the id of the column's controls.
func (c mappedColumn) ID() string { return strconv.Itoa(c.At) }

// exampleCells is how many cells of a column the form shows.
const exampleCells = 3

// columnsOf returns the first columns of a file with their uses.
func columnsOf(look *table.Preview, noHeader bool) []mappedColumn {
	all := make([]mappedColumn, 0, min(shownColumns, len(look.Columns)))
	for i, c := range look.Columns[:cap(all)] {
		m := mappedColumn{At: i, Header: c.Header, ReadableName: fmt.Sprintf("Column %d", i+1), Sure: sureOf(c), Reserved: c.Reserved}
		if !noHeader && strings.TrimSpace(c.Header) != "" {
			m.ReadableName = c.Header
		}
		m.Use, m.Name = useOf(c.Name)
		for _, row := range look.Rows {
			cell := strings.TrimSpace(row.Cells[i])
			if cell != "" && !slices.Contains(m.Examples, cell) && len(m.Examples) < exampleCells {
				m.Examples = append(m.Examples, cell)
			}
		}
		all = append(all, m)
	}
	return all
}

// useOf returns the use of a column, given the name by which it is read.
func useOf(name string) (use, rest string) {
	lower := strings.ToLower(name)
	for _, known := range fieldUses {
		if known.Value == lower && lower != useCustom {
			return lower, ""
		}
	}
	if strings.HasPrefix(lower, customColumn) {
		return useCustom, name[len(customColumn):]
	}
	return useVariable, name
}

// nameOf is the reverse of useOf. A custom field or a variable without its own name has
// that of the header.
func nameOf(use, name, header string) string {
	if name = strings.TrimSpace(name); name == "" {
		name = strings.TrimSpace(header)
	}
	switch use {
	case useCustom:
		return customColumn + name
	case useVariable:
		return name
	}
	return use
}

// mappingOf reads the mapping of columns from a form. If it is the same as the headers
// say, the mapping stays empty. OtherType means that the type of the list has changed, so
// that columns which were ignored may have a use. TakeAll turns ignored columns into
// custom fields.
func mappingOf(r *http.Request, m table.Mapping, look table.Preview, otherType, takeAll bool) table.Mapping {
	plain := m
	m.NoHeader = r.PostForm.Get("no_header") == "yes"
	same := !m.NoHeader
	for i, c := range look.Columns {
		name, at := c.Name, strconv.Itoa(i)
		if use := r.PostForm["use."+at]; len(use) == 1 {
			if use[0] != useNothing || !otherType {
				name = nameOf(use[0], r.PostForm.Get("name."+at), c.Header)
			}
		}
		m.Columns = append(m.Columns, name)
	}
	if takeAll {
		takeLeftOut(m.Columns, look.Columns)
	}
	for i, c := range look.Columns {
		same = same && m.Columns[i] == c.Name
	}
	if same {
		return plain
	}
	return m
}

// takeLeftOut turns ignored columns with a header into custom fields.
func takeLeftOut(names []string, columns []table.Column) {
	taken := make(map[string]bool)
	for _, name := range names {
		taken[name] = true
	}
	for i, c := range columns {
		header := strings.TrimSpace(c.Header)
		if names[i] != "" || header == "" || c.Reserved {
			continue
		}
		name := customColumn + header
		for n := 2; taken[name]; n++ {
			name = customColumn + header + " " + strconv.Itoa(n)
		}
		names[i], taken[name] = name, true
	}
}

// leftOutOf returns the headers of ignored columns, the number of columns that are read,
// and how many ignored ones can become custom fields. It does not count ignored columns
// without a header.
func leftOutOf(look *table.Preview, noHeader bool) (leftOut []string, read, takeable int) {
	for i, c := range look.Columns {
		switch header := strings.TrimSpace(c.Header); {
		case c.Name != "":
			read++
		case header != "" && noHeader:
			leftOut = append(leftOut, fmt.Sprintf("Column %d", i+1))
		case header != "":
			leftOut = append(leftOut, fmt.Sprintf("%.60s", header))
			if !c.Reserved {
				takeable++
			}
		}
	}
	return leftOut, read, takeable
}

// maxVariables bounds the variables in the file of a dynamic list.
const maxVariables = 5

// faultOf explains for a person why the file cannot be imported with this mapping, or
// returns "".
func faultOf(look *table.Preview, columns []mappedColumn) string {
	if look.Fault == nil {
		return ""
	}
	variables, seen := 0, make(map[string]bool)
	for _, c := range columns {
		if c.Use == useVariable {
			variables++
		}
		if c.Use == useNothing {
			continue
		}
		same := nameOf(c.Use, c.Name, c.Header)
		if c.Use == useVariable {
			same = customColumn + same
		}
		if seen[same] {
			return "Two columns are for “" + words.ColumnField(nameOf(c.Use, c.Name, c.Header)) + "”. Leave one of them out, or choose something else for it."
		}
		seen[same] = true
	}
	switch {
	case look.NoNumber && look.LikelyHeader > 0:
		return fmt.Sprintf("No column has the numbers. Line %d looks like the header: write %d into “Line of the header” below, or choose “Number” for the column that has them.",
			look.LikelyHeader, look.LikelyHeader)
	case look.NoNumber:
		return "No column has the numbers yet. Choose “Number” for the one that has them."
	case variables > maxVariables:
		return fmt.Sprintf("A dynamic list takes %d variables from a file, and these are %d. Leave some out, or make custom fields of them.", maxVariables, variables)
	}
	if f := fault.As(look.Fault); f != nil {
		return words.Sentence(f)
	}
	return ""
}

// sureOf says how likely a column is to have the numbers.
func sureOf(c table.Column) string {
	word := "unsure"
	switch {
	case c.Filled == 0:
		return ""
	case c.Numbers == c.Filled:
		word = "sure"
	case 2*c.Numbers >= c.Filled:
		word = "likely"
	}
	return fmt.Sprintf("%s: %s of %s are numbers", word, words.Count(c.Numbers), words.Count(c.Filled))
}
