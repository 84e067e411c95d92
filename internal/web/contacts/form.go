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

// contactForm is what the template contact-form.html shows: the fields of a
// contact that is new, or of one that is being edited.
type contactForm struct {
	SID     string // "" for a new one
	Updated string // when the contact that is being edited was changed, in Unix nanoseconds
	Fields  []shell.Field
	Number  numberPreview
	Error   string // what is wrong with no field in particular
	// Taken is the contact that has the number, nil when none has.
	Taken *contacttable.Row
	// Loaded are the values that the contact had when the form was loaded, by the names
	// of the fields.
	Loaded []shell.Option
	From   string // the page of the table that somebody came from; "" for none
	// Custom is how the form shows the custom field, and LinesWrong tells that
	// something is wrong with that.
	Custom     customLines
	LinesWrong bool
	// Deleted tells that somebody deleted the contact meanwhile.
	Deleted bool
}

// contactField is a field of the form: its place in a contact, a draft and a
// patch.
type contactField struct {
	shell.Field
	value  func(*addressbook.Contact) string
	draft  func(*addressbook.Draft) *addressbook.Text
	change func(*addressbook.Patch) *addressbook.Change
}

// inputModes are which keys a phone shows for the texts that are no plain words.
var inputModes = map[addressbook.TextField]string{addressbook.Email: "email"}

// contactFields are the form's fields, in their order. The number comes first,
// the custom field last.
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
		// A draft's custom field is no Text.
		change: func(p *addressbook.Patch) *addressbook.Change { return &p.CustomField },
	})
}()

// Title is what the form is for.
func (f *contactForm) Title() string {
	switch {
	case f.Deleted:
		return "The contact was deleted meanwhile"
	case f.SID != "":
		return "Edit the contact"
	}
	return "Add a contact"
}

// Action is where the form goes to, and the page of what it is about.
func (f *contactForm) Action() string {
	if f.SID == "" {
		return "/contacts"
	}
	return contactPath(f.SID, f.From)
}

// newContactForm returns the form with the values that value gives.
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

// typedForm returns the form with what was typed into it. Browsers send the ends of
// lines as CR LF, whatever was there.
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

// of makes it the form of a contact that is being edited, and that is loaded now.
func (f *contactForm) of(c *addressbook.Contact) *contactForm {
	f.SID, f.Updated, f.Loaded = c.SID.String(), updatedOf(c), loadedWith(c)
	return f
}

// sent makes it the form of a contact that is being edited, and that was loaded when the
// form says.
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

// check finds what is wrong with the number and the custom field, so that both
// are told at once.
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

// refused puts what the book says against a contact beside the field that it is
// about.
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

// draft is the new contact that the form describes. A field that is empty was
// not given.
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

// patchOf is what gives a contact these values. A field that was emptied is not given
// any more; one that shows what the contact has is left alone, ends of lines and all.
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
