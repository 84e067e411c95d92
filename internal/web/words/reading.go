package words

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"callbook/internal/addressbook"
	"callbook/internal/csvcell"
	"callbook/internal/upload"
	"callbook/internal/upload/table"
)

// Reading describes how the file of an upload was read and what its rows contain. The API
// calls this the upload's file.
type Reading struct {
	Format  string // such as "CSV in UTF-8, with commas between the cells"
	Header  string // where the header is
	Columns []ReadColumn
	// Ignored are the headers of columns without a use. MoreIgnored is how many there are
	// beside these.
	Ignored     []string
	MoreIgnored int
	LeftOut     string // says how many numbers were left out, or ""
	BadEmails   string // says how many e-mails are invalid and where, or ""
	Countries   []CountryRows
}

// ReadColumn is a column of a file and the field that it was read as. Header is "" if the
// file has no header.
type ReadColumn struct{ Header, Field string }

// CountryRows counts the rows with a number of a country.
type CountryRows struct {
	Country string
	Rows    int
}

// ReadingOf returns how the file of an upload was read, or nil if that was not stored.
func ReadingOf(u *upload.Upload) *Reading {
	p := &u.Plan
	if p.IsZero() {
		return nil
	}
	r := &Reading{Format: Format(p.Dialect), Header: "None"}
	if p.HeaderLine > 0 {
		r.Header = "In line " + strconv.FormatInt(p.HeaderLine, 10)
	}
	var used []table.PlanColumn
	used, r.Ignored = u.Columns()
	for _, c := range used {
		field := ColumnField(c.Name)
		if label := suppressionLabels[c.Name]; u.Suppresses && label != "" {
			field = label
		}
		r.Columns = append(r.Columns, ReadColumn{c.Header, field})
	}
	_, ignored := p.Used(u.Type)
	if r.MoreIgnored = p.Ignored - len(ignored); p.HeaderLine == 0 {
		r.MoreIgnored = p.Width - len(used)
	}
	if n := u.Tally.LeftOut; n > 0 {
		was := " were"
		if n == 1 {
			was = " was"
		}
		r.LeftOut = Plural(n, "more number", "more numbers") + was + " left out"
	}
	r.BadEmails = badEmails(&u.Tally)
	for region, rows := range u.Tally.Countries {
		r.Countries = append(r.Countries, CountryRows{cmp.Or(Country(region), "Country not known"), rows})
	}
	slices.SortFunc(r.Countries, func(a, b CountryRows) int {
		return cmp.Or(cmp.Compare(b.Rows, a.Rows), cmp.Compare(a.Country, b.Country))
	})
	return r
}

// badEmails says how many e-mails are invalid, and in which lines.
func badEmails(t *upload.Tally) string {
	if t.BadEmails == 0 {
		return ""
	}
	text := Plural(t.BadEmails, "e-mail is", "e-mails are") + " not valid: "
	for i, line := range t.BadEmailLines {
		switch {
		case i == 0 && len(t.BadEmailLines) == 1:
			text += "line "
		case i == 0:
			text += "lines "
		case i == t.BadEmails-1:
			text += " and "
		default:
			text += ", "
		}
		text += strconv.FormatInt(line, 10)
	}
	if more := t.BadEmails - len(t.BadEmailLines); more > 0 {
		text += " and " + Count(more) + " more"
	}
	return text
}

// ColumnsRead says how many columns of the file are read, and which are ignored.
func (r *Reading) ColumnsRead() string {
	return ColumnsRead(len(r.Columns), r.Ignored, r.MoreIgnored)
}

// ColumnsRead says how many columns are read, and which are ignored. More is how many are
// ignored beside those in leftOut.
func ColumnsRead(read int, leftOut []string, more int) string {
	all := read + len(leftOut) + more
	if read == all {
		if all == 1 {
			return "The one column of the file is read."
		}
		return "All " + Count(all) + " columns are read."
	}
	text := Count(read) + " of " + Count(all) + " columns are read"
	switch {
	case len(leftOut) == 0:
		return text + "."
	case all-read == 1:
		return text + ". " + LeftOut(leftOut, more) + " is left out."
	}
	return text + ". " + LeftOut(leftOut, more) + " are left out."
}

// namedColumns is how many columns a sentence names.
const namedColumns = 3

// LeftOut names ignored columns. More is how many there are beside those in headers.
func LeftOut(headers []string, more int) string {
	if len(headers) > namedColumns {
		headers, more = headers[:namedColumns], more+len(headers)-namedColumns
	}
	quoted := make([]string, len(headers))
	for i, header := range headers {
		quoted[i] = "“" + header + "”"
	}
	if more > 0 {
		quoted = append(quoted, Count(more)+" more")
	}
	last := len(quoted) - 1
	if last <= 0 {
		return strings.Join(quoted, "")
	}
	return strings.Join(quoted[:last], ", ") + " and " + quoted[last]
}

// Format describes the dialect of a file.
func Format(d table.Dialect) string {
	if d.Encoding == table.XLSX {
		return "Excel, sheet " + strconv.Quote(d.Sheet)
	}
	separator := separators[d.Separator]
	if separator == "" {
		separator = strconv.Quote(d.Separator)
	}
	return "CSV in " + Encodings[d.Encoding] + ", with " + separator + " between the cells"
}

// Encodings are the names of encodings.
var Encodings = map[table.Encoding]string{
	table.UTF8: "UTF-8", table.UTF16LE: "UTF-16", table.UTF16BE: "UTF-16", table.Windows1252: "Windows-1252", table.XLSX: "Excel",
}

var separators = map[string]string{",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}

// fieldLabels are the labels of the fields that a column may be read as.
var fieldLabels = func() map[string]string {
	labels := map[string]string{csvcell.Number: "Number", csvcell.CustomField: "All custom fields, as JSON"}
	for _, text := range addressbook.TextFields {
		labels[string(text.Key)] = text.Label
	}
	return labels
}()

// suppressionLabels are the labels of the fields that suppressions have beside the number.
var suppressionLabels = map[string]string{"note": "Note", "source": "Where from"}

// ColumnField returns the label of a field, by the name under which a column is read.
func ColumnField(name string) string {
	if label := fieldLabels[name]; label != "" {
		return label
	}
	if path, own := csvcell.CustomColumn(name); own {
		return "Custom field " + path
	}
	return "Variable " + name
}

// Special describes in a few words what is unusual about the file, for lists of imports.
// It returns "" for a file in UTF-8 with commas whose header is its first line.
func (r ImportRow) Special() string {
	p := &r.Plan
	if p.IsZero() {
		return ""
	}
	var words []string
	switch {
	case p.Encoding == table.XLSX:
		words = append(words, "Excel")
	case p.Encoding != table.UTF8:
		words = append(words, Encodings[p.Encoding])
	}
	if p.Encoding != table.XLSX && p.Separator != "," {
		words = append(words, cmp.Or(separators[p.Separator], strconv.Quote(p.Separator)))
	}
	switch {
	case p.HeaderLine == 0:
		words = append(words, "no header")
	case p.HeaderLine > 1:
		words = append(words, "header in line "+strconv.FormatInt(p.HeaderLine, 10))
	}
	if p.Ignored > 0 {
		words = append(words, Plural(p.Ignored, "column", "columns")+" left out")
	}
	if n := r.Tally.LeftOut; n > 0 {
		words = append(words, Plural(n, "number", "numbers")+" left out")
	}
	if n := r.Tally.BadEmails; n > 0 {
		words = append(words, Plural(n, "e-mail", "e-mails")+" in doubt")
	}
	if len(r.Tally.Countries) > 1 {
		words = append(words, strconv.Itoa(len(r.Tally.Countries))+" countries")
	}
	return strings.Join(words, ", ")
}

// Reading returns how the file was read, or nil if that was not stored.
func (r ImportRow) Reading() *Reading { return ReadingOf(&r.Upload) }
