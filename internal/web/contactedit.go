package web

import (
	"net/http"

	"callbook/internal/addressbook"
	"callbook/internal/fault"
)

func (room *contactsRoom) newContactPage(*http.Request) (answer, error) {
	return pages.show("contact-form", "Add a contact", newContactForm(func(contactField) string { return "" })), nil
}

func (room *contactsRoom) createContact(r *http.Request) (answer, error) {
	if err := readForm(r); err != nil {
		return answer{}, err
	}
	form := newContactForm(typed(r.PostForm))
	room.check(accountOf(r), form)
	if form.wrong() {
		return room.formAgain(r, form)
	}
	results, err := room.Book.CreateContacts(r.Context(), accountOf(r), []addressbook.Draft{form.draft()}, addressbook.CreateOptions{}, nil)
	if err != nil {
		return answer{}, err
	}
	result := results[0]
	if result.Fault != nil {
		f := fault.As(result.Fault)
		if f == nil {
			return answer{}, result.Fault
		}
		form.refused(f, result.Contact)
		return room.formAgain(r, form)
	}
	return goTo("/contacts/" + result.Contact.SID.String()).saying("Added " + title(*result.Contact) + "."), nil
}

// formAgain shows a form that could not be taken.
func (room *contactsRoom) formAgain(r *http.Request, form *contactForm) (answer, error) {
	var err error
	if form.Number, err = room.preview(r, form.Fields[0].Value, form.SID); err != nil {
		return answer{}, err
	}
	form.Number.Taken = nil // an error tells it already
	name := "Add a contact"
	if form.SID != "" {
		name = "Edit the contact"
	}
	return pages.show("contact-form", name, form).invalid(), nil
}

func (room *contactsRoom) editContactPage(r *http.Request) (answer, error) {
	c, err := room.Book.Contact(r.Context(), accountOf(r), sidIn(r, "sid"))
	if err != nil {
		return answer{}, err
	}
	form := newContactForm(func(f contactField) string { return f.value(&c) }).of(&c)
	if form.Number, err = room.preview(r, c.Number.String(), form.SID); err != nil {
		return answer{}, err
	}
	return pages.show("contact-form", "Edit "+title(c), form), nil
}

// saveContact changes a contact, unless it is not any more as the form showed
// it: then it shows both, what is there and what was typed.
func (room *contactsRoom) saveContact(r *http.Request) (answer, error) {
	if err := readForm(r); err != nil {
		return answer{}, err
	}
	acct := accountOf(r)
	form := newContactForm(typed(r.PostForm))
	c, err := room.Book.Contact(r.Context(), acct, sidIn(r, "sid"))
	if fault.Is(err, fault.NotFound) {
		return room.wasDeleted(r, form)
	}
	if err != nil {
		return answer{}, err
	}
	form.of(&c)
	if !updatedIn(r.PostForm).Equal(c.Updated) {
		return room.conflict(r, form, &c)
	}
	room.check(acct, form)
	if form.wrong() {
		return room.formAgain(r, form)
	}
	results, err := room.Book.UpdateContacts(r.Context(), acct, []addressbook.Patch{form.patch(&c)}, nil)
	if err != nil {
		return answer{}, err
	}
	result := results[0]
	switch f := fault.As(result.Fault); {
	case result.Fault == nil:
		return goTo("/contacts/" + form.SID).saying("Saved."), nil
	case f == nil:
		return answer{}, result.Fault
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
func (room *contactsRoom) conflict(r *http.Request, form *contactForm, now *addressbook.Contact) (answer, error) {
	form.Conflict = form.differ(now)
	if len(form.Conflict) == 0 {
		return goTo("/contacts/" + form.SID).saying("Somebody else saved the very same meanwhile."), nil
	}
	a, err := room.formAgain(r, form)
	a.status = http.StatusConflict
	return a, err
}

// wasDeleted shows what was typed as the form of a new contact.
func (room *contactsRoom) wasDeleted(r *http.Request, form *contactForm) (answer, error) {
	form.SID, form.Updated, form.Deleted = "", "", true
	a, err := room.formAgain(r, form)
	a.status = http.StatusConflict
	return a, err
}
