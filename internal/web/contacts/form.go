package contacts

import (
	"net/url"
	"strings"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/fault"
	"callbook/internal/web/contacttable"
	"callbook/internal/web/shell"
	"callbook/internal/web/words"
)

// contactForm is the data of the template contact-form.html: the fields of a new contact
// or of an edited one.
type contactForm struct {
	SID     string // "" for a new contact
	Updated string // when the edited contact was last changed, in Unix nanoseconds
	Fields  []shell.Field
	Number  numberPreview
	Error   string // an error that is not about a single field
	// Taken is the contact that has the number, or nil.
	Taken *contacttable.Row
	// Loaded are the values with which the form was loaded, by the names of the fields.
	Loaded []shell.Option
	From   string // the page of the table from which the visitor came, or ""
	// Custom shows the custom field. LinesWrong means that it has an error.
	Custom     customLines
	LinesWrong bool
	// Deleted means that somebody has deleted the contact in the meantime.
	Deleted bool
}

// contactField is a field of the form, with its place in a contact, a draft and a patch.
type contactField struct {
	shell.Field
	value  func(*addressbook.Contact) string
	draft  func(*addressbook.Draft) *addressbook.Text
	change func(*addressbook.Patch) *addressbook.Change
}

// inputModes select the keyboards of phones for texts that are not plain words.
var inputModes = map[addressbook.TextField]string{addressbook.Email: "email"}

// contactFields are the form's fields in their order: first the number, last the custom
// field.
var contactFields = func() []contactField {
	fields := []contactField{{
		Field:  shell.Field{Name: "number", Label: "Number", Type: "tel", Required: true, Hint: "In any format; with the country code if it is abroad."},
		value:  func(c *addressbook.Contact) string { return c.Number.String() },
		draft:  func(d *addressbook.Draft) *addressbook.Text { return &d.Number },
		change: func(p *addressbook.Patch) *addressbook.Change { return &p.Number },
	}}
	for i, text := range addressbook.TextFields {
		fields = append(fields, contactField{
			Field:  shell.Field{Name: string(text.Key), Label: text.Label, InputMode: inputModes[addressbook.TextField(i)]},
			value:  func(c *addressbook.Contact) string { return c.Texts[i].Value },
			draft:  func(d *addressbook.Draft) *addressbook.Text { return &d.Texts[i] },
			change: func(p *addressbook.Patch) *addressbook.Change { return &p.Texts[i] },
		})
	}
	fields[1+addressbook.Tag].Hint = "A word or a few for finding contacts."
	return append(fields, contactField{
		Field: shell.Field{Name: "custom_field", Label: "Custom fields", Type: "textarea"},
		value: func(c *addressbook.Contact) string { return c.CustomField },
		// A draft's custom field is not a Text.
		change: func(p *addressbook.Patch) *addressbook.Change { return &p.CustomField },
	})
}()

// Title returns the title of the form.
func (f *contactForm) Title() string {
	switch {
	case f.Deleted:
		return "The contact was deleted meanwhile"
	case f.SID != "":
		return "Edit the contact"
	}
	return "Add a contact"
}

// Action returns the URL of the form, which is also the page of the contact or of all
// contacts.
func (f *contactForm) Action() string {
	if f.SID == "" {
		return "/contacts"
	}
	return contactPath(f.SID, f.From)
}

// newContactForm returns a form with the values that value returns.
func newContactForm(value func(contactField) string) *contactForm {
	f := new(contactForm)
	for _, cf := range contactFields {
		cf.Value = value(cf)
		if cf.Type != "textarea" {
			cf.MaxLength = addressbook.MaxTextLength
		}
		f.Fields = append(f.Fields, cf.Field)
	}
	f.Fields[0].Focus = true
	f.Custom = linesOf(f.Fields[len(f.Fields)-1].Value)
	return f
}

// typedForm returns a form with the values that were sent. Browsers send line ends as
// CRLF.
func typedForm(form url.Values) *contactForm {
	custom := linesIn(form)
	f := newContactForm(func(f contactField) string {
		value := strings.ReplaceAll(form.Get(f.Name), "\r\n", "\n")
		switch f.Name {
		case "number":
			value = strings.TrimSpace(value)
		case "custom_field":
			value = custom.value
		}
		return value
	})
	f.Custom = custom
	return f
}

// of returns the form for editing a contact, loaded from what is stored now.
func (f *contactForm) of(c *addressbook.Contact) *contactForm {
	f.SID, f.Updated, f.Loaded = c.SID.String(), updatedOf(c), loadedWith(c)
	return f
}

// sent returns the form for editing a contact, with the loaded values that the sent form
// has.
func (f *contactForm) sent(sid addressbook.SID, form url.Values) *contactForm {
	f.SID, f.Updated, f.Loaded = sid.String(), form.Get("updated"), shell.LoadedIn(form)
	return f
}

func (f *contactForm) fail(name fault.Field, text string) {
	for i := range f.Fields {
		if f.Fields[i].Name == string(name) && f.Fields[i].Error == "" {
			f.Fields[i].Error, f.Fields[0].Focus = text, false
		}
	}
}

func (f *contactForm) wrong() bool {
	for _, field := range f.Fields {
		if field.Error != "" {
			return true
		}
	}
	return f.Error != "" || f.LinesWrong
}

// check finds errors of the number and the custom field, so that the form shows both at
// once.
func (room *Room) check(acct account.Account, f *contactForm) {
	for _, field := range f.Fields {
		switch {
		case field.Name == "number" && field.Value == "":
			f.refused(fault.Mandatory(addressbook.FieldNumber), nil)
		case field.Name == "number":
			if _, err := room.Book.Number(acct, field.Value); fault.As(err) != nil {
				f.refused(fault.As(err), nil)
			}
		}
	}
	if text, ok := f.Custom.check(); !ok {
		f.LinesWrong, f.Fields[0].Focus = true, f.Fields[0].Error != ""
		if text != "" {
			f.Custom.ByJSON = true
			f.fail(addressbook.FieldCustomField, text)
		}
	}
}

// refused puts a fault of the book beside its field. Holder is the contact that has the
// number.
func (f *contactForm) refused(err *fault.Error, holder *addressbook.Contact) {
	if err.Field == "" {
		f.Error = err.Detail
		return
	}
	f.fail(err.Field, words.Sentence(err))
	if err.Need == fault.Unique && holder != nil {
		f.Taken = &contacttable.Row{Contact: *holder, Name: words.ContactTitle(*holder), Number: holder.Number.International()}
	}
}

// draft returns the new contact that the form describes. An empty field means no value.
func (f *contactForm) draft() addressbook.Draft {
	var draft addressbook.Draft
	for i, cf := range contactFields {
		value := f.Fields[i].Value
		switch {
		case cf.draft == nil:
			draft.CustomField = value
		case value != "":
			*cf.draft(&draft) = addressbook.Given(value)
		}
	}
	return draft
}

// patchOf returns the patch that gives a contact these values. An empty field removes the
// value. The patch omits a field that still shows the stored value, regardless of line
// ends.
func patchOf(c *addressbook.Contact, values []string) (p addressbook.Patch, changes bool) {
	p = addressbook.Patch{SID: c.SID, IfUpdated: c.Updated}
	for i, cf := range contactFields {
		if value := values[i]; !shell.SameShown(cf.Type, value, cf.value(c)) {
			*cf.change(&p) = addressbook.Change{Set: true, Text: addressbook.Text{Value: value, Given: value != ""}}
			changes = true
		}
	}
	return p, changes
}
