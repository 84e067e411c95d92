package imports

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"callbook/internal/addressbook"
	"callbook/internal/fault"
	"callbook/internal/upload"
	"callbook/internal/web/shell"
	"callbook/internal/web/words"
)

// maxUploadForm bounds a form with a file, in bytes.
const maxUploadForm = upload.MaxFileBytes + shell.MaxForm

// The options of an import.
var (
	listTypeOptions = []shell.Option{
		{Value: "static", Label: fmt.Sprintf("Static: up to %s contacts", words.Count(upload.MaxStatic))},
		{Value: "dynamic", Label: fmt.Sprintf("Dynamic: up to %s contacts, with variables", words.Count(upload.MaxDynamic))},
	}
	onDuplicateOptions = []shell.Option{
		{Value: "reject", Label: "Keep it, and report rows already in the list"},
		{Value: "skip", Label: "Keep it"},
		{Value: "update", Label: "Overwrite it with the row"},
	}
)

// importForm is the form of an import, except its file and columns.
type importForm struct {
	ListName, Type, OnDuplicate shell.Field
	Lists                       []string   // names to suggest
	columns                     url.Values // the choices for the columns, as sent
	Full                        bool       // no more files may wait
	FileError                   string
}

func newImportForm() importForm {
	return importForm{
		ListName: shell.Field{
			Name: "list_name", Label: "List", Required: true, MaxLength: addressbook.MaxTextLength,
			Hint: "A new name makes a new list. With the name of a list that is there, the contacts are added to it.",
		},
		Type: shell.Field{
			Name: "type", Label: "Kind of list", Type: "select", Value: "static", Options: listTypeOptions,
			Hint: "Of a new list. A list that is there keeps its kind.",
		},
		OnDuplicate: shell.Field{
			Name: "on_duplicate", Label: "If a contact is there already", Type: "select", Value: "reject", Options: onDuplicateOptions,
			Hint: "It joins the list in any case.",
		},
	}
}

// newFileForm returns the form that uploads a file. The other fields follow on the file's
// page.
func newFileForm() importForm {
	f := newImportForm()
	f.ListName.Required = false
	f.ListName.Hint = "Leave it empty for a new list with the name of the file. You can change it on the next page."
	return f
}

// set sets a field of the form to a sent value.
func (f *importForm) set(name, value string) {
	for _, one := range []*shell.Field{&f.ListName, &f.Type, &f.OnDuplicate} {
		if one.Name == name {
			one.Value = value
		}
	}
}

// request returns the request that the form describes. If the form is invalid, it sets
// the errors of fields and returns false. An existing list keeps its type, whatever the
// form says.
func (room *Room) request(r *http.Request, f *importForm) (upload.Request, bool, error) {
	request, ok := f.request()
	if !ok {
		return request, false, nil
	}
	there, err := room.Book.ListByName(r.Context(), shell.AccountOf(r), request.ListName)
	if fault.Is(err, fault.NotFound) {
		return request, true, nil
	}
	request.Type = there.Type
	return request, true, err
}

func (f *importForm) request() (upload.Request, bool) {
	r := upload.Request{ListName: f.ListName.Value, TypeGiven: true}
	switch f.Type.Value {
	case "static":
	case "dynamic":
		r.Type = addressbook.Dynamic
	default:
		f.Type.Error = "Choose what kind of list it is."
	}
	switch f.OnDuplicate.Value {
	case "reject":
	case "skip":
		r.Options.OnDuplicate = addressbook.SkipDuplicate
	case "update":
		r.Options.OnDuplicate = addressbook.UpdateDuplicate
	default:
		f.OnDuplicate.Error = "Choose what happens then."
	}
	if r.ListName == "" {
		f.ListName.Error = words.Sentence(fault.Mandatory(upload.FieldListName))
	}
	return r, f.Type.Error == "" && f.OnDuplicate.Error == "" && f.ListName.Error == ""
}

// fill is the reverse of request.
func (f *importForm) fill(r upload.Request) {
	f.ListName.Value = r.ListName
	f.Type.Value = listTypeOptions[r.Type].Value
	f.OnDuplicate.Value = onDuplicateOptions[r.Options.OnDuplicate].Value
}

// refused sets the error of the field that a fault of the importer is about. It returns
// any other error.
func (f *importForm) refused(err error) error {
	is := fault.As(err)
	if !fault.Is(err, fault.Invalid) && !fault.Is(err, fault.Missing) {
		return err
	}
	switch is.Field {
	case upload.FieldFile:
		f.FileError = words.Sentence(is)
	case upload.FieldType:
		f.Type.Error = words.Sentence(is)
	default:
		f.ListName.Error = words.Sentence(is)
	}
	return nil
}

// readUpload reads the form and returns its file, or nil if none was chosen.
func (room *Room) readUpload(r *http.Request, form *importForm) (*upload.File, error) {
	r.Body = http.MaxBytesReader(nil, r.Body, maxUploadForm)
	parts, err := r.MultipartReader()
	if err != nil {
		return nil, shell.ErrForm
	}
	file, err := room.Imports.ReceiveForm(r.Context(), shell.AccountOf(r), parts, "file", nil, form.set)
	return file, uploadTrouble(err)
}

// uploadTrouble returns an error for a person if the form could not be read completely.
// It returns other errors unchanged.
func uploadTrouble(err error) error {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return errFileTooLarge
	}
	if _, ok := errors.AsType[upload.FormError](err); ok {
		return errNotWhole
	}
	if is := fault.As(err); is != nil && is.Kind == fault.TooLarge {
		return errFileTooLarge
	}
	return err
}

var errNotWhole = fault.New(fault.Unparsable, "The file did not arrive whole. Try again.")

var errFileTooLarge = fault.New(fault.TooLarge, fmt.Sprintf("A file has at most %d MB. Split it, and import the parts into the same list.", upload.MaxFileBytes>>20))
