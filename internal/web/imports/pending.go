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

// pendingReview is the data of the template pending.html.
type pendingReview struct {
	upload.PendingFile
	Form    importForm
	File    fileForm
	Columns []mappedColumn
	More    int // columns that are not shown
	// ColumnsRead says how many columns are read and which are ignored. LeftOut means
	// that some are. Takeable is how many of those can become custom fields.
	ColumnsRead string
	LeftOut     bool
	Takeable    int
	Fields      []string // the fields of the cells in Rows
	Rows        []shownRow
	Empty       bool   // whether the file has no rows
	Fault       string // why it cannot be imported; "" means that it can
	NoHeader    bool
	Uses        []shell.Option
	// NewList means that the import will create the list. Otherwise Members is how many
	// contacts the list has.
	NewList bool
	Members int
	// Trial is the dry run with the form's present values, or nil.
	Trial *importResult
}

// shownRow is one of the first rows of a file, as it will be read.
type shownRow struct {
	table.PreviewRow
	Cells []shownCell
}

// shownCell is a cell and its field. Doubt means that it is an invalid e-mail.
type shownCell struct {
	Field, Text string
	Doubt       bool
}

// pendingOf returns the pending file in the path.
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
		// For a file that was started, redirect to its import.
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

// showPending shows a pending file. Form has what was sent, or is nil.
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

// choose shows choices for the columns that were sent, but not applied.
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
