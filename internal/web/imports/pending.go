package imports

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
	"callbook/internal/web/shell"
	"callbook/internal/web/words"
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

var fieldUses = func() []shell.Option {
	uses := []shell.Option{{Value: useNothing, Label: "Leave out"}, {Value: "number", Label: "Number"}}
	for _, text := range addressbook.TextFields {
		uses = append(uses, shell.Option{Value: string(text.Key), Label: text.Label})
	}
	return append(uses, shell.Option{Value: "custom_field", Label: "Custom field, all of it as JSON"}, shell.Option{Value: useCustom, Label: "Custom field…"})
}()

// pendingReview is what the template pending.html shows.
type pendingReview struct {
	upload.PendingFile
	Form     importForm
	File     fileForm
	Columns  []mappedColumn
	More     int // columns that are not shown
	Rows     []table.PreviewRow
	Fault    string // why it cannot be imported so
	NoHeader bool
	Uses     []shell.Option
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
	Sure         string // how many of the first cells are numbers; "" for other columns
	ReadableName string // for those who cannot see the column
}

// ID names the controls of the column.
func (c mappedColumn) ID() string { return strconv.Itoa(c.At) }

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
	return room.showPending(r, file, nil)
}

// showPending shows a file, with the form as it was filled in or nil.
func (room *Room) showPending(r *http.Request, file upload.PendingFile, form *importForm) (shell.Answer, error) {
	data := pendingReview{PendingFile: file, NoHeader: file.Request.Mapping.NoHeader, Uses: fieldUses}
	if file.Request.Type == addressbook.Dynamic {
		data.Uses = append(slices.Clip(fieldUses), shell.Option{Value: useVariable, Label: "Variable…"})
	}
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
		result.Progress.URL = "/imports/" + file.SID.String() + "/draft/progress"
		data.Trial = &result
	}
	return pages.Show("pending", "Import "+words.FileName(file.FileName), data), nil
}

func (v *pendingReview) setLook(look table.Preview) {
	v.File = fileFormOf(v.Request.Mapping, look)
	for i, c := range look.Columns[:min(shownColumns, len(look.Columns))] {
		m := mappedColumn{At: i, Header: c.Header, ReadableName: fmt.Sprintf("column %d", i+1)}
		if !v.NoHeader && strings.TrimSpace(c.Header) != "" {
			m.ReadableName = c.Header
		}
		m.Use, m.Name = useOf(c.Name)
		m.Sure = sureOf(c)
		v.Columns = append(v.Columns, m)
	}
	v.More = len(look.Columns) - len(v.Columns)
	v.Rows = look.Rows
	for i := range v.Rows {
		v.Rows[i].Cells = v.Rows[i].Cells[:min(shownColumns, len(v.Rows[i].Cells))]
	}
	if f := fault.As(look.Fault); f != nil {
		v.Fault = words.Sentence(f)
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
func mappingOf(r *http.Request, m table.Mapping, look table.Preview, otherType bool) table.Mapping {
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
		same = same && name == c.Name
	}
	if same {
		return plain
	}
	return m
}

// changePending takes what the form says. One of its buttons only does that, the
// others go on from there.
func (room *Room) changePending(r *http.Request) (shell.Answer, error) {
	file, err := room.pendingOf(r)
	if err != nil {
		return shell.Answer{}, err
	}
	form := newImportForm()
	for name := range r.PostForm {
		form.set(name, r.PostForm.Get(name))
	}
	request, ok := form.request()
	if ok {
		// What the header says by itself is what the form is held against.
		plain := file
		request.Mapping = readFileForm(r, file.Request.Mapping)
		plain.Request = request
		look, err := room.Imports.Preview(r.Context(), &plain)
		if err = form.refusedFile(err); err != nil {
			return shell.Answer{}, err
		}
		switch {
		case form.FileError != "":
			a, err := room.showPending(r, file, &form)
			return a.Invalid(), err
		case readsFileOtherwise(request.Mapping, file.Request.Mapping):
			// Its columns are others, and so is what they are for.
			request.Mapping, err = room.Imports.GuessMapping(r.Context(), &plain)
		default:
			request.Mapping = mappingOf(r, request.Mapping, look, request.Type != file.Request.Type)
		}
		if err != nil {
			return shell.Answer{}, err
		}
		if request.Mapping.NoHeader != file.Request.Mapping.NoHeader || !sameRequest(request, file.Request) {
			changed, err := room.Imports.ChangePending(r.Context(), shell.AccountOf(r), file.SID, request)
			if err == nil {
				file = changed
			} else if err = form.refused(err); err != nil {
				return shell.Answer{}, err
			} else {
				ok = false
			}
		}
	}
	if !ok {
		a, err := room.showPending(r, file, &form)
		return a.Invalid(), err
	}
	return room.goOn(r, file, &form, r.PostForm.Get("then"))
}

func sameRequest(a, b upload.Request) bool {
	return a.ListName == b.ListName && a.Type == b.Type && a.Options == b.Options && a.Mapping.Encode() == b.Mapping.Encode()
}

// goOn does what the button of the file's form says.
func (room *Room) goOn(r *http.Request, file upload.PendingFile, form *importForm, then string) (shell.Answer, error) {
	page := "/imports/" + file.SID.String()
	var err error
	switch then {
	case "try":
		if _, err = room.Imports.TryPending(r.Context(), shell.AccountOf(r), file.SID); err == nil {
			return shell.GoTo(page + "/draft#check"), nil
		}
	case "start":
		if _, err = room.Imports.StartPending(r.Context(), shell.AccountOf(r), file.SID); err == nil {
			return shell.GoTo(page), nil
		}
	default:
		return shell.GoTo(page + "/draft"), nil
	}
	if err := form.refused(err); err != nil {
		return shell.Answer{}, err
	}
	a, err := room.showPending(r, file, form) // which says what is wrong with the columns
	return a.Invalid(), err
}

// trialProgress is the progress of a file's dry run.
func (room *Room) trialProgress(r *http.Request) (shell.Answer, error) {
	file, err := room.pendingOf(r)
	if err != nil {
		return shell.Answer{}, err
	}
	page := "/imports/" + file.SID.String() + "/draft"
	if file.Trial == (addressbook.SID{}) {
		return shell.GoTo(page), nil
	}
	u, err := room.Imports.Upload(r.Context(), shell.AccountOf(r), file.Trial)
	if err != nil {
		return shell.Answer{}, err
	}
	return room.progressPiece(r, u, page), nil
}

func (room *Room) discardPending(r *http.Request) (shell.Answer, error) {
	if sid, ok := addressbook.ParseSID(r.PathValue("sid")); ok {
		if err := room.Imports.DiscardPending(r.Context(), shell.AccountOf(r), sid); err != nil {
			return shell.Answer{}, err
		}
	}
	return shell.GoTo("/imports").Saying("The file is removed. Nothing was imported."), nil
}
