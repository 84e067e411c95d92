package imports

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"callbook/internal/fault"
	"callbook/internal/upload"
	"callbook/internal/upload/table"
	"callbook/internal/web/shell"
	"callbook/internal/web/words"
)

// fileForm is the part of a pending file's form about the dialect and the header of the
// file.
type fileForm struct {
	Encoding, Separator, Sheet, HeaderLine shell.Field
	Words                                  string // describes how the file is read
	ByHand                                 bool   // whether a person has chosen some of it
}

// separatorNames are the names of the separators that are recognised.
var separatorNames = map[string]string{",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}

// fileFormOf returns the form for a file with this mapping. The first option of each
// field is the detected value.
func fileFormOf(m table.Mapping, look table.Preview) fileForm {
	f := fileForm{
		Encoding: shell.Field{Name: "encoding", Label: "Encoding", Type: "select", Value: string(m.Encoding), Options: []shell.Option{
			{Value: "", Label: "Recognised: " + words.Encodings[look.Encoding]},
			{Value: string(table.UTF8), Label: "UTF-8"},
			{Value: string(table.Windows1252), Label: "Windows-1252"},
		}},
		Separator: shell.Field{Name: "separator", Label: "Between the cells", Type: "select", Value: m.Separator, Options: []shell.Option{
			{Value: "", Label: "Recognised: " + orQuoted(separatorNames[look.Separator], look.Separator)},
			{Value: ",", Label: "Comma"},
			{Value: ";", Label: "Semicolon"},
			{Value: "\t", Label: "Tab"},
			{Value: "|", Label: "Bar"},
		}},
		Sheet:      shell.Field{Name: "sheet", Label: "Sheet", Type: "select", Value: m.Sheet},
		HeaderLine: shell.Field{Name: "header_line", Label: "Line of the header", Type: "number", Hint: "Left empty, it is found by itself."},
		Words:      words.Format(look.Dialect),
		ByHand:     readsFileOtherwise(m, table.Mapping{}),
	}
	switch {
	case m.HeaderLine > 0:
		f.HeaderLine.Value = strconv.FormatInt(m.HeaderLine, 10)
	case look.HeaderLine > 0:
		f.HeaderLine.Hint = fmt.Sprintf("Recognised: line %d.", look.HeaderLine)
	}
	if look.HeaderLine > 0 {
		f.Words += fmt.Sprintf("; the header is line %d", look.HeaderLine)
	}
	for i, name := range look.Sheets {
		if i == 0 {
			f.Sheet.Options = append(f.Sheet.Options, shell.Option{Label: name})
		} else {
			f.Sheet.Options = append(f.Sheet.Options, shell.Option{Value: name, Label: name})
		}
	}
	return f
}

func orQuoted(name, separator string) string {
	if name == "" {
		return strconv.Quote(separator)
	}
	return name
}

// fill shows the sent values, with which the file cannot be read.
func (f *fileForm) fill(r *http.Request) {
	for _, field := range []*shell.Field{&f.Encoding, &f.Separator, &f.Sheet, &f.HeaderLine} {
		if r.PostForm.Has(field.Name) {
			field.Value = r.PostForm.Get(field.Name)
		}
	}
}

// IsSheet reports whether the file is a spreadsheet.
func (f fileForm) IsSheet() bool { return len(f.Sheet.Options) > 0 }

// readFileForm reads the dialect and the header from a form. Missing fields stay as they
// are in now.
func readFileForm(r *http.Request, now table.Mapping) table.Mapping {
	m := table.Mapping{Encoding: now.Encoding, Separator: now.Separator, Sheet: now.Sheet, HeaderLine: now.HeaderLine}
	if r.PostForm.Has("encoding") {
		m.Encoding = table.Encoding(r.PostForm.Get("encoding"))
	}
	if r.PostForm.Has("separator") {
		m.Separator = r.PostForm.Get("separator")
	}
	if r.PostForm.Has("sheet") {
		m.Sheet = r.PostForm.Get("sheet")
	}
	if r.PostForm.Has("header_line") {
		// Anything but a positive number means that the header is detected.
		line, err := strconv.ParseInt(strings.TrimSpace(r.PostForm.Get("header_line")), 10, 32)
		if err != nil {
			line = 0
		}
		m.HeaderLine = max(0, line)
	}
	return m
}

// readsFileOtherwise reports whether two mappings may give the file different columns.
func readsFileOtherwise(a, b table.Mapping) bool {
	return a.Encoding != b.Encoding || a.Separator != b.Separator || a.Sheet != b.Sheet || a.HeaderLine != b.HeaderLine
}

// refusedFile shows a fault of the whole file. It returns any other error.
func (f *importForm) refusedFile(err error) error {
	if is := fault.As(err); is != nil && is.Field == upload.FieldFile {
		f.FileError = words.Sentence(is)
		return nil
	}
	return err
}
