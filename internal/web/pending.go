package web

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"callbook/internal/addressbook"
	"callbook/internal/fault"
	"callbook/internal/upload"
	"callbook/internal/upload/table"
)

// shownColumns is how many columns of a file can be mapped and seen. The others
// are understood as their header has it.
const shownColumns = 40

// The words of the form for what a column is for. The last two take a name.
const (
	useNothing  = ""
	useCustom   = "custom"
	useVariable = "variable"

	customColumn = "custom_field."
)

var fieldUses = []option{
	{useNothing, "Leave out"},
	{"number", "Number"},
	{"first_name", "First name"},
	{"last_name", "Last name"},
	{"company_name", "Company"},
	{"email", "E-mail"},
	{"tag", "Tag"},
	{"custom_field", "Custom field, all of it as JSON"},
	{useCustom, "Custom field…"},
}

// pendingReview is what the template pending.html shows.
type pendingReview struct {
	upload.PendingFile
	Form     importForm
	Columns  []mappedColumn
	More     int // columns that are not shown
	Rows     []table.PreviewRow
	Fault    string // why it cannot be imported so
	NoHeader bool
	Uses     []option
	// NewList tells that the list will be made; Members is how many contacts one
	// that is there has.
	NewList bool
	Members int
	// Trial is the dry run; nil when there was none of what the form says.
	Trial *importResult
}

// mappedColumn is a column and what it is for.
type mappedColumn struct {
	At           int
	Header       string
	Use, Name    string
	ReadableName string // for those who cannot see the column
}

// ID names the controls of the column.
func (c mappedColumn) ID() string { return strconv.Itoa(c.At) }

// pendingOf returns the file that the path names.
func (room *importsRoom) pendingOf(r *http.Request) (upload.PendingFile, error) {
	sid, ok := addressbook.ParseSID(r.PathValue("sid"))
	if !ok {
		return upload.PendingFile{}, upload.ErrNotPending
	}
	return room.Imports.PendingFile(r.Context(), accountOf(r), sid)
}

func (room *importsRoom) pendingPage(r *http.Request) (answer, error) {
	file, err := room.pendingOf(r)
	if fault.Is(err, fault.NotFound) {
		// Whoever goes back to a file that was started finds the import.
		if u, err := room.uploadOf(r); err == nil {
			return goTo("/imports/" + u.SID.String()), nil
		}
	}
	if err != nil {
		return answer{}, err
	}
	return room.showPending(r, file, nil)
}

// showPending shows a file, with the form as it was filled in or nil.
func (room *importsRoom) showPending(r *http.Request, file upload.PendingFile, form *importForm) (answer, error) {
	data := pendingReview{PendingFile: file, NoHeader: file.Request.Mapping.NoHeader, Uses: fieldUses}
	if file.Request.Type == addressbook.Dynamic {
		data.Uses = append(slices.Clip(fieldUses), option{useVariable, "Variable…"})
	}
	data.Form = newImportForm()
	data.Form.fill(file.Request)
	if form != nil {
		data.Form = *form
	}
	var err error
	if data.Form.Lists, err = room.listNames(r, accountOf(r)); err != nil {
		return answer{}, err
	}
	look, err := room.Imports.Preview(r.Context(), &file)
	if err != nil {
		return answer{}, err
	}
	data.setLook(look)
	switch l, err := room.Book.ListByName(r.Context(), accountOf(r), file.Request.ListName); {
	case err == nil:
		data.Members = l.ContactCount
	case fault.Is(err, fault.NotFound):
		data.NewList = true
	default:
		return answer{}, err
	}
	if file.Trial != (addressbook.SID{}) {
		u, err := room.Imports.Upload(r.Context(), accountOf(r), file.Trial)
		if err != nil {
			return answer{}, err
		}
		result, err := room.resultOf(r, u)
		if err != nil {
			return answer{}, err
		}
		result.Progress.URL = "/imports/" + file.SID.String() + "/draft/progress"
		data.Trial = &result
	}
	return pages.show("pending", "Import "+fileOr(file.FileName), data), nil
}

func (v *pendingReview) setLook(look table.Preview) {
	for i, c := range look.Columns[:min(shownColumns, len(look.Columns))] {
		m := mappedColumn{At: i, Header: c.Header, ReadableName: fmt.Sprintf("column %d", i+1)}
		if !v.NoHeader && strings.TrimSpace(c.Header) != "" {
			m.ReadableName = c.Header
		}
		m.Use, m.Name = useOf(c.Name)
		v.Columns = append(v.Columns, m)
	}
	v.More = len(look.Columns) - len(v.Columns)
	v.Rows = look.Rows
	for i := range v.Rows {
		v.Rows[i].Cells = v.Rows[i].Cells[:min(shownColumns, len(v.Rows[i].Cells))]
	}
	if f := fault.As(look.Fault); f != nil {
		v.Fault = sentence(f)
	}
}

// useOf reads the name of a column as a header has it.
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

// nameOf is the reverse of useOf. Without a name of its own, a custom field or a
// variable is called as the column's header has it.
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

// mappingOf reads what the form says of the columns. Where that is no more than
// what the header says, it leaves it to the header. With another type, columns
// that were left out may have a use.
func mappingOf(r *http.Request, look table.Preview, otherType bool) table.Mapping {
	m := table.Mapping{NoHeader: r.PostForm.Get("no_header") == "yes"}
	same := !m.NoHeader
	for i, c := range look.Columns {
		name, at := c.Name, strconv.Itoa(i)
		if use := r.PostForm["use."+at]; len(use) == 1 {
			if use[0] != useNothing || !otherType {
				name = nameOf(use[0], r.PostForm.Get("name."+at), c.Header)
			}
		}
		m.Columns = append(m.Columns, name)
		same = same && name == c.Name
	}
	if same {
		return table.Mapping{}
	}
	return m
}

// changePending takes what the form says. One of its buttons only does that, the
// others go on from there.
func (room *importsRoom) changePending(r *http.Request) (answer, error) {
	if err := readForm(r); err != nil {
		return answer{}, err
	}
	file, err := room.pendingOf(r)
	if err != nil {
		return answer{}, err
	}
	form := newImportForm()
	for name := range r.PostForm {
		form.set(name, r.PostForm.Get(name))
	}
	request, ok := form.request()
	if ok {
		// What the header says by itself is what the form is held against.
		plain := file
		plain.Request = request
		look, err := room.Imports.Preview(r.Context(), &plain)
		if err != nil {
			return answer{}, err
		}
		request.Mapping = mappingOf(r, look, request.Type != file.Request.Type)
		if request.Mapping.NoHeader != file.Request.Mapping.NoHeader || !sameRequest(request, file.Request) {
			changed, err := room.Imports.ChangePending(r.Context(), accountOf(r), file.SID, request)
			if err == nil {
				file = changed
			} else if err = form.refused(err); err != nil {
				return answer{}, err
			} else {
				ok = false
			}
		}
	}
	if !ok {
		a, err := room.showPending(r, file, &form)
		return a.invalid(), err
	}
	return room.goOn(r, file, &form, r.PostForm.Get("then"))
}

func sameRequest(a, b upload.Request) bool {
	return a.ListName == b.ListName && a.Type == b.Type && a.Options == b.Options && a.Mapping.Encode() == b.Mapping.Encode()
}

// goOn does what the button of the file's form says.
func (room *importsRoom) goOn(r *http.Request, file upload.PendingFile, form *importForm, then string) (answer, error) {
	page := "/imports/" + file.SID.String()
	var err error
	switch then {
	case "try":
		if _, err = room.Imports.TryPending(r.Context(), accountOf(r), file.SID); err == nil {
			return goTo(page + "/draft#check"), nil
		}
	case "start":
		if _, err = room.Imports.StartPending(r.Context(), accountOf(r), file.SID); err == nil {
			return goTo(page), nil
		}
	default:
		return goTo(page + "/draft"), nil
	}
	if err := form.refused(err); err != nil {
		return answer{}, err
	}
	a, err := room.showPending(r, file, form) // which says what is wrong with the columns
	return a.invalid(), err
}

// trialProgress is the progress of a file's dry run.
func (room *importsRoom) trialProgress(r *http.Request) (answer, error) {
	file, err := room.pendingOf(r)
	if err != nil {
		return answer{}, err
	}
	page := "/imports/" + file.SID.String() + "/draft"
	if file.Trial == (addressbook.SID{}) {
		return goTo(page), nil
	}
	u, err := room.Imports.Upload(r.Context(), accountOf(r), file.Trial)
	if err != nil {
		return answer{}, err
	}
	return room.progressPiece(r, u, page), nil
}

func (room *importsRoom) discardPending(r *http.Request) (answer, error) {
	if sid, ok := addressbook.ParseSID(r.PathValue("sid")); ok {
		if err := room.Imports.DiscardPending(r.Context(), accountOf(r), sid); err != nil {
			return answer{}, err
		}
	}
	return goTo("/imports").saying("The file is removed. Nothing was imported."), nil
}
