package imports

import (
	"net/http"
	"net/url"

	"callbook/internal/addressbook"
	"callbook/internal/fault"
	"callbook/internal/upload"
	"callbook/internal/upload/table"
	"callbook/internal/web/shell"
	"callbook/internal/web/words"
)

// pendingReview is what the template pending.html shows.
type pendingReview struct {
	upload.PendingFile
	Form    importForm
	File    fileForm
	Columns []mappedColumn
	More    int // columns that are not shown
	// ColumnsRead says how many columns are read and which are left out, LeftOut that
	// some are, and Takeable how many of these can become custom fields by a click.
	ColumnsRead string
	LeftOut     bool
	Takeable    int
	Fields      []string // what the cells of Rows are
	Rows        []shownRow
	Empty       bool   // the file has no rows
	Fault       string // why it cannot be imported so; "" when it can
	NoHeader    bool
	Uses        []shell.Option
	// NewList tells that the list will be made; Members is how many contacts one
	// that is there has.
	NewList bool
	Members int
	// Trial is the dry run; nil when there was none of what the form says.
	Trial *importResult
}

// shownRow is one of the first rows of a file, as it will be read.
type shownRow struct {
	table.PreviewRow
	Cells []shownCell
}

// shownCell is a text of a row, and the field that it is for. Doubt tells that it is
// an e-mail that cannot be one.
type shownCell struct {
	Field, Text string
	Doubt       bool
}

// pendingOf returns the file that the path names.
func (room *Room) pendingOf(r *http.Request) (upload.PendingFile, error) {
	sid, ok := addressbook.ParseSID(r.PathValue("sid"))
	if !ok {
		return upload.PendingFile{}, upload.ErrNotPending
	}
	return room.Imports.PendingFile(r.Context(), shell.AccountOf(r), sid)
}

func (room *Room) pendingPage(r *http.Request) (shell.Answer, error) {
	file, err := room.pendingOf(r)
	if fault.Is(err, fault.NotFound) {
		// Whoever goes back to a file that was started finds the import.
		if u, err := room.uploadOf(r); err == nil {
			return shell.GoTo("/imports/" + u.SID.String()), nil
		}
	}
	if err != nil {
		return shell.Answer{}, err
	}
	values, err := shell.Typed(r)
	if err != nil || values == nil {
		return room.showPending(r, file, nil)
	}
	form := newImportForm()
	for name := range values {
		form.set(name, values.Get(name))
	}
	form.columns = values
	return room.showPending(r, file, &form)
}

// showPending shows a file, with the form as it was filled in or nil.
func (room *Room) showPending(r *http.Request, file upload.PendingFile, form *importForm) (shell.Answer, error) {
	data := pendingReview{PendingFile: file, NoHeader: file.Request.Mapping.NoHeader, Uses: usesOf(file.Request.Type)}
	data.Form = newImportForm()
	data.Form.fill(file.Request)
	if form != nil {
		data.Form = *form
	}
	var err error
	if data.Form.Lists, err = room.listNames(r, shell.AccountOf(r)); err != nil {
		return shell.Answer{}, err
	}
	look, err := room.Imports.Preview(r.Context(), &file)
	if err != nil {
		return shell.Answer{}, err
	}
	data.setLook(look)
	data.choose(data.Form.columns)
	if data.Form.FileError != "" {
		data.File.fill(r)
	}
	switch l, err := room.Book.ListByName(r.Context(), shell.AccountOf(r), file.Request.ListName); {
	case err == nil:
		data.Members = l.ContactCount
	case fault.Is(err, fault.NotFound):
		data.NewList = true
	default:
		return shell.Answer{}, err
	}
	if file.Trial != (addressbook.SID{}) {
		u, err := room.Imports.Upload(r.Context(), shell.AccountOf(r), file.Trial)
		if err != nil {
			return shell.Answer{}, err
		}
		result, err := room.resultOf(r, u)
		if err != nil {
			return shell.Answer{}, err
		}
		result.Progress.URL = "/imports/" + file.SID.String() + "/pending/progress"
		data.Trial = &result
	}
	return pages.Show("pending", "Import "+words.FileName(file.FileName), data), nil
}

// choose shows what was chosen for the columns and is not applied yet.
func (v *pendingReview) choose(form url.Values) {
	if form == nil {
		return
	}
	v.NoHeader = form.Get("no_header") == "yes"
	for i := range v.Columns {
		c := &v.Columns[i]
		if use := form["use."+c.ID()]; len(use) == 1 {
			c.Use, c.Name = use[0], form.Get("name."+c.ID())
		}
	}
}

func (v *pendingReview) setLook(look table.Preview) {
	v.File = fileFormOf(v.Request.Mapping, look)
	v.Columns = columnsOf(&look, v.NoHeader)
	v.More = len(look.Columns) - len(v.Columns)
	v.Fault = faultOf(&look, v.Columns)
	v.Empty = len(look.Rows) == 0
	leftOut, read, takeable := leftOutOf(&look, v.NoHeader)
	v.ColumnsRead, v.LeftOut, v.Takeable = words.ColumnsRead(read, leftOut, 0), len(leftOut) > 0, takeable
	if v.Fault != "" {
		return
	}
	for _, c := range v.Columns {
		if c.Use != useNothing && c.Use != useNumber {
			v.Fields = append(v.Fields, words.ColumnField(nameOf(c.Use, c.Name, c.Header)))
		}
	}
	for _, row := range look.Rows {
		shown := shownRow{PreviewRow: row}
		for _, c := range v.Columns {
			if c.Use == useNothing || c.Use == useNumber {
				continue
			}
			text := row.Cells[c.At]
			doubt := c.Use == string(addressbook.TextFields[addressbook.Email].Key) && text != "" && !addressbook.CanBeEmail(text)
			shown.Cells = append(shown.Cells, shownCell{v.Fields[len(shown.Cells)], text, doubt})
		}
		v.Rows = append(v.Rows, shown)
	}
}
