package contacts

import (
	"net/http"

	"callbook/internal/addressbook"
	"callbook/internal/fault"
	"callbook/internal/web/contacttable"
	"callbook/internal/web/shell"
)

func (room *Room) newContactPage(*http.Request) (shell.Answer, error) {
	return pages.Show("contact-form", "Add a contact", newContactForm(func(contactField) string { return "" })), nil
}

func (room *Room) createContact(r *http.Request) (shell.Answer, error) {
	form := newContactForm(typed(r.PostForm))
	room.check(shell.AccountOf(r), form)
	if form.wrong() {
		return room.formAgain(r, form)
	}
	results, err := room.Book.CreateContacts(r.Context(), shell.AccountOf(r), []addressbook.Draft{form.draft()}, addressbook.CreateOptions{}, nil)
	if err != nil {
		return shell.Answer{}, err
	}
	result := results[0]
	if result.Fault != nil {
		f := fault.As(result.Fault)
		if f == nil {
			return shell.Answer{}, result.Fault
		}
		form.refused(f, result.Contact)
		return room.formAgain(r, form)
	}
	return shell.GoTo("/contacts/" + result.Contact.SID.String()).Saying("Added " + contacttable.Title(*result.Contact) + "."), nil
}

// formAgain shows a form that could not be taken.
func (room *Room) formAgain(r *http.Request, form *contactForm) (shell.Answer, error) {
	var err error
	if form.Number, err = room.preview(r, form.Fields[0].Value, form.SID); err != nil {
		return shell.Answer{}, err
	}
	form.Number.Taken = nil // an error tells it already
	name := "Add a contact"
	if form.SID != "" {
		name = "Edit the contact"
	}
	return pages.Show("contact-form", name, form).Invalid(), nil
}

func (room *Room) editContactPage(r *http.Request) (shell.Answer, error) {
	c, err := room.Book.Contact(r.Context(), shell.AccountOf(r), shell.PathSID(r, "sid"))
	if err != nil {
		return shell.Answer{}, err
	}
	form := newContactForm(func(f contactField) string { return f.value(&c) }).of(&c)
	if form.Number, err = room.preview(r, c.Number.String(), form.SID); err != nil {
		return shell.Answer{}, err
	}
	return pages.Show("contact-form", "Edit "+contacttable.Title(c), form), nil
}

// saveContact changes a contact, unless it is not any more as the form showed
// it: then it shows both, what is there and what was typed.
func (room *Room) saveContact(r *http.Request) (shell.Answer, error) {
	acct := shell.AccountOf(r)
	form := newContactForm(typed(r.PostForm))
	c, err := room.Book.Contact(r.Context(), acct, shell.PathSID(r, "sid"))
	if fault.Is(err, fault.NotFound) {
		return room.wasDeleted(r, form)
	}
	if err != nil {
		return shell.Answer{}, err
	}
	form.of(&c)
	if !shell.UpdatedIn(r.PostForm).Equal(c.Updated) {
		return room.conflict(r, form, &c)
	}
	room.check(acct, form)
	if form.wrong() {
		return room.formAgain(r, form)
	}
	results, err := room.Book.UpdateContacts(r.Context(), acct, []addressbook.Patch{form.patch(&c)}, nil)
	if err != nil {
		return shell.Answer{}, err
	}
	result := results[0]
	switch f := fault.As(result.Fault); {
	case result.Fault == nil:
		return shell.GoTo("/contacts/" + form.SID).Saying("Saved."), nil
	case f == nil:
		return shell.Answer{}, result.Fault
	case f.Kind == fault.Changed:
		return room.conflict(r, form.of(result.Contact), result.Contact)
	case f.Kind == fault.NotFound:
		return room.wasDeleted(r, form)
	default:
		form.refused(f, result.Contact)
		return room.formAgain(r, form)
	}
}

// conflict shows what was typed beside what somebody else saved. Whoever saves
// it then has seen the other's, and only the other's.
func (room *Room) conflict(r *http.Request, form *contactForm, now *addressbook.Contact) (shell.Answer, error) {
	form.Conflict = form.differ(now)
	if len(form.Conflict) == 0 {
		return shell.GoTo("/contacts/" + form.SID).Saying("Somebody else saved the very same meanwhile."), nil
	}
	a, err := room.formAgain(r, form)
	return a.WithStatus(http.StatusConflict), err
}

// wasDeleted shows what was typed as the form of a new contact.
func (room *Room) wasDeleted(r *http.Request, form *contactForm) (shell.Answer, error) {
	form.SID, form.Updated, form.Deleted = "", "", true
	a, err := room.formAgain(r, form)
	return a.WithStatus(http.StatusConflict), err
}
